"""Simple baselines: bits a symbol of held-out sequences under models without a network.

The count models are fitted on training sequences; compressors and the linear predictor see only what they code. Every
figure but a compressor's is an exact code length: Σ -log2 p over whole sequences ÷ Σ symbols.

T steps, E elements of a vector symbol, N symbols of the alphabet.
"""

import bz2
import gzip
import lzma
import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from undertow.alphabets import TextAlphabet
from undertow.alphabets.alphabet import Alphabet
from undertow.alphabets.pixels import Pixels
from undertow.data.examples import Examples
from undertow.errors import DataError
from undertow.evaluation.image_sizes import image_sizes
from undertow.evaluation.linear_prediction import lpc

MAX_FITTED_SYMBOLS = 2**25
BLOCK = 2**22  # symbols at a time
ORDERS = (1, 2)
LONGEST = max(ORDERS)
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


def symbols_of(examples: Examples, alphabet: Alphabet) -> list[np.ndarray]:
    """All symbols of examples, to measure baselines on; of sound in the fewest bytes, since hours of it are many."""
    if alphabet.real != "sound":
        return examples.whole()
    dtype = np.min_scalar_type(alphabet.num_symbols - 1)
    found = [np.empty(length, dtype) for length in examples.lengths.tolist()]
    for index, symbols in enumerate(found):
        for start in range(0, len(symbols), BLOCK):
            stop = min(start + BLOCK, len(symbols))
            symbols[start:stop] = examples.read(index, start, stop)
    return found


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
    share = _frequency(train, num_symbols)
    tables = [_Table.fitted(train, order, num_symbols) for order in ORDERS]
    bits = dict.fromkeys(["unigram", *(f"order{order}" for order in ORDERS)], 0.0)
    for group in _groups(test, num_symbols):
        coded = np.concatenate([block[LONGEST:] for block in group])
        probability = share[coded]
        bits["unigram"] += float(-np.log2(probability).sum())
        for order, table in zip(ORDERS, tables, strict=True):
            contexts = np.concatenate([_contexts(block, order, num_symbols) for block in group])
            probability = table.back_off(contexts, coded, probability)
            bits[f"order{order}"] += float(-np.log2(probability).sum())
    return {name: value / sum(map(len, test)) for name, value in bits.items()}


def unigram(train: Sequence[np.ndarray], test: Sequence[np.ndarray], num_symbols: int) -> float:
    """Bits a symbol of `test` under the counts of single symbols of `train`: what `count_models` calls unigram."""
    return float(-np.log2(_frequency(train, num_symbols)[np.concatenate(test)]).mean())


def xz(clips: Sequence[np.ndarray], num_symbols: int) -> float:
    """Bits a symbol that `xz -9e` spends on all clips end to end, each symbol in the fewest whole bytes."""
    dtype = np.min_scalar_type(num_symbols - 1).newbyteorder("<")
    packer = lzma.LZMACompressor(preset=9 | lzma.PRESET_EXTREME)
    size = 0
    for clip in clips:
        for start in range(0, len(clip), BLOCK):
            size += len(packer.compress(clip[start : start + BLOCK].astype(dtype).tobytes()))
    return 8 * (size + len(packer.flush())) / sum(map(len, clips))


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


class _Table(NamedTuple):
    """Counts of an order: sorted pairs of a context and a symbol with their counts, and of each context the counts of
    its pairs and their number.
    """

    pairs: np.ndarray
    pair_counts: np.ndarray
    known: np.ndarray
    totals: np.ndarray
    followers: np.ndarray
    num_symbols: int

    @classmethod
    def fitted(cls, train: Sequence[np.ndarray], order: int, num_symbols: int) -> "_Table":
        """The counts of these sequences."""
        keys, filled = np.empty(sum(map(len, train)), np.int64), 0
        for group in _groups(train, num_symbols):
            for block in group:
                found = _contexts(block, order, num_symbols) * num_symbols + block[LONGEST:]
                keys[filled : filled + len(found)] = found
                filled += len(found)
        keys.sort()
        pairs, pair_counts = _counted(keys)
        known, followers = _counted(pairs // num_symbols)
        first = np.concatenate([[0], np.cumsum(followers)[:-1]])
        return cls(pairs, pair_counts, known, np.add.reduceat(pair_counts, first), followers, num_symbols)

    def back_off(self, contexts: np.ndarray, symbols: np.ndarray, lower: np.ndarray) -> np.ndarray:
        """Probability of each symbol in its context, from that of the order below."""
        pair_count = _look_up(self.pairs, self.pair_counts, contexts * self.num_symbols + symbols)
        total = _look_up(self.known, self.totals, contexts)
        distinct = np.maximum(_look_up(self.known, self.followers, contexts), 1)
        return (pair_count + distinct * lower) / (total + distinct)


def _frequency(train: Sequence[np.ndarray], num_symbols: int) -> np.ndarray:
    """(N,) share of every symbol, half a count added to each."""
    counts = np.full(num_symbols, 0.5)
    for one in train:
        for start in range(0, len(one), BLOCK):
            counts += np.bincount(one[start : start + BLOCK], minlength=num_symbols)
    return counts / counts.sum()


def _groups(sequences: Sequence[np.ndarray], num_symbols: int) -> Iterator[list[np.ndarray]]:
    """All symbols as blocks, each after the `LONGEST` symbols before it; the start symbol N comes before a sequence.

    The blocks of a group have about `BLOCK` symbols together.
    """
    group: list[np.ndarray] = []
    room = BLOCK
    for one in sequences:
        for start in range(0, len(one), BLOCK):
            begin = np.full(max(0, LONGEST - start), num_symbols)
            group.append(np.concatenate([begin, one[max(0, start - LONGEST) : start + BLOCK]]).astype(np.int64))
            room -= len(group[-1]) - LONGEST
            if room <= 0:
                yield group
                group, room = [], BLOCK
    if group:
        yield group


def _contexts(block: np.ndarray, order: int, num_symbols: int) -> np.ndarray:
    """One number for the `order` symbols before each symbol of a block."""
    context = np.zeros(len(block) - LONGEST, np.int64)
    for lag in range(LONGEST - order, LONGEST):
        context = context * (num_symbols + 1) + block[lag : len(block) - LONGEST + lag]
    return context


def _counted(keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different ones of sorted keys, and how often each occurs."""
    first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    return keys[first], np.diff(np.append(first, len(keys)))


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
