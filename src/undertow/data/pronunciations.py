"""Pronunciations of words, learnt from texts and the phones that were spoken: no dictionary is needed.

Each letter stands for no phone, one or two, and the gap between two words as a pause or nothing. How likely each of
these is comes from expectation maximisation over whole texts (Dempster, Laird and Rubin, 1977), as in the many-to-many
aligner of Jiampojamarn, Kondrak and Sherif (2007); the likeliest path then gives each word its phones.

I letters of a text, gaps included; J phones.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import numpy as np

GAP = " "
ROUNDS = 8
FLOOR = 1e-6  # of a probability
MOST_CELLS = 1 << 18  # letters times phones of a text; longer ones are left out
START = {0: 0.2, 1: 0.6, 2: 0.02}  # before anything is learnt: by the number of phones of a letter


def learn_words(spoken: Iterable[tuple[Sequence[str], Sequence[str]]], pause: str) -> dict[str, str]:
    """The commonest pronunciation of each word, phones between spaces, in the order of the words.

    Args:
        spoken: words of texts in lower case, and the phones of each, in order, with pauses.
        pause: the symbol of silence. Pauses inside of words do not count.

    Texts that no path fits, because they have more than two phones for each letter, are left out.
    """
    texts = [(GAP + GAP.join(words) + GAP, tuple(phones)) for words, phones in spoken if words and phones]
    texts = [(letters, phones) for letters, phones in texts if len(letters) * len(phones) <= MOST_CELLS]
    chances: dict[str, dict[tuple[str, ...], float]] = {}
    for _ in range(ROUNDS):
        counts: dict[str, dict[tuple[str, ...], float]] = defaultdict(lambda: defaultdict(float))
        for letters, phones in texts:
            _count(_scores(letters, phones, chances, pause), letters, phones, counts)
        chances = {
            letter: {said: number / total for said, number in found.items()}
            for letter, found in counts.items()
            if (total := sum(found.values())) > 0
        }
    return _commonest(texts, chances, pause)


def _scores(
    letters: str, phones: Sequence[str], chances: dict[str, dict[tuple[str, ...], float]], pause: str
) -> list[np.ndarray]:
    """For k = 0, 1, 2: (I, J + 1) the chance that a letter stands for the k phones that begin at each place."""
    number = len(phones)
    said = [[phones[j : j + k] if j + k <= number else None for j in range(number + 1)] for k in range(3)]
    kept: dict[str, list[list[float]]] = {}
    for letter in set(letters):
        own, rows = chances.get(letter), []
        for k in range(3):
            row = []
            for part in said[k]:
                if part is None or (letter == GAP and (k == 2 or (k == 1 and part != (pause,)))):
                    row.append(0.0)
                elif letter != GAP and pause in part:
                    row.append(FLOOR)
                elif own is None:
                    row.append(START[k] if letter != GAP else 0.5)
                else:
                    row.append(max(own.get(tuple(part), 0.0), FLOOR))
            rows.append(row)
        kept[letter] = rows
    return [np.array([kept[letter][k] for letter in letters]) for k in range(3)]


def _count(
    scores: Sequence[np.ndarray], letters: str, phones: Sequence[str], counts: dict[str, dict[tuple[str, ...], float]]
) -> None:
    """Add the expected number of times that each letter of a text stands for each phone or two."""
    num_letters, places = scores[0].shape
    before = np.zeros((num_letters + 1, places))
    before[0, 0] = 1.0
    scale = np.ones(num_letters + 1)
    for i in range(num_letters):
        row = before[i] * scores[0][i]
        for k in (1, 2):
            row[k:] += before[i, : places - k] * scores[k][i, : places - k]
        scale[i + 1] = row.sum() or 1.0
        before[i + 1] = row / scale[i + 1]
    if before[-1, -1] <= 0:
        return
    after = np.zeros(places)
    after[-1] = 1 / before[-1, -1]
    for i in range(num_letters - 1, -1, -1):
        here = np.zeros(places)
        for k in range(3):
            share = scores[k][i, : places - k] * after[k:] / scale[i + 1]
            here[: places - k] += share
            for j in np.flatnonzero(before[i, : places - k] * share > FLOOR).tolist():
                counts[letters[i]][tuple(phones[j : j + k])] += float(before[i, j] * share[j])
        after = here


def _commonest(
    texts: Sequence[tuple[str, Sequence[str]]], chances: dict[str, dict[tuple[str, ...], float]], pause: str
) -> dict[str, str]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for letters, phones in texts:
        for word, said in _likeliest(_scores(letters, phones, chances, pause), letters, phones):
            plain = " ".join(phone for phone in said if phone != pause)
            if plain:
                found[word][plain] += 1
    return {word: said.most_common(1)[0][0] for word, said in sorted(found.items())}


def _likeliest(
    scores: Sequence[np.ndarray], letters: str, phones: Sequence[str]
) -> Iterable[tuple[str, Sequence[str]]]:
    """The words of a text with the phones of each on the likeliest path; none if there is no path."""
    num_letters, places = scores[0].shape
    with np.errstate(divide="ignore"):
        logs = [np.log(one) for one in scores]
    best = np.full(places, -np.inf)
    best[0] = 0.0
    taken = np.zeros((num_letters, places), np.int64)
    for i in range(num_letters):
        ways = np.full((3, places), -np.inf)
        for k in range(3):
            ways[k, k:] = best[: places - k] + logs[k][i, : places - k]
        taken[i], best = ways.argmax(axis=0), ways.max(axis=0)
    if not np.isfinite(best[-1]):
        return
    place, ends = places - 1, []
    for i in range(num_letters - 1, -1, -1):
        ends.append((letters[i], place - taken[i, place], place))
        place -= taken[i, place]
    word, first, last = "", None, 0
    for letter, start, stop in reversed(ends):
        if letter == GAP:
            if word and first is not None:
                yield word, phones[first:last]
            word, first = "", None
        else:
            word, first, last = word + letter, start if first is None else first, stop
