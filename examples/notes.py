"""Train a small WaveNet on plucked-string notes that the package synthesises, score it, and let it play.

    python examples/notes.py [FOLDER] [MINUTES] [SECONDS]

Two minutes on one core are enough to hear pitches. Recordings of your own: data="my_wavs/" in place of "plucked".
"""

import sys
from pathlib import Path

import undertow as ut
from undertow.data import write_audio


def main(folder: str = "runs/notes", minutes: str = "2", seconds: str = "0.5") -> None:
    shape = {"network.num_cycles": 1, "network.residual_channels": 32, "network.gate_channels": 64}
    settings = {"training.num_validations": 2, "training.tensorboard": False, "samples.count": 0}
    trained = ut.train(
        "wavenet",
        folder,
        data="plucked",
        minutes=float(minutes),
        changes=shape | settings,
        say=lambda line: print(line),
    )
    model = trained.load()

    score = ut.score(model, "plucked")
    print(f"{score.bits_per_symbol:.3f} bits/sample; {score.verdict}")

    sound = ut.generate(model, seconds=float(seconds), count=3, labels={"pitch": ["A2", "C3", "E3"]}, seed=1)
    for pitch, wave in zip(("A2", "C3", "E3"), sound.real, strict=True):
        write_audio(Path(folder) / f"{pitch}.wav", wave, sound.sample_rate)
    print(f"{sound.samples_per_second:,.0f} samples/s; listen to {folder}/A2.wav, C3.wav and E3.wav")


if __name__ == "__main__":
    main(*sys.argv[1:])
