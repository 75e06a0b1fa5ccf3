"""What only data can tell of an alphabet of text: its characters, or how words are cut."""

from collections.abc import Iterable
from typing import Any

from undertow.alphabets.characters import Characters, collect
from undertow.alphabets.subwords import Subwords, train_subwords


def fit(config: Any, every: Iterable[str | bytes], train: Iterable[str | bytes]) -> Any:
    """The config of an alphabet, its characters collected or its sub-words trained where that is still to do.

    Args:
        config: of any alphabet; one that has all it needs comes back as it is, and no text is read.
        every: all texts, which characters are collected from.
        train: those that sub-words are trained on.

    Raises:
        UsageError: sub-words without the package that trains them.
        DataError: text that is not UTF-8, none at all, or of more characters than an alphabet can have.
    """
    if isinstance(config, Characters.Config) and not config.characters:
        return collect(every)
    if isinstance(config, Subwords.Config) and not config.tokenizer:
        return train_subwords(train, config.size)
    return config
