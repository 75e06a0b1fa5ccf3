"""`docs/benchmarks.md`: charts, then every figure in tables; what the rows of a table share stands above it."""

import re

from benchmarks import charts
from benchmarks.record import COMPARED
from benchmarks.tables import BUDGETS, EMPTY, LONG_BUDGET, Line, how, is_over, met, number, table, value

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
    "S10": "Language models, beside torch's cached step and CTranslate2",
    "S11": "Translation, beside torch's cached step",
    "S12": "Prompts of 512 symbols",
    "Q1": "FSDD: bits per sample of spoken digits",
    "Q2": "tinyshakespeare: characters",
    "Q3": "JSB and Nottingham: polyphonic music",
    "Q4": "Synthetic tasks and sequential MNIST",
    "Q5": "Multi30k: translation; FSDD: speech to text",
    "Q6": "Images",
    "Q7": "CamVid: segmentation",
    "Q8": "enwik6 and alice29: text compression",
    "Q9": "Autoencoders of speech and notes",
    "Q10": "Parallel WaveNet and ClariNet students",
    "Q11": "Vocoding from mel",
    "Q12": "Labels of tokens, characters and frames",
    "Q13": "Text to speech",
    "F1": "Pre-train, then fine-tune",
}
PREFACE = """\
<!-- Made by `make bench-report` from benchmarks/results/*.jsonl: edit the scripts, not this page. -->

# Benchmarks

Every figure comes from a script in `benchmarks/`, which appends one JSON line to `benchmarks/results/`. `make
bench-report` draws the charts and writes the tables from these lines; no figure is typed by hand.
"""
CHARTS = """\
The charts show the headline figures; the tables below have all of them. Orange rows miss their target.

{charts}
The last chart divides each loss by its target; for tasks scored in % right, it divides the wrong answers. Most runs of
the pixel and memory tasks were far shorter than the published ones.
"""
READING = """\
## How to read the tables

- The line above a table gives what its rows share: machine, model, commit and date. A `+` after a commit means that the
  working tree had further changes.
- Timings are medians, measured on machines that others use too. Ratios measured side by side in one run are more
  reliable than absolute times.
- **no** marks a figure that misses its target, or is worse than the published figure. A run that took longer than
  planned says so.
"""
USUAL = "over the usual PyTorch generator"
PRECISIONS = ("bfloat16", "int8")
ROOFLINE = re.compile(r"(?P<share>.+ of the roofline \(\w+\)): (?P<machine>.+)")


def page(lines: list[Line]) -> str:
    """The whole of `docs/benchmarks.md`."""
    drawn = charts.shown(lines, charts.PAGE)
    parts = [PREFACE, *([CHARTS.format(charts=drawn)] if drawn else []), READING]
    for id, title in TITLES.items():
        if rows := [line for line in lines if line["id"] == id]:
            parts += [f"## {id} · {title}\n", *_about(id, rows)]
            groups: dict[tuple[str, str, int], list[Line]] = {}
            for row in rows:
                groups.setdefault((_part(row), row["hardware"], row["threads"]), []).append(row)
            parts += [_group(name, group) for (name, _, _), group in groups.items()]
    return "\n".join(parts if lines else [*parts, EMPTY])


def _part(line: Line) -> str:
    """The heading that a row stands under, where an id has several."""
    if line["figure"].startswith(COMPARED):
        return "Networks under one budget"
    if line["id"] == "Q5":
        name, colon, _ = line["figure"].partition(": ")
        return name if colon else "Speech to text"
    return ""


def _about(id: str, rows: list[Line]) -> list[str]:
    """Notes on an id's rows: exceeded time budgets, and what a ratio divides by."""
    if id == "S1" and any(USUAL in row["figure"] for row in rows):
        return [
            f"The rows “{USUAL}” divide by 143 samples/s, the speed of a PyTorch generator that others wrote; it was "
            "not measured in the same run. The rows “over the plain generator” divide by the speed of "
            "`benchmarks/plain_wavenet.py` in the same run: a plain implementation with one queue per layer.\n"
        ]
    if id not in BUDGETS:
        return []
    planned = f"Each run was planned to train for at most {BUDGETS[id]} minutes on a CPU"
    planned += f" ({LONG_BUDGET} minutes for recipes ending in `-long`). " if id == "Q5" else ". "
    trained = [row for row in rows if any("updates" in part for part in how(row))]
    late = sorted({round(row["seconds"] / 60) for row in trained if is_over(row)})
    if late:
        spread = f"{late[0]} to {late[-1]}" if len(late) > 1 else f"{late[0]}"
        planned += f"On a shared machine some took longer ({spread} minutes); their rows say so. "
    if id == "Q4":
        planned += "Most runs are far shorter than the published ones, so the figures are hardly comparable. "
    return [f"{planned}The line above a table gives the threads used for scoring; rows give those used for training.\n"]


def _group(name: str, rows: list[Line]) -> str:
    """A table of rows of one machine, under what they share."""
    notes = [how(row) for row in rows]
    models, runs = {row["model"] for row in rows}, {_run(row) for row in rows}
    shared = _shared(notes, 2 if _part(rows[0]) and len(models) == len(runs) == 1 else max(2, len(rows)))
    machine = f"{rows[0]['hardware']}, {'scored with ' if rows[0]['id'][0] != 'S' else ''}{_threads(rows[0])}"
    common = [machine, *([_model(rows[0])] if len(models) == 1 else []), *shared, *(runs if len(runs) == 1 else [])]
    rooflines = _rooflines(rows)
    has_target = any(row["target"] for row in rows)
    body, above = [], ""
    for row, note in zip(rows, notes, strict=True):
        parts = [row["model"]] * (len(models) > 1 and row["model"] != "-")
        parts += [ROOFLINE.sub(r"\g<share>", part) for part in note if part not in shared]
        parts += [_run(row)] * (len(runs) > 1)
        text = "; ".join(parts)
        aimed = [row["target"], met(row)] if has_target else []
        body.append([_figure(row), value(row), *aimed, "as above" if text and text == above else text])
        above = text
    header = ["figure", "value", *(["target", "met"] if has_target else []), "how"]
    if not any(row[-1] for row in body):
        header, body = header[:-1], [row[:-1] for row in body]
    heading = f"### {name}\n\n" if name else ""
    return f"{heading}{'; '.join(common)}.\n{rooflines}\n{table(header, body)}"


def _shared(notes: list[list[str]], times: int) -> list[str]:
    """The parts that stand in so many notes, in their order."""
    parts = dict.fromkeys(part for note in notes for part in note)
    return [part for part in parts if sum(part in note for note in notes) >= times]


def _rooflines(rows: list[Line]) -> str:
    """The limits of the machine in the same rounds, for each precision."""
    found: dict[str, str] = {}
    for row in rows:
        for part in how(row):
            if match := ROOFLINE.fullmatch(part):
                precision = next((one for one in PRECISIONS if one in row["figure"]), "float32")
                found[precision] = match["machine"]
    said = "; ".join(f"{precision} {machine}" for precision, machine in found.items())
    return f"\nLimits of the machine, measured in the same rounds: {said}.\n" if said else ""


def _figure(row: Line) -> str:
    return str(row["figure"]).removeprefix(f"{_part(row)}: ").removeprefix(COMPARED)


def _model(row: Line) -> str:
    return "no model" if row["model"] == "-" else str(row["model"])


def _threads(row: Line) -> str:
    return f"{row['threads']} thread{'s' if row['threads'] != 1 else ''}"


def _run(row: Line) -> str:
    took = f"{number(row['seconds'])} s at " if row["id"][0] == "S" else ""
    return f"{took}`{row['commit']}`, {row['date'][:10]}"
