"""Describe sentences with a label for each token or character."""

from collections import Counter
from typing import Any

from undertow.data.conll import read_conll
from undertow.data.describe_text import lengths
from undertow.data.spaced_words import read_words
from undertow.data.tagged import TaggedSet, open_tagged


def describe_tags(source: str) -> dict[str, Any]:
    """Count the sentences of a named set, a folder or a file in CoNLL's layout; the last column has the tags.

    Returns:
        `unit` (of a token); `splits`: for each, `num_sentences`, `num_tokens` and the `lengths` of sentences; `labels`:
        how often each comes, the commonest first; `notes`.

    Raises:
        DataError: the source does not exist, or a file cannot be read.
    """
    return _described(open_tagged(source, None, "tags", read_conll), "token")


def describe_words(source: str) -> dict[str, Any]:
    """The same of sentences with spaces between words, whose characters are the tokens."""
    return _described(open_tagged(source, None, "words", read_words), "character")


def _described(found: TaggedSet, unit: str) -> dict[str, Any]:
    splits = {
        split: {
            "num_sentences": len(part),
            "num_tokens": sum(len(one.tokens) for one in part),
            "lengths": lengths(len(one.tokens) for one in part),
        }
        for split, part in found.splits.items()
    }
    counts = Counter(tag for part in found.splits.values() for one in part for tag in one.tags)
    labels = dict(counts.most_common())
    return {"source": found.source, "unit": unit, "splits": splits, "labels": labels, "notes": list(found.notes)}
