"""The output of `undertow score` for sounds that are compared with others: in words, and for `--json`."""

from pathlib import Path
from typing import Any

from undertow.errors import counted
from undertow.evaluation.sound_score import Mean, SoundScore


def lines(what: str, found: SoundScore) -> list[str]:
    """Each figure's mean and interval, then what was changed before, then what the metrics are."""
    size = f"{counted(len(found.sounds), 'sound')}, {found.sound_seconds:.1f} s at {found.sample_rate:,} Hz"
    width = max(map(len, found.units))
    shown = [f"{what}: {size}, in {found.seconds:.1f} s"]
    shown += [
        f"{name:>{width}}  {_words(one, found.units[name], len(found.sounds))}" for name, one in found.means.items()
    ]
    return [*shown, *found.notes, *(f"{name}: {text}" for name, text in found.definitions.items())]


def each_lines(found: SoundScore, out: Path | None) -> list[str]:
    """The sounds at both ends by the first figure."""
    first = next(iter(found.units))
    known = [(one.name, one.figures[first]) for one in found.ranked if one.figures[first] is not None]
    written = "" if out is None else f", each in {out}"
    if not known:
        return [f"{first} is defined for no sound{written}"]
    (worst, high), (best, low) = known[0], known[-1]
    return [f"{first} of {counted(len(known), 'sound')}: {low:.4g} ({best}) to {high:.4g} ({worst}){written}"]


def as_json(found: SoundScore, is_per_file: bool) -> dict[str, Any]:
    """The `--json` output."""
    files = [{"name": one.name, "seconds": one.seconds, **one.figures} for one in found.ranked]
    return {
        "split": found.split,
        "sample_rate": found.sample_rate,
        "num_sounds": len(found.sounds),
        "sound_seconds": found.sound_seconds,
        "figures": {
            name: {**one._asdict(), "unit": found.units[name], "better": found.better[name]}
            for name, one in found.means.items()
        },
        "definitions": dict(found.definitions),
        "notes": list(found.notes),
        "faults": list(found.faults),
        "seconds": found.seconds,
        **({"files": files} if is_per_file else {}),
    }


def _words(one: Mean, unit: str, num_sounds: int) -> str:
    if one.mean is None:
        return "not defined for any of the sounds"
    named = f" {unit}" if unit else ""
    left = num_sounds - one.num_sounds
    some = f"; not defined for {counted(left, 'sound')}" if left else ""
    if one.low is None:
        return f"{one.mean:.4g}{named}{some}"
    return f"{one.mean:.4g}{named}  (95 % interval {one.low:.4g} to {one.high:.4g}{some})"
