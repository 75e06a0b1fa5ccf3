"""`undertow generate`: what a wrong request gets, whatever the medium: one line, its status, and no file."""

import numpy as np
import pytest

from tests.data.test_load import tone, write
from tests.generation.symbol_models import CHARACTERS

LENGTHS = ("--num-symbols", "--seconds", "--features")


@pytest.fixture
def given(tmp_path, monkeypatch):
    """A folder to work in, with files that are and are not what they are called."""
    monkeypatch.chdir(tmp_path)
    for name in ("text.txt", "text.wav", "plain"):
        (tmp_path / name).write_text("text")
    (tmp_path / "latin.txt").write_bytes("hé".encode("latin-1"))
    (tmp_path / "folder.wav").mkdir()
    np.save(tmp_path / "wrong.npy", np.zeros((3, 7)))
    np.save(tmp_path / "full.npy", np.zeros((6, 6), np.uint8))
    np.save(tmp_path / "narrow.npy", np.zeros((2, 5), np.uint8))
    for name in ("clip.wav", "cut.wav"):
        write(tmp_path / name, tone())
    with (tmp_path / "cut.wav").open("rb+") as file:
        file.truncate(1000)
    return tmp_path


SOUND = [
    ("--label A22", 1, "unknown label 'A22'; did you mean 'A2'?"),
    ("--label pich=A2", 1, "unknown label 'pich'; did you mean 'pitch'?"),
    ("--label A2 --label B2", 2, "given twice"),
    ("--count 0", 2, "count"),
    ("--temperature -1", 2, "--temperature is -1"),
    ("--top-p 2", 2, "--top-p is 2"),
    ("--top-k 0", 2, "--top-k is 0"),
    ("--seed -1", 2, "seed is -1"),
    ("--engine warp", 2, "unknown engine 'warp'"),
    ("--threads 0", 2, "threads is 0"),
    ("--device cuda:97", 2, "there is no cuda:97"),
    ("--seconds 0", 2, "seconds is 0"),
    ("--seconds 1e308", 2, "seconds is 1e+308"),
    ("--features clip.wav", 2, "not conditioned on features"),
    ("--prompt nowhere.wav", 1, "there is no such file"),
    ("--prompt text.wav", 1, "not wav, flac, ogg or mp3 audio"),
    ("--prompt cut.wav", 1, "truncated"),
    ("--out x.wav --count 2", 2, "give a folder"),
    ("--out x.mp3", 2, "written as wav; name it x.wav"),
    ("--out text.txt", 2, "written as wav; name it text.wav"),
    ("--out plain", 2, "is a file; give a folder, or a file named .wav"),
    ("--out folder.wav", 2, "is a folder"),
    ("--seconds 0.01 --num-symbols 5", 2, "give seconds or --num-symbols, not both"),
]

OTHERS = [
    ("sound", "", 2, "--out is missing: a file named .wav"),
    ("sound", "--out x --stop a", 2, "--stop: this model makes sound"),
    ("sound", "--out x --count 100000", 2, "100,000 rows are asked for; one stream takes 65,536 at most"),
    ("text", "--prompt dog", 1, "character 'g' (U+0067) at position 3 is not in the alphabet"),
    ("text", "--prompt-file nowhere.txt", 1, "nowhere.txt: No such file"),
    ("text", "--prompt-file latin.txt", 1, "is not UTF-8 text: byte 0xe9 at position 2"),
    ("text", "--prompt a --prompt-file latin.txt", 2, "--prompt or --prompt-file, not both"),
    ("text", "--seconds 1", 2, "--seconds: this model writes text"),
    ("text", "--num-symbols 0", 2, "--num-symbols is 0; it must be 1 or more"),
    ("roll", "--out x --num-symbols -3", 2, "--num-symbols is -3; it must be 1 or more"),
    ("text", "--stop dog", 2, "stop 'dog': character 'g' (U+0067) at position 3 is not in the alphabet; its "),
    ("text", "--stop the --stop G", 2, "stop 'G': character 'G'"),
    ("byte", "--stop \udcff", 2, "stop '\\udcff': this is no UTF-8, so no text has it"),
    ("byte", "--prompt-file latin.txt --out latin.txt", 2, "and would be overwritten; write to another file"),
    ("text", "--count 0", 2, "count is less than 1"),
    ("text", "--features x.npy", 2, "not conditioned on features"),
    ("text", "--label a", 1, "trained without labels"),
    ("text", "--out x.txt --count 2", 2, "give a folder"),
    ("text", "--out wrong.npy --count 2", 2, "written as txt; name it wrong.txt"),
    ("bounded", "--num-symbols 65", 2, "65 steps are asked for"),
    ("bounded", f"--prompt {'the' * 22}", 2, "the prompt is 66 steps long"),
    ("roll", "", 2, "--out is missing: a file named .npz or .mid"),
    ("roll", "--out x --stop a", 2, "--stop: this model makes music"),
    ("roll", "--out x --seconds 1", 2, "--seconds: this model makes music"),
    ("roll", "--out x --top-k 3", 2, "top_k and top_p are for categorical"),
    ("roll", "--out x.wav", 2, "written as npz"),
    ("roll", "--out x --prompt nowhere.npy", 1, "nowhere.npy: there is no such file"),
    ("roll", "--out x --prompt wrong.npy", 1, "is (3, 7); a piano roll is (T, 88)"),
    ("pixel", "", 2, "--out is missing: a file named .png"),
    ("pixel", "--out x --num-symbols 30", 2, "--num-symbols 36 does"),
    ("pixel", "--out x --prompt full.npy", 2, "the prompt has 36 pixels"),
    ("pixel", "--out x --prompt narrow.npy", 1, "(2, 5)"),
    ("pixel", "--out x --seconds 3", 2, "--seconds: this model makes images"),
    ("pixel", "--out x.jpg", 2, "written as png"),
]
ROWS = [("sound", words if "--out" in words else f"--out x {words}", *rest) for words, *rest in SOUND] + OTHERS


@pytest.mark.parametrize(("run", "words", "status", "said"), ROWS)
def test_what_a_wrong_request_gets(command, trained, runs, given, run, words, status, said):
    before = sorted(given.rglob("*"))
    length = [] if any(option in words for option in LENGTHS) else ["--num-symbols", "4"]
    outcome = command("generate", trained if run == "sound" else runs / run, *length, *words.split())
    assert (outcome.status, said in outcome.line) == (status, True), outcome.err
    assert sorted(given.rglob("*")) == before and not outcome.out


def test_no_model_there(command, tmp_path):
    outcome = command("generate", tmp_path / "nothing", "--out", tmp_path / "x")
    assert outcome.status == 1 and "does not exist" in outcome.line


def test_the_alphabet_of_these_tests():
    assert "g" not in CHARACTERS and "\n" in CHARACTERS
