"""A coder whose counts are those of a trained model of the codes: likely codes take few bits.

The C++ engine computes the counts, the same on every machine, so a message decodes where the engine runs.

L latents, G groups of codes a latent, K_g codes in group g.
"""

import hashlib
from collections.abc import Sequence

import numpy as np
import torch

from undertow.coding.coders import TOTAL_BITS, Coder
from undertow.coding.container import DIGEST_BYTES
from undertow.coding.range_coder import RangeDecoder
from undertow.config import to_dict
from undertow.data.unit_symbols import flattened, separated
from undertow.errors import UsageError, counted
from undertow.models import Model
from undertow.models.autoregressive import Autoregressive
from undertow.native import Unsupported
from undertow.native.source import source_of
from undertow.session.conditions import Known
from undertow.session.native_session import NativeSession


class Prior(Coder):
    """The codes of a latent are its symbols one after another, those of each group behind those of the group before.

    Every message begins anew, at the model's start symbol.

    Args:
        model: autoregressive, of single symbols, without labels or features.

    Raises:
        UsageError: the model is of other symbols, or there is no engine here that runs it.
    """

    name = "prior"

    def __init__(self, model: Autoregressive, num_codes: Sequence[int]) -> None:
        self.num_codes, self.model = tuple(num_codes), model
        _check(model, self.num_codes)
        if model.max_length is not None:
            self.most_latents = model.max_length // len(self.num_codes)
            if not self.most_latents:
                raise UsageError(f"the prior holds {model.max_length} units, less than one latent has")
        try:
            self._session = NativeSession(model, threads=1)
        except Unsupported as reason:
            raise UsageError(
                f"a prior is run by the native engine, so that every machine counts alike; {reason}"
            ) from None

    def intervals(self, codes: np.ndarray) -> np.ndarray:
        """Where the counts of each code of (L, G) begin and end: (L · G, 2) integers."""
        symbols = flattened(codes, self.num_codes)
        self._start()
        return self._session.feed_counts(torch.from_numpy(symbols)[None], TOTAL_BITS)[0]

    def decode(self, message: bytes, num_latents: int) -> np.ndarray:
        """The codes (L, G) of a message.

        Raises:
            DataError: the prior finds codes of other groups in it.
        """
        symbols = np.empty(num_latents * len(self.num_codes), np.int64)
        self._start()
        decoder = RangeDecoder(message)
        for place in range(len(symbols)):
            count = np.array([decoder.count(TOTAL_BITS)], np.uint32)
            found, intervals = self._session.find(count, TOTAL_BITS)
            decoder.take(int(intervals[0, 0]), int(intervals[0, 1]), TOTAL_BITS)
            symbols[place] = found[0]
        return separated(symbols, self.num_codes)

    @property
    def digest(self) -> bytes:
        """What tells it from other priors: a digest of config and weights, or of its engine file if it is exported."""
        return digest(self.model) if self.model.engine_file is None else _sha256(self.model.engine_file)

    def _start(self) -> None:
        self._session.prime([torch.zeros(0, dtype=torch.int64)], Known(self.model, 1, {}))


def digest(model: Model) -> bytes:
    """The first bytes of a SHA-256 of a model's config and weights."""
    source = source_of(to_dict(model.config), model.state_dict())
    return _sha256(source.config + source.weights)


def _sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()[:DIGEST_BYTES]


def _check(model: Autoregressive, num_codes: tuple[int, ...]) -> None:
    """Refuse a model of other symbols.

    Raises:
        UsageError: it is one.
    """
    alphabet, wanted = model.alphabet, sum(num_codes)
    if alphabet.real != "symbols" or alphabet.num_elements is not None:
        raise UsageError(
            f"a prior is a model of units, such as the recipe unit-prior trains; this one is of {alphabet.real}"
        )
    if alphabet.num_symbols != wanted:
        raise UsageError(
            f"the prior knows {counted(alphabet.num_symbols, 'unit')}, and the model has {wanted:,}: train a prior on "
            "the units of this model"
        )
    conditioner = model.config.conditioner
    if conditioner.labels or conditioner.features is not None:
        raise UsageError("the prior is conditioned on labels or features; a prior knows only the units before")
