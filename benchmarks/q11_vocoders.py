"""Q11: a WaveNet vocoder beside Griffin-Lim and WORLD, on held-out clips.

    python -m benchmarks.q11_vocoders runs/vocoder-fsdd --world ENV/bin/python
    python -m benchmarks.q11_vocoders runs/vocoder-prompts --source prompts --world ENV/bin/python

Each test clip is drawn from its mel spectrum by the vocoder and by Griffin-Lim, and by WORLD from its own analysis, and
compared with the recording; and a second draw of the vocoder with its first, as chance alone makes a difference.
--world is the Python of an environment with pyworld; without it WORLD is left out. Of the metrics, pesq, stoi and mos
need the extra `listening`.
"""

import argparse
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.record import record
from benchmarks.runs import budget
from benchmarks.spectrograms import draw_grid

METRICS = ("mcd", "mstft", "pesq", "stoi", "mos")
PEER = Path(__file__).with_name("peer_world.py")
ITERATIONS = 60


def main() -> None:
    """Draw, compare, and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--source", default="fsdd", help="the set whose test clips are drawn")
    parser.add_argument("--every", type=int, default=10, help="of the test clips, one in so many")
    parser.add_argument("--most", type=int, help="clips, at most")
    parser.add_argument("--metrics", nargs="+", default=list(METRICS))
    parser.add_argument("--world", type=Path, help="Python of an environment with pyworld")
    parser.add_argument("--temperature", type=float, default=1.0, help="of the vocoder's draws")
    parser.add_argument("--out", type=Path, help="folder to keep the sounds in")
    options = parser.parse_args()

    import undertow as ut
    from undertow.checkpoint import read_card
    from undertow.data.features import extract
    from undertow.data.load import load_clips
    from undertow.errors import counted
    from undertow.recipes.run import describe
    from undertow.vocoding import griffin_lim

    model: Any = ut.load(options.run)
    settings, rate = model.needs.features, model.needs.sample_rate
    clips = list(load_clips(options.source, "test", rate))[:: options.every][: options.most]
    waves = [clip.samples for clip in clips]
    training, sampling = read_card(options.run)["training"], ut.Sampling(temperature=options.temperature)
    own = "WaveNet" if options.temperature == 1 else f"WaveNet at temperature {options.temperature:g}"

    def drawn_with(seed: int) -> Callable[[np.ndarray], np.ndarray]:
        return lambda wave: ut.vocode(model, wave, sampling=sampling, seed=seed).wave

    drawers: dict[str, Callable[[np.ndarray], np.ndarray]] = {
        own: drawn_with(1),
        "Griffin-Lim": lambda wave: griffin_lim(extract(settings, wave), settings, iterations=ITERATIONS)[: len(wave)],
    }
    shapes = {own: (describe(model), training["seconds"]), "Griffin-Lim": (f"{ITERATIONS} iterations", 0.0)}
    drawn, speeds = {"recording": waves}, {}
    for name, draw in drawers.items():
        drawn[name], speeds[name] = timed(draw, waves, rate)
    if options.world is not None:
        shapes["WORLD"] = ("pyworld's own settings", 0.0)
        drawn["WORLD"], speeds["WORLD"] = world(options.world, waves, rate)
    note = f"{counted(len(waves), 'test clip')} of {options.source}, {sum(map(len, waves)) / rate:.0f} s; "
    means = mean_figures(waves, {name: drawn[name] for name in shapes}, rate, options.metrics)
    for name, (shape, seconds) in shapes.items():
        told = note + (budget(training) if name == own else "from the same mel" if name != "WORLD" else "its own")
        named = {"model": shape, "seconds": seconds, "note": told}
        for figure, (values, unit, number) in means.items():
            more = {**named, "note": f"{told}; the {number:,} clips where it is defined for all"}
            target = aim(figure, [values[one] for one in shapes if one != name]) if name == own else ""
            record("Q11", f"{figure}, {options.source}, {name}", values[name], unit, target=target, **more)
        record("Q11", f"real-time factor, {options.source}, {name}", speeds[name], "s/s", **named)
    again, _ = timed(drawn_with(2), waves, rate)
    named = {"model": shapes[own][0], "seconds": training["seconds"], "note": f"{note}two seeds; {budget(training)}"}
    for figure, (values, unit, _) in mean_figures(drawn[own], {own: again}, rate, options.metrics).items():
        record("Q11", f"{figure}, {options.source}, two draws of {own}", values[own], unit, **named)
    if options.out is not None:
        keep(options.out, [clip.name for clip in clips], drawn, rate)


def aim(figure: str, others: list[float]) -> str:
    """What beats all others; nothing, if they are all the same."""
    from undertow.evaluation.sound_metrics import SOUND_METRICS

    if len(set(others)) == 1:
        return ""
    metric = next(one for one in SOUND_METRICS.values() if figure in one.units)
    return f"> {max(others):.4g}" if metric.higher_is_better else f"< {min(others):.4g}"


def timed(
    draw: Callable[[np.ndarray], np.ndarray], waves: list[np.ndarray], rate: int
) -> tuple[list[np.ndarray], float]:
    """The waves drawn again, and the seconds of work for a second of sound."""
    began = time.perf_counter()
    drawn = [draw(wave) for wave in waves]
    return drawn, (time.perf_counter() - began) / (sum(map(len, waves)) / rate)


def world(python: Path, waves: list[np.ndarray], rate: int) -> tuple[list[np.ndarray], float]:
    """The waves drawn again by WORLD, and the seconds of work for a second of sound."""
    from undertow.data.audio import read_audio, write_audio

    with tempfile.TemporaryDirectory() as temporary:
        source, out = Path(temporary, "in"), Path(temporary, "out")
        source.mkdir()
        out.mkdir()
        for number, wave in enumerate(waves):
            write_audio(source / f"{number:05}.wav", wave, rate)
        words = [str(python), str(PEER), str(source), str(out)]
        speed = float(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
        return [read_audio(path).wave for path in sorted(out.glob("*.wav"))], speed


def mean_figures(
    waves: list[np.ndarray], drawn: Mapping[str, list[np.ndarray]], rate: int, metrics: list[str]
) -> dict[str, tuple[dict[str, float], str, int]]:
    """For each figure the mean of each method, its unit, and the number of clips: those where all methods have it."""
    from undertow.errors import DataError
    from undertow.evaluation.sound_metrics import SOUND_METRICS, compare

    found = {}
    for metric in metrics:
        rows: list[dict[str, Mapping[str, float | None]]] = []
        for number, wave in enumerate(waves):
            try:
                rows.append({name: compare(wave, one[number], rate, [metric]) for name, one in drawn.items()})
            except DataError:  # too short for this metric
                continue
        for figure, unit in SOUND_METRICS[metric].units.items():
            every = [{name: one[figure] for name, one in row.items()} for row in rows]
            whole = [row for row in every if None not in row.values()]
            if whole:
                means = {name: float(np.mean([row[name] for row in whole])) for name in drawn}
                found[figure] = means, unit, len(whole)
    return found


def keep(folder: Path, names: list[str], drawn: Mapping[str, list[np.ndarray]], rate: int) -> None:
    """Write every sound, and a picture of spectrograms of three of them."""
    from undertow.data.audio import write_audio

    for name, waves in drawn.items():
        place = folder / name.lower()
        place.mkdir(parents=True, exist_ok=True)
        for number, wave in enumerate(waves):
            write_audio(place / f"{number:05}.wav", wave, rate)
    shown = [len(names) // 6, len(names) // 2, 5 * len(names) // 6]
    rows = [(name, [waves[one] for one in shown]) for name, waves in drawn.items()]
    draw_grid(folder / "vocoders.png", rate, [names[one] for one in shown], rows)


if __name__ == "__main__":
    main()
