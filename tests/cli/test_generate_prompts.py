"""`undertow generate --prompt`: a note reports changes to a file, and no input file is overwritten."""

import numpy as np
import pytest
import soundfile

from tests.cli.generators import short
from tests.data.sounds import tone, write
from tests.refusals import assert_says
from undertow.data.midi import read_midi, write_midi


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
