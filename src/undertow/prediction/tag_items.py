"""What a user gives to be labelled step by step, as the sequences that a model reads: sentences, texts and sounds.

T steps, E parts of a token, C channels of a frame.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from undertow.data.audio import Audio, is_silent
from undertow.data.conll import read_rows
from undertow.data.features import extract
from undertow.door import read_text
from undertow.errors import DataError, counted
from undertow.media.sound import read_wave
from undertow.models import Model

CONLL = (".conll", ".conllu", ".iob", ".iob2", ".bio", ".tsv")
Given = str | Path | Audio | np.ndarray


@dataclass(frozen=True, eq=False)
class Piece:
    """One sequence: its symbols (T, E) or frames (T, C), its tokens, and the columns of each token in its file."""

    symbols: np.ndarray
    tokens: tuple[str, ...] = ()
    columns: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, eq=False)
class Read:
    """The sequences of an item, seconds of a sound, and notes for the user."""

    pieces: Sequence[Piece]
    seconds: float = 0.0
    notes: tuple[str, ...] = ()


def read_item(model: Model, given: Given, token_column: int = 1) -> Read:
    """An item as the model reads it.

    Args:
        token_column: of files in CoNLL's layout, counted from 1.

    Raises:
        UsageError: the model's features are not computed from sound.
        DataError: it is missing, damaged, empty or silent, or of another kind than the model's.
    """
    if model.needs.features is not None:
        return _sound(model, given)
    if not isinstance(given, str | Path):
        raise DataError(f"this model labels text: give a text, or the path of a file, not {type(given).__name__}")
    alphabet: Any = model.needs.alphabet
    if alphabet.unit == "character":
        lines = read_text(given).split("\n") if isinstance(given, Path) else given.split("\n")
        lines = lines[:-1] if len(lines) > 1 and not lines[-1] else lines
        found = Read([_characters(alphabet, line) for line in lines])
    elif isinstance(given, str):
        found = Read([_sentence(alphabet, line) for line in given.split("\n") if line.strip()])
    else:
        found = _file(alphabet, given, token_column)
    if not any(len(piece.symbols) for piece in found.pieces):
        raise DataError("it is empty")
    return found


def is_conll(path: Path) -> bool:
    """Whether a file is in CoNLL's layout: by its suffix, or because several lines have equally many columns, with a
    blank line between some of them.
    """
    if path.name.removesuffix(".gz").lower().endswith(CONLL):
        return True
    lines = [line.split() for line in read_text(path).strip().split("\n")]
    widths = {len(cells) for cells in lines}
    return len(widths - {0}) == 1 and (0 in widths or widths == {1}) and len(lines) > 1


def _file(alphabet: Any, path: Path, token_column: int) -> Read:
    if not is_conll(path):
        lines = [line for line in read_text(path).split("\n") if line.strip()]
        note = f"read as {counted(len(lines), 'sentence')}, one a line, with spaces between tokens"
        return Read([_sentence(alphabet, line) for line in lines], notes=(note,))
    pieces = []
    for rows in read_rows(path, token_column).sentences:
        tokens = tuple(row.cells[token_column - 1] for row in rows)
        pieces.append(Piece(alphabet.encode(tokens), tokens, tuple(row.cells for row in rows)))
    return Read(pieces)


def _sentence(alphabet: Any, line: str) -> Piece:
    tokens = tuple(line.split())
    return Piece(alphabet.encode(tokens), tokens, tuple((token,) for token in tokens))


def _characters(alphabet: Any, line: str) -> Piece:
    """The characters of a line without its white space."""
    tokens = tuple("".join(line.split()))
    return Piece(alphabet.encode(tokens), tokens)


def _sound(model: Model, given: Given) -> Read:
    features = model.needs.features
    wave, notes = read_wave(given, features.sample_rate)
    if not len(wave):
        raise DataError("it is empty")
    if is_silent(wave):
        raise DataError("it is silent; no sample is above -72 dB of full scale")
    return Read([Piece(extract(features, wave))], len(wave) / features.sample_rate, notes)
