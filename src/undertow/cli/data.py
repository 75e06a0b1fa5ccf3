"""`undertow data`: the sets known by name, downloading them, and what is in a folder of audio."""

from pathlib import Path
from typing import Any

from undertow.cli.options import Json

MANY = 12  # classes of a label that are listed one by one


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
    """Say what is in a folder of audio, a named set, or one file: lengths, rates, levels, labels, bad files.

    Args:
        path: A folder, a file, or a name that `undertow data list` shows.
        label_pattern: How file names tell labels, such as `{digit}_{speaker}_{take}`; otherwise metadata.csv or
            sub-folders do.
    """
    from undertow.cli.terminal import print_json
    from undertow.data.survey import survey

    found = survey(path, label_pattern=label_pattern)
    if json:
        print_json(found)
    else:
        print("\n".join(_lines(found)))


def _lines(found: dict[str, Any]) -> list[str]:
    lines = [
        f"{found['source']}: {found['num_files']} files, {_duration(found['hours'])}",
        f"sample rates (Hz)  {_counts(found['sample_rates'])}",
        f"channels           {_counts(found['channels'])}",
        f"encodings          {_counts(found['encodings'])}",
    ]
    if found["num_good"]:
        lines += [
            "seconds            " + ", ".join(f"{name} {value:.2f}" for name, value in found["seconds"].items()),
            f"level              {found['level_dbfs']:.1f} dBFS, peak {found['peak_dbfs']:.1f} dBFS",
            f"silence            {found['silence_share']:.1%} of the time is below -60 dBFS",
            f"clipping           {found['clipping_share']:.3%} of the samples, in {found['num_clipped_files']} files",
        ]
    if found["splits"]:
        lines.append(f"splits             {_counts(found['splits'])}")
    lines += [f"label {name:13}{_counts(counts)}" for name, counts in found["labels"].items()]
    if found["bad"]:
        lines.append(f"bad files          {len(found['bad'])} cannot be used:")
        lines += [f"  {reason}" for reason in found["bad"].values()]
    return lines


def _counts(counts: dict[str, int]) -> str:
    if len(counts) > MANY:
        return f"{len(counts)} classes"
    return ", ".join(f"{value}: {count}" for value, count in counts.items())


def _duration(hours: float) -> str:
    return f"{hours:.2f} hours" if hours >= 1 else f"{hours * 60:.2f} minutes"
