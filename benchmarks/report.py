"""Turn `benchmarks/results/*.jsonl` into `docs/benchmarks.md` and tables in other pages (`make bench-report`).

Of each figure, model, hardware and number of threads the latest line is shown. The README shows the figures that have
a target, `docs/text.md` those of networks compared under one budget, and `docs/translation.md` those of translators
with some of their translations.
"""

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks import translations
from benchmarks.record import COMPARED, RESULTS, ROOT

Line = dict[str, Any]

TITLES = {
    "S1": "Speed of one stream",
    "S2": "Speed of many streams",
    "S3": "Quality of the int8 engine",
    "S4": "Latency and memory of a stream",
    "S5": "Cost of a step against time, layers and width",
    "S6": "Training throughput",
    "S7": "Cached against uncached generation",
    "S8": "Lossless coding",
    "S9": "Server",
    "Q1": "FSDD: bits per sample of spoken digits",
    "Q2": "tinyshakespeare: characters",
    "Q3": "JSB and Nottingham: polyphonic music",
    "Q4": "Synthetic tasks and sequential MNIST",
    "Q5": "Multi30k: translation; FSDD: speech to text",
    "Q6": "Images",
    "Q7": "CamVid: segmentation",
    "Q8": "enwik6 and alice29: text compression",
    "Q9": "Autoencoders on FSDD",
    "Q10": "Parallel WaveNet and ClariNet students",
    "Q11": "Vocoding from mel",
    "F1": "Pre-train, then fine-tune",
}
FIELDS = "id figure value unit target model hardware threads commit seconds date note".split()
BEGIN, END = "<!-- benchmarks:begin (make bench-report) -->", "<!-- benchmarks:end -->"
TEN_BEGIN, TEN_END = "<!-- translations:begin (make bench-report) -->", "<!-- translations:end -->"
TRANSLATION = "docs/translation.md"
PREFACE = """\
<!-- Made by `make bench-report` from benchmarks/results/*.jsonl: edit the scripts, not this page. -->

# Benchmarks

Every figure comes from a script under `benchmarks/`, which prints one JSON line and appends it to
`benchmarks/results/`; `make bench-report` makes this page and the README's table of them. Timings are medians, taken
on machines that others use too: ratios measured side by side in one run say more than absolute times. A figure that
falls short stands as it is, beside its target. A `+` after a commit means that the tree had changes on top of it.
"""


def read(results: Path = RESULTS) -> list[Line]:
    """The latest line of each figure, model, hardware and threads, in the order of `TITLES` and of first recording.

    Raises:
        ValueError: a line is not JSON, lacks or adds a field, or has an id without a title; the message names it.
    """
    latest: dict[tuple[Any, ...], Line] = {}
    for path in sorted(results.glob("*.jsonl")):
        for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            line = _parse(text, f"{path.name}:{number}")
            key = tuple(line[name] for name in ("id", "figure", "model", "hardware", "threads"))
            if key not in latest or line["date"] >= latest[key]["date"]:
                latest[key] = line
    order = list(TITLES)
    return sorted(latest.values(), key=lambda line: order.index(line["id"]))


def _parse(text: str, where: str) -> Line:
    try:
        line = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"{where}: not a JSON line: {error}") from None
    if not isinstance(line, dict) or set(line) != set(FIELDS):
        raise ValueError(f"{where}: a line has exactly the fields {', '.join(FIELDS)}")
    if line["id"] not in TITLES:
        raise ValueError(f"{where}: no title for id '{line['id']}' in {Path(__file__).name}")
    return line


def page(lines: list[Line]) -> str:
    """The whole of `docs/benchmarks.md`."""
    parts = [PREFACE]
    for id, title in TITLES.items():
        rows = [line for line in lines if line["id"] == id]
        if rows:
            parts.append(f"## {id} · {title}\n\n" + _table(rows, "figure value target model hardware run note"))
    if not lines:
        parts.append("Nothing has been recorded yet.\n")
    return "\n".join(parts)


def summary(lines: list[Line]) -> str:
    """The README's table: the figures that have a target."""
    rows = [line for line in lines if line["target"]]
    return _table(rows, "id figure value target hardware") if rows else "Nothing has been recorded yet.\n"


def compared(lines: list[Line]) -> str:
    """The table of networks under one budget, the best first."""
    rows = sorted((line for line in lines if line["figure"].startswith(COMPARED)), key=lambda line: line["value"])
    return _table(rows, "figure value model note") if rows else "Nothing has been recorded yet.\n"


def _table(rows: list[Line], columns: str) -> str:
    names = columns.split()
    body = [" | ".join(_cell(row, name) for name in names) for row in rows]
    return "".join(f"| {line} |\n" for line in [" | ".join(names), " | ".join("---" for _ in names), *body])


def _cell(row: Line, column: str) -> str:
    if column == "value":
        text = f"{_number(row['value'])} {row['unit']}"
    elif column == "hardware":
        text = f"{row['hardware']}, {row['threads']} thread{'s' if row['threads'] != 1 else ''}"
    elif column == "run":
        text = f"{_number(row['seconds'])} s at `{row['commit']}`, {row['date'][:10]}"
    else:
        text = str(row[column])
    return text.replace("|", "\\|").replace("\n", " ")


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def insert(page: str, table: str, begin: str = BEGIN, end: str = END) -> str:
    """A page with `table` between its markers.

    Raises:
        ValueError: a marker is missing, or stands more than once.
    """
    if page.count(begin) != 1 or page.count(end) != 1:
        raise ValueError(f"a page with a table must hold the lines '{begin}' and '{end}' once each")
    before, _, rest = page.partition(begin)
    return f"{before}{begin}\n{table}{end}{rest.partition(end)[2]}"


TABLES = {"README.md": summary, "docs/text.md": compared, TRANSLATION: translations.figures}


def pages(root: Path, lines: list[Line]) -> dict[str, str]:
    """Every page that figures go into, as they make it, by its path.

    Raises:
        ValueError: a page lacks a marker.
    """
    made = {name: insert((root / name).read_text(encoding="utf-8"), table(lines)) for name, table in TABLES.items()}
    ten = translations.ten(root / "benchmarks" / "results", root / "docs")
    made[TRANSLATION] = insert(made[TRANSLATION], ten, TEN_BEGIN, TEN_END)
    return {**made, "docs/benchmarks.md": page(lines)}


def main(root: Path = ROOT) -> None:
    """Write the page and the other pages' tables."""
    lines = read(root / "benchmarks" / "results")
    for name, text in pages(root, lines).items():
        (root / name).write_text(text, encoding="utf-8")
    print(f"{len(lines)} figures in docs/benchmarks.md")


if __name__ == "__main__":
    try:
        main()
    except ValueError as error:
        sys.exit(f"error: {error}")
