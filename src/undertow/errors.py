"""The two errors a user can cause. The command line prints their one line and exits; `--debug` shows the traceback."""


class UsageError(ValueError):
    """A wrong option, key or combination: the request itself cannot be met (exit status 2)."""


class DataError(ValueError):
    """A file, folder or value that is not what it must be (exit status 1)."""
