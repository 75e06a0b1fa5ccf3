"""Labels of clips as classes of a model: unknown ones are noted, or refused where they are predicted."""

import numpy as np
import pytest

from tests.refusals import assert_says, refuses
from undertow import alphabets
from undertow.alphabets import MuLaw
from undertow.data.clip_examples import ClipExamples
from undertow.data.clips import Clip, ClipSet
from undertow.data.needs import Needs, Predicted
from undertow.errors import DataError

MU_LAW = alphabets.build(MuLaw.Config())


def clips(*speakers: str | None) -> ClipSet:
    wave = np.arange(100, dtype=np.int16)
    made = [Clip(f"{index}.wav", wave, {"speaker": one} if one else {}) for index, one in enumerate(speakers)]
    return ClipSet(made, 8000)


def test_fault_12_other_speakers_count_as_unknown_with_a_note():
    found = ClipExamples(clips("anna", "eve", None, "zoe"), Needs(alphabet=MU_LAW, classes={"speaker": ("bo", "anna")}))
    assert found.labels["speaker"].tolist() == [1, -1, -1, -1]
    assert_says(found.notes[0], "2 of 4 clips", "speaker 'eve'", "'1.wav'", "bo, anna")
    many = tuple(str(number) for number in range(100))
    (note,) = ClipExamples(clips("eve"), Needs(alphabet=MU_LAW, classes={"speaker": many})).notes
    assert "there are 100" in note and len(note) < 200
    assert ClipExamples(clips("anna", None), Needs(alphabet=MU_LAW, classes={"speaker": ("anna",)})).notes == []


@pytest.mark.parametrize("others", [{}, {"speaker": ("anna",)}])
def test_fault_12_a_class_to_predict_must_be_known(others):
    needs = Needs(alphabet=MU_LAW, classes=others, predicted=Predicted("speaker", ("anna", "bo"), False))
    assert ClipExamples(clips("bo", "anna"), needs).labels["speaker"].tolist() == [1, 0]
    with refuses(DataError, "'1.wav'", "speaker 'eve'", "anna, bo"):
        ClipExamples(clips("bo", "eve"), needs)
