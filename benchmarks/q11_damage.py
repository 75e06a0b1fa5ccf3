"""Q11: what the metrics of sound say of known damage: `python -m benchmarks.q11_damage [--clips 60]`.

Held-out clips of FSDD are compared with the same clips after noise of 20 dB below them, a low-pass filter at 2 kHz, 8
bits, 8-bit µ-law, and with the same digit by another speaker (MCD along the best alignment).
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.record import RESULTS, record
from undertow.data.load import load_clips
from undertow.evaluation.sound_score import SoundPair, SoundScore, score_sounds

RATE = 8000
METRICS = ("mcd", "lsd", "mstft", "f0", "voicing")
SHOWN = ("mcd", "lsd", "mstft", "f0-cents", "voicing", "pesq")
Damage = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def noise(wave: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """White noise, 20 dB below the clip's power."""
    return wave + generator.normal(0, 0.1 * wave.std(), len(wave)).astype(np.float32)


def low_pass(wave: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Nothing above 2 kHz."""
    spectrum = np.fft.rfft(wave)
    spectrum[np.fft.rfftfreq(len(wave), 1 / RATE) > 2000] = 0
    return np.fft.irfft(spectrum, len(wave)).astype(np.float32)


def eight_bits(wave: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """256 equal steps."""
    return (np.round(wave * 128) / 128).astype(np.float32)


def mu_law(wave: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """256 steps of µ-law."""
    companded = np.sign(wave) * np.log1p(255 * np.abs(wave)) / np.log(256)
    steps = np.round(companded * 127.5 - 0.5) + 0.5
    return (np.sign(steps) * np.expm1(np.abs(steps) / 127.5 * np.log(256)) / 255).astype(np.float32)


DAMAGES: dict[str, Damage] = {
    "none": lambda wave, generator: wave.copy(),
    "µ-law, 8 bits": mu_law,
    "linear, 8 bits": eight_bits,
    "noise, 20 dB": noise,
    "low-pass, 2 kHz": low_pass,
}


def main() -> None:
    """Damage, compare, record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=60)
    parser.add_argument("--pesq", action="store_true", help="PESQ too, by the package pesq")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()

    every = load_clips("fsdd", "test")
    clips = every.clips[:: max(1, len(every.clips) // options.clips)][: options.clips]
    metrics = (*METRICS, "pesq") if options.pesq else METRICS
    print(f"{'damage':18}" + "".join(f"{name:>12}" for name in SHOWN))
    for name, damage in DAMAGES.items():
        generator = np.random.default_rng(0)
        pairs = (SoundPair(clip.name, clip.samples, damage(clip.samples, generator)) for clip in clips)
        report(name, score_sounds(pairs, RATE, metrics=metrics), options.results)
    others = {clip.labels["digit"]: clip for clip in every.clips if clip.labels["speaker"] == "theo"}
    pairs = (
        SoundPair(clip.name, clip.samples, others[clip.labels["digit"]].samples)
        for clip in clips
        if clip.labels["speaker"] != "theo"
    )
    report("another speaker", score_sounds(pairs, RATE, metrics=["mcd-dtw"]), options.results)


def report(name: str, found: SoundScore, results: Path) -> None:
    """Print a row, and record its figures."""
    values = {figure: mean.mean for figure, mean in found.means.items()}
    row = [values.get(figure, values.get("mcd-dtw") if figure == "mcd" else None) for figure in SHOWN]
    print(f"{name:18}" + "".join(f"{'-' if value is None else format(value, '.3g'):>12}" for value in row), flush=True)
    for figure in (*SHOWN, "mcd-dtw"):
        if (value := values.get(figure)) is not None:
            note = f"{len(found.sounds)} test clips of FSDD, seed 0"
            unit = found.units[figure] or "-"
            record(
                "Q11", f"{figure}, {name}", value, unit, model="-", seconds=found.seconds, note=note, results=results
            )


if __name__ == "__main__":
    main()
