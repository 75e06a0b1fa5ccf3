"""Sentences whose words are divided by spaces, as characters that say where words begin.

The spaces are taken out, and each character is labelled with its place in its word: B and I, or B, M, E and S (Xue,
Chinese Word Segmentation as Character Tagging, 2003). So a model learns to find words in text without spaces.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from undertow.data.tag_schemes import chunks
from undertow.data.tagged import Read, Sentence, lines_of
from undertow.door import read_text
from undertow.errors import DataError

Places = Literal["bi", "bmes"]


def read_words(path: Path, places: Places = "bmes") -> Read:
    """The sentences of a file in UTF-8, one a line; blank lines are skipped, with a note if they are among the others.

    Raises:
        DataError: the file is missing, damaged or not in UTF-8; it has no word; or no sentence has two words, so that
            there are no boundaries to learn.
    """
    sentences, blank, last = [], [], 0
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        words = line.split()
        if not words:
            blank.append(number)
            continue
        tokens, tags = tuple("".join(words)), tuple(tags_of(words, places))
        sentences.append(Sentence(tokens, tags, str(path), number, one_line=True))
        last = number
    if not sentences:
        raise DataError(f"{path} has no words; each line is a sentence, with spaces between its words")
    if all(line_words == 1 for line_words in (num_words(one.tags) for one in sentences)):
        raise DataError(f"{path} has no spaces between words, so there are no words to learn")
    return Read(sentences, [*lines_of([("line: blank, skipped", f"{path}, line {n}") for n in blank if n < last])])


def tags_of(words: Iterable[str], places: Places) -> list[str]:
    """The tag of each character of some words."""
    if places == "bi":
        return [tag for word in words for tag in ["B", *"I" * (len(word) - 1)]]
    return [tag for word in words for tag in (["B", *"M" * (len(word) - 2), "E"] if len(word) > 1 else ["S"])]


def words_of(characters: Sequence[str], tags: Sequence[str]) -> list[str]:
    """The words that the tags of characters mark, also where tags break the rules; see `chunks`."""
    return ["".join(characters[one.start : one.stop]) for one in chunks(tags)]


def num_words(tags: Sequence[str]) -> int:
    """How many words the tags of characters mark."""
    return len(chunks(tags))
