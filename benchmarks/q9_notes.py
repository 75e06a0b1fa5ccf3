"""Q9, notes: log-spectral distance of notes that an autoencoder draws again, beside 16 mel bands at the same rate.

    python -m benchmarks.q9_notes --out runs/nsynth-notes        # trains if there is no run
    python -m benchmarks.q9_notes --out runs/nsynth-notes --pictures docs/images

Notes of the test split of gm_notes, whose instruments are in no other split; every sixth of them. Each is drawn once,
with its own pitch as the label, at temperature 1. The baseline is `benchmarks.sixteen_bands`; silence, and the wave in
mu-law's 256 levels, show the ends of the scale.
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.record import RESULTS, record
from benchmarks.runs import budget, ensure
from benchmarks.sixteen_bands import through_bands
from benchmarks.spectrograms import draw_grid

RECIPE, EVERY = "nsynth-notes", 6
WAYS = {  # a figure's name: its sound, from a wave, the model's rate, its hop and its alphabet
    "16 mel bands and Griffin-Lim": lambda wave, rate, hop, alphabet: through_bands(wave, rate, hop),
    "mu-law alone": lambda wave, rate, hop, alphabet: alphabet.decode(alphabet.encode(wave)),
    "silence": lambda wave, rate, hop, alphabet: np.zeros_like(wave),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Train if needed, draw, and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--every", type=int, default=EVERY, help="of the test notes, each so manieth is drawn")
    parser.add_argument("--data", help="folder of notes in the place of gm_notes")
    parser.add_argument("--pictures", type=Path, help="folder for a picture of notes and one of an interpolation")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--set", dest="changes", nargs="*", default=[], help="changes of the recipe")
    options = parser.parse_args(arguments)
    training = ensure(RECIPE, options.out, changes=options.changes)

    from undertow.checkpoint import load
    from undertow.data.load import load_clips
    from undertow.evaluation.log_spectral import log_spectral_distance
    from undertow.generation.sounding import Voice
    from undertow.recipes.run import describe
    from undertow.reconstruction.latents import LATENTS, sent
    from undertow.reconstruction.reconstructing import drawn_again

    model: Any = load(options.out)
    rate, hop = model.needs.sample_rate, model.points[LATENTS].hop
    clips = [*load_clips(options.data or "gm_notes", "test", rate)][:: options.every]
    common = dict(model=describe(model), seconds=training["seconds"], results=options.results)
    note = f"{len(clips)} notes of unseen instruments, pitch as label, {sent(model).words}; {budget(training)}"
    distances = [drawn_again(model, clip, Voice()).log_spectral_distance for clip in clips]
    record("Q9", f"{RECIPE}, log-spectral distance", float(np.mean(distances)), "dB", note=note, **common)
    for name, way in WAYS.items():
        waves = [way(clip.samples, rate, hop, model.decoder.alphabet) for clip in clips]
        found = [log_spectral_distance(clip.samples, one, rate) for clip, one in zip(clips, waves, strict=True)]
        beside = f"the same {len(clips)} notes; a hop of {hop} samples"
        record(
            "Q9", f"{name}, log-spectral distance", float(np.mean(found)), "dB", model="-", seconds=0.0,
            note=beside, results=options.results,
        )  # fmt: skip
    if options.pictures is not None:
        draw(model, clips, options.pictures, drawn_again)


def draw(model: Any, clips: Sequence[Any], folder: Path, drawn_again: Callable[..., Any]) -> None:
    """Spectrograms of four notes, above as recorded, in the middle drawn again, below from 16 bands."""
    from undertow.generation.sounding import Voice
    from undertow.pictures.interpolation import draw_interpolation
    from undertow.reconstruction import interpolate
    from undertow.reconstruction.latents import LATENTS

    rate, hop = model.needs.sample_rate, model.points[LATENTS].hop
    chosen = [clips[round(place)] for place in np.linspace(0, len(clips) - 1, 6)[1:5]]
    rows = [
        ("recorded", [clip.samples for clip in chosen]),
        ("drawn again", [drawn_again(model, clip, Voice()).wave for clip in chosen]),
        ("16 bands", [through_bands(clip.samples, rate, hop) for clip in chosen]),
    ]
    titles = [f"{clip.labels['instrument_family']}, pitch {clip.labels['pitch']}" for clip in chosen]
    draw_grid(folder / "notes.png", rate, titles, rows)
    one, instrument = chosen[0], chosen[0].labels["instrument"]
    other = next((clip for clip in chosen[1:] if clip.labels["instrument"] != instrument), chosen[-1])
    found = interpolate(model, one.samples, other.samples, labels={"pitch": one.labels["pitch"]})
    title = f"{one.labels['instrument']} to {other.labels['instrument']}"
    draw_interpolation(folder / "interpolation.png", found.latents, found.waves, found.shares, rate, title)


if __name__ == "__main__":
    main()
