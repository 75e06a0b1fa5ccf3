"""`undertow data`: list named data sets, download them, and describe data."""

from pathlib import Path

from undertow.cli.options import Json


def list_sets(*, json: Json = False) -> None:
    """List the named data sets, and where each is on this machine."""
    from undertow.cli.terminal import print_json, put
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
            "made": entry.made,
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
        put(f"{name:{width}}{entry['title']}")
        put(f"{'':{width}}{entry['kind']}{rate}, {entry['licence']}; {entry['splits']}")
        way = f"it cannot be downloaded: {entry['made']}" if entry["made"] else f"undertow data fetch {name}"
        put(f"{'':{width}}{entry['path'] or f'not on this machine: {way}'}")


def fetch_set(name: str, /, *, into: Path | None = None, json: Json = False) -> None:
    """Download, check and unpack a named set, unless it is already there.

    Args:
        name: A name that `undertow data list` shows.
        into: Folder to put it in; by default the cache. Set UNDERTOW_DATA to that folder to use it.
    """
    from undertow.cli.terminal import download_bars, print_json, put
    from undertow.data.fetch import fetch

    with download_bars() as bars:
        path = fetch(name, into, bars)
    if json:
        print_json({"name": name, "path": str(path)})
    else:
        put(f"{name} is complete at {path}")


def info(path: str, /, *, label_pattern: str | None = None, json: Json = False) -> None:
    """Describe a folder, a file or a named set of audio, text, piano rolls or pictures, and list its faults.

    Args:
        path: A folder, a file, or a name that `undertow data list` shows.
        label_pattern: Labels in the names of audio files, such as `{digit}_{speaker}_{take}`; by default they are
            from metadata.csv, the folder's layout (LJ Speech, VCTK, Common Voice, LibriSpeech, NSynth) or
            sub-folders.
    """
    from undertow.cli.data_lines import lines
    from undertow.cli.terminal import print_json, put
    from undertow.data.describe import describe

    found = describe(path, label_pattern=label_pattern)
    if json:
        print_json(found)
    else:
        put("\n".join(lines(found)))
