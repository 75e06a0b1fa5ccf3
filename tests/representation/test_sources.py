"""Sources of frames: baselines, models at a point, and folders of arrays."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.refusals import refuses
from tests.representation.listener import HOP, Listener
from tests.representation.test_extract import noise
from undertow.errors import DataError, UsageError
from undertow.representation import open_source


@pytest.mark.parametrize("sample_rate", [8000, 16_000, 22_050, 48_000])
def test_baselines(sample_rate: int) -> None:
    for name, channels in (("mfcc", 39), ("fbank", 80)):
        source = open_source(name, sample_rate=sample_rate)
        frames = source.of_clip(noise(sample_rate // 2))
        assert frames.shape[1] == source.channels == channels and abs(source.rate - 100) < 0.3
        assert abs(len(frames) - 50) <= 1 and source.sample_rate == sample_rate and not source.num_codes


def test_a_model() -> None:
    model = Listener().eval()
    source = open_source(model, "p_enc")
    assert (source.rate, source.channels, source.sample_rate, source.num_codes) == (8000 / HOP, 6, 8000, ())
    assert source.of_clip(noise(800)).shape == (5, 6) and open_source(model).point == "p_bn"
    codes = open_source(model).codes_of_clip(noise(800))
    assert codes.shape == (5, 1) and codes.dtype == np.int64 and open_source(model).num_codes == (4,)
    with refuses(UsageError, "p_enc", "codes", "p_bn"):
        source.codes_of_clip(noise(800))
    with refuses(UsageError, "'p_cond'", "p_enc", "p_bn"):
        open_source(model, "p_cond")


def test_a_folder(tmp_path: Path) -> None:
    frames = np.random.default_rng(0).standard_normal((7, 3)).astype(np.float32)
    (tmp_path / "a").mkdir()
    np.save(tmp_path / "a" / "one.npy", frames)
    torch.save(torch.from_numpy(frames)[None], tmp_path / "two.pt")
    source = open_source(tmp_path, frequency=50)
    for name in ("a/one.wav", "a/one", "other/two.flac", "other/two"):
        assert np.array_equal(source.of_name(name), frames)
    source.check_length(7, 0.14, "one")
    with refuses(DataError, "'one'", 7, 500):
        source.check_length(7, 10.0, "one")
    with refuses(UsageError, tmp_path, "frequency"):
        open_source(tmp_path)
    with refuses(UsageError, "points"):
        open_source(tmp_path, "p_bn", frequency=50)
    with refuses(DataError, "three", "frames"):
        source.of_name("three.wav")
    np.save(tmp_path / "three.npy", frames[:, :2])
    with refuses(DataError, "three.npy", "2 channels", 3):
        source.of_name("three.wav")
    np.save(tmp_path / "codes.npy", np.arange(5))
    assert source.array_of("codes.wav").shape == (5, 1) if source.channels == 1 else True


def test_a_file_is_of_one_recording_alone(tmp_path: Path) -> None:
    for number, name in enumerate(("spk", "spk.01", "take")):
        np.save(tmp_path / f"{name}.npy", np.full((4, 2), number, np.float32))
    source = open_source(tmp_path, frequency=50)
    assert [source.of_name(name)[0, 0] for name in ("spk.01", "spk.01.wav", "spk", "a/take.wav")] == [1, 1, 0, 2]
    with refuses(DataError, "spk.02"):
        source.of_name("spk.02")
    with refuses(DataError, "take.npy", "'a/take'", "'b/take'"):
        source.of_name("b/take.wav")
    for name in ("../take", str(tmp_path / "take")):
        with refuses(DataError, tmp_path, "below"):
            source.of_name(name)


class Harm:
    def __reduce__(self) -> tuple:
        return (print, ("harm",))


def test_files_of_frames_run_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "good.npy", np.zeros((4, 2), np.float32))
    source = open_source(tmp_path, frequency=50)
    torch.save(Harm(), tmp_path / "harm.pt")
    torch.save({"a": torch.zeros(2)}, tmp_path / "dict.pt")
    (tmp_path / "cut.pt").write_bytes((tmp_path / "dict.pt").read_bytes()[:100])
    np.save(tmp_path / "nan.npy", np.full((4, 2), np.nan))
    np.save(tmp_path / "flat.npy", np.zeros(4))
    for name in ("harm", "dict", "cut", "nan", "flat"):
        with refuses(DataError, f"{name}."):
            source.of_name(name)
    assert "harm" not in capsys.readouterr().out


def test_options_that_do_not_fit(tmp_path: Path) -> None:
    with refuses(UsageError, "mfcc", "sample rate"):
        open_source("mfcc")
    with refuses(UsageError, "mfcc", "points"):
        open_source("mfcc", "p_bn", sample_rate=8000)
    with refuses(UsageError, "frequency"):
        open_source("fbank", sample_rate=8000, frequency=50)
    with refuses(DataError, "nowhere"):
        open_source("nowhere")
