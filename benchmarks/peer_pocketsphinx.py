"""What pocketsphinx hears in sound files of 16 kHz: `python peer_pocketsphinx.py FILE.wav …`, or - for names on stdin.

It runs in an environment of its own, with pocketsphinx 5, its American English model and its general language model,
and prints a JSON list of texts in order (see `q13_speak`).
"""

import json
import sys
import wave
from typing import Any

RATE = 16_000


def main() -> None:
    """Decode each file, print."""
    from pocketsphinx import Decoder

    names = sys.stdin.read().split("\n") if sys.argv[1:] == ["-"] else sys.argv[1:]
    decoder = Decoder(samprate=RATE, loglevel="FATAL")
    print(json.dumps([heard(decoder, name) for name in names if name]))


def heard(decoder: Any, name: str) -> str:
    """The text of one file, "" if nothing is heard."""
    with wave.open(name) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (RATE, 1, 2), name
        samples = sound.readframes(sound.getnframes())
    decoder.start_utt()
    decoder.process_raw(samples, no_search=False, full_utt=True)
    decoder.end_utt()
    found = decoder.hyp()
    return "" if found is None else str(found.hypstr)


if __name__ == "__main__":
    main()
