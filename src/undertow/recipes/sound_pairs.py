"""Pairs of sounds to compare: of two folders, paired by name, and held-out clips beside what a model draws of them.

T samples, F frames.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from undertow.callbacks import OnProgress, Say, silent, unwatched
from undertow.data.audio import SoundFile, read_audio
from undertow.data.clip_examples import ClipExamples
from undertow.data.clips import Clip
from undertow.data.sound_formats import SUFFIXES
from undertow.data.walk import files_below
from undertow.errors import DataError, UsageError, counted, first_of
from undertow.evaluation.sound_metrics import check_sound_metrics
from undertow.evaluation.sound_score import SoundPair, SoundScore, score_sounds
from undertow.generation.labels import labels_for
from undertow.generation.sounding import Sounding, Voice
from undertow.models import Model
from undertow.reconstruction.latents import latents_of
from undertow.run_steps import is_run


def draws_again(model: Model) -> bool:
    """Whether a model draws a clip again: from its features, or from its latents."""
    return "reconstruct" in model.abilities or ("generate" in model.abilities and model.needs.features is not None)


def are_sounds(first: str | Path, second: Any) -> bool:
    """Whether two sound files or two folders without a model are given."""
    if not isinstance(second, str | Path):
        return False
    one, two = Path(first), Path(second)
    if one.is_file():
        return one.suffix.lower() in SUFFIXES
    return (
        one.is_dir()
        and not is_run(one)
        and two.is_dir()
        and any(name.lower().endswith(SUFFIXES) for name in files_below(one).names)
    )


def score_drawn(
    model: Model,
    examples: Any,
    *,
    split: str,
    metrics: Sequence[str],
    seed: int = 0,
    progress: OnProgress = unwatched,
) -> SoundScore:
    """Compare held-out clips with what a model draws of their features or latents, with their labels.

    Raises:
        UsageError: the model or the data cannot be used so, or a metric is unknown or lacks its package.
        DataError: a clip lacks its frames.
    """
    check_drawn(model, metrics)
    if not isinstance(examples, ClipExamples):
        raise UsageError(f"{', '.join(metrics)} compare clips of sound; this data is of another kind")
    voices = _Voices(model, seed)
    total = sum(len(clip) for clip in examples.clips)
    found = score_sounds(
        _drawn(voices, examples, total, progress),
        examples.clips.sample_rate,
        metrics=metrics,
        split=split,
        num_pairs=len(examples),
    )
    said = voices.notes()
    return replace(found, notes=(*found.notes, *said))


def check_drawn(model: Model, metrics: Sequence[str]) -> None:
    """Refuse metrics that are unknown or lack their package, and models that draw no clip again.

    Raises:
        UsageError: there is one.
    """
    if not draws_again(model):
        raise UsageError(
            f"{', '.join(metrics)} compare sounds: they are for models conditioned on features, autoencoders, and two "
            f"folders of sounds; this {model.config.kind} has none"
        )
    check_sound_metrics(metrics)


def score_folders(
    tests: str | Path,
    references: str | Path,
    *,
    metrics: Sequence[str] = (),
    say: Say = silent,
    progress: OnProgress = unwatched,
) -> SoundScore:
    """Compare the sounds of a folder with their references, which have the same names without suffixes; or two files.

    All are compared at the rate of the first reference; channels are mixed to one.

    Raises:
        UsageError: an unknown metric, or one whose package is not installed.
        DataError: nothing can be compared, two files of a folder differ in their suffix alone, or a file is missing.
    """
    check_sound_metrics(metrics)
    pairs = _paired(Path(tests), Path(references), say)
    rate = SoundFile(pairs[0].reference).sample_rate
    changes: dict[str, int] = {}
    bad: list[str] = []
    found = score_sounds(
        _read(pairs, rate, changes, bad), rate, metrics=metrics, faults=bad, num_pairs=len(pairs), progress=progress
    )
    said = [f"{change}: {counted(count, 'file')}" for change, count in changes.items()]
    return replace(found, notes=(*said, *found.notes))


class _Files(NamedTuple):
    name: str
    reference: Path
    test: Path


def _paired(tests: Path, references: Path, say: Say) -> list[_Files]:
    if tests.is_file() or not tests.exists():
        for path in (tests, references):
            if not path.is_file():
                raise DataError(f"{path} {'is a folder' if path.is_dir() else 'does not exist'}; a sound is needed")
        return [_Files(tests.name, references, tests)]
    ours, theirs = _by_name(tests), _by_name(references)
    shared = [name for name in ours if name in theirs]
    for folder, others, left in (
        (tests, references, [ours[name] for name in ours if name not in theirs]),
        (references, tests, [theirs[name] for name in theirs if name not in ours]),
    ):
        if left and shared:
            say(f"{counted(len(left), 'sound')} of {folder} without one in {others}: {', '.join(first_of(left))}")
    if not shared:
        examples = f"'{next(iter(ours.values()))}' and '{next(iter(theirs.values()))}'"
        raise DataError(
            f"no sound of {tests} has the name of one of {references}, such as {examples}; "
            "sounds are paired by their names without suffixes"
        )
    return [_Files(ours[name], references / theirs[name], tests / ours[name]) for name in shared]


def _by_name(folder: Path) -> dict[str, str]:
    """The sounds of a folder, by their names without suffixes."""
    found: dict[str, str] = {}
    for name in files_below(folder, SUFFIXES).names:
        stem = name[: name.rindex(".")]
        if stem in found:
            raise DataError(f"{folder}: '{found[stem]}' and '{name}' differ in their suffix alone; remove one of them")
        found[stem] = name
    if not found:
        raise DataError(f"{folder} holds no sound")
    return found


def _read(pairs: Sequence[_Files], rate: int, changes: dict[str, int], bad: list[str]) -> Iterator[SoundPair]:
    for pair in pairs:
        try:
            reference, test = read_audio(pair.reference, rate), read_audio(pair.test, rate)
        except DataError as error:
            bad.append(str(error))
            continue
        for note in (*reference.notes, *test.notes):
            changes[note] = changes.get(note, 0) + 1
        yield SoundPair(pair.name, reference.wave, test.wave)


class _Voices:
    """Draws clips again, with one session for each choice of labels."""

    def __init__(self, model: Any, seed: int) -> None:
        self._model, self._seed = model, seed
        self._is_autoencoder = "reconstruct" in model.abilities
        self._decoder = model.decoder if self._is_autoencoder else model
        self._soundings: dict[tuple[tuple[str, str], ...], Sounding] = {}
        self._left: dict[str, None] = {}

    def draw(self, clip: Clip, frames: np.ndarray | None) -> Iterator[np.ndarray]:
        """Waves (T,) one after another."""
        labels, left = labels_for(self._decoder.config.conditioner.labels, None, clip.labels)
        self._left.update(dict.fromkeys(left))
        key = tuple(labels.items())
        if key not in self._soundings:
            self._soundings[key] = Sounding(self._decoder, Voice(labels=labels, seed=self._seed))
        given = latents_of(self._model, clip) if self._is_autoencoder else frames
        assert given is not None
        return self._soundings[key].play([given], len(clip))

    def notes(self) -> list[str]:
        """How the sounds were drawn."""
        of, one = "latents" if self._is_autoencoder else "features", next(iter(self._soundings.values()))
        return [*self._left, *one.notes, f"drawn from their {of} by {one.engine} with seed {self._seed}, temperature 1"]


def _drawn(voices: _Voices, examples: ClipExamples, total: int, progress: OnProgress) -> Iterator[SoundPair]:
    done = 0
    for index, clip in enumerate(examples.clips):
        parts = []
        for part in voices.draw(clip, examples.frames(index)):
            parts.append(part)
            done += len(part)
            progress(done, total)
        yield SoundPair(clip.name, clip.samples, np.concatenate(parts))
