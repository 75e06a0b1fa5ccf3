"""Makes pitch.npz with pyworld 0.3.5 (Harvest), numpy 2.4, in an environment of its own (`pip install pyworld`).

Run as `UNDERTOW_DATA=… python make_pitch.py` in this folder. Nothing of undertow is imported.
"""

import os
from pathlib import Path

import numpy as np

FILES = (
    "fsdd/recordings/0_george_0.wav",
    "fsdd/recordings/1_jackson_0.wav",
    "fsdd/recordings/8_nicolas_0.wav",
    "fsdd/recordings/9_theo_0.wav",
    "prompts/en/wavs/agent-alreadyon.flac",
)


def main() -> None:
    import pyworld
    import soundfile

    found = {}
    for name in FILES:
        wave, rate = soundfile.read(Path(os.environ["UNDERTOW_DATA"]) / name)
        hertz, seconds = pyworld.harvest(wave, rate, f0_floor=60.0, f0_ceil=400.0, frame_period=10.0)
        found[name] = hertz.astype(np.float32)  # at 0, 10, 20 … ms
    np.savez_compressed("pitch.npz", **found)


if __name__ == "__main__":
    main()
