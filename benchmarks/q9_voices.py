"""Q9, voices: words that an autoencoder draws again, with the speaker's own label and with another's.

    python -m benchmarks.q9_voices runs/vqvae-fsdd --pictures docs/images

Every fifteenth take of FSDD's test split, at temperature 1: the log-spectral distance from the recording, with the own
label and with that of the next speaker. The picture has four of them.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.record import RESULTS, record
from benchmarks.runs import budget
from benchmarks.spectrograms import draw_grid

DATA, LABEL, EVERY, DRAWN = "fsdd", "speaker", 15, 4


def main() -> None:
    """Draw, and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--pictures", type=Path, help="folder for the picture")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()

    from undertow.checkpoint import load, read_card
    from undertow.data.load import load_clips
    from undertow.evaluation.log_spectral import log_spectral_distance
    from undertow.generation.sounding import Voice
    from undertow.recipes.run import describe
    from undertow.reconstruction.reconstructing import drawn_again

    model: Any = load(options.run)
    rate, speakers = model.needs.sample_rate, list(model.needs.classes[LABEL])
    clips = [*load_clips(DATA, "test", rate)][::EVERY]
    others = [speakers[(speakers.index(clip.labels[LABEL]) + 1) % len(speakers)] for clip in clips]
    own = [drawn_again(model, clip, Voice()).wave for clip in clips]
    converted = [
        drawn_again(model, clip, Voice(labels={LABEL: other})).wave for clip, other in zip(clips, others, strict=True)
    ]
    training = read_card(options.run / "last")["training"]
    for name, waves in (("own label", own), ("another speaker's label", converted)):
        found = [log_spectral_distance(clip.samples, wave, rate) for clip, wave in zip(clips, waves, strict=True)]
        record(
            "Q9",
            f"{options.run.name}, drawn again with {name}: log-spectral distance",
            float(np.mean(found)),
            "dB",
            model=describe(model),
            seconds=training["seconds"],
            note=f"{len(clips)} test takes of {DATA}; {budget(training)}",
            results=options.results,
        )
    if options.pictures is not None:
        chosen = [round(place) for place in np.linspace(0, len(clips) - 1, DRAWN + 2)[1:-1]]
        titles = [f"{clips[at].labels['digit']}, {clips[at].labels[LABEL]} to {others[at]}" for at in chosen]
        rows = [
            ("recorded", [clips[at].samples for at in chosen]),
            ("own label", [own[at] for at in chosen]),
            ("converted", [converted[at] for at in chosen]),
        ]
        draw_grid(options.pictures / "voices.png", rate, titles, rows)


if __name__ == "__main__":
    main()
