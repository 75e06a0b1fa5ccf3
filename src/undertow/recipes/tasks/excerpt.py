"""Pieces from all over a split: what a model is calibrated on, and what its precision is measured on.

T steps, F frames.
"""

from collections.abc import Callable, Iterable, Iterator, Sized
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np

from undertow.batch import Batch
from undertow.data.clips import Clip, ClipSet
from undertow.data.crops import Crops
from undertow.data.sequences import SequenceSet
from undertow.evaluation import bits_per_symbol
from undertow.evaluation.calibration import calibration_batches, calibration_sequences
from undertow.evaluation.sequence_likelihood import sequence_bits
from undertow.models.autoregressive import Autoregressive

PIECE_SAMPLES = 2**15  # of a clip
PIECE_SYMBOLS = 2**12  # of a text, or whatever else has no clock

Piece = TypeVar("Piece", bound=Sized)


@dataclass(frozen=True, eq=False)
class Excerpt:
    """Some of a split, or all of it where it is little.

    Attributes:
        num_pieces, num_symbols: how much it is; long clips and texts come in pieces.
        batches: it, in crops with what comes before them, for `undertow.native.export`; they can be had once.
        bits_per_symbol: what a model spends on it, each piece from the start symbol on.
    """

    num_pieces: int
    num_symbols: int
    batches: Iterator[Batch]
    bits_per_symbol: Callable[[Autoregressive], float]


def of_clips(clips: ClipSet, model: Autoregressive, num_symbols: int) -> Excerpt:
    """So many samples of the clips at most.

    Raises:
        DataError: a clip has a label that the model does not know.
    """
    if clips.num_samples > num_symbols:
        clips = clip_pieces(clips, model.config.conditioner.features, num_symbols / clips.num_samples)
    batches = calibration_batches(model, clips)
    return Excerpt(len(clips), clips.num_samples, batches, lambda one: bits_per_symbol(one, clips))


def of_sequences(sequences: SequenceSet, model: Autoregressive, num_symbols: int) -> Excerpt:
    """So many symbols of the sequences at most."""
    if sequences.num_symbols > num_symbols:
        sequences = sequence_pieces(sequences, num_symbols / sequences.num_symbols)
    batches = calibration_sequences(model, sequences)
    return Excerpt(len(sequences), sequences.num_symbols, batches, lambda one: sequence_bits(one, sequences))


def clip_pieces(clips: ClipSet, features: Any, share: float) -> ClipSet:
    """A share of the samples, in pieces that begin with a frame of the features where there are any."""
    pieces = (piece for clip in clips for piece in _cut(clip, features))
    return replace(clips, clips=_spread(pieces, share))


def sequence_pieces(sequences: SequenceSet, share: float) -> SequenceSet:
    """A share of the symbols, in pieces with the labels of the whole sequences that they are of."""
    rows = Crops(sequences.lengths, PIECE_SYMBOLS, 0).cut().tolist()
    kept = _spread([_Piece(*row[:3]) for row in rows], share)
    picked = [piece.sequence for piece in kept]
    labels = {name: values for name, values in sequences.labels.items() if isinstance(values, np.ndarray)}
    return SequenceSet(
        [sequences.sequences[piece.sequence][piece.start : piece.stop] for piece in kept],
        {name: values[picked] for name, values in labels.items() if values.ndim == 1},
        [sequences.name(number) for number in picked],
    )


@dataclass(frozen=True)
class _Piece:
    """Steps `start` to `stop` of a sequence."""

    sequence: int
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


def _cut(clip: Clip, features: Any) -> Iterator[Clip]:
    hop = 1 if features is None else features.hop_length
    length = -(-PIECE_SAMPLES // hop) * hop
    for start in range(0, len(clip), length):
        stop = min(start + length, len(clip))
        frames = None if clip.frames is None else clip.frames[start // hop : -(-stop // hop)]
        yield replace(clip, wave=clip.wave[start:stop], frames=frames)


def _spread(pieces: Iterable[Piece], share: float) -> list[Piece]:
    """A share of the steps of all pieces at most, from all over."""
    kept: list[Piece] = []
    seen = taken = 0
    for piece in pieces:
        seen += len(piece)
        if taken + len(piece) <= share * seen:
            kept.append(piece)
            taken += len(piece)
    return kept
