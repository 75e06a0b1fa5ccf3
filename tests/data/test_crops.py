"""Every sample is in one crop of an epoch, every crop comes once, and a step's crops depend on the seed alone."""

import numpy as np
import pytest

from undertow.data.crops import Crops, Order

LENGTHS = np.array([5, 100, 37, 64, 65, 128, 1, 640, 63])


@pytest.mark.parametrize("unit", [1, 8])
@pytest.mark.parametrize("crop_steps", [None, 1, 50, 64, 639, 5000])
@pytest.mark.parametrize("epoch", [None, 0, 1])
def test_each_sample_counts_once(crop_steps, unit, epoch):
    crops = Crops(LENGTHS, crop_steps, context=20, unit=unit)
    rows = crops.cut(None if epoch is None else np.random.default_rng(epoch))
    assert len(rows) == len(crops)
    seen = [np.zeros(length, dtype=int) for length in LENGTHS]
    for clip, start, stop, context in rows.tolist():
        assert 0 <= start < stop <= LENGTHS[clip] and stop - start <= crops.crop_steps
        assert start % unit == 0 and (start - context) % unit == 0
        assert context == start or context >= 20  # all the model sees, or everything there is
        seen[clip][start:stop] += 1
    assert all((count == 1).all() for count in seen)


def test_offsets_change_from_epoch_to_epoch_and_reach_all_there_are():
    crops = Crops(np.array([100]), 40, context=0)
    starts = {tuple(crops.cut(np.random.default_rng(seed))[:, 1].tolist()) for seed in range(300)}
    assert starts == {(0, 40 - offset, 80 - offset) for offset in range(21)}


@pytest.mark.parametrize(("count", "batch"), [(50, 4), (5, 4), (3, 8), (40, 1), (64, 8)])
def test_each_crop_comes_once_an_epoch(count, batch):
    order = Order(Crops(np.random.default_rng(0).integers(1, 999, count), None, 0), batch, seed=1)
    num_steps = 3 * count * order.pool_batches  # ends both a pool and an epoch
    clips = [crop.number for step in range(num_steps) for crop in order.batch(step)]
    assert len(clips) == num_steps * batch
    assert set(np.bincount(clips, minlength=count)) == {num_steps * batch // count}


def test_stream_of_epochs_has_no_gap():
    """After a whole number of pools, clips have come equally often, or once more for those of the epoch begun."""
    order = Order(Crops(np.arange(1, 12), None, 0), 4, seed=1)
    clips: list[int] = []
    for step in range(20 * order.pool_batches):
        clips += [crop.number for crop in order.batch(step)]
        if (step + 1) % order.pool_batches == 0:
            counts = np.bincount(clips, minlength=11)
            assert counts.max() - counts.min() <= 1


def test_a_step_is_a_function_of_seed_and_step():
    crops = Crops(LENGTHS, 50, 10)
    forward = [Order(crops, 3, seed=7).batch(step) for step in range(40)]
    order = Order(crops, 3, seed=7)
    assert [order.batch(step) for step in reversed(range(40))] == forward[::-1]
    assert [Order(crops, 3, seed=8).batch(step) for step in range(40)] != forward
    assert forward[:9] != forward[9:18]


def test_batches_are_of_like_lengths_in_random_order():
    lengths = np.random.default_rng(0).integers(1000, 9000, 2000)
    order = Order(Crops(lengths, None, 0), 8, seed=0)
    longest = np.array([[lengths[crop.number] for crop in order.batch(step)][-1] for step in range(64)])
    total = [[lengths[crop.number] for crop in order.batch(step)] for step in range(64)]
    assert np.sum(total) / (8 * longest.sum()) > 0.95
    assert abs(np.corrcoef(np.arange(32), longest[:32])[0, 1]) < 0.6  # not from short to long
