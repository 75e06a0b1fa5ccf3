"""What `undertow data info` prints for each kind of data."""

from collections.abc import Callable, Mapping
from typing import Any

from undertow.errors import counted, first_of, shown

MANY = 12  # classes of a label that are listed one by one


def lines(found: Mapping[str, Any]) -> list[str]:
    """The lines for a result of `undertow.data.describe`."""
    return KINDS[found["kind"]](found)


def _audio(found: Mapping[str, Any]) -> list[str]:
    lines = [
        f"{found['source']}: {counted(found['num_files'], 'file')}, {_duration(found['hours'])}",
        f"layout             {found['layout']}",
    ]
    if found["num_good"]:
        lines += [
            f"sample rates (Hz)  {_counts(found['sample_rates'])}",
            f"channels           {_counts(found['channels'])}",
            f"encodings          {_counts(found['encodings'])}",
            "seconds            " + ", ".join(f"{name} {value:.2f}" for name, value in found["seconds"].items()),
            f"level              {found['level_dbfs']:.1f} dBFS, peak {found['peak_dbfs']:.1f} dBFS",
            f"silence            {found['silence_share']:.1%} of the time is below -60 dBFS",
            f"clipping           {found['clipping_share']:.3%} of the samples, "
            f"in {counted(found['num_clipped_files'], 'file')}",
        ]
    if found["splits"]:
        lines.append(f"splits             {_counts(found['splits'])}")
    lines += [f"{_row(name):18} {_counts(counts)}" for name, counts in found["labels"].items()]
    lines += found["notes"]
    if found["bad"]:
        lines.append(f"bad files          {len(found['bad'])} cannot be used:")
        lines += [f"  {reason}" for reason in first_of([*found["bad"].values()])]
    return lines


def _text(found: Mapping[str, Any]) -> list[str]:
    unit = "bytes" if "not_utf8" in found else "characters"
    lines = [f"{found['source']}: {counted(found['num_files'], 'file')}, {counted(found['num_bytes'], 'byte')}"]
    if "not_utf8" in found:
        lines.append(f"encoding       {found['not_utf8']}")
    else:
        lines.append(f"characters     {found['num_characters']:,}, {found['num_distinct']:,} different ones")
    returns = found["num_carriage_returns"]
    lines.append(f"lines          {found['num_lines']:,}" + (f", {returns:,} carriage returns" if returns else ""))
    lines.append(
        "splits         " + ", ".join(f"{split}: {counted(size, 'byte')}" for split, size in found["splits"].items())
    )
    shares = ", ".join(f"{name!r} {share:.1%}" for name, share in found["most_frequent"].items())
    lines.append(f"most frequent  {shares} of the {unit}")
    return lines + list(found["notes"])


def _rolls(found: Mapping[str, Any]) -> list[str]:
    lines = [f"{found['source']}: piano rolls"]
    for split, one in found["splits"].items():
        steps = ", ".join(f"{name} {one['steps'][name]:.0f}" for name in ("shortest", "median", "longest"))
        lines.append(
            f"{split:12}{counted(one['num_pieces'], 'piece')}, {counted(one['num_steps'], 'step')} ({steps}), "
            f"{one['notes_per_step']:.2f} notes a step, {one['silent_share']:.1%} silent"
        )
    if "lowest_key" in found:
        lines.append(f"keys        {found['lowest_key']} to {found['highest_key']} of 0 to 87")
    lines += found["notes"]
    return lines + [f"{split:12}none: {reason}" for split, reason in found["bad"].items()]


def _images(found: Mapping[str, Any]) -> list[str]:
    height, width, channels = found["shape"]
    colour = "in colour" if channels > 1 else "of grey"
    lines = [f"{found['source']}: pictures of {found['num_pixels']} pixels {colour}, {width} x {height}"]
    for split, one in found["splits"].items():
        classes = f"; {_counts(one['classes'])}" if one["classes"] else ""
        lines.append(f"{split:12}{counted(one['num_images'], 'picture')}{classes}")
    return lines + found["notes"] + [f"{split:12}none: {reason}" for split, reason in found["bad"].items()]


def _segmentation(found: Mapping[str, Any]) -> list[str]:
    height, width, _ = found["shape"]
    lines = [f"{found['source']}: images of {width} x {height} pixels, with {counted(len(found['classes']), 'class')}"]
    for split, one in found["splits"].items():
        whole = max(1, sum(one["pixels"].values()) + one["void"])
        shares = ", ".join(f"{shown(name)} {count / whole:.1%}" for name, count in one["pixels"].items())
        lines.append(
            f"{split:12}{counted(one['num_images'], 'image')}; {shares}; without a class {one['void'] / whole:.1%}"
        )
    return lines + found["notes"] + [f"{split:12}none: {reason}" for split, reason in found["bad"].items()]


def _pairs(found: Mapping[str, Any]) -> list[str]:
    lines = [f"{found['source']}: pairs of sentences"]
    for split, one in found["splits"].items():
        words = ", ".join(f"{one['words'][language]['mean']:.1f} in {language}" for language in one["words"])
        lines.append(f"{split:18}{counted(one['num_pairs'], 'pair')}; words of a sentence, on average: {words}")
    return lines + found["notes"]


def _tagged(found: Mapping[str, Any]) -> list[str]:
    lines = [f"{found['source']}: sentences of {found['unit']}s with a label each"]
    for split, one in found["splits"].items():
        sizes = ", ".join(f"{name} {one['lengths'][name]:.0f}" for name in ("shortest", "median", "longest"))
        number = counted(one["num_tokens"], found["unit"])
        lines.append(f"{split:12}{counted(one['num_sentences'], 'sentence')}, {number} ({sizes})")
    lines.append(f"{'labels':12}{_counts(found['labels'])}")
    return lines + found["notes"]


KINDS: dict[str, Callable[[Mapping[str, Any]], list[str]]] = {
    "audio": _audio,
    "text": _text,
    "rolls": _rolls,
    "images": _images,
    "segmentation": _segmentation,
    "pairs": _pairs,
    "tags": _tagged,
    "words": _tagged,
}


def _row(label: str) -> str:
    return "labels" if label == "label" else f"label {shown(label)}"


def _counts(counts: Mapping[str, int]) -> str:
    if len(counts) > MANY:
        return counted(len(counts), "class")
    return ", ".join(f"{shown(value)}: {count}" for value, count in counts.items())


def _duration(hours: float) -> str:
    return f"{hours:.2f} hours" if hours >= 1 else f"{hours * 60:.2f} minutes"
