"""Recordings with what is said in them: named sets by a label, folders by their table, and what is refused."""

import numpy as np
import pytest

from tests.data.sounds import tone, write
from tests.data.speech import MEL, SPLITS, WORDS, speak, table
from tests.refusals import assert_says, refuses
from undertow import alphabets
from undertow.alphabets import Characters
from undertow.data.features import extract
from undertow.data.transcripts import DIGITS, Spoken, written
from undertow.errors import DataError, UsageError


def test_a_folder_with_a_table(tmp_path):
    spoken = Spoken(str(speak(tmp_path)))
    assert {split: len(texts) for split, texts in spoken.texts().items()} == dict.fromkeys(SPLITS, 6)
    transcripts = spoken.load("test")
    assert list(transcripts.texts) == [*WORDS, *WORDS] and transcripts.notes == []
    alphabet = alphabets.build(Characters.Config(characters=" ehnosy"))
    pairs = transcripts.encode(MEL, alphabet)
    assert pairs.names == ["12.wav", "13.wav", "14.wav", "15.wav", "16.wav", "17.wav"]
    assert pairs.target_texts == list(transcripts.texts) and not pairs.source_texts
    assert [alphabet.decode(one) for one in pairs.targets] == list(transcripts.texts)
    assert all(one.dtype == np.float32 and one.shape[1] == 10 for one in pairs.sources)
    np.testing.assert_array_equal(pairs.sources[0], extract(MEL, transcripts.clips[0].samples))


def test_a_speaker_who_is_held_out_is_in_no_other_split(tmp_path):
    spoken = Spoken(str(speak(tmp_path)), held_out_speaker="bob")
    counts = {split: len(texts) for split, texts in spoken.texts().items()}
    assert counts == {"train": 3, "validation": 3, "test": 3, "speaker": 9}
    for split in SPLITS:
        assert {clip.labels["speaker"] for clip in spoken.load(split).clips} == {"ann"}
    held_out = spoken.load("speaker")
    assert {clip.labels["speaker"] for clip in held_out.clips} == {"bob"} and len(held_out.texts) == 9
    with refuses(DataError, "speaker clips"):
        Spoken(str(tmp_path)).load("speaker")
    with refuses(DataError, "'eve'", "ann, bob"):
        Spoken(str(tmp_path), held_out_speaker="eve").texts()


def test_what_has_no_words_is_left_out_and_told_of(tmp_path):
    speak(tmp_path, **{"0.wav": "", "1.wav": "  "})
    write(tmp_path / "more.wav", tone())
    transcripts = Spoken(str(tmp_path)).load("train")
    assert len(transcripts.texts) == 4
    (line,) = transcripts.notes
    assert_says(line, "3 clips skipped", "transcript", "0.wav")


def test_a_file_that_is_not_there_is_named_with_its_row(tmp_path):
    speak(tmp_path)
    (tmp_path / "3.wav").unlink()
    with refuses(DataError, "metadata.csv, line 5", "'3.wav'"):
        Spoken(str(tmp_path)).texts()


def test_a_folder_without_a_table(tmp_path):
    write(tmp_path / "1.wav", tone())
    with refuses(DataError, "label 'text'", "metadata.csv", "columns file and"):
        Spoken(str(tmp_path)).texts()
    with refuses(DataError, "label 'text'"):
        Spoken(str(tmp_path)).load("train")


def test_another_column_is_named(tmp_path):
    speak(tmp_path)
    with refuses(DataError, "label 'texts'", "did you mean 'text'"):
        Spoken(str(tmp_path), "texts").texts()


def test_nothing_but_empty_texts(tmp_path):
    write(tmp_path / "1.wav", tone())
    table(tmp_path, [("1.wav", " ", "ann", "train")])
    with refuses(DataError, "label 'text'"):
        Spoken(str(tmp_path)).texts()


def test_a_character_outside_the_alphabet_is_named_with_its_clip(tmp_path):
    transcripts = Spoken(str(speak(tmp_path, **{"1.wav": "né"}))).load("train")
    with refuses(DataError, "1.wav", "'é'", "position 2"):
        transcripts.encode(MEL, alphabets.build(Characters.Config(characters=" ehnosy")))


def test_frames_of_another_rate(tmp_path):
    transcripts = Spoken(str(speak(tmp_path)), sample_rate=16000).load("train")
    with refuses(UsageError, "features", "8000 Hz", "16000 Hz"):
        transcripts.encode(MEL, alphabets.build(Characters.Config(characters=" ehnosy")))


def test_a_digit_is_its_word():
    assert tuple(map(written, "0123456789")) == DIGITS
    assert [written(one) for one in ("10", "yes ", "", "²")] == ["10", "yes", "", "²"]


@pytest.mark.slow
def test_spoken_digits(real_data, monkeypatch):
    monkeypatch.setenv("UNDERTOW_DATA", str(real_data))
    spoken = Spoken("fsdd", "digit", "theo")
    counts = {split: len(texts) for split, texts in spoken.texts().items()}
    assert counts == {"train": 2000, "validation": 250, "test": 250, "speaker": 500}
    transcripts = spoken.load("test")
    assert {clip.labels["speaker"] for clip in transcripts.clips} == {
        "george", "jackson", "lucas", "nicolas", "yweweler"
    }  # fmt: skip
    rows = zip(transcripts.clips, transcripts.texts, strict=True)
    assert all(text == DIGITS[int(clip.labels["digit"])] for clip, text in rows)
