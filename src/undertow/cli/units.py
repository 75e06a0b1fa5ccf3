"""`undertow units`: recordings as units for other tools, and how good the units are."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from undertow.cli.options import Device, Json
from undertow.errors import counted

if TYPE_CHECKING:
    from undertow.coding.units import Quality, Units


def units(
    run: Path,
    data: str,
    /,
    *,
    out: Path | None = None,
    format: Literal["jsonl", "km", "tsv"] = "jsonl",
    deduplicate: bool = False,
    split: Literal["all", "train", "validation", "test"] = "all",
    at: str | None = None,
    label_pattern: str | None = None,
    score: bool = False,
    target: str | None = None,
    labels: Path | None = None,
    tier: str | None = None,
    prior: Path | None = None,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Write recordings as units, the codes of a trained model, for other tools; or measure the units with --score.

    Formats: jsonl has a line {"file_name", "units", "duration"} for each recording; km has fairseq's manifest (.tsv), a
    line of units for each recording (.km) and dict.km.txt; tsv is a table of runs of a unit with their times, and no
    manifest. A unit of several codes is a list of numbers in jsonl, and a word such as 3_17 in the others.

    Args:
        run: Folder of a run or a checkpoint: a model with codes.
        data: A named set, a folder or a file.
        out: Folder to write to; it is made if it is missing, and existing files are replaced.
        format: jsonl, km or tsv.
        deduplicate: Write each run of a unit once; jsonl has the lengths too. Not with tsv, which is of runs.
        split: Recordings to write: all, train, validation or test. Files are named after it; those of all `units`,
            and in format km those of validation `valid`, as fairseq calls it.
        at: Point of the model; by default the last that has codes.
        label_pattern: Labels in the folder's file names, such as `{digit}_{speaker}_{take}`.
        score: Measure the units: how many are used, three bitrates, and with a target phone purity, cluster purity and
            PNMI.
        target: Label to compare the units with, such as digit; phone means labelled intervals.
        labels: File of labelled intervals of all recordings (.ctm, .rttm, .mlf); by default what is beside them.
        tier: Tier of TextGrids.
        prior: Folder of a model of the units (recipe unit-prior), for the coded bitrate; by default adaptive counts.
    """
    from undertow.checkpoint import load
    from undertow.cli.terminal import print_json, put, step_bar, tell
    from undertow.coding.units import units as find
    from undertow.device import pick_device
    from undertow.errors import UsageError
    from undertow.models import require

    if out is None and not score:
        raise UsageError("give --out for files of units, --score to measure them, or both")
    if out is not None and out.exists() and not out.is_dir():
        raise UsageError(f"out is {out}, which is a file; give a folder")
    model = require(load(run, pick_device(device)), "represent", f"{run} is")
    with step_bar("encoding") as bar:
        found = find(
            model,
            data,
            out=out,
            format=format,
            deduplicate=deduplicate,
            split=split,
            at=at,
            label_pattern=label_pattern,
            score=score,
            target=target,
            labels=labels,
            tier=tier,
            prior=prior,
            progress=bar,
        )
    for note in found.notes:
        tell(note)
    if json:
        print_json(as_json(found))
        return
    number = counted(len(found.rows), "recording")
    count = counted(sum(len(row.codes) for row in found.rows), "unit")
    put(f"{run} on {data}: {number}, {found.seconds:.1f} s, {count} of {list(found.about.num_codes)} codes")
    if found.files:
        put(", ".join(map(str, found.files)))
    if found.quality is not None:
        put("\n".join(lines_of(found.quality)))


def lines_of(found: "Quality") -> list[str]:
    """The measures in words, each with its definition."""
    used, rates = found.usage, found.rates
    lines = [
        f"used: {used.active:,} of {counted(used.num_units, 'unit')}, perplexity {used.perplexity:.1f}",
        f"fixed bitrate: {rates.fixed:.1f} bits/s, each code of as many bits",
        f"deduplicated bitrate: {rates.deduplicated:.1f} bits/s, the entropy of each run's unit, without its length; "
        f"the lengths take {rates.durations:.1f} bits/s more",
        f"coded bitrate: {rates.coded:.1f} bits/s, the entropy under {_coder(rates.coder)}, without a file's heads",
    ]
    if found.purity is not None:
        one = found.purity
        lines.append(
            f"{found.target}: phone purity {one.phone_purity:.3f}, cluster purity {one.cluster_purity:.3f}, PNMI "
            f"{one.pnmi:.3f}, over {counted(one.num_frames, 'unit')} of {counted(one.num_labels, 'class')}"
        )
    return lines


def as_json(found: "Units") -> dict[str, Any]:
    """The `--json` output."""
    about, quality = found.about, found.quality
    facts: dict[str, Any] = {
        "num_recordings": len(found.rows),
        "seconds": found.seconds,
        "num_units": sum(len(row.codes) for row in found.rows),
        "num_codes": list(about.num_codes),
        "rate": about.rate,
        "model": about.model,
        "files": [str(file) for file in found.files],
        "notes": list(found.notes),
    }
    if quality is not None:
        compared = None if quality.purity is None else {"target": quality.target, **quality.purity.__dict__}
        facts |= {**quality.usage.__dict__, "bitrates": quality.rates.__dict__, "purity": compared}
    return facts


def _coder(name: str) -> str:
    return "the prior" if name == "prior" else "counts that adapt"
