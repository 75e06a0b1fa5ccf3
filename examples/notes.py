"""Train a small WaveNet on plucked-string notes that the package synthesises, score it, and let it play.

    python examples/notes.py [FOLDER] [--minutes MINUTES] [--seconds SECONDS]

Two minutes on one core are enough to hear pitches. Recordings of your own: data="my_wavs/" in place of "plucked".
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import undertow as ut
from undertow.data import write_audio

PITCHES = ["A2", "C3", "E3"]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Train a small WaveNet on synthesised notes, and let it play.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path("runs/notes"), help="new folder for the run")
    parser.add_argument("--minutes", type=float, default=2, help="training time (default: 2)")
    parser.add_argument("--seconds", type=float, default=0.5, help="length of each note (default: 0.5)")
    options = parser.parse_args(arguments)

    shape = {"network.num_cycles": 1, "network.residual_channels": 32, "network.gate_channels": 64}
    settings = {"training.num_validations": 2, "training.tensorboard": False, "samples.count": 0}
    trained = ut.train(
        "wavenet", options.folder, data="plucked", minutes=options.minutes, changes=shape | settings, say=print
    )
    model = trained.load()

    score = ut.score(model, "plucked")
    print(f"{score.bits_per_symbol:.3f} bits/sample; {score.verdict}")

    sound = ut.generate(model, seconds=options.seconds, count=len(PITCHES), labels={"pitch": PITCHES}, seed=1)
    for pitch, wave in zip(PITCHES, sound.real, strict=True):
        write_audio(options.folder / f"{pitch}.wav", wave, sound.sample_rate)
    names = ", ".join(f"{pitch}.wav" for pitch in PITCHES)
    print(f"{sound.samples_per_second:,.0f} samples/s; listen to {names} in {options.folder}")


if __name__ == "__main__":
    main()
