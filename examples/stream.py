"""Stream sound from a trained model, chunk by chunk; save the stream in the middle, and resume it from a file.

    python examples/stream.py RUN OUT.wav [--seconds SECONDS]

Memory does not grow with the length. The samples after the pause are the same as without it.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import undertow as ut
from undertow import state
from undertow.data import write_audio


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Stream sound from a trained model, with a pause in the middle.")
    parser.add_argument("run", type=Path, help="folder of a trained model of sound")
    parser.add_argument("out", type=Path, help="wav file to write")
    parser.add_argument("--seconds", type=float, default=1, help="length (default: 1)")
    options = parser.parse_args(arguments)

    model = ut.load(options.run)
    half = options.seconds / 2
    chunks, began = [], time.perf_counter()
    stream = ut.stream(model, seconds=half, seed=1, chunk_ms=20)
    for chunk in stream:  # (1, T) float32 in [-1, 1]: here it could go to a sound card
        if not chunks:
            print(f"first chunk of {chunk.shape[1]} samples after {1000 * (time.perf_counter() - began):.0f} ms")
        chunks.append(chunk)

    paused = options.out.with_suffix(".state")
    state.save(stream.state, paused)
    chunks += ut.resume(model, paused, seconds=half)
    paused.unlink()

    wave = np.concatenate(chunks, axis=1)[0]
    write_audio(options.out, wave, model.config.sample_rate)
    print(f"{options.out}: {len(wave)} samples in {time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    main()
