"""Clips as examples: their samples as symbols, their labels as class indices, their frames as a model's features.

In memory beside the clips: a table of 65,536 symbols (half a megabyte) and, where features are wanted, each clip's
frames once they have been asked for (4 · C / hop bytes a sample; those of a long clip are in a file).

N clips, T steps, F frames, C channels.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from undertow.config import there_are
from undertow.data import features as frame_features
from undertow.data.audio import to_float
from undertow.data.catalogue import cache_folder
from undertow.data.clips import Clip, ClipSet
from undertow.data.examples import Examples, Labels
from undertow.data.needs import Needs
from undertow.data.spool import mapped
from undertow.errors import DataError, UsageError, counted

MANY = 12  # classes that are listed one by one
ROUND_STEPS = 256  # batches of few different lengths: a library's kernels are prepared for each length anew


class ClipExamples(Examples):
    """The clips of one split, as a model needs them.

    A class that a model is conditioned on and does not know, such as another speaker, counts as unknown.

    Attributes:
        notes: how many clips have such a class, a line for each label.

    Raises:
        UsageError: the model, or its features, have another sample rate.
        DataError: a clip's class is not one that the model predicts, or (by `frames`) a clip lacks its frames.
    """

    round_steps = ROUND_STEPS

    def __init__(self, clips: ClipSet, needs: Needs) -> None:
        self.clips, self.alphabet = clips, needs.alphabet
        if needs.sample_rate not in (None, clips.sample_rate):
            raise UsageError(
                f"the clips have {clips.sample_rate} Hz, the model {needs.sample_rate} Hz; "
                f"load them with sample_rate={needs.sample_rate}"
            )
        settings = needs.features
        if settings is not None and settings.sample_rate != clips.sample_rate:
            raise UsageError(f"the features are for {settings.sample_rate} Hz, the clips have {clips.sample_rate} Hz")
        self.features = None if settings is None else frame_features.build(settings)
        self.hop = 1 if settings is None else settings.hop_length
        labels = {name: _indices(clips, name, classes) for name, classes in needs.classes.items()}
        self.notes = [note for name in labels if (note := _unknown(clips, name, needs.classes[name]))]
        if needs.predicted is not None and needs.predicted.classes is not None:
            name, classes = needs.predicted.name, needs.predicted.classes
            _check_known(clips, name, classes)
            labels[name] = _indices(clips, name, classes)
        self.labels: Mapping[str, Labels] = labels
        self._frames: dict[int, np.ndarray] = {}

    @cached_property
    def lengths(self) -> np.ndarray:
        return np.array([len(clip) for clip in self.clips], np.int64)

    @property
    def step_shape(self) -> tuple[int, ...]:
        return ()

    @property
    def dtype(self) -> Any:
        return self.symbols.dtype

    @property
    def padding(self) -> int:  # type: ignore[override]
        """The symbol of silence."""
        return int(self.symbols[0])

    @cached_property
    def symbols(self) -> np.ndarray:
        """The symbol of every 16-bit sample, by its bits read as unsigned."""
        return self.alphabet.encode(to_float(np.arange(2**16, dtype=np.uint16).view(np.int16)))

    def name(self, index: int) -> str:
        return self.clips[index].name

    def read(self, index: int, start: int, stop: int) -> np.ndarray:
        return self.symbols[self.clips[index].wave[start:stop].view(np.uint16)]

    def frames(self, index: int) -> np.ndarray | None:
        if self.features is None:
            return None
        if index not in self._frames:
            self._frames[index] = mapped(self.features.blocks(self.clips[index]), cache_folder() / "waves")
        return self._frames[index]

    def size(self, unit: str) -> str:
        return f"{counted(len(self), 'clip')}, {self.clips.seconds / 60:.1f} min"

    def summary(self) -> dict[str, Any]:
        return {
            "num_clips": len(self.clips),
            "seconds": round(self.clips.seconds, 3),
            "num_samples": self.clips.num_samples,
            "num_skipped": len(self.clips.report.bad),
            "changes": dict(self.clips.report.changes),
            "trimmed_seconds": round(self.clips.report.trimmed_seconds, 3),
        }


def _indices(clips: ClipSet, name: str, classes: Sequence[str]) -> np.ndarray:
    """(N,) index of each clip's class, -1 where it has none of the classes."""
    known = {value: index for index, value in enumerate(classes)}
    return np.array([known.get(clip.labels.get(name, ""), -1) for clip in clips])


def _strangers(clips: ClipSet, name: str, classes: Sequence[str]) -> list[Clip]:
    """The clips that have a label of another class."""
    return [clip for clip in clips if name in clip.labels and clip.labels[name] not in classes]


def _unknown(clips: ClipSet, name: str, classes: Sequence[str]) -> str:
    """A line on clips whose class the model does not know; empty if there are none."""
    strangers = _strangers(clips, name, classes)
    if not strangers:
        return ""
    first = f"first: '{strangers[0].name}' with {name} '{strangers[0].labels[name]}'"
    few = there_are(classes) if len(classes) <= MANY else f"there are {len(classes)}"
    return (
        f"{len(strangers)} of {len(clips)} clips have a {name} that the model does not know ({first}; {few}): unknown"
    )


def _check_known(clips: ClipSet, name: str, classes: Sequence[str]) -> None:
    for clip in _strangers(clips, name, classes):
        raise DataError(f"'{clip.name}' has {name} '{clip.labels[name]}'; {there_are(classes)}")
