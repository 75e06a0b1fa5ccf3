"""What tasks of recordings with texts have in common: where they are from, and how they are batched."""

from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from undertow.callbacks import Downloads
from undertow.config import Count, Name, config
from undertow.media import Medium
from undertow.recipes.samples import Maker, Samples
from undertow.recipes.tasks.named_sets import fetch_named, placed
from undertow.recipes.tasks.task import Cut, Task


@config
class RecordingsConfig:
    """Which recordings, and where their texts are.

    Attributes:
        source: a named set, or a folder of recordings with a table `metadata.csv` (columns `file` and `text`), or in
            the layout of LJ Speech, VCTK, Common Voice or LibriSpeech.
        path: folder of the named set, if it is neither in UNDERTOW_DATA nor in the cache.
        label: the texts: a column of the table, or a label of a named set ("digit"), digits as words.
        label_pattern: labels in a folder's file names, instead of the table.
        tokens_per_batch: about how many frames and symbols are in each process's micro-batch, padding included; it
            replaces training.batch_size.
    """

    source: Name | None = None
    path: Name | None = None
    label: Name = "text"
    label_pattern: Name | None = None
    tokens_per_batch: Count = 2048


class RecordingsTask(Task):
    """Recordings and their texts, both whole."""

    config: Any

    @staticmethod
    def choose(config: Any, given: str | Path | None) -> Any:
        return placed(
            config, given, "audio", "this recipe needs speech: give a folder of recordings with a table, as --data"
        )

    @staticmethod
    def fetch(config: Any, downloads: Downloads = nullcontext) -> None:
        fetch_named(config, downloads)

    def samples(self, settings: Samples, sets: Mapping[str, Any], medium: Medium) -> Maker | None:
        return None

    @property
    def cut(self) -> Cut:
        return Cut(tokens_per_batch=self.config.tokens_per_batch)
