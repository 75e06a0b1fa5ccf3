"""`data info` counts and measures what is there."""

import numpy as np
import pytest
import soundfile

from tests.data.sounds import tone, write, write_bad_files, write_promising
from tests.refusals import assert_says, refuses
from undertow.data import audio
from undertow.data.survey import survey
from undertow.errors import DataError


def test_figures_of_a_folder(tmp_path):
    write(tmp_path / "a" / "1.wav", tone(1.0))
    write(tmp_path / "a" / "2.wav", np.stack([tone(3.0, 16000)] * 2, axis=1), 16000, subtype="PCM_24")
    write(tmp_path / "b" / "3.wav", np.concatenate([2.0 * tone(1.0), np.zeros(8000)]), subtype="PCM_16")
    write_bad_files(tmp_path / "b")
    found = survey(tmp_path)
    assert (found["num_files"], found["num_good"]) == (9, 3)
    assert found["hours"] == pytest.approx(6 / 3600)
    assert found["sample_rates"] == {"8000": 2, "16000": 1} and found["channels"] == {"1": 2, "2": 1}
    assert found["encodings"] == {"PCM_16": 2, "PCM_24": 1}
    assert found["seconds"] == pytest.approx(
        {"shortest": 1, "p5": 1.1, "median": 2, "p95": 2.9, "longest": 3, "mean": 2}
    )
    assert found["labels"] == {"label": {"a": 2, "b": 1}}
    assert sum(found["splits"].values()) == 3
    assert set(found["bad"]) == {f"b/{name}.wav" for name in ("text", "nothing", "zero", "silent", "nan", "cut")}
    assert found["silence_share"] == pytest.approx(1 / 6)
    assert found["num_clipped_files"] == 1 and 0 < found["clipping_share"] < 0.05
    assert found["peak_dbfs"] == pytest.approx(0, abs=0.01)


def test_level_of_a_file(tmp_path):
    write(tmp_path / "a.wav", tone(1.0))
    found = survey(tmp_path / "a.wav")
    assert found["level_dbfs"] == pytest.approx(20 * np.log10(0.5) - 10 * np.log10(2), abs=0.01)
    assert found["num_files"] == 1 and found["splits"] == {} and found["labels"] == {}


def test_all_bad_is_still_a_survey(tmp_path):
    write_bad_files(tmp_path)
    found = survey(tmp_path)
    assert found["num_good"] == 0 and len(found["bad"]) == 6 and "level_dbfs" not in found


def test_refusals(tmp_path):
    with refuses(DataError, "no audio"):
        survey(tmp_path)
    (tmp_path / "a.txt").write_text("x")
    with refuses(DataError, "a.txt", "audio", "wav"):
        survey(tmp_path / "a.txt")
    (tmp_path / "my memo.m4a").write_bytes(b"x")
    with refuses(DataError, "not read", "ffmpeg -i 'my memo.m4a' 'my memo.flac'"):
        survey(tmp_path / "my memo.m4a")
    with refuses(DataError, "folder", "named set"):
        survey(tmp_path / "none")


def test_fsdd(real_data, monkeypatch):
    monkeypatch.setenv("UNDERTOW_DATA", str(real_data))
    found = survey("fsdd")
    assert found["num_files"] == found["num_good"] == 3000 and found["bad"] == {}
    assert found["sample_rates"] == {"8000": 3000} and found["encodings"] == {"PCM_16": 3000}
    assert found["splits"] == {"train": 2400, "test": 300, "validation": 300}
    assert found["hours"] * 3600 * 8000 == pytest.approx(10_498_424)
    assert set(found["labels"]["speaker"].values()) == {500} and set(found["labels"]["digit"].values()) == {300}
    info = soundfile.info(real_data / "fsdd/recordings/0_theo_0.wav")
    assert found["seconds"]["shortest"] <= info.duration <= found["seconds"]["longest"]


def test_fault_44_bad_headers_are_named_among_the_good(tmp_path):
    write_promising(tmp_path)
    write(tmp_path / "good.wav", tone(1.0))
    found = survey(tmp_path)
    assert found["num_good"] == 1 and set(found["bad"]) == {"frames.flac", "rate.wav"}


def test_fault_48_long_files_are_measured_in_blocks(tmp_path, monkeypatch):
    write(tmp_path / "a.flac", np.concatenate([2.0 * tone(2.0), np.zeros(8000)]))
    whole = survey(tmp_path)
    monkeypatch.setattr(audio, "BLOCK", 777)
    blocks = survey(tmp_path)
    assert whole.pop("level_dbfs") == pytest.approx(blocks.pop("level_dbfs"), abs=1e-9)
    assert whole == blocks


def test_fault_23_what_cannot_be_read_is_counted_with_its_remedy(tmp_path):
    write(tmp_path / "a.opus", tone(), format="OGG", subtype="OPUS")
    for name in ("b.m4a", "c.m4a", "d.mp4", ".hidden.m4a", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    found = survey(tmp_path)
    assert found["num_good"] == 1 and len(found["notes"]) == 1
    assert_says(found["notes"][0], "2 .m4a", "1 .mp4", "ffmpeg")
