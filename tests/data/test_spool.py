"""Waves that are kept are the waves that came, in memory or not, whatever their blocks."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from undertow.data.spool import Spool, mapped


def waves() -> list[np.ndarray]:
    random = np.random.default_rng(0)
    return [random.integers(-32768, 32768, length).astype(np.int16) for length in (10, 3000, 1, 700, 2500, 4000)]


@pytest.mark.parametrize("most", [0, 4000, 2**20])
def test_waves_come_back_from_many_threads(tmp_path, most):
    with Spool(tmp_path / "new", most) as spool, ThreadPoolExecutor(3) as pool:
        kept = list(pool.map(lambda wave: spool.keep(iter(np.array_split(wave, 4))), waves()))
        found = [spool.wave(one) for one in kept]
    for one, wave in zip(found, waves(), strict=True):
        np.testing.assert_array_equal(one, wave)
    assert spool.num_kept <= most
    assert any(isinstance(one, np.memmap) for one in found) == (most < 10_000)


def test_a_wave_that_breaks_off_leaves_no_trace(tmp_path):
    def broken():
        yield waves()[0]
        raise OSError

    spool = Spool(tmp_path, 100)
    with pytest.raises(OSError):
        spool.keep(broken())
    assert spool.num_kept == 0 and list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_not_needed(tmp_path):
    (tmp_path / "file").touch()
    with Spool(tmp_path / "file" / "new", 0) as spool:
        np.testing.assert_array_equal(spool.wave(spool.keep([waves()[1]])), waves()[1])


def test_frames_of_several_blocks_are_mapped(tmp_path):
    frames = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    found = mapped(iter(np.array_split(frames, 3)), tmp_path)
    np.testing.assert_array_equal(found, frames)
    assert isinstance(found, np.memmap) and list(tmp_path.iterdir()) == []
    assert mapped([frames], tmp_path) is frames
