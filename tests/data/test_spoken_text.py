"""Texts with the frames of their recordings, alone and joined to phrases."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.data.sounds import RATE, write
from tests.data.speech import MEL, sing, speak
from tests.refusals import refuses
from undertow.data.batches import collate
from undertow.data.crops import Crop
from undertow.data.features import extract
from undertow.data.pair_batches import PairBatches
from undertow.data.script import Script
from undertow.data.spoken_text import characters, encode_spoken, lowered, with_joined
from undertow.data.transcripts import Spoken, Transcripts
from undertow.errors import DataError

CLASSES = {"speaker": ("bob", "ann")}


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: Any) -> Transcripts:
    folder = speak(tmp_path_factory.mktemp("sung"), **{"0.wav": "Yes"})
    return Spoken(str(folder), sample_rate=RATE).load("train")


def test_a_text_has_the_frames_of_its_recording_and_a_flag_at_their_end(spoken: Transcripts) -> None:
    pairs, notes = encode_spoken(lowered(spoken), MEL, characters(["oh yes no"]), CLASSES)
    assert pairs.source_texts[0] == "yes" and len(pairs.sources[0]) == 3 and pairs.source_end == 7 and not notes
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
    with refuses(DataError, "0.wav", "'y'"):
        encode_spoken(spoken, MEL, Script(tuple("ehnos "), "characters"), {})


def test_texts_without_phones_are_left_out_and_counted(spoken: Transcripts) -> None:
    script = Script(("N", "OW", "SIL"), "phones", "SIL", {"no": "N OW"})
    pairs, notes = encode_spoken(spoken, MEL, script, {})
    assert [list(one) for one in pairs.sources] == [[2, 0, 1, 2]] * 2 and "4 texts" in notes[0] and "'yes'" in notes[0]
    with refuses(DataError, "no text"):
        encode_spoken(spoken, MEL, Script(("SIL",), "phones", "SIL"), {})


@pytest.mark.parametrize("layout", ["VCTK", "LJ Speech"])
def test_layouts_of_well_known_voices(layout: str, tmp_path: Path) -> None:
    for number, word in enumerate(["yes", "no"] * 10):
        speaker, name = f"p{number % 2}", f"p{number % 2}_{number:03}"
        wave = tmp_path / ("wav48/" + speaker if layout == "VCTK" else "wavs") / f"{name}.wav"
        write(wave, sing(word, 0.1))
        if layout == "VCTK":
            (tmp_path / "txt" / speaker).mkdir(parents=True, exist_ok=True)
            (tmp_path / "txt" / speaker / f"{name}.txt").write_text(word.title() + "\n")
        else:
            with (tmp_path / "metadata.csv").open("a") as table:
                table.write(f"{name}|{word.title()}|{word}\n")
    train = lowered(Spoken(str(tmp_path), sample_rate=RATE).load("train"))
    pairs, _ = encode_spoken(train, MEL, characters(train.texts), {"speaker": ("p0", "p1")})
    assert set(pairs.source_texts) == {"yes", "no"}
    assert set(pairs.labels["speaker"].tolist()) == ({0, 1} if layout == "VCTK" else {-1})
