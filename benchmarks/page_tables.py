"""Tables of the pages on text, speech and images: networks under one budget, word errors, and pixels."""

import re

from benchmarks.record import COMPARED
from benchmarks.tables import EMPTY, Line, how, number, table, value

COUNTS = re.compile(
    r"(?P<bits>[\d.]+) bits; (?P<updates>[\d,]+) updates in (?P<minutes>[\d.]+) minutes?; "
    r"(?P<trained>[\d,]+) characters/s in training; of one stream of \d+, "
    r"(?P<cached>[\d,]+) cached \((?P<engine>\w+)\), (?P<uncached>[\d,]+) uncached; (?P<split>\w+) split"
)
ERROR = ", word error, "


def compared(lines: list[Line]) -> str:
    """The table of networks under one budget, the best first; speeds are characters a second.

    Raises:
        ValueError: a note is not as `benchmarks.compare_text` writes it.
    """
    rows = []
    for line in sorted((line for line in lines if line["figure"].startswith(COMPARED)), key=lambda line: line["value"]):
        found = COUNTS.fullmatch(line["note"])
        if found is None:
            raise ValueError(f"{line['figure']}: the note is not that of benchmarks.compare_text: {line['note']}")
        recipe = line["figure"].partition(", ")[2]
        size = line["model"].removesuffix(" parameters")
        learnt = [number(line["value"]), found["bits"], size, found["minutes"], found["updates"], found["trained"]]
        rows.append([f"`{recipe}`", *learnt, f"{found['cached']} ({found['engine']})", found["uncached"]])
    header = [
        "recipe",
        "nats per character",
        "bits",
        "parameters",
        "minutes",
        "updates",
        "training",
        "cached",
        "uncached",
    ]
    return table(header, rows) if rows else EMPTY


def heard(lines: list[Line]) -> str:
    """The table of word errors: a row for each recipe and each kind of recording that was held out, the best first."""
    rows = [line for line in lines if ERROR in line["figure"]]
    if not rows:
        return EMPTY
    rows.sort(key=lambda line: (line["figure"].partition(ERROR)[2], line["value"]))
    body = []
    for line in rows:
        recipe, _, what = line["figure"].partition(ERROR)
        body.append([f"`{recipe}`", what, f"{number(line['value'])} %", "; ".join(how(line))])
    return table(["recipe", "recordings", "word error", "how"], body)


def pixels(lines: list[Line]) -> str:
    """The table of images that nobody trained on: a row for each recipe, digits first, the best first."""
    rows = [line for line in lines if line["id"] == "Q6" and line["unit"] in ("nats/image", "bits/dimension")]
    rows.sort(key=lambda line: (line["unit"] != "nats/image", line["value"]))
    body, shown = [], set()
    for line in rows:
        name = line["figure"].removesuffix(", test")
        if name not in shown:  # the best of several lengths
            shown.add(name)
            recipe = f"`{name}`" if line["figure"].endswith(", test") else name
            size = line["model"].partition(" parameters")[0].rpartition(" ")[2]
            body.append([recipe, value(line), line["target"], size, "; ".join(how(line))])
    return table(["recipe", "test split", "target", "parameters", "how"], body) if body else EMPTY
