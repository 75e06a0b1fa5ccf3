"""Texts with the mel frames of their recordings, for a model that speaks.

N clips, F frames, C channels of a frame, S symbols.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from undertow.alphabets.text_alphabet import OutsideError, TextAlphabet
from undertow.data.clips import Clip, ClipSet
from undertow.data.features import build
from undertow.data.pairs import PairSet
from undertow.data.transcripts import SPEAKER, Transcripts

BETWEEN = " "  # the texts of joined clips


def encode_spoken(
    spoken: Transcripts, features: Any, alphabet: TextAlphabet, classes: Mapping[str, Sequence[str]]
) -> PairSet:
    """The texts as symbols (S,), and as targets the frames (F, C) of their clips, by a config of them.

    Args:
        classes: by name of a label, its classes; the pairs have their indices, -1 for an unknown class.

    Raises:
        DataError: a text has a character outside the alphabet.
    """
    dtype = np.min_scalar_type(alphabet.num_symbols)
    known = {name: {one: number for number, one in enumerate(ones)} for name, ones in classes.items()}
    return PairSet(
        [_symbols(clip, text, alphabet).astype(dtype) for clip, text in zip(spoken.clips, spoken.texts, strict=True)],
        [build(features).of_clip(clip) for clip in spoken.clips],
        [clip.name for clip in spoken.clips],
        source_texts=list(spoken.texts),
        source_end=alphabet.num_symbols,
        target_end=None,
        labels={
            name: np.array([index.get(clip.labels.get(name, ""), -1) for clip in spoken.clips])
            for name, index in known.items()
        },
    )


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


def _symbols(clip: Clip, text: str, alphabet: TextAlphabet) -> np.ndarray:
    try:
        return alphabet.encode(text)
    except OutsideError as error:
        raise error.moved(0, clip.name) from None
