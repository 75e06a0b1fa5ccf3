"""`undertow bench`: how fast a model runs here, and how fast it could run."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from undertow.cli.options import JsonRows
from undertow.config import MOST_ROWS, check_number
from undertow.errors import UsageError, shown

if TYPE_CHECKING:
    from undertow.cost import Speed

PAPER = "paper"
MOST_SECONDS = 3600.0  # of one measurement
COLUMNS = (
    *("engine", "precision", "threads", "batch", "symbols/s", "real-time factor"),
    *("MB/step", "GB/s read", "10^9 mul-adds/s", "of roofline", "bound"),
)
WORDS = [COLUMNS.index(name) for name in ("engine", "precision", "bound")]


def bench(
    model: str,
    /,
    *,
    threads: str | None = None,
    batch: str = "1",
    precision: str | None = None,
    seconds: float = 0.25,
    json: JsonRows = False,
) -> None:
    """Time a model with torch and with the native engine, beside the limits of memory and arithmetic.

    They take turns, and each line has medians of five rounds: samples or symbols a second of all streams together,
    seconds of work for a second of sound, and the share of the roofline. The roofline is the lower of two bounds,
    measured in the same run: memory bandwidth divided by the bytes of a step, times the streams; and multiply-adds
    a second divided by those of a step.

    Args:
        model: Folder of a run or a checkpoint; or paper, the 30-layer WaveNet for comparing speeds.
        threads: Numbers of threads, such as 1,2; by default one, and torch's default.
        batch: Numbers of streams stepped together, such as 1,4,16,64.
        precision: Precisions of the native engine, such as float32,int8; by default all (with bfloat16), or for an
            exported model float32 and its own.
        seconds: Length of each measurement.
    """
    import torch

    from undertow.cli.terminal import print_json, print_table, step_bar, tell
    from undertow.cost import measure_speed
    from undertow.cost.paper_wavenet import paper_model
    from undertow.models import require_probabilities
    from undertow.native.engine import MOST_THREADS, why_missing
    from undertow.recipes.run import load_model

    check_number("seconds", seconds, 0, MOST_SECONDS, above=True)
    counts = sorted({1, torch.get_num_threads()}) if threads is None else _numbers("threads", threads, MOST_THREADS)
    batches = _numbers("batch", batch, MOST_ROWS)
    precisions = None if precision is None else _words("precision", precision)
    if precisions is not None and (missing := why_missing()) is not None:
        raise UsageError(f"precision is an option of the native engine; {missing}")
    measured = paper_model() if model == PAPER else require_probabilities(load_model(Path(model)))
    with step_bar("measuring") as bar:
        found = measure_speed(
            measured, threads=counts, batches=batches, precisions=precisions, seconds=seconds, progress=bar
        )
    for note in found.notes:
        tell(note)
    if json:
        print_json([as_json(row) for row in found.rows])
    else:
        is_sound = measured.alphabet.real == "sound"
        head = ["samples/s" if is_sound and name == "symbols/s" else name for name in COLUMNS]
        print_table([head, *map(_cells, found.rows)], WORDS)


def as_json(row: "Speed") -> dict[str, Any]:
    """One row of the `--json` output; null for what was not measured."""
    roofline = row.roofline
    return {
        "engine": row.engine,
        "precision": row.precision,
        "threads": row.num_threads,
        "batch": row.batch_size,
        "samples_per_second": row.samples_per_second,
        "realtime_factor": row.real_time_factor,
        "bytes_per_step": None if roofline is None else roofline.cost.num_bytes,
        "multiply_adds_per_step": None if roofline is None else roofline.cost.num_multiply_adds,
        "read_bandwidth": None if roofline is None else roofline.read_bandwidth,
        "matrix_peak": None if roofline is None else roofline.matrix_peak,
        "roofline_fraction": row.roofline_fraction,
        "bound": None if roofline is None else roofline.bound,
    }


def _cells(row: "Speed") -> tuple[str, ...]:
    """A row in words."""
    factor, roofline = row.real_time_factor, row.roofline
    cells = (
        *(row.engine, row.precision, str(row.num_threads), str(row.batch_size), f"{row.samples_per_second:,.0f}"),
        "-" if factor is None else f"{factor:.3f}",
    )
    if roofline is None:
        return *cells, *("-" for _ in COLUMNS[len(cells) :])
    return (
        *cells,
        f"{roofline.cost.num_bytes / 1e6:.2f}",
        f"{roofline.read_bandwidth / 1e9:.1f}",
        f"{roofline.matrix_peak / 1e9:.1f}",
        f"{row.roofline_fraction:.2f}",
        roofline.bound,
    )


def _numbers(name: str, text: str, most: int) -> list[int]:
    """Whole numbers of at least 1, each once."""
    words = _words(name, text)
    if not all(word.isdecimal() and len(word) < 9 and 0 < int(word) <= most for word in words):
        raise UsageError(f"{name} is '{shown(text)}'; it must be whole numbers from 1 to {most:,}, such as 1,2")
    return [int(word) for word in words]


def _words(name: str, text: str) -> list[str]:
    """The items between commas, each once."""
    words = list(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    if not words:
        raise UsageError(f"{name} is '{shown(text)}'; give one, or several separated by commas")
    return words
