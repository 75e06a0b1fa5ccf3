"""`undertow generate`: files, pictures, reports and speed; and what wrong input gets."""

import errno
import json

import numpy as np
import pytest
import soundfile

from tests.cli.conftest import train_command
from tests.data.test_load import tone, write
from undertow import files
from undertow.native import why_missing

ENGINE = "torch" if why_missing() else "native"


def short(trained, out, *more):
    return "generate", trained, "--out", out, "--seconds", "0.02", *more


def test_a_folder_of_numbered_files(command, trained, tmp_path):
    outcome = command(*short(trained, tmp_path / "samples", "--count", "3", "--label", "A2"))
    assert outcome.status == 0, outcome.err
    assert sorted(path.name for path in (tmp_path / "samples").iterdir()) == [
        f"{index}.{suffix}" for index in (1, 2, 3) for suffix in ("png", "wav")
    ]
    waves = [soundfile.read(tmp_path / f"samples/{index}.wav")[0] for index in (1, 2, 3)]
    assert [len(wave) for wave in waves] == [160] * 3 and not np.array_equal(waves[0], waves[1])
    lines = outcome.out.splitlines()
    assert len(lines) == 4 and lines[0].startswith(str(tmp_path / "samples/1.wav"))
    assert all(words in lines[0] for words in ("0.02 s", "dBFS", "silence", "clip"))
    assert lines[3].startswith(f"3 x 160 samples with {ENGINE}, float32, 1 thread: ")
    assert "samples/s, real-time factor " in lines[3]


def test_one_file_and_the_seed(command, trained, tmp_path):
    def wave(name, *more):
        outcome = command(*short(trained, tmp_path / name, "--no-picture", *more))
        assert outcome.status == 0 and not (tmp_path / name).with_suffix(".png").exists()
        return soundfile.read(tmp_path / name)[0]

    first = wave("a.wav", "--seed", "1")
    assert np.array_equal(wave("b.wav", "--seed", "1"), first)
    assert not np.array_equal(wave("b.wav", "--seed", "2"), first)  # and what was there is replaced
    sharp = wave("c.wav", "--temperature", "0")
    assert np.array_equal(sharp, wave("d.wav", "--top-k", "1"))
    assert np.array_equal(sharp, wave("e.wav", "--top-p", "0.000001"))


def test_json_is_all_of_stdout(command, trained, tmp_path):
    outcome = command(*short(trained, tmp_path / "x", "--count", "2", "--json", "--label", "pitch=C3"))
    found = json.loads(outcome.out)
    assert [one["file"] for one in found["files"]] == [str(tmp_path / f"x/{index}.wav") for index in (1, 2)]
    assert found["files"][0]["picture"] == str(tmp_path / "x/1.png") and "rms_dbfs" in found["files"][0]
    assert (found["engine"], found["num_threads"]) == (ENGINE, 1)
    assert found["samples_per_second"] > 0 and found["real_time_factor"] > 0


def test_a_prompt_of_another_rate_is_resampled_and_continued(command, trained, tmp_path):
    write(tmp_path / "clip.wav", tone(0.1, 44100), 44100)
    outcome = command(*short(trained, tmp_path / "continued.wav", "--prompt", tmp_path / "clip.wav"))
    assert outcome.status == 0 and "prompt: resampled from 44100 to 8000 Hz" in outcome.err
    wave, rate = soundfile.read(tmp_path / "continued.wav")
    assert rate == 8000 and len(wave) == 800 + 160
    expected = tone(0.1, 8000)[100:700]  # mu-law, so near
    assert np.abs(wave[100:700] - expected).max() < 0.05
    assert "0.02 s" in outcome.out  # the report is of what was generated


def test_the_prompt_is_not_written_over(command, trained, tmp_path):
    write(tmp_path / "1.wav", tone(0.1, 8000), 8000)
    given = (tmp_path / "1.wav").read_bytes()
    for out, option in (("1.wav", "--prompt"), (".", "--prompt-file")):
        outcome = command(*short(trained, tmp_path / out, option, tmp_path / "1.wav"))
        assert outcome.status == 2 and "1.wav, and would be overwritten; write to another file" in outcome.line
    outcome = command(*short(trained, tmp_path / "new" / "a.wav"))
    assert outcome.status == 2 and f"there is no folder {tmp_path / 'new'}; make it first" in outcome.line
    assert (tmp_path / "1.wav").read_bytes() == given and len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
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
        ("--num-symbols 5", 2, "give seconds or --num-symbols, not both"),
    ],
)
def test_what_a_wrong_request_gets(command, trained, tmp_path, monkeypatch, words, status, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.txt").write_text("text")
    (tmp_path / "plain").write_text("text")
    (tmp_path / "text.wav").write_text("text")
    (tmp_path / "folder.wav").mkdir()
    write(tmp_path / "clip.wav", tone())
    write(tmp_path / "cut.wav", tone())
    with (tmp_path / "cut.wav").open("rb+") as file:
        file.truncate(1000)
    before = sorted(tmp_path.rglob("*"))
    given = words.split()
    out = [] if "--out" in given else ["--out", "x"]
    seconds = [] if "--seconds" in given or "--features" in given else ["--seconds", "0.01"]
    outcome = command("generate", trained, *out, *seconds, *given)
    assert (outcome.status, said in outcome.line) == (status, True), outcome.err
    assert sorted(tmp_path.rglob("*")) == before and not outcome.out


def test_every_verb_says_that_a_model_has_not_learnt(command, tmp_path):
    assert "has not learnt" in command(*train_command(tmp_path / "run", steps=1)).err
    assert "has not learnt" in command("info", tmp_path / "run").out
    generated = command(*short(tmp_path / "run", tmp_path / "a.wav", "--no-picture"))
    assert generated.status == 0 and "has not learnt yet: " in generated.err
    assert "has not learnt yet" not in generated.out


def test_no_model_there(command, tmp_path):
    outcome = command("generate", tmp_path / "nothing", "--out", tmp_path / "x")
    assert outcome.status == 1 and "does not exist" in outcome.line


def test_a_disk_that_fills_up_leaves_the_file_before(command, trained, tmp_path, monkeypatch):
    out = tmp_path / "x.wav"
    assert command(*short(trained, out)).status == 0
    before = out.read_bytes()

    def full(path):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "sync_file", full)
    outcome = command(*short(trained, out, "--seed", "9"))
    assert outcome.status == 1 and f"cannot write {out}: No space left on device" in outcome.line
    assert out.read_bytes() == before and sorted(path.name for path in tmp_path.iterdir()) == ["x.png", "x.wav"]


def test_without_matplotlib_there_are_no_pictures_and_a_word_why(command, trained, tmp_path, monkeypatch):
    monkeypatch.setattr("undertow.cli.outputs.can_draw", lambda: False)
    outcome = command(*short(trained, tmp_path / "x.wav"))
    assert outcome.status == 0 and "undertow[plots]" in outcome.err and not (tmp_path / "x.png").exists()


@pytest.mark.native
def test_threads_and_filters_on_the_engine(command, trained, tmp_path):
    more = ("--no-picture", "--engine", "native", "--top-k", "5", "--top-p", "0.9", "--json", "--count", "2")
    found = json.loads(command(*short(trained, tmp_path / "a", *more, "--threads", "2")).out)
    assert (found["engine"], found["precision"]) == ("native", "float32") and found["num_threads"] in (1, 2)
    alone = command(*short(trained, tmp_path / "b", *more, "--threads", "1"))
    assert alone.status == 0
    for name in ("1.wav", "2.wav"):
        assert np.array_equal(soundfile.read(tmp_path / "a" / name)[0], soundfile.read(tmp_path / "b" / name)[0])


def test_more_rows_than_any_stream_takes(command, trained, tmp_path):
    outcome = command(*short(trained, tmp_path / "many", "--count", "100000", "--no-picture"))
    assert outcome.status == 2 and outcome.err.strip().count("\n") == 0
    assert "100,000 rows are asked for; one stream takes 65,536 at most" in outcome.err
    assert not (tmp_path / "many").exists()
