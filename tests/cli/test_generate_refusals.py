"""`undertow generate`: what a wrong request gets, whatever the medium: one line, its status, and no file."""

import numpy as np
import pytest

from tests.data.sounds import tone, write
from tests.generation.symbol_models import CHARACTERS
from tests.refusals import assert_says

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
    ("--label A22", 1, ("label 'A22'", "'A2'")),
    ("--label pich=A2", 1, ("label 'pich'", "'pitch'")),
    ("--label A2 --label B2", 2, ("label", "twice")),
    ("--count 0", 2, ("count",)),
    ("--temperature -1", 2, ("--temperature is -1",)),
    ("--top-p 2", 2, ("--top-p is 2",)),
    ("--top-k 0", 2, ("--top-k is 0",)),
    ("--seed -1", 2, ("seed is -1",)),
    ("--engine warp", 2, ("engine 'warp'",)),
    ("--threads 0", 2, ("threads is 0",)),
    ("--device cuda:97", 2, ("cuda:97",)),
    ("--seconds 0", 2, ("seconds is 0",)),
    ("--seconds 1e308", 2, ("seconds is 1e+308",)),
    ("--features clip.wav", 2, ("features",)),
    ("--prompt nowhere.wav", 1, ("nowhere.wav", "No such file")),
    ("--prompt text.wav", 1, ("text.wav", "wav, flac, ogg")),
    ("--prompt cut.wav", 1, ("cut.wav", "truncated")),
    ("--out x.ogg", 2, ("wav", "x.wav")),
    ("--out text.txt", 2, ("wav", "text.wav")),
    ("--out plain", 2, ("--out is plain", "file", "folder", ".wav")),
    ("--out folder.wav", 2, ("--out is folder.wav", "folder")),
    ("--seconds 0.01 --num-symbols 5", 2, ("seconds", "--num-symbols")),
]

OTHERS = [
    ("sound", "", 2, ("--out", "missing", ".wav")),
    ("sound", "--out x --stop a", 2, ("--stop", "sound")),
    ("sound", "--out x --count 100000", 2, ("--count is 100000", "65,536")),
    ("text", "--prompt dog", 1, ("character 'g' (U+0067)", "position 3", "alphabet")),
    ("text", "--prompt-file nowhere.txt", 1, ("nowhere.txt", "No such file")),
    ("text", "--prompt-file latin.txt", 1, ("UTF-8", "byte 0xe9", "position 2")),
    ("text", "--prompt a --prompt-file latin.txt", 2, ("--prompt", "--prompt-file")),
    ("text", "--seconds 1", 2, ("--seconds", "text")),
    ("text", "--num-symbols 0", 2, ("--num-symbols is 0", 1)),
    ("roll", "--out x --num-symbols -3", 2, ("--num-symbols is -3", 1)),
    ("text", "--stop dog", 2, ("stop 'dog'", "character 'g' (U+0067)", "position 3", "alphabet")),
    ("text", "--stop the --stop G", 2, ("stop 'G'", "character 'G'")),
    ("byte", "--stop \udcff", 2, ("stop '\\udcff'", "UTF-8")),
    ("byte", "--prompt-file latin.txt --out latin.txt", 2, ("latin.txt", "overwrite")),
    ("text", "--count 0", 2, ("count", 1)),
    ("text", "--features x.npy", 2, ("features",)),
    ("text", "--label a", 1, ("labels",)),
    ("text", "--out wrong.npy --count 2", 2, ("txt", "wrong.txt")),
    ("bounded", "--num-symbols 65", 2, ("65 steps", 64)),
    ("bounded", f"--prompt {'the' * 22}", 2, ("prompt", "66 steps", 64)),
    ("roll", "", 2, ("--out", "missing", ".npz", ".mid")),
    ("roll", "--out x --stop a", 2, ("--stop", "music")),
    ("roll", "--out x --seconds 1", 2, ("--seconds", "music")),
    ("roll", "--out x --top-k 3", 2, ("top-k", "top_p", "categorical")),
    ("roll", "--out x.wav", 2, ("npz", "x.npz")),
    ("roll", "--out x --prompt nowhere.npy", 1, ("nowhere.npy", "No such file")),
    ("roll", "--out x --prompt wrong.npy", 1, ((3, 7), "(T, 88)")),
    ("pixel", "", 2, ("--out", "missing", ".png")),
    ("pixel", "--out x --num-symbols 30", 2, ("--num-symbols 30", "--num-symbols 36")),
    ("pixel", "--out x --prompt full.npy", 2, ("prompt", "36 pixels")),
    ("pixel", "--out x --prompt narrow.npy", 1, ((2, 5),)),
    ("pixel", "--out x --seconds 3", 2, ("--seconds", "images")),
    ("pixel", "--out x.gif", 2, ("png",)),
]
ROWS = [("sound", words if "--out" in words else f"--out x {words}", *rest) for words, *rest in SOUND] + OTHERS


@pytest.mark.parametrize(("run", "words", "status", "parts"), ROWS)
def test_what_a_wrong_request_gets(command, trained, runs, given, run, words, status, parts):
    before = sorted(given.rglob("*"))
    length = [] if any(option in words for option in LENGTHS) else ["--num-symbols", "4"]
    outcome = command("generate", trained if run == "sound" else runs / run, *length, *words.split())
    assert outcome.status == status, outcome.err
    assert_says(outcome.line, *parts)
    assert sorted(given.rglob("*")) == before and not outcome.out


def test_no_model_there(command, tmp_path):
    outcome = command("generate", tmp_path / "nothing", "--out", tmp_path / "x")
    assert outcome.status == 1
    assert_says(outcome.line, tmp_path / "nothing", "exist")


def test_the_alphabet_of_these_tests():
    assert "g" not in CHARACTERS and "\n" in CHARACTERS


@pytest.mark.parametrize(
    "words",
    ["--num-symbols 20 --out a.wav", "--num-symbols 20 --out many --count 2 --json", "--out a.wav"]
    + ["--seconds 1 --out a.wav", "--num-symbols 20 --prompt clip.wav --out a.wav"],
)
def test_fault_40_sound_without_a_sample_rate_is_refused_in_one_line(command, given, words):
    from tests.native.models import build
    from undertow import checkpoint

    checkpoint.save(given / "model", build(), {})
    outcome = command("generate", given / "model", *words.split())
    assert outcome.status == 2 and "sample rate" in outcome.line, outcome.err
    assert "seconds" in outcome.line or "model.sample_rate" in outcome.line
    assert not (given / "a.wav").exists() and not (given / "many").exists()
