"""What a model of symbols must beat: bits a symbol of held-out sequences under models that need no network.

N sequences, T steps, E elements of a vector symbol.
"""

import bz2
import gzip
import lzma
import math
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from undertow.alphabets import TextAlphabet
from undertow.alphabets.alphabet import Alphabet
from undertow.errors import DataError
from undertow.evaluation.baselines import MAX_FITTED_SYMBOLS, count_models, xz

COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": partial(gzip.compress, compresslevel=9),
    "bzip2": partial(bz2.compress, compresslevel=9),
    "xz": partial(lzma.compress, preset=9 | lzma.PRESET_EXTREME),
}


def sequence_baselines(train: Sequence[np.ndarray], test: Sequence[np.ndarray], alphabet: Alphabet) -> dict[str, float]:
    """Bits a symbol of `test`; the count models are fitted on the beginning of `train`, and left out without it.

    Of single symbols {unigram, order1, order2, xz}: see `undertow.evaluation.baselines`. Of text also {gzip, bzip2};
    the three compress its bytes, all sequences end to end. Of vectors, bits a step of {uniform, unigram, order1}: every
    element alone, order 1 given itself one step before.

    Args:
        train, test: integer symbols of each sequence, (T,) or (T, E).

    Raises:
        DataError: the held-out sequences hold no symbol.
    """
    num_test = sum(map(len, test))
    if not num_test:
        raise DataError("the held-out sequences hold no symbol; there is nothing to measure")
    fitted = _beginning(train, MAX_FITTED_SYMBOLS)
    if alphabet.num_elements is not None:
        uniform = {"uniform": alphabet.num_elements * math.log2(alphabet.num_symbols)}
        return uniform | (element_counts(fitted, test, alphabet.num_symbols) if fitted else {})
    counted = count_models(fitted, test, alphabet.num_symbols) if fitted else {}
    if isinstance(alphabet, TextAlphabet):
        data = b"".join(map(alphabet.to_bytes, test))
        return counted | {name: 8 * len(compress(data)) / num_test for name, compress in COMPRESSORS.items()}
    return {**counted, "xz": xz(test, alphabet.num_symbols)}


def element_counts(train: Sequence[np.ndarray], test: Sequence[np.ndarray], num_symbols: int) -> dict[str, float]:
    """Bits a step of vectors (T, E) under counts of every element alone, half a count added to each symbol.

    "unigram" knows no past; "order1" knows the element's own symbol one step before, a silent 0 before the first.
    """
    bits = {}
    for order, name in enumerate(("unigram", "order1")):
        contexts, symbols = _with_past(train, order)
        width = symbols.shape[1]
        counts = np.full((width, num_symbols, num_symbols), 0.5)  # (E, symbol before, symbol)
        np.add.at(counts, (np.arange(width), contexts, symbols), 1)
        share = counts / counts.sum(-1, keepdims=True)
        contexts, symbols = _with_past(test, order)
        bits[name] = float(-np.log2(share[np.arange(width), contexts, symbols]).sum() / len(symbols))
    return bits


def _with_past(sequences: Sequence[np.ndarray], order: int) -> tuple[np.ndarray, np.ndarray]:
    """Every step (T, E) of all sequences, and what came before it (zeros for order 0)."""
    symbols = np.concatenate(sequences).astype(np.int64)
    if order == 0:
        return np.zeros_like(symbols), symbols
    past = [np.concatenate([np.zeros_like(one[:1]), one[:-1]]) for one in sequences]
    return np.concatenate(past).astype(np.int64), symbols


def _beginning(sequences: Sequence[np.ndarray], num_symbols: int) -> list[np.ndarray]:
    """The first sequences of so many symbols in all, the last of them cut."""
    found: list[np.ndarray] = []
    for one in sequences:
        if num_symbols <= 0:
            break
        found.append(one[:num_symbols])
        num_symbols -= len(one)
    return found
