"""Rows of Markdown tables from recorded lines: numbers, whether a target is met, and how a figure was made."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from undertow.errors import counted

Line = dict[str, Any]

EMPTY = "Nothing has been recorded yet.\n"
AIMED = re.compile(r"(?P<sign>[≥≤<>]) (?P<number>[\d.,]+)")
PUBLISHED = re.compile(r"(?:published )?(?P<number>[\d.,]+(?:e-?\d+)?)")
GROWS = "grows with length"
MORE_IS_BETTER = ("% right", "BLEU", "chrF")  # units; of any other, less is
BUDGETS = {"Q4": 10, "Q5": 30, "Q6": 60}  # minutes of training planned for a run (Q5: a translator)
LONG_BUDGET = 120  # of Q5's `-long` recipes
UPDATES = {  # of the TCN's published code, by default
    "mnist": "18,760",
    "mnist-permuted": "18,760",
    "adding": "15,630",
    "copy-memory": "15,650",
}
WORKERS = re.compile(r",? processes (?P<processes>\d+), threads of each (?P<threads>\d+)")
RATE = re.compile(r"\bat (\d+) (?=[\d,]+ symbols/s)")


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; a bar in a cell is escaped."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |\n" for line in lines)


def number(value: float) -> str:
    """Four digits, or all before the point of a large number."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def value(line: Line) -> str:
    """The figure with its unit."""
    return number(line["value"]) if line["unit"] == "exponent" else f"{number(line['value'])} {line['unit']}"


def met(line: Line) -> str:
    """Whether a figure reaches what was aimed at: "yes", "**no**", or nothing where nothing was.

    Raises:
        ValueError: a target that cannot be read.
    """
    target = line["target"]
    if not target:
        return ""
    if target == GROWS:
        gains = [float(gain) for gain in re.findall(r": ([\d.]+) ×", line["note"])]
        return _said(sorted(gains) == gains and len(gains) > 1, line)
    if found := AIMED.match(target):
        sign, aim = found["sign"], _float(found["number"])
        reached = {"≥": line["value"] >= aim, "≤": line["value"] <= aim, "<": line["value"] < aim}
        return _said({**reached, ">": line["value"] > aim}[sign], line)
    if found := PUBLISHED.match(target):
        more = line["value"] - _float(found["number"])
        return _said(more >= 0 if line["unit"] in MORE_IS_BETTER else more <= 0, line)
    raise ValueError(f"{line['id']}, {line['figure']}: the target '{target}' is no '≥ 1', 'published 1' or '{GROWS}'")


def _said(reached: bool, line: Line) -> str:
    return "**no**" if not reached else "yes, over budget" if is_over(line) else "yes"


def _float(text: str) -> float:
    return float(text.replace(",", ""))


def budget(line: Line) -> int | None:
    """The most minutes of training that were planned."""
    if line["id"] == "Q5" and "multi30k" not in line["figure"]:
        return None
    return LONG_BUDGET if re.search(r"-long\b", line["figure"]) else BUDGETS.get(line["id"])


def is_over(line: Line) -> bool:
    """Whether training took longer than planned."""
    planned = budget(line)
    return planned is not None and round(line["seconds"] / 60) > planned


def how(line: Line) -> list[str]:
    """How a figure was made: the parts of its note, with the minutes of training and those planned."""
    return [_reworded(part, line) for part in line["note"].split("; ") if part]


def _reworded(part: str, line: Line) -> str:
    part = RATE.sub(r"at \1 symbols ", part)
    if not re.match(r"[\d,]+ updates", part) or line["figure"].startswith("compared"):
        return part
    if " minute" not in part:
        updates, _, rest = part.partition(" updates")
        part = f"{updates} updates in {counted(round(line['seconds'] / 60), 'minute')}{rest}"
    part = WORKERS.sub(_workers, part)
    if is_over(line):
        part += f" ({budget(line)} planned)"
    if line["id"] == "Q4" and (published := UPDATES.get(line["figure"].split(",")[0].partition("-")[2])):
        part += f"; the published code makes {published} updates"
    return part


def _workers(found: re.Match[str]) -> str:
    processes, threads = int(found["processes"]), int(found["threads"])
    each = f"{threads} thread{'s' if threads > 1 else ''}"
    return f" on {each}" if processes == 1 else f" on {processes} processes of {each}"
