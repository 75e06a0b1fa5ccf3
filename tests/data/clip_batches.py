"""Batches of clips, for tests: what a model of such an alphabet, such labels and features would be given."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from undertow.alphabets import Alphabet
from undertow.batch import Batch
from undertow.data.batches import CropBatches, batches_in_order
from undertow.data.clip_examples import ClipExamples
from undertow.data.clips import ClipSet
from undertow.data.needs import Needs


def examples(
    clips: ClipSet, alphabet: Alphabet, classes: Mapping[str, Sequence[str]] | None = None, features: Any = None
) -> ClipExamples:
    known = {name: tuple(values) for name, values in (classes or {}).items()}
    return ClipExamples(clips, Needs(alphabet=alphabet, classes=known, features=features))


def crop_batches(
    clips: ClipSet,
    alphabet: Alphabet,
    context_steps: int,
    batch_size: int,
    crop_steps: int | None,
    seed: int,
    *place: int,
    classes: Mapping[str, Sequence[str]] | None = None,
    features: Any = None,
    **clocks: int,
) -> CropBatches:
    found = examples(clips, alphabet, classes, features)
    return CropBatches(found, batch_size, crop_steps, context_steps, seed, *place, **clocks)


def in_order(
    clips: ClipSet,
    alphabet: Alphabet,
    context_steps: int,
    batch_size: int,
    crop_steps: int | None = None,
    classes: Mapping[str, Sequence[str]] | None = None,
    features: Any = None,
    **clocks: int,
) -> Iterator[Batch]:
    found = examples(clips, alphabet, classes, features)
    return batches_in_order(found, batch_size, crop_steps, context_steps, **clocks)
