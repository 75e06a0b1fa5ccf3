"""Fit an alphabet to text: collect its characters, or train its sub-words."""

from collections.abc import Iterable
from typing import Any

from undertow.alphabets.characters import Characters, collect
from undertow.alphabets.subwords import Subwords, train_subwords


def fit(config: Any, every: Iterable[str | bytes], train: Iterable[str | bytes]) -> Any:
    """The config of an alphabet; characters are collected and sub-words trained if it has none yet.

    Args:
        config: of any alphabet; a complete one is returned unchanged, and no text is read.
        every: all texts, to collect characters from.
        train: texts to train sub-words on.

    Raises:
        UsageError: sub-words must be trained, and `tokenizers` is not installed.
        DataError: the text is empty, is not UTF-8, or has more characters than an alphabet can have.
    """
    if isinstance(config, Characters.Config) and not config.characters:
        return collect(every)
    if isinstance(config, Subwords.Config) and not config.tokenizer:
        return train_subwords(train, config.size)
    return config
