"""Every kind of file a user may bring comes in as one float wave, and every bad one as one line."""

import os
import re
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.refusals import assert_says, refuses
from undertow.data import audio as audio_files
from undertow.data import sound_formats
from undertow.data.audio import (
    SoundFile,
    audio_writer,
    is_silent,
    read_audio,
    resample,
    to_float,
    to_int16,
    write_audio,
)
from undertow.data.folder import assign_splits
from undertow.errors import DataError

RATE = 8000


def tone(seconds: float = 0.25, rate: int = RATE, frequency: float = 440.0, level: float = 0.5) -> np.ndarray:
    return (level * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def written(path: Path, wave: np.ndarray, rate: int = RATE, **options: str) -> Path:
    soundfile.write(path, wave, rate, **options)
    return path


@pytest.mark.parametrize(
    ("suffix", "subtype", "error"),
    [
        ("wav", "PCM_U8", 2**-7),
        ("wav", "PCM_16", 2**-15),
        ("wav", "PCM_24", 2**-23),
        ("wav", "PCM_32", 2**-24),
        ("wav", "FLOAT", 0.0),
        ("wav", "DOUBLE", 0.0),
        ("flac", "PCM_16", 2**-15),
        ("flac", "PCM_24", 2**-23),
        ("ogg", "VORBIS", 0.05),
        ("mp3", "MPEG_LAYER_III", 0.1),
    ],
)
def test_formats_and_depths(tmp_path, suffix, subtype, error):
    wave = tone()
    audio = read_audio(written(tmp_path / f"a.{suffix}", wave, subtype=subtype))
    assert audio.wave.dtype == np.float32 and audio.wave.shape == wave.shape
    assert (audio.sample_rate, audio.source_rate, audio.num_channels) == (RATE, RATE, 1)
    assert audio.encoding == subtype and audio.notes == ()
    assert np.abs(audio.wave - wave).max() <= error * 1.01


def test_stereo_is_mixed_and_noted(tmp_path):
    left, right = tone(), tone(frequency=300)
    audio = read_audio(written(tmp_path / "a.wav", np.stack([left, right], axis=1), subtype="FLOAT"))
    np.testing.assert_allclose(audio.wave, (left + right) / 2, atol=1e-7)
    assert audio.notes == ("2 channels mixed to mono",)


def test_96_khz_24_bit_stereo_is_resampled_and_noted(tmp_path):
    wave = tone(rate=96000)
    path = written(tmp_path / "a.wav", np.stack([wave, wave], axis=1), 96000, subtype="PCM_24")
    audio = read_audio(path, RATE)
    assert audio.notes == ("2 channels mixed to mono", "resampled from 96000 to 8000 Hz")
    assert (audio.sample_rate, audio.source_rate) == (RATE, 96000)
    assert audio.wave.shape == (2000,)
    np.testing.assert_allclose(audio.wave[200:-200], tone()[200:-200], atol=1e-3)  # the same tone, its ends aside


def test_own_rate_is_kept_without_a_word(tmp_path):
    assert read_audio(written(tmp_path / "a.wav", tone()), RATE).notes == ()


def refusal(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        read_audio(path)
    message = str(caught.value)
    assert str(path) in message and "\n" not in message
    return message.replace(str(path), "")


def test_text_named_wav(tmp_path):
    path = tmp_path / "a.wav"
    path.write_text("this is a letter, not a sound\n" * 40)
    assert_says(refusal(path), "wav", "flac", "audio")


def test_missing_folder_and_empty_file(tmp_path):
    assert "No such file" in refusal(tmp_path / "none.wav")
    assert "folder" in refusal(tmp_path)
    os.mkfifo(tmp_path / "pipe.wav")
    assert "pipe" in refusal(tmp_path / "pipe.wav")
    (tmp_path / "a.wav").touch()
    assert "empty (0 bytes)" in refusal(tmp_path / "a.wav")


def test_zero_length(tmp_path):
    assert "no samples" in refusal(written(tmp_path / "a.wav", np.zeros(0, dtype=np.float32)))


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3"])
@pytest.mark.parametrize("share", [0.7, 0.3])
def test_truncated(tmp_path, suffix, share):
    path = written(tmp_path / f"a.{suffix}", tone(1.0) + 0.01 * np.random.default_rng(0).standard_normal(RATE))
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    assert re.search("truncated|damaged", refusal(path))


def test_truncated_wav_says_by_how_much(tmp_path):
    path = written(tmp_path / "a.wav", tone())
    path.write_bytes(path.read_bytes()[:-100])
    assert "truncated, 100 bytes are missing" in refusal(path)


def test_wav_whose_length_a_pipe_did_not_know_is_whole(tmp_path):
    path = written(tmp_path / "a.wav", tone())
    content = bytearray(path.read_bytes())
    at = content.index(b"data") + 4
    content[4:8] = content[at : at + 4] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    np.testing.assert_allclose(read_audio(path).wave, tone(), atol=2**-15)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_not_finite(tmp_path, value):
    wave = tone()
    wave[[3, 7]] = value
    assert "2 of 2,000 samples are NaN or infinite" in refusal(written(tmp_path / "a.wav", wave, subtype="FLOAT"))


def test_float_file_over_full_scale(tmp_path):
    audio = read_audio(written(tmp_path / "a.wav", 3 * tone(), subtype="FLOAT"))
    assert np.abs(audio.wave).max() == 1.0 and ["clipped" in note for note in audio.notes] == [True]
    message = refusal(written(tmp_path / "b.wav", 30000 * tone(), subtype="FLOAT"))
    assert "full scale is 1" in message and "15000" in message


def test_silent():
    assert is_silent(np.zeros(100, dtype=np.float32))
    assert is_silent(np.full(100, 0.3, dtype=np.float32))  # a constant offset is no sound
    assert is_silent(np.zeros(0, dtype=np.float32))
    assert not is_silent(tone(level=0.001))


def test_write_then_read_is_exact_in_16_bit(tmp_path):
    wave = to_float(np.random.default_rng(0).integers(-32768, 32768, 999).astype(np.int16))
    path = tmp_path / "new" / "a.wav"
    write_audio(path, wave, 11025)
    info = soundfile.info(path)
    assert (info.samplerate, info.channels, info.subtype, info.format) == (11025, 1, "PCM_16", "WAV")
    np.testing.assert_array_equal(read_audio(path).wave, wave)
    assert [file.name for file in path.parent.iterdir()] == ["a.wav"]


def test_write_clips_and_refuses_nan(tmp_path):
    write_audio(tmp_path / "a.wav", np.array([2.0, -2.0, 0.25]), RATE)
    np.testing.assert_array_equal(to_int16(read_audio(tmp_path / "a.wav").wave), [32767, -32768, 8192])
    before = (tmp_path / "a.wav").read_bytes()
    with refuses(DataError, "NaN"):
        write_audio(tmp_path / "a.wav", np.array([0.0, np.nan]), RATE)
    assert (tmp_path / "a.wav").read_bytes() == before


def with_frames(path: Path, wave: np.ndarray) -> Path:
    """A flac file whose header says 2^36 - 1 samples."""
    content = bytearray(written(path, wave, subtype="PCM_16").read_bytes())
    content[21] |= 0x0F
    content[22:26] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    return path


def wav_header(path: Path, wave: np.ndarray, at: int, value: int) -> Path:
    content = bytearray(written(path, wave, subtype="PCM_16").read_bytes())
    content[at : at + 4] = value.to_bytes(4, "little")
    path.write_bytes(content)
    return path


def test_fault_44_a_header_that_promises_too_much_costs_no_memory(tmp_path):
    wave = tone(1.0)
    mp3 = written(tmp_path / "a.mp3", wave)
    content = bytearray(mp3.read_bytes())
    at = max(content.find(b"Xing"), content.find(b"Info"))
    content[at + 8 : at + 12] = b"\x7f\xff\xff\xff"  # the number of its frames
    mp3.write_bytes(content)
    flac, wav = with_frames(tmp_path / "a.flac", wave), wav_header(tmp_path / "a.wav", wave, 40, 0x7FFFEFF0)
    tracemalloc.start()
    assert_says(refusal(mp3), "header", "samples")
    assert_says(refusal(flac), "header", "68,719,476,735 samples")
    assert_says(refusal(wav), "truncated")
    assert tracemalloc.get_traced_memory()[1] < 2**24
    tracemalloc.stop()


def test_a_header_within_reason_is_still_counted_against_what_is_there(tmp_path):
    path = written(tmp_path / "a.flac", tone(1.0), subtype="PCM_16")
    content = bytearray(path.read_bytes())
    content[22:26] = (10**7).to_bytes(4, "big")
    path.write_bytes(content)
    assert_says(refusal(path), "truncated", "8000 of 10000000")


@pytest.mark.parametrize("rate", [1, 999, 768_001, 2**31 - 1])
def test_fault_44_a_rate_that_no_sound_has_is_refused(tmp_path, rate):
    assert_says(refusal(wav_header(tmp_path / "a.wav", tone(), 24, rate)), f"{rate:,} Hz", "1,000", "768,000")
    with refuses(DataError, f"{rate:,} Hz"):
        read_audio(tmp_path / "a.wav", 16000)


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        ("opus", {"format": "OGG", "subtype": "OPUS"}),
        ("aiff", {"subtype": "PCM_24"}),
        ("aif", {"format": "AIFF"}),
        ("caf", {}),
        ("au", {}),
        ("snd", {"format": "AU"}),
        ("w64", {}),
        ("rf64", {}),
        ("voc", {}),
        ("sph", {"format": "NIST"}),
    ],
)
def test_fault_23_every_format_that_libsndfile_reads_is_read(tmp_path, suffix, options):
    audio = read_audio(written(tmp_path / f"a.{suffix}", tone(), **options))
    assert audio.wave.shape == tone().shape
    assert np.abs(audio.wave - tone())[200:-200].max() < 0.1


@pytest.mark.parametrize("suffix", ["m4a", "wma", "MP4"])
def test_fault_23_a_format_that_is_not_read_is_named_with_its_remedy(tmp_path, suffix):
    (tmp_path / f"song.{suffix}").write_bytes(b"\0\0\0\x1cftypM4A " * 40)
    assert_says(refusal(tmp_path / f"song.{suffix}"), f"ffmpeg -i song.{suffix} song.flac")


@pytest.mark.parametrize("suffix", ["aiff", "caf", "au"])
def test_truncated_files_of_other_formats(tmp_path, suffix):
    path = written(tmp_path / f"a.{suffix}", tone(), subtype="PCM_16")
    read_audio(path)
    path.write_bytes(path.read_bytes()[:-100])
    assert "truncated, 100 bytes are missing" in refusal(path)


@pytest.mark.parametrize("suffix", ["wav", "mp3", "ogg"])
@pytest.mark.parametrize("rate", [None, 8000, 44100])
def test_blocks_change_no_bit(tmp_path, monkeypatch, suffix, rate):
    noise = 0.1 * np.random.default_rng(0).standard_normal((30_000, 2))
    path = written(tmp_path / f"a.{suffix}", np.stack([tone(3.0, 10_000)] * 2, axis=1) + noise, 11025)
    whole = read_audio(path, rate)
    monkeypatch.setattr(audio_files, "BLOCK", 5_000)
    blocks = list(SoundFile(path, rate).blocks())
    assert len(blocks) > 5 and max(map(len, blocks)) <= 10_000
    np.testing.assert_array_equal(np.concatenate(blocks), whole.wave)
    right = soundfile.read(path, dtype="float32")[0].mean(axis=1)
    right = right if rate is None else resample(right, 11025, rate)
    np.testing.assert_array_equal(whole.wave, right.clip(-1, 1))


def test_a_wave_that_is_read_whole_is_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(audio_files, "MOST_WHOLE", 1999)
    assert_says(refusal(written(tmp_path / "a.wav", tone())), "too long", "hours")


@pytest.mark.parametrize("suffix", ["w64", "au", "wav"])
def test_fault_30_a_terabyte_of_holes_is_refused_at_once(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, np.zeros(800), 8000)
    os.truncate(path, 1 << 40)
    with refuses(DataError, path, f"{1 << 40:,}"):
        read_audio(path)


def test_fault_36_a_sound_whose_name_is_not_utf8_is_read(tmp_path):
    path = tmp_path / os.fsdecode(b"caf\xe9.wav")
    soundfile.write(tmp_path / "a.wav", tone(), RATE)
    (tmp_path / "a.wav").rename(path)
    assert len(read_audio(path).wave) == len(tone())
    assert list(assign_splits([path.name, "b.wav", "c.wav"], {}).values()).count("train") == 1


def test_files_to_convert_are_counted_in_the_singular_and_the_plural():
    assert sound_formats.foreign_lines({".m4a": 1})[0].startswith("1 .m4a file cannot be read")
    assert sound_formats.foreign_lines({".m4a": 1, ".aac": 1})[0].startswith("1 .m4a, 1 .aac files cannot be read")


def test_a_sound_in_parts_is_the_whole_or_nothing(tmp_path):
    wave = to_float(np.random.default_rng(0).integers(-20_000, 20_000, 3000).astype(np.int16))
    for name in ("a.wav", "a.flac"):
        with audio_writer(tmp_path / name, 8000) as write:
            for start in range(0, 3000, 700):
                write(wave[start : start + 700])
        assert np.array_equal(read_audio(tmp_path / name).wave, wave)
    with pytest.raises(KeyError), audio_writer(tmp_path / "b.wav", 8000) as write:
        write(wave)
        raise KeyError
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.flac", "a.wav"]
