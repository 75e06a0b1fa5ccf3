"""A folder becomes clips; what cannot be used is skipped, counted and explained; nothing usable is an error."""

import numpy as np
import pytest
import soundfile

from tests.data.sounds import RATE, tone, write, write_bad_files, write_promising
from tests.refusals import refuses
from undertow.data import load_clips, spool
from undertow.data.audio import to_int16
from undertow.errors import DataError, UsageError


def test_a_folder_of_everything(tmp_path):
    write(tmp_path / "a" / "1.wav", to_int16(tone()))
    write(tmp_path / "a" / "2.flac", tone(0.3))
    write(tmp_path / "b" / "3.wav", np.stack([tone(rate=96000)] * 2, axis=1), 96000, subtype="PCM_24")
    write(tmp_path / "b" / "4.wav", tone(), subtype="PCM_U8")
    write(tmp_path / "b" / "5.wav", tone(), subtype="FLOAT")
    write_bad_files(tmp_path / "c")
    clips = load_clips(tmp_path, "all")
    assert [clip.name for clip in clips] == ["a/1.wav", "a/2.flac", "b/3.wav", "b/4.wav", "b/5.wav"]
    assert clips.sample_rate == RATE and clips.label_classes == {"label": ["a", "b", "c"]}
    assert [len(clip) for clip in clips] == [1600, 2400, 1600, 1600, 1600]
    assert clips.num_samples == 8800 and clips.seconds == 1.1
    assert clips[0].wave.dtype == np.int16 and clips[0].labels == {"label": "a"}
    np.testing.assert_array_equal(clips[0].wave, to_int16(tone()))
    np.testing.assert_allclose(clips[4].samples, tone(), atol=2**-16)
    report = clips.report
    assert report.num_files == 11 and set(report.bad) == {
        f"c/{name}.wav" for name in ("text", "nothing", "zero", "silent", "nan", "cut")
    }
    text = "\n".join(report.lines())
    for words in (
        "1 of 11 files: 2 channels mixed to mono",
        "1 of 11 files: resampled from 96000 to 8000 Hz",
        "6 of 11 files skipped:",
        "text.wav: not wav, flac",
        "nothing.wav: the file is empty",
        "zero.wav: holds no samples",
        "silent.wav: silent",
        "nan.wav: 1 of 3 samples are NaN",
        "cut.wav: truncated",
    ):
        assert words in text


def test_all_bad(tmp_path):
    write_bad_files(tmp_path)
    with refuses(DataError, "none of the 6", "cut.wav", "truncated"):
        load_clips(tmp_path, "all", RATE)


def test_no_file_has_a_readable_rate(tmp_path):
    (tmp_path / "text.wav").write_text("not a sound\n")
    with refuses(DataError, "none of the 1 audio files"):
        load_clips(tmp_path, "all")


def test_the_commonest_rate_is_taken_and_another_where_asked(tmp_path):
    for name, rate in (("1", 16000), ("2", 16000), ("3", 8000)):
        write(tmp_path / f"{name}.wav", tone(rate=rate), rate)
    assert load_clips(tmp_path, "all").sample_rate == 16000
    assert {len(clip) for clip in load_clips(tmp_path, "all", 4000)} == {800}


def test_trimming_is_off_by_default_and_says_what_it_took(tmp_path):
    wave = np.concatenate([np.zeros(RATE), tone(1.0), np.zeros(RATE)]).astype(np.float32)
    write(tmp_path / "a.wav", wave)
    assert load_clips(tmp_path, "all").num_samples == 3 * RATE
    clips = load_clips(tmp_path, "all", trim_decibels=-40.0)
    assert abs(clips.seconds - 1.04) < 0.02
    assert clips.report.trimmed_seconds == pytest.approx(3 - clips.seconds)
    assert clips.report.trimmed_share == pytest.approx(1 - clips.seconds / 3)
    assert clips.report.lines() == [f"silence trimmed at the ends: 2.0 s, {1 - clips.seconds / 3:.1%}"]


def test_a_split_holds_its_files_and_all_classes(tmp_path):
    for split, word in (("train", "yes"), ("train", "no"), ("test", "yes"), ("validation", "no")):
        write(tmp_path / split / f"{word}_anna.wav", tone())
    clips = load_clips(tmp_path, "test", label_pattern="{word}_{speaker}")
    assert [clip.name for clip in clips] == ["test/yes_anna.wav"]
    assert clips.label_classes == {"speaker": ["anna"], "word": ["no", "yes"]}


def test_refusals(tmp_path):
    write(tmp_path / "test" / "a.wav", tone())
    with refuses(UsageError, "'tests'", "'test'"):
        load_clips(tmp_path, "tests")
    with refuses(UsageError, "trim_decibels", "below 0"):
        load_clips(tmp_path, trim_decibels=40.0)
    with refuses(DataError, "validation", "other splits", 1):
        load_clips(tmp_path, "validation")
    with refuses(DataError, "'fsd'", "'fsdd'"):
        load_clips("fsd")
    with refuses(UsageError, "fsdd", "label pattern"):
        load_clips("fsdd", label_pattern="{a}")
    with refuses(UsageError, "path", "named set"):
        load_clips(tmp_path, path=tmp_path)


def test_fsdd(real_data):
    """The published set: 3000 takes, untrimmed, split as the benchmark splits it."""
    path = real_data / "fsdd"
    test, validation = load_clips("fsdd", "test", path=path), load_clips("fsdd", "validation", path=path)
    assert (len(test), test.num_samples, test.sample_rate) == (300, 1_034_030, 8000)
    assert (len(validation), validation.num_samples) == (300, 1_056_429)
    assert {clip.labels["take"] for clip in test} == {"0", "1", "2", "3", "4"}
    assert {clip.labels["take"] for clip in validation} == {"5", "6", "7", "8", "9"}
    assert test.label_classes["speaker"] == ["george", "jackson", "lucas", "nicolas", "theo", "yweweler"]
    assert test.label_classes["digit"] == [str(digit) for digit in range(10)]
    assert test.report.bad == {} and test.report.lines() == []
    clip = test[0]
    right = soundfile.read(path / clip.name, dtype="int16")[0]
    np.testing.assert_array_equal(clip.wave, right)


def test_a_real_folder_of_mp3(real_data):
    clips = load_clips(real_data / "salamander", "test", 16000, label_pattern="{note}v{velocity}")
    assert 1 <= len(clips) < 20 and clips.label_classes["velocity"] == ["4", "8", "12", "16"]
    assert len(clips.label_classes["note"]) == 30
    assert clips.report.changes == {
        "2 channels mixed to mono": len(clips),
        "resampled from 44100 to 16000 Hz": len(clips),
    }


@pytest.mark.parametrize("is_folder", [False, True])
def test_fault_11_one_recording_is_cut_into_splits(tmp_path, is_folder):
    wave = to_int16(tone(10.0))
    write(tmp_path / "song.flac", wave)
    source = tmp_path if is_folder else tmp_path / "song.flac"
    parts = [load_clips(source, split) for split in ("train", "validation", "test")]
    assert [[len(clip) for clip in part] for part in parts] == [[72_000], [4_000], [4_000]]
    np.testing.assert_array_equal(np.concatenate([part[0].wave for part in parts]), wave)
    assert len(load_clips(source, "all")[0]) == 80_000


def test_fault_11_silence_at_the_end_is_not_all_that_is_held_out(tmp_path):
    write(tmp_path / "song.wav", np.concatenate([tone(5.0), np.zeros(5 * RATE, np.float32)]))
    clips = load_clips(tmp_path / "song.wav", "test")
    assert np.abs(clips[0].samples).mean() > 0.1
    write(tmp_path / "short.wav", tone(0.0005))
    with refuses(DataError, "short.wav", "too short"):
        load_clips(tmp_path / "short.wav", "validation")


def test_fault_23_other_formats_of_a_folder_are_read(tmp_path):
    for suffix in ("opus", "aiff", "caf", "au", "w64", "wav"):
        options = {"format": "OGG", "subtype": "OPUS"} if suffix == "opus" else {}
        write(tmp_path / f"a.{suffix}", tone(), **options)
    assert len(load_clips(tmp_path, "all")) == 6
    for name in ("x.m4a", "y.m4a", "z.wma"):
        (tmp_path / "others" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "others" / name).write_bytes(b"x")
    with refuses(DataError, "2 .m4a", "1 .wma", "ffmpeg"):
        load_clips(tmp_path / "others")
    with refuses(DataError, "x.m4a", "ffmpeg -i x.m4a x.flac"):
        load_clips(tmp_path / "others" / "x.m4a")


def test_fault_44_a_bad_file_does_not_end_the_others(tmp_path):
    write_promising(tmp_path)
    write(tmp_path / "good.wav", tone())
    clips = load_clips(tmp_path, "all")
    assert [clip.name for clip in clips] == ["good.wav"] and clips.sample_rate == RATE
    assert set(clips.report.bad) == {"frames.flac", "rate.wav"}


def test_fault_10_clips_beyond_a_bound_are_mapped(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(spool, "IN_MEMORY", 2000)
    for name in "abc":
        write(tmp_path / "data" / f"{name}.wav", to_int16(tone(frequency=100 * ord(name))))
    clips = load_clips(tmp_path / "data", "all")
    assert sum(isinstance(clip.wave, np.memmap) for clip in clips) == 2
    for clip in clips:
        np.testing.assert_array_equal(clip.wave, to_int16(tone(frequency=100 * ord(clip.name[0]))))
    trimmed = load_clips(tmp_path / "data", "all", trim_decibels=-40.0)
    assert [len(clip) for clip in trimmed] == [1600] * 3
