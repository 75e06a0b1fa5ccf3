"""`undertow data`: the sets known by name, downloading them, and what is in a folder of data."""

from pathlib import Path

from undertow.cli.options import Json


def list_sets(*, json: Json = False) -> None:
    """List the sets known by name, and where each lies on this machine."""
    from undertow.cli.terminal import print_json
    from undertow.data.catalogue import CATALOGUE, locate, sources
    from undertow.data.named_set import AudioSet

    sets = {
        name: {
            "kind": entry.kind,
            "title": entry.title,
            "licence": entry.licence,
            **({"sample_rate": entry.sample_rate} if isinstance(entry, AudioSet) else {}),
            "splits": entry.splits,
            "urls": [one.url for one in sources(entry)],
            "path": None if (path := locate(name)) is None else str(path),
        }
        for name, entry in CATALOGUE.items()
    }
    if json:
        print_json(sets)
        return
    width = max(map(len, sets)) + 2
    for name, entry in sets.items():
        rate = f" at {entry['sample_rate']} Hz" if "sample_rate" in entry else ""
        print(f"{name:{width}}{entry['title']}")
        print(f"{'':{width}}{entry['kind']}{rate}, {entry['licence']}; {entry['splits']}")
        print(f"{'':{width}}{entry['path'] or f'not on this machine: undertow data fetch {name}'}")


def fetch_set(name: str, /, *, into: Path | None = None, json: Json = False) -> None:
    """Download a named set, check it, and unpack it; does nothing where it is already.

    Args:
        name: A name that `undertow data list` shows.
        into: The folder that shall hold it; by default the cache. Set UNDERTOW_DATA to such a folder to use it.
    """
    from undertow.cli.terminal import download_bars, print_json
    from undertow.data.fetch import fetch

    with download_bars() as bars:
        path = fetch(name, into, bars)
    if json:
        print_json({"name": name, "path": str(path)})
    else:
        print(f"{name} is at {path}, whole")


def info(path: str, /, *, label_pattern: str | None = None, json: Json = False) -> None:
    """Say what is in a folder, a file or a named set of audio, text, piano rolls or pictures, and what is wrong.

    Args:
        path: A folder, a file, or a name that `undertow data list` shows.
        label_pattern: How names of audio files tell labels, such as `{digit}_{speaker}_{take}`; otherwise
            metadata.csv or sub-folders do.
    """
    from undertow.cli.data_lines import lines
    from undertow.cli.terminal import print_json
    from undertow.data.describe import describe

    found = describe(path, label_pattern=label_pattern)
    if json:
        print_json(found)
    else:
        print("\n".join(lines(found)))
