"""Tables of what translators make of Multi30k, for docs/translation.md: figures, and ten sentences nobody chose."""

import json
from pathlib import Path
from typing import Any

from benchmarks.record import RESULTS

SHOWN = range(0, 1000, 100)  # sentences of test 2016
FOLDER = "translations"
PICTURE = Path("images") / "alignment.png"  # beside the page
COLUMNS = {
    "BLEU, test 2016": "BLEU 2016",
    "BLEU, test 2017": "BLEU 2017",
    "chrF, test 2016": "chrF 2016",
    "chrF, test 2017": "chrF 2017",
    "likelihood, test 2016": "likelihood 2016",
    "beam 1, cached": "beam 1",
    "beam 1, uncached": "uncached",
    "beam 5, cached": "beam 5",
    "beam 5, uncached": "uncached",
}


def save(name: str, said: list[dict[str, Any]], bleu: float, note: str, results: Path = RESULTS) -> None:
    """Keep a model's translations, in place of what it made of them before."""
    path = results / FOLDER / f"{name.replace(' ', '.')}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"name": name, "bleu": bleu, "note": note, "translations": said}
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def figures(lines: list[dict[str, Any]]) -> str:
    """A row for each model, direction and machine of Q5, the best first; speeds are sentences a second."""
    rows: dict[tuple[Any, ...], dict[str, dict[str, Any]]] = {}
    for line in lines:
        name, _, figure = line["figure"].partition(": ")
        if line["id"] == "Q5" and figure in COLUMNS:
            rows.setdefault((name, line["model"], line["hardware"], line["threads"]), {})[figure] = line
    if not rows:
        return "Nothing has been recorded yet.\n"
    best_first = sorted(rows.items(), key=lambda row: -_value(row[1], "BLEU, test 2016"))
    header = ["recipe and direction", *COLUMNS.values(), "model", "how"]
    body = [
        [
            name,
            *(_cell(found.get(figure)) for figure in COLUMNS),
            model,
            found.get("BLEU, test 2016", {}).get("note", ""),
        ]
        for (name, model, _, _), found in best_first
    ]
    return _table([header, ["---"] * len(header), *body])


def ten(results: Path, docs: Path) -> str:
    """An alignment where one is drawn, and what the best model of each direction makes of the same ten sentences."""
    files = sorted((results / FOLDER).glob("*.json"))
    found = [json.loads(path.read_text(encoding="utf-8")) for path in files]
    best = {one["name"].split()[-1]: one for one in sorted(found, key=lambda one: one["bleu"])}
    parts = [f"![What each piece of a translation is made from]({PICTURE})\n"] * (docs / PICTURE).is_file()
    for direction, one in sorted(best.items(), reverse=True):
        rows = [[str(said["number"]), said["source"], said["reference"], said["made"]] for said in one["translations"]]
        header = [["number", direction.partition("-")[0], "reference", "translation"], ["---"] * 4]
        parts.append(f"{one['name']}, {one['note']}:\n\n{_table([*header, *rows])}")
    return "\n".join(parts) if parts else "Nothing has been recorded yet.\n"


def _value(found: dict[str, dict[str, Any]], figure: str) -> float:
    return float(found[figure]["value"]) if figure in found else 0.0


def _cell(line: dict[str, Any] | None) -> str:
    if line is None:
        return ""
    value = f"{line['value']:.4g}"
    return value if line["unit"] in ("BLEU", "chrF", "sentences/s") else f"{value} {line['unit']}"


def _table(rows: list[list[str]]) -> str:
    return "".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |\n" for row in rows)
