"""Turn `benchmarks/results/` into `docs/benchmarks.md`, charts, and tables in other pages (`make bench-report`).

For each figure, model, hardware and number of threads the latest line is shown. The README shows a few of them
(`headlines.py`), and the home page two charts and a sound. `docs/text.md` compares networks under one budget,
`docs/speech.md` has word errors, `docs/images.md` scores of images, and `docs/translation.md` figures of translators
and some of their translations. `docs/recipes.md` lists the recipes.
"""

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks import benchmarks_page, charts, recipes_page, sound, translations
from benchmarks.benchmarks_page import TITLES
from benchmarks.headlines import summary
from benchmarks.page_tables import compared, heard, pixels
from benchmarks.record import RESULTS, ROOT
from benchmarks.tables import Line

FIELDS = "id figure value unit target model hardware threads commit seconds date note".split()
BEGIN, END = "<!-- benchmarks:begin (make bench-report) -->", "<!-- benchmarks:end -->"
TEN_BEGIN, TEN_END = "<!-- translations:begin (make bench-report) -->", "<!-- translations:end -->"
SOUND_BEGIN, SOUND_END = "<!-- sound:begin (make bench-report) -->", "<!-- sound:end -->"
HOME, TRANSLATION = "docs/index.md", "docs/translation.md"
SPEECH, IMAGES, RECIPES, PAGE = "docs/speech.md", "docs/images.md", "docs/recipes.md", "docs/benchmarks.md"


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
        raise ValueError(f"{where}: no title for id '{line['id']}' in benchmarks_page.py")
    return line


def insert(page: str, table: str, begin: str = BEGIN, end: str = END) -> str:
    """A page with `table` between its markers.

    Raises:
        ValueError: a marker is missing, or stands more than once.
    """
    if page.count(begin) != 1 or page.count(end) != 1:
        raise ValueError(f"a page with a table must hold the lines '{begin}' and '{end}' once each")
    before, _, rest = page.partition(begin)
    return f"{before}{begin}\n{table}{end}{rest.partition(end)[2]}"


def _home(lines: list[Line]) -> str:
    return charts.shown(lines, charts.HOME)


TABLES = {
    "README.md": summary,
    HOME: _home,
    "docs/text.md": compared,
    TRANSLATION: translations.figures,
    SPEECH: heard,
    IMAGES: pixels,
}


def pages(root: Path, lines: list[Line]) -> dict[str, str]:
    """Every page and chart that is made from the records, by its path.

    Raises:
        ValueError: a page lacks a marker.
    """
    made = {name: insert((root / name).read_text(encoding="utf-8"), table(lines)) for name, table in TABLES.items()}
    ten = translations.ten(root / "benchmarks" / "results", root / "docs")
    made[TRANSLATION] = insert(made[TRANSLATION], ten, TEN_BEGIN, TEN_END)
    made[HOME] = insert(made[HOME], sound.captions(root / "benchmarks" / "results"), SOUND_BEGIN, SOUND_END)
    drawn = {f"docs/{name}": text for name, text in charts.pictures(lines).items()}
    return {**made, PAGE: benchmarks_page.page(lines), RECIPES: recipes_page.page(lines), **drawn}


def main(root: Path = ROOT) -> None:
    """Write the page, the charts and the other pages' tables."""
    lines = read(root / "benchmarks" / "results")
    for name, text in pages(root, lines).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    print(f"{len(lines)} figures in {PAGE}")


if __name__ == "__main__":
    try:
        main()
    except ValueError as error:
        sys.exit(f"error: {error}")
