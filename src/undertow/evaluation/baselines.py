"""Simple baselines: bits a symbol of held-out sequences under models without a network.

The count models are fitted on training sequences; compressors and the linear predictor see only what they code. Every
figure but a compressor's is an exact code length: Σ -log2 p over whole sequences ÷ Σ symbols.

T steps, E elements of a vector symbol, N symbols of the alphabet.
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
from undertow.alphabets.pixels import Pixels
from undertow.errors import DataError
from undertow.evaluation.image_sizes import image_sizes
from undertow.evaluation.linear_prediction import lpc

MAX_FITTED_SYMBOLS = 2**25
FAR_MORE = 1.25


COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": partial(gzip.compress, compresslevel=9),
    "bzip2": partial(bz2.compress, compresslevel=9),
    "xz": partial(lzma.compress, preset=9 | lzma.PRESET_EXTREME),
}


def baselines(train: Sequence[np.ndarray], test: Sequence[np.ndarray], alphabet: Alphabet) -> dict[str, float]:
    """Bits a symbol of `test`, by name.

    Of single symbols {unigram, order1, order2, xz}: see `count_models` and `xz`. Of sound also {lpc}: see
    `undertow.evaluation.linear_prediction`. Of text also {gzip, bzip2}; the three compress its bytes, all sequences end
    to end. Of vectors, bits a step of {uniform, unigram, order1}: each element by itself; order 1 knows its value one
    step before.

    Args:
        train: integer symbols (T,) or (T, E) of each training sequence. Without any, the count models are left out; of
            more than `MAX_FITTED_SYMBOLS` they are fitted on the beginning, and of sound on every k-th clip.
        test: the same of each held-out sequence.
        alphabet: of the symbols; the linear predictor works on the decoded signal.

    Raises:
        DataError: the held-out sequences hold no symbols.
    """
    num_test = sum(map(len, test))
    if not num_test:
        raise DataError("the held-out sequences hold no symbols; there is nothing to measure")
    is_sound = alphabet.real == "sound"
    fitted = train if is_sound else _beginning(train, MAX_FITTED_SYMBOLS)
    fits = sum(map(len, fitted)) > 0
    uniform = {"uniform": (alphabet.num_elements or 1) * math.log2(alphabet.num_symbols)}
    sizes = image_sizes(test, alphabet) if isinstance(alphabet, Pixels) and alphabet.shape is not None else {}
    if alphabet.num_elements is not None:
        return uniform | sizes | (element_counts(fitted, test, alphabet.num_symbols) if fits else {})
    counted = count_models(fitted, test, alphabet.num_symbols) if fits else {}
    if isinstance(alphabet, TextAlphabet):
        data = b"".join(map(alphabet.to_bytes, test))
        return counted | {name: 8 * len(compress(data)) / num_test for name, compress in COMPRESSORS.items()}
    counted["xz"] = xz(test, alphabet.num_symbols)
    if alphabet.real == "images":
        return counted | uniform | sizes
    return counted | ({"lpc": lpc(test, alphabet)} if is_sound else {})


def count_models(train: Sequence[np.ndarray], test: Sequence[np.ndarray], num_symbols: int) -> dict[str, float]:
    """Bits a symbol of `test` under the unigram, order-1 and order-2 counts of `train`.

    The unigram adds half a count to every symbol. An order backs off to the one below by Witten and Bell's rule:
    p(x | c) = (n(c, x) + d(c)·p_lower(x)) / (n(c) + d(c)), where d(c) is how many symbols were seen after c (1 if none
    was). The start symbol comes before a sequence. Beyond `MAX_FITTED_SYMBOLS` symbols, only every k-th sequence is
    fitted; and where these are still far more, as few long recordings are, their beginning.
    """
    stride = -(-sum(map(len, train)) // MAX_FITTED_SYMBOLS)
    train = train[::stride]
    if sum(map(len, train)) > FAR_MORE * MAX_FITTED_SYMBOLS:
        train = _beginning(train, MAX_FITTED_SYMBOLS)
    seen, coded = np.concatenate(train), np.concatenate(test)
    probability = _frequency(seen, num_symbols)[coded]
    bits = {"unigram": _mean_bits(probability)}
    for order in (1, 2):
        contexts = _contexts(train, order, num_symbols), _contexts(test, order, num_symbols)
        probability = _back_off(contexts, (seen, coded), probability, num_symbols)
        bits[f"order{order}"] = _mean_bits(probability)
    return bits


def unigram(train: Sequence[np.ndarray], test: Sequence[np.ndarray], num_symbols: int) -> float:
    """Bits a symbol of `test` under the counts of single symbols of `train`: what `count_models` calls unigram."""
    return _mean_bits(_frequency(np.concatenate(train), num_symbols)[np.concatenate(test)])


def xz(clips: Sequence[np.ndarray], num_symbols: int) -> float:
    """Bits a symbol that `xz -9e` spends on all clips end to end, each symbol in the fewest whole bytes."""
    dtype = np.min_scalar_type(num_symbols - 1).newbyteorder("<")
    codes = np.concatenate(clips).astype(dtype)
    return 8 * len(lzma.compress(codes.tobytes(), preset=9 | lzma.PRESET_EXTREME)) / len(codes)


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


def _frequency(seen: np.ndarray, num_symbols: int) -> np.ndarray:
    """(N,) share of every symbol, half a count added to each."""
    counts = np.bincount(seen, minlength=num_symbols) + 0.5
    return counts / counts.sum()


def _mean_bits(probability: np.ndarray) -> float:
    return float(-np.log2(probability).mean())


def _contexts(clips: Sequence[np.ndarray], order: int, num_symbols: int) -> np.ndarray:
    """One number for the `order` symbols before each symbol; the start symbol N comes before a clip."""
    past = [np.concatenate([np.full(order, num_symbols), clip]) for clip in clips]
    context = np.zeros(sum(map(len, clips)), np.int64)
    for lag in range(order):
        context = context * (num_symbols + 1) + np.concatenate([clip[lag : len(clip) - order + lag] for clip in past])
    return context


def _back_off(
    contexts: tuple[np.ndarray, np.ndarray], symbols: tuple[np.ndarray, np.ndarray], lower: np.ndarray, num_symbols: int
) -> np.ndarray:
    """Probability of each coded symbol in its context, from the (seen, coded) contexts and symbols."""
    pairs, pair_counts = np.unique(contexts[0] * num_symbols + symbols[0], return_counts=True)
    known, first, followers = np.unique(pairs // num_symbols, return_index=True, return_counts=True)
    totals = np.add.reduceat(pair_counts, first)
    pair_count = _look_up(pairs, pair_counts, contexts[1] * num_symbols + symbols[1])
    total = _look_up(known, totals, contexts[1])
    distinct = np.maximum(_look_up(known, followers, contexts[1]), 1)
    return (pair_count + distinct * lower) / (total + distinct)


def _look_up(keys: np.ndarray, values: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The value of each wanted key among sorted `keys`, 0 if it is missing."""
    index = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[index] == wanted, values[index], 0)


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
