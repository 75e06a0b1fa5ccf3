"""Targets of any number of sources: sorted by length into batches, decoded, and given back in their own order.

F feature frames, C channels, S source steps.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from undertow.alphabets import Subwords
from undertow.data.batches import collate_sources
from undertow.emissions import Sampling
from undertow.errors import UsageError
from undertow.generation.beam import LENGTH_PENALTY, Hypothesis, beam_search, check_search
from undertow.generation.noise import check_keys
from undertow.generation.sampling import sample
from undertow.generation.writers import MaxLength
from undertow.models.seq2seq import Seq2Seq

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Decoding:
    """How targets are found.

    Attributes:
        beam: of the search; 1 is greedy.
        n_best: hypotheses of each source; as many draws where they are sampled.
        length_penalty: of the search; None or 0 ranks by log-probability alone.
        batch_size: sources that are decoded at a time.
        max_length: symbols of a target at most, its end among them (`undertow.generation.beam.beam_search`).
        sampling: draw targets in this way; None searches for the best.
        seed: of the draws.
        cached: step from a state; otherwise read the whole target again for every symbol.

    Raises:
        UsageError: numbers out of range, or that do not go together.
    """

    beam: int = 5
    n_best: int = 1
    length_penalty: float | None = LENGTH_PENALTY
    batch_size: int = 64
    max_length: MaxLength = None
    sampling: Sampling | None = None
    seed: int = 0
    cached: bool = True

    def __post_init__(self) -> None:
        check_search(self.beam, self.n_best if self.sampling is None else 1, self.length_penalty)
        for name in ("n_best", "batch_size"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name)}; it must be 1 or more")
        check_keys([self.seed], [])

    def run(self, model: Seq2Seq, source: Tensor, lengths: Tensor, rows: Sequence[int]) -> list[list[Hypothesis]]:
        """Of each source of a batch, the hypotheses, best first; row r draws from the rows r·n and on of the noise.

        Of sub-words a search gives more than n, for n different texts to be among them.
        """
        if self.sampling is None:
            return beam_search(
                model,
                source,
                lengths,
                beam=self.beam,
                n_best=self._num_searched(model),
                length_penalty=self.length_penalty,
                max_length=self.max_length,
                cached=self.cached,
            )
        count = self.n_best
        drawn = sample(
            model,
            source.repeat_interleave(count, dim=0),
            lengths.repeat_interleave(count),
            sampling=self.sampling,
            seed=self.seed,
            rows=[row * count + draw for row in rows for draw in range(count)],
            max_length=self.max_length,
            cached=self.cached,
        )
        groups = [drawn[first : first + count] for first in range(0, len(drawn), count)]
        return [sorted(group, key=lambda one: -one.score) for group in groups]

    def _num_searched(self, model: Seq2Seq) -> int:
        """All that the beam holds where several of its hypotheses may read the same, cut in different places."""
        return self.beam if self.n_best > 1 and isinstance(model.alphabet, Subwords) else self.n_best


USUAL = Decoding()


def decode_sources(
    model: Seq2Seq,
    sources: Sequence[np.ndarray],
    decoding: Decoding = USUAL,
    *,
    rows: Sequence[int] | None = None,
    progress: Progress | None = None,
) -> list[list[Hypothesis]]:
    """The targets of sources, each one's best first.

    Args:
        sources: symbols (S,) int64 without their ends, or frames (F, C) float32.
        rows: numbers of the sources, for the noise; 0 and on when not given.
        progress: called after each batch with the sources done and the sources in all.

    Raises:
        UsageError: a source or `max_length` is longer than the model holds.
        DataError: the model's parameters are not numbers.
    """
    numbers = range(len(sources)) if rows is None else rows
    order = sorted(range(len(sources)), key=lambda index: -len(sources[index]))
    found: list[list[Hypothesis]] = [[] for _ in sources]
    for first in range(0, len(order), decoding.batch_size):
        batch = order[first : first + decoding.batch_size]
        source, lengths = collate_sources([sources[index] for index in batch], model.source_end)
        decoded = decoding.run(model, source, lengths, [numbers[index] for index in batch])
        for index, hypotheses in zip(batch, decoded, strict=True):
            found[index] = hypotheses
        if progress is not None:
            progress(first + len(batch), len(order))
    return found
