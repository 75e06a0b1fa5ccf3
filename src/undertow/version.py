"""The version of the installed package."""

UNKNOWN = "unknown"  # run from its source


def version() -> str:
    """The version as installed, such as "0.1.0"; "unknown" if the package is run from its source."""
    from importlib.metadata import PackageNotFoundError  # here: it is slow to import
    from importlib.metadata import version as installed

    try:
        return installed("undertow")
    except PackageNotFoundError:
        return UNKNOWN
