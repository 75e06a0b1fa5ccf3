"""Windows of images: a function of seed and step, and labels stay with their pixels."""

import numpy as np
import torch

from tests.data.masked import picture
from undertow.data.batches import batches_in_order
from undertow.data.sequences import SequenceSet
from undertow.data.windows import Window, WindowBatches

SIZE = (12, 16)


def examples(count: int = 4) -> SequenceSet:
    images, masks = zip(*(picture(seed, SIZE) for seed in range(count)), strict=True)
    labels = [np.where(mask == 255, -1, mask.astype(np.int16)).reshape(-1) for mask in masks]
    return SequenceSet([image.reshape(-1, 3) for image in images], {"class": labels}, grid=SIZE)


def made(window: Window, seed: int = 0, step: int = 3, **ranks):
    return WindowBatches(examples(), window, 4 // ranks.get("world_size", 1), seed, **ranks).batch(step)


def test_a_batch_is_a_function_of_the_seed_and_the_step() -> None:
    window = Window(size=(6, 8), scale=1.5, brightness=0.2)
    one, again = made(window), made(window)
    assert torch.equal(one.symbols, again.symbols) and torch.equal(one.labels["class"], again.labels["class"])
    assert not torch.equal(one.symbols, made(window, seed=1).symbols)
    halves = [made(window, rank=rank, world_size=2).symbols for rank in (0, 1)]
    assert torch.equal(torch.cat(halves), one.symbols)


def test_labels_stay_with_their_pixels() -> None:
    batch = made(Window(size=(6, 8), scale=1.5))
    assert batch.symbols.shape == (4, 6, 8, 3) and batch.labels["class"].shape == batch.counted.shape == (4, 6, 8)
    square = batch.labels["class"] == 1
    assert (
        square.any() and batch.symbols[square].float().mean(0)[0] > 150 > 100 > batch.symbols[~square, 0].float().mean()
    )


def test_without_changes_a_window_is_the_image() -> None:
    batch = made(Window(flip=False))
    whole = next(iter(batches_in_order(examples(), 4)))
    order = [int(name) for name in batch.names]
    assert torch.equal(batch.symbols, whole.symbols[order]) and batch.counted.all()
    assert torch.equal(batch.labels["class"], whole.labels["class"][order])


def test_half_are_mirrored() -> None:
    whole, mirrored = next(iter(batches_in_order(examples(), 4))), []
    for step in range(4):
        batch = made(Window(), step=step)
        images = whole.symbols[[int(name) for name in batch.names]]
        for one, image in zip(batch.symbols, images, strict=True):
            mirrored.append(torch.equal(one, image.flip(1)))
            assert mirrored[-1] != torch.equal(one, image)
    assert {*mirrored} == {True, False}


def test_beyond_an_image_nothing_counts() -> None:
    batch = made(Window(size=(20, 20), flip=False))
    assert batch.counted.sum(dim=(1, 2)).tolist() == [12 * 16] * 4
    assert (batch.labels["class"][~batch.counted] == -1).all()
