"""`undertow generate --prompt`: a note reports changes to a file, and no input file is overwritten."""

import json

import numpy as np
import pytest
import soundfile

from tests.cli.generators import short
from tests.data.sounds import tone, write
from tests.refusals import assert_says
from undertow import checkpoint
from undertow.data.midi import read_midi, write_midi
from undertow.generation import generate


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
        assert outcome.status == 2
        assert_says(outcome.line, tmp_path / "1.wav", "overwrite")
    outcome = command(*short(trained, tmp_path / "new" / "a.wav"))
    assert outcome.status == 2
    assert_says(outcome.line, tmp_path / "new" / "a.wav", f"folder {tmp_path / 'new'}")
    assert (tmp_path / "1.wav").read_bytes() == given and len(list(tmp_path.iterdir())) == 1


def test_a_tune_in_midi_is_continued(command, runs, tmp_path):
    pytest.importorskip("mido")
    roll = (np.random.default_rng(3).random((9, 88)) < 0.1).astype(np.uint8)
    write_midi(tmp_path / "tune.mid", roll)
    np.save(tmp_path / "tune.npy", roll)
    given = ("generate", runs / "roll", "--num-symbols", "6", "--no-picture", "--prompt")
    outcome = command(*given, tmp_path / "tune.mid", "--out", tmp_path / "on.mid")
    assert outcome.status == 0
    assert_says(outcome.err, "prompt: ", "2 steps a beat")
    assert command(*given, tmp_path / "tune.npy", "--out", tmp_path / "on.npz").status == 0
    found = np.load(tmp_path / "on.npz")["roll"]
    assert np.array_equal(read_midi(tmp_path / "on.mid"), found) and np.array_equal(found[:9], roll)
    (tmp_path / "cut.mid").write_bytes((tmp_path / "tune.mid").read_bytes()[:-5])
    outcome = command(*given, tmp_path / "cut.mid", "--out", tmp_path / "no.mid")
    assert outcome.status == 1
    assert_says(outcome.line, "cut.mid", "MIDI", "damaged")
    assert not (tmp_path / "no.mid").exists()


def test_fault_15_unknown_characters_of_a_prompt(command, runs, tmp_path):
    (tmp_path / "note.txt").write_bytes(b"abc\x1a\x00")
    given = ("generate", runs / "text", "--num-symbols", "4", "--prompt-file", tmp_path / "note.txt")
    outcome = command(*given)
    assert outcome.status == 1 and not outcome.out
    assert_says(outcome.line, "note.txt", "U+001A", "position 4", "alphabet.kind=bytes", "--skip-unknown")
    skipped, plain = command(*given, "--skip-unknown"), command(*given[:4], "--prompt", "abc")
    assert skipped.status == 0 and skipped.out == plain.out
    assert_says(skipped.err, "2 unknown characters", "U+001A", "U+0000")


def test_fault_18_a_prompt_in_another_encoding_is_named(command, runs, tmp_path):
    for encoding in ("utf-16", "latin-1"):
        (tmp_path / "note.txt").write_text("é", encoding=encoding)
        outcome = command("generate", runs / "text", "--num-symbols", "4", "--prompt-file", tmp_path / "note.txt")
        assert outcome.status == 1 and "--set" not in outcome.line
        assert_says(outcome.line, tmp_path / "note.txt", "UTF-8", "byte 0x")


def test_fault_25_one_bad_prompt_among_many(command, runs, tmp_path):
    """The others are generated as they are alone, a row for each; the bad one is named, and the status is 1."""
    words = ("generate", runs / "text", "--num-symbols", "6", "--seed", "3")
    good = ("the sun", "a dear one")
    outcome = command(*words, "--prompt", good[0], "--prompt", "dog", "--prompt", good[1], "--out", tmp_path / "x.txt")
    assert outcome.status == 1 and sorted(path.name for path in tmp_path.iterdir()) == ["x-1.txt", "x-3.txt"]
    assert_says(outcome.line, "prompt 2", "'g'")
    model = checkpoint.load(runs / "text")
    for row, prompt in zip((0, 2), good, strict=True):
        alone = generate(model, prompt=prompt, num_steps=6, seed=3, rows=[row])
        assert (tmp_path / f"x-{row + 1}.txt").read_text("utf-8") == alone.continued[0]
    outcome = command(*words, "--prompt", "dog", "--prompt", "sun", "--json")
    found = json.loads(outcome.out)
    assert outcome.status == 1 and found["prompts"] == ["sun"] and len(found["texts"]) == len(found["faults"]) == 1
    outcome = command(*words, "--prompt", good[0], "--prompt", good[1])
    assert outcome.status == 0 and [line for line in outcome.out.splitlines() if line.startswith("---")] == [
        "--- 1 of 2",
        "--- 2 of 2",
    ]
    outcome = command(*words, "--prompt", "dog", "--prompt", "fog", "--out", tmp_path / "y.txt")
    assert outcome.status == 1 and not list(tmp_path.glob("y*"))
    assert_says(outcome.line, "2 of 2 prompts")
    outcome = command(*words, "--prompt", "a", "--prompt", "b", "--count", "3")
    assert outcome.status == 2
    assert_says(outcome.line, "--count is 3", "2 prompts")


def test_fault_25_one_bad_file_among_prompts(command, runs, tmp_path):
    np.save(tmp_path / "a.npy", np.eye(88, dtype=np.uint8)[:5])
    np.save(tmp_path / "b.npy", np.zeros((3, 7)))
    np.save(tmp_path / "c.npy", np.eye(88, dtype=np.uint8)[:2])
    prompts = [word for name in "abc" for word in ("--prompt", tmp_path / f"{name}.npy")]
    words = ("generate", runs / "roll", "--num-symbols", "4", *prompts, "--no-picture")
    outcome = command(*words, "--out", tmp_path / "tune.npz", "--json")
    found = json.loads(outcome.out)
    assert outcome.status == 1 and [one["file"][-10:] for one in found["files"]] == ["tune-1.npz", "tune-3.npz"]
    assert [np.load(tmp_path / f"tune-{row}.npz")["roll"].shape[0] for row in (1, 3)] == [9, 6]
    assert_says(outcome.line, "b.npy", (3, 7))
    np.save(tmp_path / "top.npy", np.zeros((2, 6), np.uint8))
    np.save(tmp_path / "more.npy", np.zeros((3, 6), np.uint8))
    prompts = ["--prompt", tmp_path / "top.npy", "--prompt", tmp_path / "more.npy"]
    outcome = command("generate", runs / "pixel", *prompts, "--out", tmp_path / "x.png")
    assert outcome.status == 2 and not list(tmp_path.glob("x*"))
    assert_says(outcome.line, "prompts", "lengths")
