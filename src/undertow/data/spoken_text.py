"""Texts with the mel frames of their recordings, for a model that speaks.

N clips, F frames, C channels of a frame, S symbols.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from undertow.data.clips import Clip, ClipSet
from undertow.data.features import build
from undertow.data.pairs import PairSet
from undertow.data.script import Script
from undertow.data.transcripts import SPEAKER, Transcripts
from undertow.errors import DataError, counted

BETWEEN = " "  # the texts of joined clips


def encode_spoken(
    spoken: Transcripts, features: Any, script: Script, classes: Mapping[str, Sequence[str]]
) -> tuple[PairSet, list[str]]:
    """The texts as symbols (S,), and as targets the frames (F, C) of their clips, by a config of them; and notes.

    A text with words whose phones are not known is left out.

    Args:
        classes: by name of a label, its classes; the pairs have their indices, -1 for an unknown class.

    Raises:
        DataError: a text has an unknown character, or none can be read.
    """
    dtype = np.min_scalar_type(len(script.symbols))
    read: list[tuple[Clip, str, np.ndarray]] = []
    bad: list[str] = []
    for clip, text in zip(spoken.clips, spoken.texts, strict=True):
        try:
            read.append((clip, text, np.array(script.read(text).symbols, dtype)))
        except DataError as error:
            bad.append(f"{clip.name}: {error}")
            if script.spells == "characters":
                raise DataError(bad[0]) from None
    if not read:
        raise DataError(f"no text can be read; the first: {bad[0]}")
    known = {name: {one: number for number, one in enumerate(ones)} for name, ones in classes.items()}
    pairs = PairSet(
        [symbols for _, _, symbols in read],
        [build(features).of_clip(clip) for clip, _, _ in read],
        [clip.name for clip, _, _ in read],
        source_texts=[text for _, text, _ in read],
        source_end=len(script.symbols),
        target_end=None,
        labels={
            name: np.array([index.get(clip.labels.get(name, ""), -1) for clip, _, _ in read])
            for name, index in known.items()
        },
    )
    return pairs, [f"{counted(len(bad), 'text')} left out; the first: {bad[0]}"] if bad else []


def characters(texts: Iterable[str], joined: bool = False) -> Script:
    """What reads every character of some texts, whose white space is single spaces; of joined texts also a space."""
    every = {one for text in texts for one in BETWEEN.join(text.split())} | ({BETWEEN} if joined else set())
    return Script(tuple(sorted(every)), "characters")


def with_joined(spoken: Transcripts, most: int, seed: int = 0) -> Transcripts:
    """The clips, and as many again that are two to `most` clips of one speaker, end to end.

    Single words, such as digits, so become phrases. The label `speaker` names the speaker; without it, all
    clips are taken as one speaker's. Which clips are joined depends on the seed alone.
    """
    if most < 2:
        return spoken
    random = np.random.default_rng([seed, most])
    own: dict[str, list[int]] = defaultdict(list)
    for number, clip in enumerate(spoken.clips):
        own[clip.labels.get(SPEAKER, "")].append(number)
    clips, texts = list(spoken.clips), list(spoken.texts)
    for number, clip in enumerate(spoken.clips):
        others = own[clip.labels.get(SPEAKER, "")]
        chosen = [number, *random.choice(others, int(random.integers(1, most))).tolist()]
        parts = [spoken.clips[one] for one in chosen]
        labels = {name: value for name, value in clip.labels.items() if all(value == p.labels.get(name) for p in parts)}
        clips.append(Clip("+".join(p.name for p in parts), np.concatenate([p.wave for p in parts]), labels))
        texts.append(BETWEEN.join(spoken.texts[one] for one in chosen))
    kept = ClipSet(clips, spoken.clips.sample_rate, spoken.clips.label_classes, spoken.clips.report)
    return Transcripts(kept, texts, spoken.wordless)


def lowered(spoken: Transcripts) -> Transcripts:
    """The texts in lower case."""
    return Transcripts(spoken.clips, [text.lower() for text in spoken.texts], spoken.wordless)
