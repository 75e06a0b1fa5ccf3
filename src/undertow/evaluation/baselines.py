"""What a model must beat: bits a symbol of held-out clips under five models that need no network.

The count models are fitted on training clips; `xz` and the linear predictor see nothing but the clips they code.
Every figure but xz's is an exact code length: Σ -log2 p over whole clips ÷ Σ symbols.

B clips, T steps, N symbols of the alphabet.
"""

import lzma
from collections.abc import Sequence

import numpy as np

from undertow.alphabets.alphabet import Alphabet
from undertow.errors import DataError
from undertow.evaluation.linear_prediction import lpc

MAX_FITTED_SYMBOLS = 2**25


def baselines(train: Sequence[np.ndarray], test: Sequence[np.ndarray], alphabet: Alphabet) -> dict[str, float]:
    """Bits a symbol of `test` under {unigram, order1, order2, xz, lpc}.

    Args:
        train: int64 symbols (T,) of each training clip. With none, the three count models are left out.
        test: int64 symbols (T,) of each held-out clip.
        alphabet: what the symbols are; the linear predictor works on the decoded signal.

    Raises:
        DataError: the held-out clips hold no symbol.
    """
    if not sum(map(len, test)):
        raise DataError("the held-out clips hold no symbol; there is nothing to measure")
    counted = count_models(train, test, alphabet.num_symbols) if sum(map(len, train)) else {}
    return {**counted, "xz": xz(test, alphabet.num_symbols), "lpc": lpc(test, alphabet)}


def count_models(train: Sequence[np.ndarray], test: Sequence[np.ndarray], num_symbols: int) -> dict[str, float]:
    """Bits a symbol of `test` under the unigram, order-1 and order-2 counts of `train`.

    The unigram adds half a count to every symbol. An order backs off to the one below by Witten and Bell's rule:
    p(x | c) = (n(c, x) + d(c)·p_lower(x)) / (n(c) + d(c)), where d(c) is how many symbols were seen after c (1 if none
    was). The start symbol stands before a clip. Of more than `MAX_FITTED_SYMBOLS` symbols, every k-th clip is fitted.
    """
    stride = -(-sum(map(len, train)) // MAX_FITTED_SYMBOLS)
    train = train[::stride]
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
    """Bits a symbol that `xz -9e` spends on all clips end to end, in the fewest whole bytes a symbol."""
    dtype = np.min_scalar_type(num_symbols - 1).newbyteorder("<")
    codes = np.concatenate(clips).astype(dtype)
    return 8 * len(lzma.compress(codes.tobytes(), preset=9 | lzma.PRESET_EXTREME)) / len(codes)


def _frequency(seen: np.ndarray, num_symbols: int) -> np.ndarray:
    """(N,) share of every symbol, half a count added to each."""
    counts = np.bincount(seen, minlength=num_symbols) + 0.5
    return counts / counts.sum()


def _mean_bits(probability: np.ndarray) -> float:
    return float(-np.log2(probability).mean())


def _contexts(clips: Sequence[np.ndarray], order: int, num_symbols: int) -> np.ndarray:
    """One number for the `order` symbols before each symbol; the start symbol N stands before a clip."""
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
    """The value of each wanted key among sorted `keys`, 0 where it is not there."""
    index = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[index] == wanted, values[index], 0)
