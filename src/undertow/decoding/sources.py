"""Lines of text and frames of sounds as a model reads them: whole, in parts, or not at all.

F feature frames, C channels, S source symbols.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from undertow.alphabets import TextAlphabet
from undertow.alphabets.text_alphabet import OutsideError
from undertow.decoding.sentences import sentences
from undertow.errors import DataError, UsageError, counted
from undertow.models.seq2seq import Seq2Seq

Line = str | np.ndarray
LongLines = Literal["refuse", "split", "skip"]
Kind = Literal["written", "sentences", "split", "empty", "skipped"]


@dataclass(frozen=True)
class Reading:
    """How lines are read.

    Attributes:
        long_lines: what to do with a line longer than the model can read; see `undertow.decoding.translate`.
        skip_unknown: skip characters that the model does not know.
        sentences: read each sentence of a line on its own.
    """

    long_lines: LongLines = "refuse"
    skip_unknown: bool = False
    sentences: bool = False


class Source(NamedTuple):
    """A line as the model reads it: one part, several if it was split, none if it is empty or skipped."""

    parts: tuple[np.ndarray, ...]
    kind: Kind
    num_unknown: int = 0
    num_sentences: int = 1


def read_source(line: Line, model: Seq2Seq, number: int, how: Reading) -> Source:
    """A line, or a sound's frames, as the model reads it; `number` counts from 1.

    Raises:
        UsageError: it is too long, and such lines are refused; or it is of another kind than the model reads.
        DataError: an unknown character; no frames, or NaN or infinity in them.
    """
    if not isinstance(model.source_alphabet, TextAlphabet):
        frames = _checked_frames(line, model, number)
        return _kept(frames, model.network.encoder.max_length, how.long_lines, f"source {number}", "frame")
    if not isinstance(line, str):
        raise UsageError(f"line {number}: this model reads text; give a str")
    known = model.source_alphabet.known(line) if how.skip_unknown else line
    num_unknown, line = len(line) - len(known), known.strip()
    if not line:
        return Source((), "empty", num_unknown)
    symbols = _encoded(line, model.source_alphabet, number)  # refuses a character by its place in the line
    pieces = sentences(line)
    if not how.sentences or len(pieces) < 2:
        found = _read_text(line, symbols, model, number, how.long_lines)
        return found._replace(num_unknown=num_unknown, num_sentences=len(pieces))
    read = [_read_text(piece, model.source_alphabet.encode(piece), model, number, how.long_lines) for piece in pieces]
    whole = all(one.parts for one in read)
    parts = tuple(part for one in read for part in one.parts) if whole else ()
    return Source(parts, "sentences" if whole else "skipped", num_unknown, len(pieces))


def _read_text(text: str, symbols: np.ndarray, model: Seq2Seq, number: int, long_lines: LongLines) -> Source:
    """A text and its symbols as the model reads it."""
    holds, alphabet = model.network.encoder.max_length, model.source_alphabet
    assert isinstance(alphabet, TextAlphabet)
    most = None if holds is None else holds - 1
    if long_lines == "split" and most is not None and len(symbols) > most:
        return Source(tuple(_split(text, alphabet, most)), "split")
    return _kept(symbols, most, long_lines, f"line {number}", alphabet.unit)


def _kept(source: np.ndarray, most: int | None, long_lines: LongLines, where: str, unit: str) -> Source:
    """A source as a whole; one that is too long is skipped or refused."""
    if most is None or len(source) <= most:
        return Source((source,), "written")
    if long_lines == "skip":
        return Source((), "skipped")
    raise UsageError(f"{where} is {counted(len(source), unit)} long; this model reads {most} at most")


def _encoded(line: str, alphabet: TextAlphabet, number: int) -> np.ndarray:
    try:
        return alphabet.encode(line)
    except OutsideError as error:
        raise error.moved(0, f"line {number}") from None
    except DataError as error:
        raise DataError(f"line {number}: {error}") from None


def _checked_frames(frames: Line, model: Seq2Seq, number: int) -> np.ndarray:
    channels = model.config.features.num_channels
    if not isinstance(frames, np.ndarray) or frames.ndim != 2 or frames.shape[1] != channels:
        raise UsageError(f"source {number}: this model reads sound; give its frames, (F, {channels}) floats")
    if not len(frames) or not np.isfinite(frames).all():
        raise DataError(f"source {number}: {'there is no frame' if not len(frames) else 'NaN or infinity in frames'}")
    return frames


def _split(text: str, alphabet: TextAlphabet, most: int) -> list[np.ndarray]:
    """The symbols of a text's parts, at most `most` each; a word is cut only if it alone is longer."""
    symbols = alphabet.encode(text)
    if len(symbols) <= most or len(text) == 1:
        return [symbols]
    middle = len(text) // 2
    spaces = [place for place, character in enumerate(text) if character.isspace()]
    cut = min(spaces, key=lambda place: abs(place - middle), default=middle)
    return _split(text[:cut].strip(), alphabet, most) + _split(text[cut:].strip(), alphabet, most)
