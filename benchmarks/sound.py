"""The sounds of the home page: a chorale and spoken digits, each the first that its model draws.

    python -m benchmarks.sound chorale --out runs/chorales        # trains where there is no run yet
    python -m benchmarks.sound digits --out runs/demo

It writes the sound and its picture into docs/, and how they were made beside the other results. From these
`make bench-report` writes the captions. For the chorale the model draws the notes, and sines play them.

T samples, S steps.
"""

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.record import RESULTS, ROOT, commit, hardware

FACTS = "sound-{}.json"
SEED = 0
SPEAKER, DIGITS, SECONDS, TEMPERATURE = "jackson", [str(digit) for digit in range(10)], 0.5, 0.9
NUM_STEPS, STEP_SECONDS, FADE_SECONDS = 40, 0.4, 0.03
RATE, DRAWN_RATE = 16000, 8000  # Hz, of the chorale and of its picture
NUM_COLOURS = 96  # of a picture, which are enough and make a small file
PARTIALS = 6  # sines of a note, those below half the drawn rate


@dataclass(frozen=True)
class Sound:
    """What is drawn, by which recipe's model.

    Attributes:
        file, picture: beside the pages.
        what: the sound in words, as its caption begins.
        unit: of the held-out score.
        shown: the picture in words.
        make: from a model to samples (T,) and their rate in Hz.
    """

    recipe: str
    data: str
    file: str
    picture: str
    what: str
    unit: str
    shown: str
    make: Callable[[Any], tuple[np.ndarray, int]]


def _chorale(model: Any) -> tuple[np.ndarray, int]:
    import undertow as ut

    return play(ut.generate(model, num_steps=NUM_STEPS, seed=SEED).real[0]), RATE


def _digits(model: Any) -> tuple[np.ndarray, int]:
    import undertow as ut

    made = ut.generate(
        model,
        seconds=SECONDS,
        count=len(DIGITS),
        labels={"speaker": [SPEAKER] * len(DIGITS), "digit": DIGITS},
        sampling=ut.Sampling(temperature=TEMPERATURE),
        seed=SEED,
    )
    assert made.sample_rate is not None
    return np.concatenate(list(made.real)), made.sample_rate


SOUNDS = {
    "chorale": Sound(
        recipe="tcn-jsb",
        data="jsb",
        file="sounds/chorale.mp3",
        picture="images/chorale.png",
        what=f"A new chorale of {NUM_STEPS} steps. A temporal convolutional network that learnt from Bach's chorales "
        "drew the notes; simple sines play them.",
        unit="nats per step",
        shown="Waveform and spectrogram of a generated chorale: the partials of its notes are horizontal lines",
        make=_chorale,
    ),
    "digits": Sound(
        recipe="wavenet-fsdd-demo",
        data="fsdd",
        file="sounds/digits.flac",
        picture="images/digits.png",
        what=f"The digits 0 to 9 in the voice of {SPEAKER}, {SECONDS} s each. A small WaveNet drew them sample by "
        f"sample at temperature {TEMPERATURE}.",
        unit="bits per sample",
        shown=f"Waveform and spectrogram of ten generated clips of {SECONDS} s, one for each digit from 0 to 9",
        make=_digits,
    ),
}


def main(docs: Path = ROOT / "docs", results: Path = RESULTS) -> None:
    """Train where needed, score, generate, and write sound, picture and facts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=SOUNDS)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()

    import undertow as ut
    from benchmarks.runs import ensure
    from undertow.evaluation import Score
    from undertow.recipes.run import load_model

    sound = SOUNDS[options.name]
    training = ensure(sound.recipe, options.out)
    model = load_model(options.out)
    found = ut.score(model, sound.data)
    assert isinstance(found, Score)
    _write(sound, *sound.make(model), docs)
    facts = {
        "score": found.bits_per_symbol if sound.unit.startswith("bits") else found.nats_per_symbol,
        "updates": training["steps"],
        "minutes": training["seconds"] / 60,
        "threads": training["num_threads"],
        "hardware": hardware(),
        "commit": commit(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    path = results / FACTS.format(options.name)
    path.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def captions(results: Path = RESULTS) -> str:
    """Picture, player and caption of each sound that was made, for the home page.

    A reader without HTML, as on the repository's page, sees a link in place of the player.
    """
    made = [(sound, results / FACTS.format(name)) for name, sound in SOUNDS.items()]
    return "\n".join(_caption(sound, json.loads(path.read_text("utf-8"))) for sound, path in made if path.is_file())


def _caption(sound: Sound, facts: dict[str, Any]) -> str:
    threads = f"{facts['threads']} thread{'s' if facts['threads'] != 1 else ''}"
    link = f'<a href="{sound.file}">Listen ({Path(sound.file).suffix[1:].upper()})</a>'
    return (
        f"![{sound.shown}]({sound.picture})\n\n"
        f'<audio controls preload="metadata" src="{sound.file}">{link}</audio>\n\n'
        f"*{sound.what} It is the first sound drawn with seed {SEED}, and nobody has rated it. Model: "
        f"`{sound.recipe}`, trained for {facts['minutes']:.1f} minutes ({facts['updates']:,} updates) on {threads} of "
        f"{facts['hardware']}; {facts['score']:.2f} {sound.unit} on held-out data; commit `{facts['commit']}`, "
        f"{facts['date'][:10]}.*\n"
    )


def play(notes: np.ndarray) -> np.ndarray:
    """A piano roll (S, 88) of zeros and ones as samples (T,) at `RATE`: each key a few sines while it is held."""
    size = round(STEP_SECONDS * RATE)
    time = np.arange(len(notes) * size) / RATE
    fade = np.hanning(2 * round(FADE_SECONDS * RATE) + 1)
    wave = np.zeros(len(time))
    for key in np.flatnonzero(notes.any(axis=0)):
        pitch = 440 * 2 ** ((key - 48) / 12)  # key 48 of 88 is A4
        tone = sum(
            np.sin(2 * np.pi * pitch * n * time) / n**2 for n in range(1, PARTIALS) if pitch * n < DRAWN_RATE / 2
        )
        wave += tone * np.convolve(np.repeat(notes[:, key], size), fade / fade.sum(), "same")
    return 0.7 * wave / np.abs(wave).max()


def _write(sound: Sound, wave: np.ndarray, rate: int, docs: Path) -> None:
    import soundfile
    from PIL import Image

    from undertow.media.spectrogram import draw

    for path in (sound.file, sound.picture):
        (docs / path).parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(docs / sound.file, wave, rate)
    draw(wave[:: rate // DRAWN_RATE], DRAWN_RATE, docs / sound.picture)
    Image.open(docs / sound.picture).convert("RGB").quantize(NUM_COLOURS).save(docs / sound.picture, optimize=True)


if __name__ == "__main__":
    main()
