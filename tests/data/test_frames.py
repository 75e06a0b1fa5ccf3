"""Frames that a user brings: read beside each clip, held to its length, laid on its samples; all else is refused."""

import math
import pickle

import numpy as np
import pytest

from tests.data.clip_batches import crop_batches
from tests.data.sounds import tone, write
from tests.refusals import assert_says, refuses
from undertow.alphabets import MuLaw
from undertow.config import parse
from undertow.data import Clip, ClipSet, load_clips
from undertow.data.features import FramesConfig, MelConfig, build, extract
from undertow.data.frames import frames_of, read_frames
from undertow.errors import DataError, UsageError, counted

HOP, RATE = 80, 8000
FRAMES = FramesConfig(sample_rate=RATE, hop_length=HOP, num_channels=2)


def counting(num_frames: int, num_channels: int = 2) -> np.ndarray:
    """Frame f is (f, f + 0.5 …)."""
    return np.arange(num_frames)[:, None] + np.linspace(0, 0.5, num_channels)


@pytest.mark.parametrize("num_samples", [1, 79, 80, 81, 1599, 1600, 1601])
def test_as_many_frames_as_the_clip_needs_or_as_centred_transforms_give(tmp_path, num_samples):
    needed, centred = math.ceil(num_samples / HOP), num_samples // HOP + 1
    for num_frames in (needed, centred):
        np.save(tmp_path / "clip.npy", counting(num_frames))
        frames = frames_of(tmp_path / "clip.wav", FRAMES, num_samples)
        assert frames.dtype == np.float32
        np.testing.assert_array_equal(frames, counting(needed))
    for num_frames in (needed - 1, centred + 1):
        np.save(tmp_path / "clip.npy", counting(num_frames))
        with pytest.raises(DataError) as caught:
            frames_of(tmp_path / "clip.wav", FRAMES, num_samples)
        if num_frames:
            counts = (counted(num_frames, "frame"), needed, 80, counted(num_samples, "sample"), "8000 Hz")
            assert_says(str(caught.value), tmp_path / "clip.npy", *counts)


@pytest.mark.parametrize("dtype", ["float16", ">f8", "int64", "uint8", "bool"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_any_real_numbers_in_any_order(tmp_path, dtype, order):
    values = counting(4).round().astype(dtype, order=order)
    np.save(tmp_path / "clip.npy", values)
    frames = read_frames(tmp_path / "clip.npy", 2)
    assert type(frames) is np.ndarray and frames.dtype == np.float32 and frames.flags.writeable
    np.testing.assert_array_equal(frames, values.astype(np.float32))


BAD = {
    "complex": (counting(3).astype(complex), ["complex128", "real"]),
    "words": (np.array([["a", "b"]]), ["<U1", "real"]),
    "one axis": (np.zeros(6), ["(6,)", "(F, 2)"]),
    "other channels": (np.zeros((2, 6)), ["(2, 6)", "(F, 2)"]),
    "none": (np.zeros((0, 2)), ["(0, 2)", "(F, 2)"]),
    "NaN": (np.array([[0, np.nan], [np.inf, 1]]), ["2 of 4", "NaN"]),
    "too large for float32": (np.array([[1e300, 0]]), ["1 of 2", "infinite"]),
}


@pytest.mark.parametrize("name", BAD)
def test_arrays_that_are_not_frames(tmp_path, name):
    array, parts = BAD[name]
    np.save(tmp_path / "clip.npy", array)
    with refuses(DataError, tmp_path / "clip.npy", *parts) as caught:
        read_frames(tmp_path / "clip.npy", 2)
    assert "\n" not in str(caught.value)


def test_files_that_are_not_arrays(tmp_path):
    path = tmp_path / "clip.npy"
    with refuses(DataError, path, "no such file"):
        read_frames(path, 2)
    np.save(path, counting(20))
    whole = path.read_bytes()
    np.savez(tmp_path / "archive.npz", counting(20))
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    contents = [b"", b"text", whole[:7], whole[:60], whole[:-1], pickle.dumps(counting(3))]
    contents += [(tmp_path / name).read_bytes() for name in ("archive.npz", "objects.npy")]
    contents += [whole.replace(b"(20, 2)", b"(9999999999999, 2)"), whole.replace(b"'<f8'", b"'<f9'")]
    contents += [whole.replace(b"{", b"\n"), whole.replace(b"}", b'"""'), whole.replace(b"(20, 2)", b"(20, -2)")]
    for content in contents:
        path.write_bytes(content)
        with refuses(DataError, path, "array", "numpy.save"):
            read_frames(path, 2)


def write_clips(folder, count=3, rate=RATE):
    for index in range(count):
        write(folder / f"{index}.wav", tone(0.1 + 0.01 * index, rate), rate)
        np.save(folder / f"{index}.npy", counting(10 + index))


def test_frames_are_read_where_they_are_wanted(tmp_path):
    write_clips(tmp_path)
    (tmp_path / "1.npy").write_text("text")
    assert all(clip.frames is None for clip in load_clips(tmp_path, "all"))
    mel = MelConfig(sample_rate=RATE, hop_length=HOP, window_length=200, fft_size=256)
    assert len(load_clips(tmp_path, "all", features=mel)) == 3
    clips = load_clips(tmp_path, "all", features=FRAMES)
    assert [clip.name for clip in clips] == ["0.wav", "2.wav"]
    np.testing.assert_array_equal(build(FRAMES).of_clip(clips[1]), counting(12))
    assert_says(clips.report.lines()[0], "1 of 3 files skipped:\n  1.npy: damaged")


def test_a_resampled_clip_keeps_its_frames(tmp_path):
    """Frames are at hop / rate of the model: 10 ms here, whatever rate the file has."""
    write_clips(tmp_path, rate=44100)
    clips = load_clips(tmp_path, "all", RATE, features=FRAMES)
    assert [len(clip.frames) for clip in clips] == [10, 11, 12]


def test_what_does_not_go_with_frames(tmp_path):
    write_clips(tmp_path)
    with refuses(UsageError, "'frames'", "trimmed"):
        load_clips(tmp_path, "all", features=FRAMES, trim_decibels=-40.0)
    with refuses(UsageError, "'frames'", "synthesised"):
        load_clips("plucked", features=FRAMES)
    with refuses(UsageError, "features", "8000 Hz", "16000 Hz"):
        load_clips(tmp_path, "all", 16000, features=FRAMES)
    with refuses(UsageError, "'frames'", "array", ".npy"):
        extract(FRAMES, tone())
    with refuses(UsageError, "num_channels"):
        parse(FramesConfig, {"sample_rate": RATE, "hop_length": HOP, "num_channels": 0})
    other = parse(FramesConfig, {"sample_rate": RATE, "hop_length": HOP, "num_channels": 3})
    with refuses(DataError, "none of the 3", "(10, 2)", "(F, 3)"):
        load_clips(tmp_path, "all", features=other)
    coarse = parse(FramesConfig, {"sample_rate": RATE, "hop_length": 160, "num_channels": 2})
    with refuses(DataError, "0.npy", "10 frames", 5, 160, "800 samples"):
        load_clips(tmp_path, "all", features=coarse)


def test_frames_lie_on_their_samples_in_every_crop():
    """A clip whose every sample says which frame it belongs to."""
    lengths, alphabet = (1000, 333, 2000, 81), MuLaw(MuLaw.Config(num_levels=256))
    waves = [(np.arange(length) // HOP * 1000).astype(np.int16) for length in lengths]
    clips = [Clip(str(i), wave, {}, counting(-(-len(wave) // HOP), 2)) for i, wave in enumerate(waves)]
    batches = crop_batches(ClipSet(clips, RATE), alphabet, 100, 3, 400, seed=0, features=FRAMES)
    for step in range(6):
        batch = batches.batch(step)
        expected = alphabet.encode((batch.features[..., 0].numpy() * 1000 / 2**15).astype(np.float32)).repeat(HOP, 1)
        expected = expected[:, : batch.symbols.shape[1]]
        assert (batch.symbols.numpy() == expected)[batch.counted.numpy()].all()


def test_a_clip_without_its_frames_is_refused():
    wave, alphabet = np.zeros(100, dtype=np.int16), MuLaw(MuLaw.Config(num_levels=256))
    for frames, part in ((None, "no frames"), (counting(3), "(3, 2)"), (counting(2, 3), "(2, 3)")):
        batches = crop_batches(ClipSet([Clip("x", wave, {}, frames)], RATE), alphabet, 8, 1, None, 0, features=FRAMES)
        with refuses(DataError, "'x'", part, "(2, 2)"):
            batches.batch(0)
