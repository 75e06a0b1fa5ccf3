"""`undertow generate` with models of text, music and pictures."""

import io
import json

import numpy as np
import pytest

from tests.generation.symbol_models import CHARACTERS, pixel_model, roll_model, text_model
from tests.media.png_reader import pixels_of
from undertow import checkpoint
from undertow.cli import generating, terminal
from undertow.data.midi import read_midi, write_midi
from undertow.generation import generate, streaming


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Checkpoints of small models with random weights; read only."""
    folder = tmp_path_factory.mktemp("runs")
    models = {"text": text_model(), "bounded": text_model("transformer"), "roll": roll_model(), "pixel": pixel_model()}
    models["byte"] = text_model(alphabet=dict(kind="bytes"))
    for name, model in models.items():
        checkpoint.save(folder / name, model.float(), {})
    return folder


def written(runs, name, **options):
    return generate(checkpoint.load(runs / name), **options)


def test_one_text_is_printed_with_its_prompt(command, runs):
    outcome = command("generate", runs / "text", "--prompt", "the cat", "--num-symbols", "60", "--seed", "3")
    expected = written(runs, "text", prompt="the cat", num_steps=60, seed=3).continued[0]
    assert outcome.status == 0 and outcome.out == expected + "\n"
    assert "1 x 60 characters with " in outcome.err and "characters/s" in outcome.err


def test_it_is_shown_as_it_is_written(runs, monkeypatch, command):
    seen = []
    monkeypatch.setattr(generating, "show", seen.append)
    monkeypatch.setattr(generating, "SHOWN_STEPS", 10)
    command("generate", runs / "text", "--prompt", "the cat", "--num-symbols", "60")
    expected = written(runs, "text", prompt="the cat", num_steps=60).real[0]
    assert seen == ["the cat", *(expected[at : at + 10] for at in range(0, 60, 10)), "\n"]


def test_stops_and_filters(command, runs):
    given = ("generate", runs / "text", "--num-symbols", "200", "--stop", "\n", "--stop", "e ", "--top-k", "9")
    found = json.loads(command(*given, "--count", "3", "--json").out)
    assert len(found["texts"]) == 3 and all("\n" not in text and "e " not in text for text in found["texts"])
    assert found["stopped"] == [True] * 3 and found["unit"] == "character" and found["prompt"] == ""
    assert found["num_symbols"] <= 200 and found["symbols_per_second"] > 0 and found["files"] == []
    cold = [command(*given, "--temperature", "0", "--seed", seed).out for seed in ("1", "2")]
    assert cold[0] == cold[1]


def test_several_texts_have_headings(command, runs):
    lines = command("generate", runs / "text", "--count", "2", "--num-symbols", "9", "--stop", "\n").out.split("\n")
    assert lines[0] == "--- 1 of 2" and lines[2] == "--- 2 of 2"


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
    assert "the network can hold 64 steps in all: 57 are generated" in outcome.err
    assert len(left["texts"][0]) == 64 - 7


def test_ctrl_c_keeps_what_was_written(command, runs, tmp_path, monkeypatch):
    plain = streaming.Stream.__next__

    def interrupted(self):
        if self.num_drawn >= 64:
            raise KeyboardInterrupt
        return plain(self)

    monkeypatch.setattr(streaming.Stream, "__next__", interrupted)
    outcome = command("generate", runs / "text", "--num-symbols", "200")
    assert outcome.status == 130 and len(outcome.out) == 65 and outcome.out.endswith("\n")
    assert "stopped after 64 characters; they are kept" in outcome.err and "Traceback" not in outcome.err
    assert command("generate", runs / "text", "--num-symbols", "200", "--out", tmp_path / "a.txt").status == 130
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == outcome.out[:-1]


class Terminal(io.TextIOWrapper):
    def isatty(self):
        return True


@pytest.mark.parametrize(("encoding", "shown"), [("utf-8", "a\n\tbé\ufffd[2Jc\ufffd"), ("ascii", "a\n\tb??[2Jc?")])
def test_a_terminal_gets_no_codes_that_control_it(encoding, shown, monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr("sys.stdout", Terminal(raw, encoding=encoding, newline=""))
    terminal.show("a\n\tbé\x1b[2Jc\x9b")
    assert raw.getvalue().decode(encoding) == shown


def test_a_pipe_gets_every_character(command, runs):
    expected = written(runs, "byte", num_steps=80).real[0]
    assert command("generate", runs / "byte", "--num-symbols", "80").out == expected + "\n"


def test_music_is_written_and_drawn(command, runs, tmp_path, monkeypatch):
    np.save(tmp_path / "prompt.npy", np.eye(88, dtype=np.uint8)[:5])
    given = ("generate", runs / "roll", "--num-symbols", "12", "--prompt", tmp_path / "prompt.npy")
    outcome = command(*given, "--out", tmp_path / "tune.npz")
    assert outcome.status == 0, outcome.err
    roll = np.load(tmp_path / "tune.npz")["roll"]
    assert roll.shape == (17, 88) and np.array_equal(roll[:5], np.eye(88)[:5])
    assert (tmp_path / "tune.png").exists() and "12 steps, " in outcome.out and "notes a step" in outcome.out
    assert "1 x 12 steps with torch" in outcome.out
    found = json.loads(command(*given, "--count", "2", "--out", tmp_path / "tunes", "--no-picture", "--json").out)
    assert [one["file"] for one in found["files"]] == [str(tmp_path / f"tunes/{row}.npz") for row in (1, 2)]
    assert found["files"][0]["picture"] is None and found["steps_per_second"] > 0


def test_music_as_midi(command, runs, tmp_path):
    mido = pytest.importorskip("mido")
    given = ("generate", runs / "roll", "--num-symbols", "4", "--no-picture")
    assert command(*given, "--out", tmp_path / "tune.mid").status == 0
    assert any(message.type == "note_on" for message in mido.MidiFile(tmp_path / "tune.mid").tracks[0])


def test_a_tune_in_midi_is_continued(command, runs, tmp_path):
    pytest.importorskip("mido")
    roll = (np.random.default_rng(3).random((9, 88)) < 0.1).astype(np.uint8)
    write_midi(tmp_path / "tune.mid", roll)
    np.save(tmp_path / "tune.npy", roll)
    given = ("generate", runs / "roll", "--num-symbols", "6", "--no-picture", "--prompt")
    outcome = command(*given, tmp_path / "tune.mid", "--out", tmp_path / "on.mid")
    assert outcome.status == 0 and "prompt: 2 steps a beat, as in MIDI files that are written" in outcome.err
    assert command(*given, tmp_path / "tune.npy", "--out", tmp_path / "on.npz").status == 0
    found = np.load(tmp_path / "on.npz")["roll"]
    assert np.array_equal(read_midi(tmp_path / "on.mid"), found) and np.array_equal(found[:9], roll)
    (tmp_path / "cut.mid").write_bytes((tmp_path / "tune.mid").read_bytes()[:-5])
    outcome = command(*given, tmp_path / "cut.mid", "--out", tmp_path / "no.mid")
    assert outcome.status == 1 and "cut.mid is no MIDI file, or damaged" in outcome.line
    assert not (tmp_path / "no.mid").exists()


def test_images(command, runs, tmp_path):
    np.save(tmp_path / "top.npy", np.full((1, 6), 255, np.uint8))
    given = ("generate", runs / "pixel", "--prompt-file", tmp_path / "top.npy")
    outcome = command(*given, "--out", tmp_path / "a.png", "--num-symbols", "30")
    assert outcome.status == 0 and "6 x 6 pixels" in outcome.out, outcome.err
    expected = written(runs, "pixel", prompt=tmp_path / "top.npy", num_steps=30).continued[0].reshape(6, 6)
    assert np.array_equal(pixels_of(tmp_path / "a.png")[::46, ::46], expected) and (expected[0] == 255).all()
    found = json.loads(command(*given, "--out", tmp_path / "more", "--count", "2", "--json").out)
    assert [one["width"] for one in found["files"]] == [6, 6] and (tmp_path / "more/2.png").exists()


@pytest.mark.parametrize(
    ("run", "words", "status", "said"),
    [
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
        ("pixel", "--out x --num-symbols 30", 2, "--num-symbols 36 makes one"),
        ("pixel", "--out x --seconds 3", 2, "--seconds: this model makes images"),
        ("pixel", "--out x.jpg", 2, "written as png"),
    ],
)
def test_what_a_wrong_request_gets(command, runs, tmp_path, monkeypatch, run, words, status, said):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "latin.txt").write_bytes("hé".encode("latin-1"))
    np.save(tmp_path / "wrong.npy", np.zeros((3, 7)))
    before = sorted(tmp_path.rglob("*"))
    length = [] if "--num-symbols" in words or "--seconds" in words else ["--num-symbols", "4"]
    outcome = command("generate", runs / run, *length, *words.split())
    assert (outcome.status, said in outcome.line) == (status, True), outcome.err
    assert sorted(tmp_path.rglob("*")) == before and not outcome.out


def test_sound_has_no_text_to_stop_at(command, trained, tmp_path):
    outcome = command("generate", trained, "--out", tmp_path / "x", "--stop", "a")
    assert outcome.status == 2 and "--stop: this model makes sound" in outcome.line
    outcome = command("generate", trained)
    assert outcome.status == 2 and "--out is missing: a file named .wav" in outcome.line


def test_sound_in_samples(command, trained, tmp_path):
    outcome = command("generate", trained, "--out", tmp_path / "x.wav", "--num-symbols", "90", "--no-picture")
    assert outcome.status == 0 and "1 x 90 samples" in outcome.out


def test_the_alphabet_of_these_tests():
    assert "g" not in CHARACTERS and "\n" in CHARACTERS
