"""Lines as a model reads them: sentences on their own, long ones in parts."""

from tests.decoding.pair_models import make
from tests.refusals import assert_says, refuses
from undertow.decoding.sources import Reading, read_source
from undertow.decoding.translating import translate
from undertow.errors import UsageError

TEXT = "abc dab. Bad cab! Fade?"


def test_fault_24_sentences_are_translated_on_their_own() -> None:
    model = make("transformer", "pre-norm", "abcdefABF .!?")
    alone = translate(model, ["abc dab.", "Bad cab!", "Fade?"], max_length=6)
    found = translate(model, ["abc", TEXT, "", "cab"], sentences=True, max_length=6)
    assert found.texts[1] == " ".join(alone.texts) and len(found.lines) == 4
    line = found.lines[1]
    assert (line.kind, line.num_sentences) == ("sentences", 3) and line in found.written
    assert abs(line.log_probs[0] - sum(one.log_probs[0] for one in alone.lines)) < 1e-9
    assert_says(found.notes[1], "1 line", "several sentences", "on its own")
    assert translate(model, "cab", sentences=True, max_length=6) == translate(model, "cab", max_length=6)


def test_fault_24_without_it_a_note_says_so() -> None:
    model = make("transformer", "pre-norm", "abcdefABF .!?")
    found = translate(model, [TEXT, TEXT, "abc. dab"], max_length=6)
    assert [line.kind for line in found.lines] == ["written"] * 3
    assert [line.num_sentences for line in found.lines] == [3, 3, 1]
    assert_says(found.notes[0], "2 lines", "several sentences", "as one")


def test_fault_24_a_long_sentence_among_short_ones() -> None:
    model = make("transformer", "pre-norm", "abcdefABF .!?")
    line = f"abc. {'Bad ' * 14}cab! Fade?"
    parts = read_source(line, model, 1, Reading("split", sentences=True))
    assert parts.kind == "sentences" and parts.num_sentences == 3 and len(parts.parts) == 4
    assert read_source(line, model, 1, Reading("skip", sentences=True)).kind == "skipped"
    with refuses(UsageError, "line 7", "60 characters"):
        read_source(line, model, 7, Reading(sentences=True))
