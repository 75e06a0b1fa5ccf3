"""What each symbol of a translation is made from, and how symbols are named."""

from functools import partial

import numpy as np
import torch

from tests.cli.translators import LETTERS, translator
from tests.refusals import refuses
from undertow.alphabets import Characters
from undertow.alphabets.subwords import Subwords, train_subwords
from undertow.batch import Batch
from undertow.decoding import translate
from undertow.errors import UsageError
from undertow.options import Search
from undertow.pictures import translation_map
from undertow.pictures.translation_map import map_translation, names

MEL = dict(kind="mel", sample_rate=8000, hop_length=80, window_length=200, fft_size=256, num_channels=3)


def test_weights_are_the_attention_of_the_translation_that_is_given():
    model = translator()
    found = map_translation(model, "ein hund", "a dab.")
    assert found.measure == "attention" and found.translation == "a dab."
    assert found.sources == [*"ein␣hund", "⊣"] and found.targets == [*"a␣dab.", "⊣"]
    letters = Characters(Characters.Config(characters=LETTERS))
    symbols = [torch.tensor([[*letters.encode(text), len(letters.pieces)]]) for text in ("ein hund", "a dab.")]
    source, target = symbols
    batch = Batch(target, torch.ones_like(target, dtype=torch.bool), source=source, source_lengths=torch.tensor([9]))
    with torch.no_grad():
        assert np.array_equal(found.weights, model.alignment(batch)[0].numpy())
    assert np.allclose(found.weights.sum(axis=1), 1)


def test_what_is_not_given_is_translated():
    model = translator()
    found = map_translation(model, "am see", beam=3)
    made = translate(model, ["am see"], beam=3).lines[0]
    assert found.translation == made.texts[0] and found.weights.shape == (len(found.translation) + made.ended[0], 7)


def test_a_translation_that_was_cut_off_has_no_end(monkeypatch):
    model = translator()
    made = translate(model, ["am see"], max_length=3).lines[0]
    monkeypatch.setattr(translation_map, "Search", partial(Search, max_length=3))
    found = map_translation(model, "am see")
    assert not made.ended[0] and found.translation == made.texts[0] and len(made.texts[0]) == 2
    assert found.sources[-1] == "⊣" and "⊣" not in found.targets and found.weights.shape == (2, 7)


def test_a_model_that_attends_to_nothing_has_gradients():
    network = dict(kind="rnn", channels=8, embedding_channels=8, dropout=0.0)
    found = map_translation(translator(network=network), "am see", "a dab.")
    assert found.measure == "gradient" and np.allclose(found.weights.sum(axis=1), 1) and found.weights.shape == (7, 7)


def test_pieces_of_words_are_hyphenated_and_spaces_left_out():
    alphabet = Subwords(train_subwords(["ein ein", "ball ball", "Fuß Fuß"] * 9, 300))
    symbols = alphabet.encode("ein Fußball. \n ein")
    pieces = [alphabet.pieces[symbol] for symbol in symbols.tolist()]
    assert b" Fu\xc3\x9f" in pieces and b"ball" in pieces, pieces
    assert names(alphabet, symbols) == ["ein", "Fuß-", "ball", ".", "␣", "↵", "ein", "⊣"]
    assert names(alphabet, symbols[:0]) == ["⊣"]


def test_a_translation_may_be_empty():
    found = map_translation(translator(), "ein hund", "")
    assert found.targets == ["⊣"] and found.weights.shape == (1, 9)


def test_what_has_no_map():
    with refuses(UsageError, "translate", "`undertow transcribe`"):
        map_translation(translator(source=None, features=MEL), "a")
    with refuses(UsageError, "empty"):
        map_translation(translator(), " ")
