"""Tables of what translators make of Multi30k, for docs/translation.md: figures, and ten sentences."""

import json
from pathlib import Path
from typing import Any

from benchmarks.record import RESULTS
from benchmarks.tables import EMPTY, Line, budget, how, is_over, number, table, value

SHOWN = range(0, 1000, 100)  # sentences of test 2016
FOLDER = "translations"
PICTURE = Path("images") / "alignment.png"  # beside the page
SHOWN_IN_PICTURE = "Attention of a translation: its pieces are rows, and the pieces of the source are columns"
QUALITY = {
    "BLEU, test 2016": "BLEU 2016",
    "BLEU, test 2017": "BLEU 2017",
    "chrF, test 2016": "chrF 2016",
    "chrF, test 2017": "chrF 2017",
    "likelihood, test 2016": "likelihood 2016",
}
SPEED = {
    "beam 1, cached": "beam 1",
    "beam 1, uncached": "beam 1, uncached",
    "beam 5, cached": "beam 5",
    "beam 5, uncached": "beam 5, uncached",
}
FIRST = "BLEU, test 2016"  # the figure that rows are sorted by, and whose note says how

Rows = list[tuple[str, dict[str, Line]]]


def save(name: str, said: list[dict[str, Any]], bleu: float, note: str, results: Path = RESULTS) -> None:
    """Keep a model's translations, in place of what it made of them before."""
    path = results / FOLDER / f"{name.replace(' ', '.')}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"name": name, "bleu": bleu, "note": note, "translations": said}
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def figures(lines: list[Line]) -> str:
    """Quality, speed and how each was made, of each model, direction and machine; the best of a direction first."""
    found: dict[tuple[Any, ...], dict[str, Line]] = {}
    for line in lines:
        name, _, figure = line["figure"].partition(": ")
        if line["id"] == "Q5" and figure in QUALITY | SPEED:
            found.setdefault((name, line["model"], line["hardware"], line["threads"]), {})[figure] = line
    if not found:
        return EMPTY
    rows = [(name, figures) for (name, *_), figures in found.items()]
    rows.sort(key=lambda row: (row[0].endswith("de-en"), -_value(row[1], FIRST)))
    quality = table(["recipe and direction", *QUALITY.values(), "minutes of training"], _quality(rows))
    speed = table(["recipe and direction", *SPEED.values()], _cells(rows, SPEED))
    return f"{quality}\nSentences per second:\n\n{speed}\nHow each row was measured:\n\n{_how(rows)}"


def _quality(rows: Rows) -> list[list[str]]:
    return [[*cells, _trained(found.get(FIRST))] for cells, (_, found) in zip(_cells(rows, QUALITY), rows, strict=True)]


def _cells(rows: Rows, columns: dict[str, str]) -> list[list[str]]:
    return [[name, *(_cell(found.get(figure)) for figure in columns)] for name, found in rows]


def _trained(line: Line | None) -> str:
    if line is None:
        return ""
    return f"{line['seconds'] / 60:.0f}" + (f" ({budget(line)} planned)" if is_over(line) else "")


def _how(rows: Rows) -> str:
    """A line for each row: its model, how it was searched, and the signatures of its scores."""
    lines, signatures = [], []
    for name, found in rows:
        parts = [part for figure in (FIRST, "chrF, test 2016") if figure in found for part in how(found[figure])]
        signatures += [part for part in parts if "version:" in part and part not in signatures]
        shown = list(dict.fromkeys(part for part in parts if "version:" not in part))
        first = next(iter(found.values()))
        at = next((found[figure]["note"] for figure in SPEED if figure in found), "")
        timed = [f"timed: {at}, scored with {first['threads']} thread{'s' if first['threads'] != 1 else ''}"] * bool(at)
        lines.append(f"- {name}: {'; '.join([first['model'], *shown, *timed, first['hardware']])}.\n")
    signed = " and ".join(f"`{one}`" for one in signatures)
    return "".join(lines) + (f"\nsacreBLEU's signatures: {signed}.\n" if signed else "")


def ten(results: Path, docs: Path) -> str:
    """An alignment where one is drawn, and what the best model of each direction makes of the same ten sentences."""
    files = sorted((results / FOLDER).glob("*.json"))
    found = [json.loads(path.read_text(encoding="utf-8")) for path in files]
    best = {one["name"].split()[-1]: one for one in sorted(found, key=lambda one: one["bleu"])}
    parts = [f"![{SHOWN_IN_PICTURE}]({PICTURE})\n"] * (docs / PICTURE).is_file()
    for direction, one in sorted(best.items(), reverse=True):
        rows = [[str(said["number"]), said["source"], said["reference"], said["made"]] for said in one["translations"]]
        header = ["number", direction.partition("-")[0], "reference", "translation"]
        parts.append(f"{one['name']}, {one['note']}:\n\n{table(header, rows)}")
    return "\n".join(parts) if parts else EMPTY


def _value(found: dict[str, Line], figure: str) -> float:
    return float(found[figure]["value"]) if figure in found else 0.0


def _cell(line: Line | None) -> str:
    if line is None:
        return ""
    return number(line["value"]) if line["unit"] in ("BLEU", "chrF", "sentences/s") else value(line)
