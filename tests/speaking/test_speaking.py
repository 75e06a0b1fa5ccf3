"""Text becomes sound sentence by sentence, and the stream is the whole."""

import numpy as np
import pytest
import torch

from tests.refusals import refuses
from tests.speaking.voice import HOP, WORDS, Voice
from undertow.errors import DataError, UsageError
from undertow.generation.sounding import Voice as Drawing
from undertow.options import Manner
from undertow.speaking import speak, stream_speak
from undertow.speaking.drawing import drawing_of

TEXT = "One two. Zero, one!"


@pytest.fixture(scope="module")
def voice() -> Voice:
    torch.manual_seed(0)
    return Voice()


def test_sentences_have_their_places_and_phones(voice):
    found = speak(voice, TEXT, labels="theo", seed=3)
    first, second = found.sentences
    assert (first.text, second.text) == ("One two.", "Zero, one!")
    assert [one.label for one in first.symbols] == ["SIL", "W", "AH", "N", "T", "UW", "SIL"]
    assert [one.label for one in second.symbols] == ["SIL", "Z", "IH", "R", "OW", "SIL", "W", "AH", "N", "SIL"]
    assert len(found.drawn) == HOP * (5 * 3 + 2 + 7 * 3 + 3) and second.start == first.stop == pytest.approx(0.068)
    assert first.pitch.tolist() == [100.0] * 17 and 0 < found.first_sound <= found.seconds


def test_a_stream_is_the_whole_and_plans_as_it_goes(voice, monkeypatch):
    monkeypatch.setattr("undertow.generation.sounding.PIECE_SAMPLES", 8)
    whole = speak(voice, TEXT, labels="theo", seed=3)
    found = stream_speak(voice, iter(["One two.", "", "Zero, one!"]), labels="theo", seed=3)
    parts = [next(found)]
    assert len(found.sentences) == 1 and found.first_sound is not None
    parts += found
    assert np.array_equal(np.concatenate(parts), whole.wave) or np.allclose(
        np.concatenate(parts), whole.wave, atol=1e-4
    )
    assert not np.array_equal(speak(voice, TEXT, labels="theo", seed=4).drawn, whole.drawn)


def test_progress_is_told_sentence_by_sentence(voice, monkeypatch):
    monkeypatch.setattr("undertow.generation.sounding.PIECE_SAMPLES", 8)
    told: list[tuple[int, int]] = []
    speak(voice, TEXT, labels="theo", progress=lambda done, total: told.append((done, total)))
    assert told == sorted(told) and {done for done, _ in told} == {0, 1} and {total for _, total in told} == {2}


def test_manner_and_a_sentence_that_was_cut(voice):
    fast = speak(voice, "two", labels="theo", manner=Manner(speed=3, pitch=12))
    assert len(fast.drawn) == HOP * 4 and fast.sentences[0].pitch.tolist() == [200.0] * 4
    assert any("'two'" in note for note in speak(Voice(stops=False), "two", labels="theo").notes)


def test_what_cannot_be_spoken(voice, tmp_path):
    for text, kind, parts in [
        ("", UsageError, ["empty"]),
        ("…!", UsageError, ["word"]),
        ("one 3", DataError, ["'3'", "three"]),
        ("one, seven eight", DataError, ["'seven'", "'eight'"]),
    ]:
        with refuses(kind, *parts):
            speak(voice, text)
    with refuses(DataError, "'anna'"):
        speak(voice, "one", labels="anna")
    with refuses(UsageError, "vocoder"):
        drawing_of(voice, voice.decoder, Drawing())
    (tmp_path / "more.dict").write_text("SEVEN  S EH1 V AH0 N\n")
    with refuses(DataError, "phones", "'S'", "'EH'"):
        speak(voice, "seven", dictionary=tmp_path / "more.dict")
    assert set(WORDS) == set(voice.script.words)
