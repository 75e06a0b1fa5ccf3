"""What every alphabet of text keeps: text comes back byte for byte, whole or in pieces, and bad input is refused."""

import numpy as np
import pytest
import torch
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tests.alphabets.texts import KINDS, SAMPLE, text_alphabet
from tests.refusals import refuses
from undertow.alphabets import build
from undertow.config import parse, to_dict
from undertow.errors import DataError

ANY = st.text(st.characters(exclude_categories=["Cs"]))
SPELT = st.text(st.sampled_from(sorted(set(SAMPLE))))


@pytest.mark.parametrize("kind", KINDS)
def test_text_comes_back_byte_for_byte(kind):
    alphabet = text_alphabet(kind)
    symbols = alphabet.encode(SAMPLE)
    assert symbols.dtype == np.int64 and symbols.ndim == 1 and 0 <= symbols.min() <= symbols.max()
    assert symbols.max() < alphabet.num_symbols == alphabet.start_symbol
    np.testing.assert_array_equal(alphabet.encode(SAMPLE.encode()), symbols)
    assert alphabet.decode(symbols) == SAMPLE and alphabet.to_bytes(symbols) == SAMPLE.encode()
    assert alphabet.num_bytes(symbols) == len(SAMPLE.encode())
    assert alphabet.decode(np.stack([symbols, symbols])) == [SAMPLE, SAMPLE]
    assert alphabet.decode(alphabet.encode("")) == ""
    assert alphabet.real == "text" and alphabet.num_elements is None


@given(st.sampled_from(KINDS), SPELT)
def test_round_trip_of_what_the_alphabet_spells(kind, text):
    alphabet = text_alphabet(kind)
    assert alphabet.decode(alphabet.encode(text)) == text


@given(st.sampled_from(["bytes", "subwords"]), ANY)
def test_round_trip_of_any_text(kind, text):
    alphabet = text_alphabet(kind)
    assert alphabet.to_bytes(alphabet.encode(text)) == text.encode()


@given(st.sampled_from(KINDS), st.lists(st.integers(0, 1 << 20), max_size=40), st.integers(1, 5))
def test_pieces_make_up_the_whole_and_hold_back_half_characters(kind, numbers, size):
    """Also where the symbols spell no UTF-8: pieces say what the whole says."""
    alphabet = text_alphabet(kind)
    symbols = np.array(numbers, np.int64) % alphabet.num_symbols
    decoder = alphabet.decoder()
    pieces = [decoder.feed(symbols[start : start + size]) for start in range(0, len(symbols), size)]
    assert "".join(pieces) + decoder.end() == alphabet.decode(symbols)


@pytest.mark.parametrize("kind", KINDS)
def test_a_stream_never_shows_half_a_character(kind):
    alphabet = text_alphabet(kind)
    decoder = alphabet.decoder()
    shown = [decoder.feed(symbol) for symbol in alphabet.encode("n 😀")]
    assert "".join(shown) == "n 😀" and decoder.end() == ""
    assert not any("\ufffd" in piece for piece in shown)


@pytest.mark.parametrize("kind", KINDS)
def test_config_survives_yaml_and_builds(kind):
    alphabet = text_alphabet(kind)
    stored = yaml.safe_load(yaml.safe_dump(to_dict(alphabet.config), allow_unicode=True))
    again = build(parse(type(alphabet.config), stored))
    assert again.config == alphabet.config
    np.testing.assert_array_equal(again.encode(SAMPLE), alphabet.encode(SAMPLE))


@pytest.mark.parametrize("kind", KINDS)
def test_to_scalar_spans_the_range_and_starts_at_zero(kind):
    alphabet = text_alphabet(kind)
    scalar = alphabet.to_scalar(torch.arange(alphabet.num_symbols + 1))
    assert scalar.dtype == torch.get_default_dtype() and scalar[alphabet.start_symbol] == 0.0
    assert scalar[0] == -1.0 and scalar[-2] == 1.0 and scalar[:-1].diff().min() > 0


@pytest.mark.parametrize("kind", KINDS)
def test_symbols_outside_are_refused(kind):
    alphabet = text_alphabet(kind)
    for decode in (alphabet.decode, alphabet.num_bytes, alphabet.decoder().feed):
        with refuses(DataError, f"symbol {alphabet.start_symbol}", alphabet.num_symbols - 1):
            decode(np.array([0, alphabet.start_symbol]))
    with refuses(DataError, "float64", "integers"):
        alphabet.decode(np.array([0.5]))


@pytest.mark.parametrize("kind", ["characters", "subwords"])
def test_bytes_of_another_encoding_are_refused_with_their_position(kind):
    with refuses(DataError, "UTF-8", "0xef", "position 3", "alphabet.kind=bytes"):
        text_alphabet(kind).encode("naïve".encode("latin-1"))


@pytest.mark.parametrize("kind", ["bytes", "subwords"])
def test_half_a_surrogate_pair_is_refused(kind):
    with refuses(DataError, "U+D83D", "position 2"):
        text_alphabet(kind).encode("a\ud83d")
