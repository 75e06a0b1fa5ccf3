"""Q13: text to speech: the words that a recogniser hears in held-out texts that a voice speaks, and in real recordings.

    python -m benchmarks.q13_speak runs/speak-prompts --pocketsphinx ENV/bin/python --dictionary cmudict-en-us.dict
    python -m benchmarks.q13_speak runs/speak-fsdd --recogniser runs/rnn-attention-fsdd

With --pocketsphinx, the Python of an environment with pocketsphinx, the texts are those of prompts' test files whose
words the voice knows, and each is also heard in its recording. With --recogniser, a run of a recogniser of digits, each
of the voice's speakers says each digit. Words right are 100 % less the word error, and no less than 0.
"""

import argparse
import json
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.record import record
from benchmarks.runs import budget

DATA, RATE = "prompts", 16_000
SHARE = 0.7  # of what is recognised in real speech, that a voice should reach
DIGITS_AIM = 95.0  # % of digits
PEER = Path(__file__).with_name("peer_pocketsphinx.py")


def main() -> None:
    """Speak, recognise, and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path, help="a voice's run; or RUN/last, for its last checkpoint")
    parser.add_argument("--vocoder", type=Path, help="for a voice that plans mel frames")
    parser.add_argument("--pocketsphinx", type=Path, help="Python of an environment with pocketsphinx")
    parser.add_argument("--dictionary", type=Path, help="pronunciations like CMUdict; pocketsphinx has some")
    parser.add_argument("--recogniser", type=Path, help="a run of rnn-attention-fsdd or transformer-fsdd")
    parser.add_argument("--takes", type=int, default=5, help="of each digit by each speaker")
    parser.add_argument("--most", type=int, help="texts, at most")
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--out", type=Path, help="folder to keep the sounds in")
    options = parser.parse_args()
    if options.pocketsphinx is None and options.recogniser is None:
        parser.error("give --pocketsphinx, --recogniser, or both")

    import undertow as ut
    from undertow.checkpoint import read_card
    from undertow.recipes.run import describe

    model: Any = ut.load(options.run)
    last = options.run / "last"
    training = read_card(last if last.exists() else options.run)["training"]
    named = {"model": describe(model), "seconds": training["seconds"]}
    note = budget(training)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.out or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        if options.pocketsphinx is not None:
            prompts(model, options, folder, note, named)
        if options.recogniser is not None:
            digits(model, options, folder, note, named)


def prompts(model: Any, options: argparse.Namespace, folder: Path, note: str, named: dict[str, Any]) -> None:
    """Held-out prompts, spoken and real, by pocketsphinx."""
    from undertow.data.audio import resample, to_float, write_audio
    from undertow.data.lexicon import read_lexicon
    from undertow.data.load import load_clips

    clips = load_clips(DATA, "test", RATE)
    words = {} if options.dictionary is None else read_lexicon(options.dictionary)
    chosen = [clip for clip in clips if knows(model, clip.labels["text"], words)][: options.most]
    texts = [clip.labels["text"] for clip in chosen]
    spoken, real, speeds, firsts = [], [], [], []
    for number, (clip, text) in enumerate(zip(chosen, texts, strict=True)):
        found = say(model, text, options, number, dictionary=words)
        speeds.append(found.realtime_factor)
        firsts.append(found.first_sound)
        spoken.append(folder / f"spoken-{number}.wav")
        write_audio(spoken[-1], resample(found.wave, found.sample_rate, RATE), RATE)
        real.append(folder / f"real-{number}.wav")
        write_audio(real[-1], to_float(clip.wave), RATE)
    left = f"{len(texts)} of {len(clips)} test texts, {sum(len(text.split()) for text in texts)} words"
    there = words_right(texts, hear(options.pocketsphinx, real))
    own = words_right(texts, hear(options.pocketsphinx, spoken))
    how = f"{left}; real recordings {there:.1f} %; pocketsphinx 5, its own models; {note}"
    aim = f"≥ {SHARE * there:.1f}"
    record("Q13", f"words right, held-out prompts spoken{drawn(options)}", own, "%", target=aim, note=how, **named)
    record("Q13", "words right, real prompts", there, "%", model="-", seconds=0.0, note=left)
    times(speeds, firsts, drawn(options), note, named)


def digits(model: Any, options: argparse.Namespace, folder: Path, note: str, named: dict[str, Any]) -> None:
    """Digits by each speaker, by the package's own recogniser."""
    import undertow as ut
    from undertow.data.audio import write_audio
    from undertow.data.transcripts import DIGITS

    recogniser: Any = ut.load(options.recogniser)
    speakers: Sequence[str | None] = model.needs.classes.get("speaker", (None,))
    texts, files, speeds, firsts = [], [], [], []
    for number, (speaker, take, word) in enumerate(
        (speaker, take, word) for speaker in speakers for take in range(options.takes) for word in DIGITS
    ):
        labels = None if speaker is None else {"speaker": speaker}
        found = say(model, word, options, number, labels=labels)
        files.append(folder / f"{word}-{speaker}-{take}.wav")
        write_audio(files[-1], found.wave, found.sample_rate)
        texts.append(word)
        speeds.append(found.realtime_factor)
        firsts.append(found.first_sound)
    heard = ut.transcribe(recogniser, [str(one) for one in files]).texts
    right = 100 * sum(one.strip() == text for one, text in zip(heard, texts, strict=True)) / len(texts)
    how = f"{len(texts)} spoken digits of {len(speakers)} speakers; recogniser {options.recogniser.name}; {note}"
    record("Q13", f"digits right, spoken{drawn(options)}", right, "%", target=f"≥ {DIGITS_AIM:g}", note=how, **named)
    times(speeds, firsts, drawn(options), note, named)


def knows(model: Any, text: str, words: dict[str, str]) -> bool:
    """Whether a voice can read a text."""
    from undertow.errors import DataError

    try:
        model.script.read(text, words)
    except DataError:
        return False
    return True


def say(model: Any, text: str, options: argparse.Namespace, seed: int, **more: Any) -> Any:
    """A text as sound."""
    import undertow as ut

    given: dict[str, Any] = {} if options.vocoder is None else {"vocoder": str(options.vocoder)}
    sampling = ut.Sampling(temperature=options.temperature)
    return ut.speak(model, text, sampling=sampling, seed=seed, **given, **more)


def hear(python: Path, files: Sequence[Path]) -> list[str]:
    """What pocketsphinx hears in each file."""
    names = "\n".join(map(str, files))
    found = subprocess.run([str(python), str(PEER), "-"], input=names, capture_output=True, text=True, check=True)
    heard: list[str] = json.loads(found.stdout)
    return heard


def words_right(texts: Sequence[str], heard: Sequence[str]) -> float:
    """% of words: 100 less the word error, and no less than 0."""
    from undertow.evaluation.word_error import word_errors

    return max(0.0, 100 * (1 - word_errors(list(heard), list(texts)).rate))


def drawn(options: argparse.Namespace) -> str:
    """What a figure's name says of the vocoder."""
    return "" if options.vocoder is None else f", drawn by {options.vocoder.name}"


def times(speeds: Sequence[float], firsts: Sequence[float], by: str, note: str, named: dict[str, Any]) -> None:
    """Record how fast it speaks."""
    record("Q13", f"time to first sound{by}", median(firsts), "s", note=f"median; {note}", **named)
    record("Q13", f"work for a second of sound{by}", median(speeds), "s", note=f"median; {note}", **named)


if __name__ == "__main__":
    main()
