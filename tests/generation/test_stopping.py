"""Stop strings and symbols: a row ends where the first appears, whatever the chunks, and the others go on."""

from typing import Any

import numpy as np
import pytest

from tests.generation.models import build
from tests.generation.symbol_models import roll_model, text_model
from tests.refusals import refuses
from undertow.alphabets.bytes import Bytes
from undertow.alphabets.subwords import train_subwords
from undertow.errors import UsageError
from undertow.generation import generate, resume, stream
from undertow.generation.stopping import Stops, TextRow, read_stops

GIVEN: dict = dict(num_steps=200, prompt=["the cat", None, "a", "is"], seed=5)


def plain() -> list[str]:
    return generate(text_model(), **GIVEN).real


def cut(text: str, *stops: str) -> str:
    """The text up to the stop that is complete first."""
    ends = [(text.find(one) + len(one), text.find(one)) for one in stops if one in text]
    return text[: min(ends)[1]] if ends else text


@pytest.mark.parametrize("stops", [("\n",), ("e ", "st"), ("th",), ("a\n\n\n\nb",), ("ab", "tt", "lo")])
def test_a_row_is_cut_before_its_first_stop(stops: tuple[str, ...]) -> None:
    whole = plain()
    found = generate(text_model(), **GIVEN, stop=list(stops))
    assert found.real == [cut(text, *stops) for text in whole]
    assert found.ended == tuple(any(stop in text for stop in stops) for text in whole)
    assert found.continued == tuple(p + text for p, text in zip(["the cat", "", "a", "is"], found.real, strict=True))
    for row, length, text, ended in zip(found.symbols, found.lengths, whole, found.ended, strict=True):
        assert (row[length:] == -1).all() and (row[:length] >= 0).all()
        drawn = text_model().alphabet.decode(row[:length])
        assert text.startswith(drawn) and (not ended or any(drawn.endswith(stop) for stop in stops))
    assert max(found.lengths) == found.symbols.shape[1]


@pytest.mark.parametrize("chunk_steps", [1, 2, 3, 50, 200])
def test_chunks_do_not_show(chunk_steps: int) -> None:
    model, stops = text_model(), ["ab", "tt", "lo", "e e"]
    chunks = list(stream(model, **GIVEN, stop=stops, chunk_steps=chunk_steps))
    whole = generate(model, **GIVEN, stop=stops)
    assert ["".join(pieces) for pieces in zip(*chunks, strict=True)] == whole.real
    symbols = list(stream(model, **GIVEN, stop=stops, chunk_steps=chunk_steps, output="symbols"))
    for row, length in enumerate(whole.lengths):
        found = np.concatenate([chunk[row] for chunk in symbols])
        assert np.array_equal(found[found >= 0], whole.symbols[row, :length])


def test_the_stream_ends_when_all_rows_have() -> None:
    model = text_model()
    endless = stream(model, count=3, stop=" ", chunk_steps=10)
    assert endless.num_steps is None
    pieces = list(endless)
    assert endless.ended == (True,) * 3 and len(pieces) < 200
    texts = ["".join(one) for one in zip(*pieces, strict=True)]
    assert not any(" " in text for text in texts)


def test_numbers_of_symbols_stop_too() -> None:
    model = text_model()
    number = int(model.alphabet.encode("\n")[0])
    by_number, by_text = (generate(model, **GIVEN, stop=one) for one in (number, "\n"))
    assert by_number.real == by_text.real and by_number.lengths == by_text.lengths and any(by_text.ended)
    both = generate(model, **GIVEN, stop=[number, "e "])
    assert both.real == [cut(text, "\n", "e ") for text in plain()]


def test_sound_stops_at_a_symbol() -> None:
    model = build()
    whole = generate(model, num_steps=60, count=2).symbols
    symbol = int(whole[0, 20])
    found = generate(model, num_steps=60, count=2, stop=symbol)
    place = whole[0].tolist().index(symbol)
    assert isinstance(found.real, list) and len(found.real[0]) == place and found.lengths[0] == place + 1
    chunks = list(stream(model, num_steps=60, count=2, stop=symbol, chunk_steps=7))
    for row in range(2):
        assert np.array_equal(np.concatenate([chunk[row] for chunk in chunks]), found.real[row])


def test_a_stop_in_the_prompt_does_not_count() -> None:
    text = cut(generate(text_model(), num_steps=80, prompt="the\n", seed=1).real[0], "\n")
    assert generate(text_model(), num_steps=80, prompt="the\n", seed=1, stop="\n").real[0] == text


def test_a_stop_may_lie_within_symbols_and_across_them() -> None:
    config = train_subwords(["the cat is in the wood; the cat is out"] * 9, 280)
    model = text_model(alphabet=dict(kind="subwords", size=config.size, tokenizer=config.tokenizer))
    whole = generate(model, num_steps=300).real[0]
    token = next(piece.decode() for piece in model.alphabet.pieces if len(piece) > 2 and piece.decode() in whole)
    for stop in (token[1], token[1:3], whole[40:47]):
        found = generate(model, num_steps=300, stop=stop)
        assert found.real[0] == cut(whole, stop) and found.ended == (True,)
        assert "".join(chunk[0] for chunk in stream(model, num_steps=300, stop=stop, chunk_steps=3)) == found.real[0]


def test_what_may_begin_a_stop_is_held_back() -> None:
    alphabet = Bytes(Bytes.Config())
    row = TextRow(Stops(("abac", "é!")), alphabet)

    def feed(text: bytes, last: bool = False) -> str:
        return row.feed(alphabet.encode(text), last)

    assert [feed(b"xa"), feed(b"b"), feed(b"a"), feed(b"ba")] == ["x", "", "", "ab"]
    assert [feed(b"d"), feed("é".encode()[:1]), feed("é".encode()[1:]), feed(b"?")] == ["abad", "", "", "é?"]
    assert [feed(b"aba"), feed(b"", True)] == ["", "aba"] and not row.ended
    assert [feed("zé!more".encode()), feed(b"x")] == ["z", ""]
    assert row.ended


def test_a_resumed_stream_looks_for_stops_from_there_on() -> None:
    model = text_model()
    first = stream(model, prompt="the cat", num_steps=30, chunk_steps=30)
    next(first)
    rest = "".join(chunk[0] for chunk in resume(model, first.state, num_steps=90, stop="e"))
    assert rest == cut(generate(model, prompt="the cat", num_steps=120).real[0][30:], "e")


REFUSED: list[tuple[Any, list[Any]]] = [
    ("", ["stop", "empty"]),
    (["a", ""], ["stop", "empty"]),
    (18, ["symbol 18", 17]),
    (-1, ["symbol -1"]),
    (["e ", "dog"], ["stop 'dog'", "character 'g' (U+0067)", "position 3", "alphabet"]),
]


@pytest.mark.parametrize(("stop", "parts"), REFUSED)
def test_refuses(stop: Any, parts: list[Any]) -> None:
    with refuses(UsageError, *parts):
        generate(text_model(), num_steps=3, stop=stop)


def test_refuses_what_the_alphabet_cannot_stop_at() -> None:
    with refuses(UsageError, "stop 'a'", "text"):
        generate(build(), num_steps=3, stop="a")
    with refuses(UsageError, "stop", 88):
        generate(roll_model(), num_steps=3, stop=1)
    assert not read_stops([], text_model().alphabet) and not read_stops(None, build().alphabet)
