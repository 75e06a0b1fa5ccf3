"""`undertow data`: what it prints, for people and as JSON."""

import json
import os

import pytest

from tests.data.servers import cache, serve, server  # noqa: F401
from tests.data.sounds import tone, write, write_bad_files
from tests.refusals import assert_says, refuses
from undertow.cli.data import fetch_set, info, list_sets
from undertow.data.catalogue import CATALOGUE
from undertow.errors import UsageError


def test_list(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("UNDERTOW_DATA", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "fsdd").mkdir()
    list_sets()
    text = capsys.readouterr().out
    assert all(name in text and entry.licence in text for name, entry in CATALOGUE.items())
    assert str(tmp_path / "fsdd") in text and "undertow data fetch vctk" in text
    list_sets(json=True)
    sets = json.loads(capsys.readouterr().out)
    assert (
        set(sets) == set(CATALOGUE) and sets["fsdd"]["path"] == str(tmp_path / "fsdd") and sets["vctk"]["path"] is None
    )


def test_list_of_every_kind(capsys):
    list_sets(json=True)
    sets = json.loads(capsys.readouterr().out)
    assert {entry["kind"] for entry in sets.values()} == {
        *("audio", "text", "rolls", "images", "segmentation", "pairs", "tags", "words")
    }
    assert all(bool(entry["urls"]) != bool(entry["made"]) for entry in sets.values())
    assert sets["enwik6"]["urls"] == sets["enwik8"]["urls"] and "sample_rate" not in sets["mnist"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("tinyshakespeare", ["1,115,394 bytes", "65 different ones", "train: 1,003,854 bytes", "' ' 15.2%"]),
        ("nottingham", ["694 pieces", "3.96 notes a step"]),
        ("mnist", ["784 pixels", "10,000 pictures", "1: 1135"]),
        ("multi30k", ["29,000 pairs", "11.9 in en"]),
    ],
)
def test_info_of_every_kind(capsys, real_data, monkeypatch, name, words):
    monkeypatch.setenv("UNDERTOW_DATA", str(real_data))
    info(name)
    text = capsys.readouterr().out
    assert text.startswith(f"{name}: ") and all(one in text for one in words), text


def test_info_of_text_that_is_not_utf8(capsys, tmp_path):
    (tmp_path / "a.txt").write_bytes(b"na\xefve\r\n" * 20)
    (tmp_path / "b.bin").write_bytes(b"\0")
    info(str(tmp_path))
    text = capsys.readouterr().out
    for words in ("byte 0xef at position 3", "20, 20 carriage returns", "of the bytes", "1 file skipped (binary"):
        assert words in text


def test_the_row_of_a_label_from_folders(capsys, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write(tmp_path / name / "a.wav", tone())
    info(str(tmp_path))
    assert "\nlabels             one: 1, two: 1\n" in capsys.readouterr().out


def test_info(capsys, tmp_path):
    write(tmp_path / "yes_anna.wav", tone())
    write(tmp_path / "no_bert.wav", tone(0.4))
    info(str(tmp_path), label_pattern="{word}_{speaker}")
    text = capsys.readouterr().out
    for words in ("2 files", "8000: 2", "PCM_16: 2", "median 0.30", "dBFS", "label word", "anna: 1, bert: 1"):
        assert words in text
    assert "cannot be used" not in text
    write_bad_files(tmp_path)
    info(str(tmp_path))
    text = capsys.readouterr().out
    assert "6 cannot be used" in text and "text.wav: not wav, flac" in text
    info(str(tmp_path), json=True)
    assert json.loads(capsys.readouterr().out)["num_good"] == 2


def test_fault_4_info_names_the_layout(capsys, tmp_path):
    write(tmp_path / "a" / "wavs" / "x-1.wav", tone())
    (tmp_path / "a" / "metadata.csv").write_text("x-1|Yes.|Yes.\n")
    info(str(tmp_path / "a"))
    assert_says(capsys.readouterr().out, "layout", "LJ Speech", "label text", "Yes.: 1")
    for microphone in (1, 2):
        write(tmp_path / "b" / "wav48" / "p1" / f"p1_1_mic{microphone}.flac", tone())
    (tmp_path / "b" / "txt" / "p1").mkdir(parents=True)
    info(str(tmp_path / "b"))
    assert_says(capsys.readouterr().out, "VCTK", "left out", "microphone", "label speaker", "p1: 1")


def test_info_of_nothing_but_bad_files(capsys, tmp_path):
    write_bad_files(tmp_path)
    info(str(tmp_path))
    assert "6 files" in capsys.readouterr().out


def test_fetch(capsys, tmp_path, monkeypatch, server, cache):  # noqa: F811
    serve("ljspeech", server, tmp_path, monkeypatch)
    fetch_set("ljspeech", into=tmp_path / "sets", json=True)
    printed = capsys.readouterr()
    assert json.loads(printed.out) == {"name": "ljspeech", "path": str(tmp_path / "sets" / "ljspeech")}
    assert "ljspeech-0" in printed.err  # the progress bar


def test_fetch_of_what_is_there(capsys, real_data, monkeypatch):
    monkeypatch.setenv("UNDERTOW_DATA", str(real_data))
    fetch_set("fsdd")
    assert_says(capsys.readouterr().out, "fsdd", real_data / "fsdd")
    fetch_set("fsdd", json=True)
    assert json.loads(capsys.readouterr().out) == {"name": "fsdd", "path": str(real_data / "fsdd")}
    with refuses(UsageError, "data set", "'nothing'"):
        fetch_set("nothing")


def test_fault_36_files_with_names_that_are_not_utf8_are_described(command, tmp_path):
    for name in (b"caf\xe9.txt", b"\x1b[31m.txt", b"sub\xff/[red].txt"):
        path = tmp_path / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True)
        path.write_text("some text\n" * 50)
    (tmp_path / os.fsdecode(b"\x1b[2J\xe9.bin")).write_bytes(b"\0")
    for words in ((), ("--json",)):
        outcome = command("data", "info", tmp_path, *words)
        assert outcome.status == 0 and "\x1b" not in outcome.out
        outcome.out.encode()
    assert json.loads(outcome.out)["num_files"] == 3
    outcome = command("data", "info", tmp_path / os.fsdecode(b"nowhere\x1b[2J\xe9"))
    assert outcome.status == 1 and "nowhere\\x1b[2J\\xe9" in outcome.line


def test_a_name_makes_no_line_of_its_own(command, tmp_path):
    (tmp_path / "a\nbad files  none.wav").write_bytes(b"")
    outcome = command("data", "info", tmp_path)
    assert outcome.status == 0 and "a\\nbad files  none.wav" in outcome.out
    assert not any(line.startswith("bad files  none") for line in outcome.out.splitlines())


def test_a_silent_file_alone_is_said_plainly(command, tmp_path):
    write(tmp_path / "a.wav", 0 * tone())
    outcome = command("data", "info", tmp_path / "a.wav")
    assert outcome.status == 0 and "silent" in outcome.out and "sample rates" not in outcome.out
    outcome = command("train", "wavenet", "--data", tmp_path / "a.wav", "--out", tmp_path / "run", "--steps", "1")
    assert outcome.status == 1 and not (tmp_path / "run").exists()
    assert_says(outcome.line, "the only train file", "a.wav: silent")


def test_of_many_bad_files_the_first_are_named_and_a_long_label_is_cut(command, tmp_path):
    for number in range(40):
        (tmp_path / f"{number:02}.wav").touch()
    for label in ("x" * 200, "y"):
        write(tmp_path / label / "a.wav", tone())
    outcome = command("data", "info", tmp_path)
    assert_says(outcome.out, "40 cannot be used", "09.wav", "and 30 more", "(200 characters)")
    assert "10.wav" not in outcome.out and max(map(len, outcome.out.splitlines())) < 120
    assert len(json.loads(command("data", "info", tmp_path, "--json").out)["bad"]) == 40
    (tmp_path / "metadata.csv").write_text(f"file,{'n' * 200}\ny/a.wav,v\n")
    assert "... (200 characters) v: 1" in command("data", "info", tmp_path).out


def test_fault_36_a_folder_whose_name_is_not_utf8_is_one_line_in_a_recipe(command, tmp_path):
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    (folder / "a.txt").write_text("some text\n" * 50)
    outcome = command("train", "gru-tinyshakespeare", "--data", folder, "--out", tmp_path / "out", "--steps", "1")
    assert outcome.status == 2 and "caf\\xe9 is not UTF-8" in outcome.line and not (tmp_path / "out").exists()
