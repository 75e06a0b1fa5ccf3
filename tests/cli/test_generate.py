"""`undertow generate`: the files, pictures, reports and speed of every medium, and how much by default."""

import errno
import json

import numpy as np
import pytest
import soundfile

from tests.cli.conftest import train_command
from tests.cli.generators import short, written
from tests.media.png_reader import pixels_of
from tests.refusals import assert_says
from undertow import files
from undertow.generation import Stream
from undertow.media.grid import LINE
from undertow.native import why_missing

ENGINE = "torch" if why_missing() else "native"


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


def test_sound_in_samples(command, trained, tmp_path):
    outcome = command("generate", trained, "--out", tmp_path / "x.wav", "--num-symbols", "90", "--no-picture")
    assert outcome.status == 0 and "1 x 90 samples" in outcome.out


def test_music_is_written_and_drawn(command, runs, tmp_path, monkeypatch):
    np.save(tmp_path / "prompt.npy", np.eye(88, dtype=np.uint8)[:5])
    given = ("generate", runs / "roll", "--num-symbols", "12", "--prompt", tmp_path / "prompt.npy")
    outcome = command(*given, "--out", tmp_path / "tune.npz")
    assert outcome.status == 0, outcome.err
    roll = np.load(tmp_path / "tune.npz")["roll"]
    assert roll.shape == (17, 88) and np.array_equal(roll[:5], np.eye(88)[:5])
    assert (tmp_path / "tune.png").exists() and "12 steps, " in outcome.out and "notes a step" in outcome.out
    assert "1 x 12 steps with native" in outcome.out
    found = json.loads(command(*given, "--count", "2", "--out", tmp_path / "tunes", "--no-picture", "--json").out)
    assert [one["file"] for one in found["files"]] == [str(tmp_path / f"tunes/{row}.npz") for row in (1, 2)]
    assert found["files"][0]["picture"] is None and found["steps_per_second"] > 0


def test_music_as_midi(command, runs, tmp_path):
    mido = pytest.importorskip("mido")
    given = ("generate", runs / "roll", "--num-symbols", "4", "--no-picture")
    assert command(*given, "--out", tmp_path / "tune.mid").status == 0
    assert any(message.type == "note_on" for message in mido.MidiFile(tmp_path / "tune.mid").tracks[0])


def test_images(command, runs, tmp_path):
    np.save(tmp_path / "top.npy", np.full((1, 6), 255, np.uint8))
    given = ("generate", runs / "pixel", "--prompt-file", tmp_path / "top.npy")
    outcome = command(*given, "--out", tmp_path / "a.png", "--num-symbols", "30")
    assert outcome.status == 0 and "6 x 6 pixels" in outcome.out, outcome.err
    expected = written(runs, "pixel", prompt=tmp_path / "top.npy", num_steps=30).continued[0].reshape(6, 6)
    assert np.array_equal(pixels_of(tmp_path / "a.png")[::46, ::46], expected) and (expected[0] == 255).all()
    grid = command(*given, "--out", tmp_path / "grid.png", "--count", "3")
    assert_says(grid.out, "grid.png", "3 images", "6 x 6")
    assert pixels_of(tmp_path / "grid.png").shape == (2 * 6 * 46 + 2, 2 * 6 * 46 + 2)
    found = json.loads(command(*given, "--out", tmp_path / "more", "--count", "2", "--json").out)
    assert [one["width"] for one in found["files"]] == [6, 6] and (tmp_path / "more/2.png").exists()


def test_a_grid_has_its_labels(command, runs, tmp_path):
    pytest.importorskip("PIL")
    given = ("generate", runs / "labelled", "--seed", "3", "--out", tmp_path / "grid.png")
    told = json.loads(command(*given, "--label", "cat,dog", "--json").out)
    assert told["files"][0]["count"] == 2
    found = pixels_of(tmp_path / "grid.png")
    assert found.shape == (6 * 46 + LINE, 2 * 6 * 46 + 2) and (found[-LINE:] < 60).any()
    drawn = found[: 6 * 46 : 46]
    for column, name in enumerate(("cat", "dog")):
        expected = written(runs, "labelled", labels={"kind": name}, seed=3, rows=[column], num_steps=36).continued[0]
        assert np.array_equal(drawn[:, column * 278 : column * 278 + 276 : 46], expected.reshape(6, 6))
    outcome = command(*given, "--label", "cat,mouse")
    assert outcome.status == 1
    assert_says(outcome.line, "'mouse'")


def test_files_of_text(command, runs, tmp_path):
    (tmp_path / "prompt.txt").write_bytes("wéb\n".encode())
    given = ("generate", runs / "text", "--prompt-file", tmp_path / "prompt.txt", "--num-symbols", "30")
    outcome = command(*given, "--out", tmp_path / "one.md")
    expected = written(runs, "text", prompt="wéb\n", num_steps=30, count=2).continued
    assert (tmp_path / "one.md").read_bytes().decode() == expected[0]
    assert outcome.out.startswith(f"{tmp_path / 'one.md'}  34 characters\n1 x 30 characters with ")
    assert command(*given, "--out", tmp_path / "many", "--count", "2").status == 0
    assert [(tmp_path / f"many/{row}.txt").read_bytes().decode() for row in (1, 2)] == list(expected)


def test_how_much_by_default(command, runs):
    assert len(json.loads(command("generate", runs / "text", "--json").out)["texts"][0]) == 500
    outcome = command("generate", runs / "bounded", "--prompt", "the cat", "--json")
    left = json.loads(outcome.out)
    assert_says(outcome.err, "64 steps", 57)
    assert len(left["texts"][0]) == 64 - 7


def test_every_verb_says_that_a_model_has_not_learnt(command, tmp_path):
    assert "has not learnt" in command(*train_command(tmp_path / "run", steps=1)).err
    assert "has not learnt" in command("info", tmp_path / "run").out
    generated = command(*short(tmp_path / "run", tmp_path / "a.wav", "--no-picture"))
    assert generated.status == 0 and "has not learnt yet: " in generated.err
    assert "has not learnt yet" not in generated.out


def test_a_disk_that_fills_up_leaves_the_file_before(command, trained, tmp_path, monkeypatch):
    out = tmp_path / "x.wav"
    assert command(*short(trained, out)).status == 0
    before = out.read_bytes()

    def full(path):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files, "sync_file", full)
    outcome = command(*short(trained, out, "--seed", "9"))
    assert outcome.status == 1
    assert_says(outcome.line, out, "No space left on device")
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


def test_fault_27_several_midi_files_of_one_command(command, runs, tmp_path):
    mido = pytest.importorskip("mido")
    given = ("generate", runs / "roll", "--num-symbols", "4", "--no-picture", "--count", "3")
    outcome = command(*given, "--out", tmp_path / "tune.mid")
    assert outcome.status == 0, outcome.err
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"tune-{row}.mid" for row in (1, 2, 3)]
    assert [line.split("  ")[0] for line in outcome.out.splitlines()[:3]] == [
        str(tmp_path / f"tune-{row}.mid") for row in (1, 2, 3)
    ]
    assert mido.MidiFile(tmp_path / "tune-3.mid").length >= 0


def test_fault_27_flac_and_mp3(command, trained, tmp_path):
    for name in ("a.wav", "a.flac", "a.mp3", "many.FLAC"):
        more = ("--count", "10") if name == "many.FLAC" else ()
        assert command(*short(trained, tmp_path / name, "--no-picture", "--seed", "1", *more)).status == 0
    wave, flac = (soundfile.read(tmp_path / name, dtype="int16") for name in ("a.wav", "a.flac"))
    assert np.array_equal(wave[0], flac[0]) and wave[1] == flac[1] == 8000
    assert [soundfile.info(tmp_path / name).format for name in ("a.mp3", "many-10.FLAC")] == ["MP3", "FLAC"]
    assert len(list(tmp_path.glob("many-??.FLAC"))) == 10


def test_fault_27_ctrl_c_keeps_the_sound(command, trained, runs, tmp_path, monkeypatch):
    plain = Stream.__next__

    def interrupted(self):
        if self.num_drawn >= 1024:
            raise KeyboardInterrupt
        return plain(self)

    monkeypatch.setattr(Stream, "__next__", interrupted)
    words = ("--num-symbols", "5000", "--no-picture")
    outcome = command("generate", trained, *words, "--count", "2", "--out", tmp_path / "x.wav")
    assert outcome.status == 130 and str(tmp_path / "x-2.wav") in outcome.out
    assert_says(outcome.err, "stopped after 1024 samples", "kept")
    assert [soundfile.info(tmp_path / f"x-{row}.wav").frames for row in (1, 2)] == [1024, 1024]
    outcome = command("generate", runs / "roll", *words, "--out", tmp_path / "tune.npz")
    assert outcome.status == 130 and np.load(tmp_path / "tune.npz")["roll"].shape == (1024, 88)


def test_an_image_is_kept_only_whole(command, runs, tmp_path, monkeypatch):
    monkeypatch.setattr(Stream, "__next__", lambda self: (_ for _ in ()).throw(KeyboardInterrupt))
    outcome = command("generate", runs / "pixel", "--out", tmp_path / "x.png")
    assert outcome.status == 130 and not list(tmp_path.iterdir())
