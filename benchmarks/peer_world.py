"""WORLD's analysis and synthesis of sound files: `python peer_world.py FOLDER OUT`, one wav file for each of FOLDER.

It runs in an environment of its own, with numpy and pyworld (D4C, CheapTrick and DIO with StoneMask, frames of 5 ms,
its own settings), and prints the seconds of work for a second of sound (see `q11_vocoders`).
"""

import sys
import time
import wave
from pathlib import Path

import numpy as np


def main() -> None:
    """Read, analyse, draw and write each file."""
    import pyworld

    source, out = map(Path, sys.argv[1:])
    spent = heard = 0.0
    for path in sorted(source.glob("*.wav")):
        with wave.open(str(path)) as sound:
            rate = sound.getframerate()
            samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2") / 32768
        began = time.perf_counter()
        drawn = pyworld.synthesize(*pyworld.wav2world(samples, rate), rate)[: len(samples)]
        spent, heard = spent + time.perf_counter() - began, heard + len(samples) / rate
        drawn = np.pad(drawn, (0, len(samples) - len(drawn)))
        with wave.open(str(out / path.name), "wb") as sound:
            sound.setparams((1, 2, rate, 0, "NONE", ""))
            sound.writeframes((drawn * 32768).round().clip(-32768, 32767).astype("<i2").tobytes())
    print(spent / heard)


if __name__ == "__main__":
    main()
