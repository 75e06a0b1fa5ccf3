"""The charts of the home page and of the benchmarks page, made from recorded lines as the tables are."""

import re
from collections.abc import Callable

from benchmarks.svg import Bar, Chart, draw, words
from benchmarks.tables import AIMED, MORE_IS_BETTER, PUBLISHED, Line, met, number

FOLDER = "images/charts"  # beside the pages
ENGINES = {
    "plain PyTorch generator": "plain PyTorch",
    "torch step": "torch, cached",
    "native float32": "engine in float32",
    "native bfloat16": "engine in bfloat16",
    "native int8": "engine in int8",
}
OTHERS = ("plain PyTorch generator",)
BASELINES = {
    "unigram": "symbol counts",
    "order1": "counts after 1 symbol",
    "xz": "xz",
    "order2": "counts after 2 symbols",
    "lpc": "linear prediction",
}
SHARE = ", share of the matrix peak"
BLEU = ": BLEU, test 2016"
DIRECTIONS = {"en-de": "English to German", "de-en": "German to English"}
PARTS = {"Q1": "Sound", "Q2": "Text", "Q3": "Music", "Q4": "Pixels and memory", "Q5": "Translation", "Q6": "Images"}


def one_stream(lines: list[Line]) -> Chart | None:
    """Speed of one stream on one thread, of the machine that was measured last."""
    found = _engines([line for line in lines if line["id"] == "S1" and line["threads"] == 1], ", 1 stream")
    if not found:
        return None
    latest = max((line for rows in found.values() for line in rows), key=lambda line: str(line["date"]))
    rows = found[latest["hardware"], latest["threads"]]
    return Chart(_gain(rows), [("", _speeds(rows))], "samples per second", foot=_made(latest))


def engines(lines: list[Line]) -> Chart | None:
    """Speed of one stream by engine, on each machine and number of threads."""
    found = _engines([line for line in lines if line["id"] == "S1"], ", 1 stream")
    groups = [(_machine(*key), _speeds(rows)) for key, rows in sorted(found.items())]
    return Chart("WaveNet, one stream: speed by engine", groups, "samples per second") if groups else None


def many_streams(lines: list[Line]) -> Chart | None:
    """How much of what the machine can multiply 64 streams use, by engine."""
    found = _engines([line for line in lines if line["id"] == "S2"], f", 64 streams{SHARE}")
    groups = [
        (_machine(*key), [_bar(_engine(line), line, f"{100 * line['value']:.0f} %", 100) for line in rows])
        for key, rows in sorted(found.items())
    ]
    return (
        Chart("WaveNet, 64 streams: share of the peak", groups, "% of the multiply-adds the cores can do")
        if groups
        else None
    )


def spoken_digits(lines: list[Line]) -> Chart | None:
    """Bits a sample of held-out spoken digits, beside the baselines; without short runs that compare two networks."""
    found = _latest([line for line in lines if line["id"] == "Q1" and not line["figure"].endswith(" minutes")])
    bars = [
        _bar(BASELINES.get(figure, figure), line, f"{line['value']:.2f}", is_peer=figure in BASELINES)
        for figure, line in sorted(found.items(), key=lambda item: -float(item[1]["value"]))
    ]
    if not bars:
        return None
    best = min(found.values(), key=lambda line: float(line["value"]))
    return Chart("Held-out speech: fewer bits are better", [("", bars)], "bits per sample", foot=_made(best))


def translators(lines: list[Line]) -> Chart | None:
    """BLEU of each translator, the best first, by direction."""
    found = _latest([line for line in lines if line["id"] == "Q5" and line["figure"].endswith(BLEU)])
    groups = []
    for direction, name in DIRECTIONS.items():
        rows = [line for figure, line in found.items() if figure.endswith(f" {direction}{BLEU}")]
        rows.sort(key=lambda line: -float(line["value"]))
        bars = [_bar(_recipe(line).replace("-multi30k", ""), line, f"{line['value']:.1f}") for line in rows]
        groups += [(name, bars)] * bool(bars)
    title, aims = "Translation: more BLEU is better", "target, or published"
    return Chart(title, groups, "BLEU, test 2016 of Multi30k", target=aims) if groups else None


def distances(lines: list[Line]) -> Chart | None:
    """How far every measure of quality is from its target; the targets of BLEU are in a chart of their own."""
    groups = []
    for id, name in PARTS.items():
        rows = _latest([line for line in lines if line["id"] == id]).values()
        bars = [_distance(line) for line in rows if not line["figure"].endswith(BLEU) and _ratio(line) is not None]
        groups += [(name, bars)] * bool(bars)
    if not groups:
        return None
    aim = "target: left of it is better"
    return Chart(
        "Losses against their targets",
        groups,
        "times the target (logarithmic)",
        has_dots=True,
        target=aim,
        label_width=205,
    )


CHARTS: dict[str, Callable[[list[Line]], Chart | None]] = {
    "one-stream": one_stream,
    "spoken-digits": spoken_digits,
    "engines": engines,
    "many-streams": many_streams,
    "translators": translators,
    "distances": distances,
}
HOME = ("one-stream", "spoken-digits")
PAGE = ("engines", "many-streams", "spoken-digits", "translators", "distances")


def pictures(lines: list[Line]) -> dict[str, str]:
    """The SVG of every chart that something was recorded for, by its path under docs/."""
    return {f"{FOLDER}/{name}.svg": draw(chart) for name, chart in _drawn(lines, tuple(CHARTS))}


def shown(lines: list[Line], names: tuple[str, ...]) -> str:
    """Charts as Markdown, one image a line, with all they show as the alternative text."""
    return "".join(f"![{words(chart)}]({FOLDER}/{name}.svg)\n" for name, chart in _drawn(lines, names))


def _drawn(lines: list[Line], names: tuple[str, ...]) -> list[tuple[str, Chart]]:
    made = [(name, CHARTS[name](lines)) for name in names]
    return [(name, chart) for name, chart in made if chart is not None]


def _latest(lines: list[Line]) -> dict[str, Line]:
    """The last recorded line of each figure, on whatever machine, in the order of first recording."""
    found: dict[str, Line] = {}
    for line in lines:
        if line["figure"] not in found or line["date"] >= found[line["figure"]]["date"]:
            found[line["figure"]] = line
    return found


def _engines(lines: list[Line], ending: str) -> dict[tuple[str, int], list[Line]]:
    """Lines of each machine and number of threads, the slowest kind of engine first."""
    found: dict[tuple[str, int], list[Line]] = {}
    for engine in ENGINES:
        for line in lines:
            if line["figure"] == engine + ending:
                found.setdefault((line["hardware"], line["threads"]), []).append(line)
    return found


def _engine(line: Line) -> str:
    return ENGINES[str(line["figure"]).partition(", ")[0]]


def _speeds(rows: list[Line]) -> list[Bar]:
    return [
        _bar(_engine(line), line, number(line["value"]), is_peer=line["figure"].startswith(OTHERS)) for line in rows
    ]


def _gain(rows: list[Line]) -> str:
    """A title that says how many times as fast as others' way the fastest row is, where others' was measured too."""
    others = [line["value"] for line in rows if line["figure"].startswith(OTHERS)]
    fastest = max(rows, key=lambda line: float(line["value"]))
    if not others:
        return "WaveNet, one stream: speed by engine"
    return f"WaveNet, {_engine(fastest)}: {fastest['value'] / max(others):.0f} × plain PyTorch"


def _machine(hardware: str, threads: int) -> str:
    name = hardware.partition(",")[0].replace("(R)", "").removesuffix(" Processor")
    return f"{name}, {threads} thread{'s' if threads != 1 else ''}"


def _made(line: Line) -> str:
    """The machine, commit and date of a line."""
    return f"{_machine(line['hardware'], line['threads'])}, {line['commit']}, {line['date'][:10]}"


def _recipe(line: Line) -> str:
    return str(line["figure"]).replace(":", " ").replace(",", " ").split()[0]


def _bar(label: str, line: Line, shown: str, times: float = 1.0, is_peer: bool = False) -> Bar:
    """A row of a line, with its target; `times` brings both to the axis's unit."""
    aim, said = _aim(line), met(line)
    shown += " (over budget)" * said.endswith("over budget")
    kind = "peer" if is_peer else "miss" if said == "**no**" else "ours"
    return Bar(label, line["value"] * times, shown, None if aim is None else aim * times, kind)


def _aim(line: Line) -> float | None:
    """The number that a line was to reach; None where its target is no number above zero."""
    found = AIMED.match(line["target"]) or PUBLISHED.match(line["target"])
    aim = float(found["number"].replace(",", "")) if found else 0.0
    return aim if aim > 0 else None


def _ratio(line: Line) -> float | None:
    """How many times the target a loss is; of answers that are right, the wrong ones are compared."""
    aim = _aim(line)
    if aim is None:
        return None
    if line["unit"] == "% right":
        return float((100 - line["value"]) / (100 - aim))
    return float(aim / line["value"] if line["unit"] in MORE_IS_BETTER else line["value"] / aim)


def _distance(line: Line) -> Bar:
    ratio = _ratio(line)
    assert ratio is not None
    label = re.sub(r", test$|-tinyshakespeare|-binarized-mnist", "", str(line["figure"]))
    kind = "miss" if met(line) == "**no**" else "ours"
    return Bar(label, ratio, f"{ratio:.2f} ×", 1.0, kind)
