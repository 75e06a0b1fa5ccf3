"""From recordings with a table of what is said to a model that writes it: train, score, transcribe; and bad input."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import undertow as ut
from tests.cli.translators import translator
from tests.data.sounds import RATE, tone, write
from tests.data.speech import WORDS, sing, speak, table
from tests.refusals import assert_says, refuses
from undertow import checkpoint
from undertow.decoding import transcribing

SHORT = ["training.num_validations=1", "training.tensorboard=false", "training.warmup_steps=2", "training.average=null"]
SMALL = ["network.channels=24", "network.dropout=0", "data.tokens_per_batch=400"]


def train(command, out: Path, recipe: str, data: Path | str, *changes: str, steps: int = 2):
    shape = ["network.encoder_layers=1"]
    words = ["train", recipe, "--data", data, "--out", out, "--steps", str(steps), "--set"]
    return command(*words, *SHORT, *SMALL, *shape, *changes)


@pytest.fixture(scope="module")
def sounds(tmp_path_factory) -> Path:
    return speak(tmp_path_factory.mktemp("sounds"))


@pytest.fixture(scope="module")
def trained(command, sounds, tmp_path_factory) -> Path:
    """A model that tells three melodies apart."""
    out = tmp_path_factory.mktemp("runs") / "tones"
    changes = ["data.label=text", "data.held_out_speaker=bob", "training.learning_rate=0.01", "model.frames={}"]
    outcome = train(command, out, "rnn-attention-fsdd", sounds, *changes, "network.embedding_channels=8", steps=60)
    assert outcome.status == 0, outcome.err
    assert_says(outcome.err, "bob", "train 3 pairs; validation 3 pairs")
    return out


def test_score_of_a_folder_whose_names_tell_what_is_said(command, trained, tmp_path):
    (tmp_path / "test").mkdir()
    for name in ("no_ann", "no_bob", "no_carl"):
        write(tmp_path / "test" / f"{name}.wav", sing("no", 0.12, RATE), RATE)
    outcome = command("score", trained, tmp_path, "--label-pattern", "{text}_{speaker}", "--json")
    assert outcome.status == 0, outcome.err
    found = json.loads(outcome.out)
    assert (found["split"], found["num_clips"], found["word_error"]) == ("test", 2, 0)


@pytest.mark.parametrize("recipe", ["rnn-attention-fsdd", "transformer-fsdd"])
def test_each_recipe_trains_on_a_folder(command, sounds, tmp_path, recipe):
    outcome = train(command, tmp_path / "run", recipe, sounds, "data.label=text")
    assert outcome.status == 0 and "it reads speech and writes text" in outcome.err, outcome.err
    assert "nats/character" in outcome.out


def test_score(command, trained, sounds):
    outcome = command("score", trained)
    lines = outcome.out.splitlines()
    assert outcome.status == 0, outcome.err
    assert f"{sounds}, test: 3 clips with a beam of 5 and a length penalty of 0.6 in " in lines[0]
    assert_says(lines[1], "word error 0.00%", "0 of 4 words", "character error 0.00%", "75.00%")
    assert "nats" in lines[2] and lines[3].startswith("better than")
    found = json.loads(command("score", trained, "--split", "speaker", "--beam", "1", "--json").out)
    assert found["split"] == "speaker" and found["num_clips"] == 9 and found["num_words"] == 12 and found["beam"] == 1
    assert found["word_error"] == found["wrong_words"] / 12
    outcome = command("score", trained, "--split", "everything")
    assert outcome.status == 2 and "speaker, test, train, validation" in outcome.line
    outcome = command("score", trained, "--metric", "bleu")
    assert outcome.status == 2
    assert_says(outcome.line, "metric", "translation")
    outcome = command("score", trained, "--protocol", "windows")
    assert outcome.status == 2
    assert_says(outcome.line, "protocol", "likelihood")


def test_transcribe(command, trained, sounds):
    files = [sounds / f"{index}.wav" for index in (12, 13, 14)]
    outcome = command("transcribe", trained, *files)
    assert outcome.status == 0 and outcome.out.splitlines() == list(WORDS) and outcome.err == ""
    outcome = command("transcribe", trained, *files[:2], "--n-best", "2", "--beam", "3")
    rows = [line.split("\t") for line in outcome.out.splitlines()]
    assert outcome.status == 0 and [len(row) for row in rows] == [2] * 4 and rows[0][1] == "yes" and rows[2][1] == "no"
    assert float(rows[0][0]) > float(rows[1][0])
    found = ut.transcribe(ut.load(trained), files)
    assert found.texts == list(WORDS) and found.transcripts[0].seconds == pytest.approx(0.32)
    assert ut.transcribe(ut.load(trained), files, cached=False).texts == found.texts
    assert ut.transcribe(ut.load(trained), []).texts == []


def test_what_is_heard_goes_into_a_file(command, trained, sounds, tmp_path):
    files = [sounds / f"{index}.wav" for index in (12, 13, 14)]
    outcome = command("transcribe", trained, *files, "--out", tmp_path / "a.txt")
    assert (
        outcome.status == 0 and outcome.out == "" and (tmp_path / "a.txt").read_text("utf-8").splitlines() == [*WORDS]
    )
    found = json.loads(command("transcribe", trained, files[0], "--out", tmp_path / "a.txt", "--json").out)
    assert found["out"] == str(tmp_path / "a.txt") and (tmp_path / "a.txt").read_text("utf-8") == "yes\n"
    for out, noun in ((files[1], "overwrite"), (tmp_path, "folder")):
        outcome = command("transcribe", trained, *files, "--out", out)
        assert outcome.status == 2
        assert_says(outcome.line, out, noun)


def test_the_verb_for_sound_and_the_verb_for_text_name_each_other(command, trained, sounds, tmp_path):
    outcome = command("translate", trained, "yes")
    assert outcome.status == 2
    assert_says(outcome.line, trained, "seq2seq", "cannot translate", "`undertow transcribe`")
    checkpoint.save(tmp_path / "pair", translator(), {})
    outcome = command("transcribe", tmp_path / "pair", sounds / "12.wav")
    assert outcome.status == 2
    assert_says(outcome.line, tmp_path / "pair", "cannot transcribe", "`undertow translate`")


def test_info(command, trained):
    outcome = command("info", trained)
    assert outcome.status == 0, outcome.err
    assert "speech to text; it reads mel, sample_rate 8000" in outcome.out and "receptive field" not in outcome.out
    assert json.loads(command("info", trained, "--json").out)["config"]["direction"] == ["speech", "text"]


def test_another_rate_is_resampled_and_said(command, trained, tmp_path):
    path = tmp_path / "loud.wav"
    write(path, np.stack([sing("no", 0.15, 44100)] * 2, axis=1), 44100)
    outcome = command("transcribe", trained, path, "--json")
    found = json.loads(outcome.out)
    assert outcome.status == 0 and found["transcripts"][0]["texts"] == ["no"]
    notes = ["2 channels mixed to mono", "resampled from 44100 to 8000 Hz"]
    assert found["transcripts"][0]["notes"] == notes
    assert outcome.err.splitlines() == [f"{path}: {note}" for note in notes]


def test_files_that_cannot_be_used(command, trained, sounds, tmp_path):
    outcome = command("transcribe", trained, sounds / "12.wav", tmp_path / "none.wav")
    assert outcome.status == 1 and outcome.out == "yes\n\n"
    assert_says(outcome.line, "none.wav", "No such file")
    write(tmp_path / "silent.wav", np.zeros(RATE, np.float32))
    outcome = command("transcribe", trained, tmp_path / "silent.wav")
    assert outcome.status == 1 and "silent.wav: " in outcome.line
    (tmp_path / "text.wav").write_text("not a sound")
    outcome = command("transcribe", trained, tmp_path / "text.wav")
    assert outcome.status == 1
    assert_says(outcome.line, "text.wav", "wav, flac, ogg")
    outcome = command("transcribe", trained, sounds / "12.wav", "--beam", "0")
    assert outcome.status == 2 and "beam is 0" in outcome.line


def test_a_recording_longer_than_the_model_reads(command, sounds, tmp_path):
    run = tmp_path / "run"
    outcome = train(command, run, "transformer-fsdd", sounds, "data.label=text", "network.max_length=16")
    assert outcome.status == 1 and "network.max_length=" in outcome.line
    outcome = train(command, run, "transformer-fsdd", sounds, "data.label=text", "network.max_length=40")
    assert outcome.status == 0, outcome.err
    write(tmp_path / "long.wav", tone(3.0))
    outcome = command("transcribe", run, tmp_path / "long.wav")
    assert outcome.status == 0 and len(outcome.out.splitlines()) == 1
    assert_says(outcome.err, "long.wav", "3.0 s", "windows", "0.5 s")


def test_fault_9_a_long_recording_is_cut_into_windows(command, trained, sounds, tmp_path, monkeypatch):
    """What is heard in a long recording is what is heard in its parts, with their times."""
    monkeypatch.setattr(transcribing, "WINDOW_SECONDS", 0.8)
    monkeypatch.setattr(transcribing, "LONG_GROUP_SECONDS", 2.0)
    pause = np.zeros(round(0.25 * RATE), np.float32)
    said = ["yes", "no", "oh no", "no", "yes"] * 2
    waves = [sing(text, 0.15) for text in said]
    write(tmp_path / "long.flac", np.concatenate([part for wave in waves for part in (wave, pause)]))
    files = [sounds / "12.wav", tmp_path / "long.flac", sounds / "13.wav"]
    outcome = command("transcribe", trained, *files, "--json")
    assert outcome.status == 0, outcome.err
    found = json.loads(outcome.out)["transcripts"]
    assert [found[0]["texts"], found[2]["texts"]] == [["yes"], ["no"]]
    spans = found[1]["windows"]
    assert " ".join(one["text"].strip() for one in spans) == found[1]["texts"][0]
    assert spans[0]["start"] == 0 and spans[-1]["stop"] == pytest.approx(found[1]["seconds"])
    assert all(0 < one["stop"] - one["start"] <= 0.8 for one in spans) and len(spans) >= 7
    assert all(one["stop"] == two["start"] for one, two in zip(spans[:-1], spans[1:], strict=True))
    assert_says(outcome.err, "long.flac", "windows", len(spans), "0.8 s")
    seen = []
    ut.transcribe(ut.load(trained), files, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1] == 6 and seen == sorted(seen)


def test_fault_9_silence_between_is_not_transcribed(command, trained, tmp_path, monkeypatch):
    monkeypatch.setattr(transcribing, "WINDOW_SECONDS", 0.8)
    silence = np.zeros(3 * RATE, np.float32)
    write(tmp_path / "long.wav", np.concatenate([sing("no", 0.16), silence, sing("yes", 0.16)]))
    found = json.loads(command("transcribe", trained, tmp_path / "long.wav", "--json").out)["transcripts"][0]
    assert [one["stop"] < 1.5 or one["start"] > 2 for one in found["windows"]] == [True] * len(found["windows"])
    assert found["windows"][0]["start"] == 0 and found["windows"][-1]["stop"] == pytest.approx(found["seconds"])
    assert_says(found["notes"][0], "silent")
    write(tmp_path / "silent.wav", silence)
    outcome = command("transcribe", trained, tmp_path / "silent.wav")
    assert outcome.status == 1 and "silent.wav" in outcome.line


def test_a_model_of_something_else(command, sounds, tmp_path):
    (tmp_path / "book.txt").write_text("the cat sat on the mat\n" * 40)
    words = ["train", "tcn-tinyshakespeare", "--data", tmp_path / "book.txt", "--out", tmp_path / "run", "--steps", "1"]
    outcome = command(*words, "--set", *SHORT, "network.channels=4", "network.num_levels=1", "samples.count=0")
    assert outcome.status == 0, outcome.err
    outcome = command("transcribe", tmp_path / "run", sounds / "12.wav")
    assert outcome.status == 2
    assert_says(outcome.line, "autoregressive", "cannot transcribe", "`undertow generate`")


def test_tables_that_cannot_be_used(command, sounds, tmp_path):
    folder = tmp_path / "sounds"
    shutil.copytree(sounds, folder)
    outcome = train(command, tmp_path / "run", "transformer-fsdd", folder)
    assert outcome.status == 1 and "label 'digit'" in outcome.line
    table(folder, [("12.wav", "yes", "ann", "train"), ("99.wav", "no", "ann", "train")])
    outcome = train(command, tmp_path / "run", "transformer-fsdd", folder, "data.label=text")
    assert outcome.status == 1
    assert_says(outcome.line, "metadata.csv, line 3", "'99.wav'")
    outcome = train(command, tmp_path / "run", "transformer-fsdd", tmp_path / "nowhere")
    assert outcome.status == 2 and not (tmp_path / "run").exists()


def test_texts_with_letters_that_the_model_does_not_know(command, trained, sounds, tmp_path):
    folder = tmp_path / "sounds"
    speak(folder, **{"12.wav": "Yes"})
    outcome = command("score", trained, folder)
    assert outcome.status == 1
    assert_says(outcome.line, "12.wav", "character 'Y' (U+0059)", "position 1", "alphabet")


def test_fault_25_one_bad_file_among_many(command, trained, sounds, tmp_path):
    """The good ones are written, an empty line stands for each bad one, and the status is 1."""
    (tmp_path / "text.wav").write_text("not a sound")
    files = [sounds / "12.wav", tmp_path / "text.wav", sounds / "13.wav", tmp_path / "none.wav"]
    outcome = command("transcribe", trained, *files, "--out", tmp_path / "out.txt")
    assert outcome.status == 1 and (tmp_path / "out.txt").read_text() == "yes\n\nno\n\n"
    assert_says(outcome.err, "text.wav: ", "none.wav: ")
    assert_says(outcome.line, "2 of 4 files")
    found = json.loads(command("transcribe", trained, *files, "--json").out)["transcripts"]
    assert [one["texts"] for one in found] == [["yes"], [""], ["no"], [""]]
    assert [one["fault"] is None for one in found] == [True, False, True, False]
    outcome = command("transcribe", trained, *files[1::2], "--out", tmp_path / "none.txt")
    assert outcome.status == 1 and not (tmp_path / "none.txt").exists()
    with refuses(ut.DataError, "text.wav"):
        ut.transcribe(ut.load(trained), files)
    assert ut.transcribe(trained, files, skip_bad=True).texts == ["yes", "", "no", ""]


@pytest.mark.slow
def test_spoken_digits(command, real_data, monkeypatch, tmp_path):
    monkeypatch.setenv("UNDERTOW_DATA", str(real_data))
    outcome = train(command, tmp_path / "run", "transformer-fsdd", "fsdd", "data.held_out_speaker=theo", steps=3)
    assert outcome.status == 0, outcome.err
    assert_says(outcome.err, "theo", "train 2,000 pairs; validation 250 pairs")
    found = json.loads(command("score", tmp_path / "run", "--beam", "1", "--split", "speaker", "--json").out)
    assert found["num_clips"] == found["num_words"] == 500 and found["constant"] == 0.9
    path = real_data / "fsdd" / "recordings" / "7_theo_0.wav"
    outcome = command("transcribe", tmp_path / "run", path, "--beam", "1")
    assert outcome.status == 0 and len(outcome.out.splitlines()) == 1
