"""Texts with the frames of their recordings, alone and joined to phrases."""

from typing import Any

import numpy as np
import pytest

from tests.data.sounds import RATE
from tests.data.speech import MEL, speak
from tests.refusals import refuses
from undertow import alphabets
from undertow.alphabets import TextAlphabet
from undertow.alphabets.characters import Characters
from undertow.data.batches import collate
from undertow.data.crops import Crop
from undertow.data.features import extract
from undertow.data.pair_batches import PairBatches
from undertow.data.spoken_text import encode_spoken, lowered, with_joined
from undertow.data.transcripts import Spoken, Transcripts
from undertow.errors import DataError

CLASSES = {"speaker": ("bob", "ann")}


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: Any) -> Transcripts:
    folder = speak(tmp_path_factory.mktemp("sung"), **{"0.wav": "Yes"})
    return Spoken(str(folder), sample_rate=RATE).load("train")


def letters(characters: str = "ehnosy ") -> TextAlphabet:
    found = alphabets.build(Characters.Config(characters=characters))
    assert isinstance(found, TextAlphabet)
    return found


def test_a_text_has_the_frames_of_its_recording_and_a_flag_at_their_end(spoken: Transcripts) -> None:
    pairs = encode_spoken(lowered(spoken), MEL, letters(), CLASSES)
    assert pairs.source_texts[0] == "yes" and len(pairs.sources[0]) == 3 and pairs.source_end == 7
    assert pairs.labels["speaker"].tolist() == [1, 1, 1, 0, 0, 0]
    expected = extract(MEL, spoken.clips[0].samples)
    read = pairs.read(0, 0, int(pairs.lengths[0]))
    assert np.array_equal(read[:, :-1], expected) and read[:, -1].tolist() == [0] * (len(expected) - 1) + [1]
    assert pairs.read(0, 2, 4).shape == (2, 11) and not pairs.read(0, 2, 4)[:, -1].any()
    batch = collate(pairs, [Crop(0, 0, int(pairs.lengths[0]), 0), Crop(1, 0, int(pairs.lengths[1]), 0)])
    assert batch.symbols.shape[2] == 11 and batch.source is not None and batch.source[1].tolist()[-1] in (0, 7)
    assert PairBatches(pairs, 200, 0).batch(0).symbols.dtype.is_floating_point


def test_clips_of_one_speaker_are_joined_by_the_seed(spoken: Transcripts) -> None:
    joined = with_joined(spoken, 3)
    assert len(joined.clips) == 12 and joined.texts[:6] == spoken.texts
    waves = {clip.name: clip for clip in spoken.clips}
    for clip, text in zip(joined.clips.clips[6:], joined.texts[6:], strict=True):
        parts = [waves[name] for name in clip.name.split("+")]
        assert 2 <= len(parts) <= 3 and len({part.labels["speaker"] for part in parts}) == 1
        assert np.array_equal(clip.wave, np.concatenate([part.wave for part in parts]))
        assert text == " ".join(spoken.texts[spoken.clips.clips.index(part)] for part in parts)
    assert with_joined(spoken, 3).texts == joined.texts != with_joined(spoken, 3, seed=1).texts
    assert with_joined(spoken, 1) is spoken


def test_a_character_outside_the_alphabet_is_named_with_its_clip(spoken: Transcripts) -> None:
    with refuses(DataError, "0.wav", "'Y'"):
        encode_spoken(spoken, MEL, letters(), {})
