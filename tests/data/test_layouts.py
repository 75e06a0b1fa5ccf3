"""Folders laid out as well-known sets of speech are taken as published: their texts, speakers and splits."""

from pathlib import Path

import pytest

from tests.data.sounds import tone, write
from tests.data.test_folder import labels, splits, touched
from tests.refusals import assert_says, refuses
from undertow.data.folder import Layout, list_items, read_layout
from undertow.data.load import load_clips
from undertow.data.transcripts import Spoken
from undertow.errors import DataError

HEAD = "client_id\tpath\tsentence\tup_votes\n"


def texts(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize("suffixes", [(".wav",), ("_mic1.flac", "_mic2.flac"), ("_mic2.flac",)])
def test_fault_4_vctk(tmp_path, suffixes):
    takes = ("p225/p225_001", "p225/p225_002", "p226/p226_001", "s5/s5_003")
    touched(tmp_path, *(f"wav48_silence_trimmed/{take}{suffix}" for take in takes for suffix in suffixes))
    texts(tmp_path, {f"txt/{take}.txt": f"Text of\n{take}. \n" for take in takes[:3]})
    assert labels(tmp_path) == {
        f"wav48_silence_trimmed/{take}{suffixes[0]}": {"speaker": take.split("/")[0]}
        | ({"text": f"Text of {take}."} if take in takes[:3] else {})
        for take in takes
    }
    found = read_layout(tmp_path, Layout())
    assert "VCTK" in found.layout and len(found.notes) == len(suffixes) - 1
    assert all("4 files" in note for note in found.notes)


def common_voice(root: Path, **tables: str) -> Path:
    texts(root, {f"{table}.tsv": HEAD + rows for table, rows in tables.items()})
    return touched(root, *(f"clips/cv_{number}.mp3" for number in range(6)))


def test_fault_4_common_voice_keeps_its_splits(tmp_path):
    common_voice(
        tmp_path,
        validated="".join(f"c{n}\tcv_{n}.mp3\tsaid\t2\n" for n in range(6)),
        train='anna\tcv_1.mp3\tHe said "yes\t2\nanna\tcv_0.mp3\tNo.\t2\r\n',
        dev="bert\tcv_2.mp3\tOh.\t2\n",
        test="carl\tcv_3\t \t2\n",
    )
    found = read_layout(tmp_path, Layout())
    assert "Common Voice" in found.layout and "2 clips left out" in found.notes[0]
    assert labels(tmp_path) == {
        "clips/cv_0.mp3": {"speaker": "anna", "text": "No."},
        "clips/cv_1.mp3": {"speaker": "anna", "text": 'He said "yes'},
        "clips/cv_2.mp3": {"speaker": "bert", "text": "Oh."},
        "clips/cv_3.mp3": {"speaker": "carl"},
    }
    assert list(splits(tmp_path).values()) == ["train", "train", "validation", "test"]


def test_fault_4_common_voice_of_validated_clips_alone(tmp_path):
    common_voice(tmp_path, validated="".join(f"c{n}\tcv_{n}.mp3\tsaid {n}\t2\n" for n in range(5)))
    assert labels(tmp_path)["clips/cv_4.mp3"] == {"speaker": "c4", "text": "said 4"}
    assert sorted(splits(tmp_path).values()) == ["test", "train", "train", "train", "validation"]
    spoken = Spoken(str(tmp_path), held_out_speaker="c2")
    assert spoken.texts()["speaker"] == ["said 2"] and "said 2" not in spoken.texts()["train"]


@pytest.mark.parametrize(
    ("tables", "parts"),
    [
        ({"train": "a\tcv_0.mp3\tx\t2\n", "test": "b\tcv_0.mp3\ty\t2\n"}, ["test.tsv, line 2", "train.tsv, line 2"]),
        ({"train": "a\tcv_9.mp3\tx\t2\n"}, ["train.tsv, line 2", "'cv_9.mp3'"]),
        ({"dev": "a\tcv_1.mp3\tx\n"}, ["dev.tsv, line 2", "3 cells", "4"]),
        ({"dev": ""}, ["dev.tsv", "no rows"]),
    ],
)
def test_faults_of_common_voice(tmp_path, tables, parts):
    with refuses(DataError, *parts):
        list_items(common_voice(tmp_path, **tables), Layout())


def test_fault_4_librispeech(tmp_path):
    touched(tmp_path, "train-clean-5/84/1/84-1-0000.flac", "train-clean-5/84/1/84-1-0001.flac")
    touched(tmp_path, "dev-other/7/2/7-2-0000.flac", "test-clean/8/3/8-3-0000.flac")
    texts(
        tmp_path,
        {
            "train-clean-5/84/1/84-1.trans.txt": "84-1-0000 BUT STILL\n84-1-0001 AND  SO\n",
            "dev-other/7/2/7-2.trans.txt": "7-2-0000 YES\n",
            "test-clean/8/3/8-3.trans.txt": "",
        },
    )
    assert labels(tmp_path) == {
        "dev-other/7/2/7-2-0000.flac": {"speaker": "7", "text": "YES"},
        "test-clean/8/3/8-3-0000.flac": {"speaker": "8"},
        "train-clean-5/84/1/84-1-0000.flac": {"speaker": "84", "text": "BUT STILL"},
        "train-clean-5/84/1/84-1-0001.flac": {"speaker": "84", "text": "AND  SO"},
    }
    assert list(splits(tmp_path).values()) == ["validation", "test", "train", "train"]
    assert "LibriSpeech" in read_layout(tmp_path, Layout()).layout
    (tmp_path / "dev-other/7/2/7-2.trans.txt").write_text("7-2-0000 YES\n7-2-0000 NO\n")
    with refuses(DataError, "7-2.trans.txt, line 2", "7-2.trans.txt, line 1", "7-2-0000"):
        list_items(tmp_path, Layout())


def test_folders_that_are_only_like_them_are_plain(tmp_path):
    touched(tmp_path, "wav48/p225/1.wav", "wav48/p226/1.wav")
    assert "VCTK" not in read_layout(tmp_path, Layout()).layout
    touched(tmp_path / "c", "1.wav", "txt/notes.txt")
    assert labels(tmp_path / "c") == {"1.wav": {}}
    touched(tmp_path / "b", "clips/1.wav", "other/1.wav")
    texts(tmp_path / "b", {"train.tsv": HEAD})
    assert labels(tmp_path / "b") == {"clips/1.wav": {"label": "clips"}, "other/1.wav": {"label": "other"}}


def test_what_is_left_out_is_said_when_clips_are_read(tmp_path):
    for take in ("p1/p1_001", "p1/p1_002", "p2/p2_001"):
        for microphone in (1, 2):
            write(tmp_path / f"wav48/{take}_mic{microphone}.flac", tone())
        texts(tmp_path, {f"txt/{take}.txt": take})
    clips = load_clips(tmp_path, "all")
    assert len(clips) == 3 and clips.label_classes["speaker"] == ["p1", "p2"]
    assert_says(clips.report.lines()[0], "3 files left out", "microphone")


def test_voices_each_laid_out_as_lj_speech(tmp_path):
    touched(tmp_path, "en/wavs/a.flac", "en/wavs/b.flac", "it/wavs/a.flac")
    texts(tmp_path, {"en/metadata.csv": "a|Yes.|yes\n"})
    found = read_layout(tmp_path, Layout(every=(2, 1)))
    assert "LJ Speech" in found.layout
    assert labels(tmp_path) == {
        "en/wavs/a.flac": {"voice": "en", "raw_text": "Yes.", "text": "yes"},
        "en/wavs/b.flac": {"voice": "en"},
        "it/wavs/a.flac": {"voice": "it"},
    }
    assert [item.split for item in found.items] == ["validation", "test", "validation"]
    texts(tmp_path, {"it/metadata.csv": "b|No.|no\n"})
    with refuses(DataError, "it/metadata.csv, line 1", "'b'"):
        list_items(tmp_path, Layout())
    (tmp_path / "it/metadata.csv").unlink()
    (tmp_path / "en/metadata.csv").unlink()
    assert "sub-folders" in read_layout(tmp_path, Layout()).layout
