"""`undertow train`, end to end on synthesised notes, and what wrong input gets."""

import errno
import json
import shlex
import signal
import subprocess
import sys

import numpy as np
import pytest
import soundfile
import yaml

from tests.cli.conftest import ENVIRONMENT, TINY, train_command
from tests.data.sounds import tone, write, write_bad_files
from tests.refusals import assert_says
from undertow import checkpoint
from undertow.training.journal import Journal


def test_a_run_is_a_model_to_load_and_says_what_it_is(trained):
    model, card = checkpoint.load(trained), checkpoint.read_card(trained)
    assert model.config.conditioner.labels["pitch"][:2] == ("A2", "A#2") and model.config.sample_rate == 8000
    assert card["data"]["source"] == "plucked" and card["data"]["splits"]["train"]["num_clips"] == 240
    assert card["training"]["steps"] in (20, 40) and card["training"]["num_threads"] >= 1
    assert card["scores"]["validation_loss"] > 0 and card["versions"]["torch"]
    rows = [json.loads(line) for line in (trained / "log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows if "loss" in row] == list(range(1, 41))


def test_it_says_what_it_does_and_how_it_went(command, tmp_path):
    outcome = command(*train_command(tmp_path / "run", steps=2))
    assert outcome.status == 0
    assert "plucked at 8000 Hz: train 240 clips" in outcome.err and "128 ms at 8000 Hz" in outcome.err
    assert_says(outcome.out, "validation", "bits/sample", tmp_path / "run", "2 steps")


def test_json_is_all_of_stdout(command, tmp_path):
    outcome = command(*train_command(tmp_path / "run", "--seed", "3", "--json", steps=2))
    found = json.loads(outcome.out)
    assert found["steps"] == 2 and 0 < found["validation_loss"] < 7 and found["validation"].endswith(" bits/sample")
    assert yaml.safe_load((tmp_path / "run/run.yaml").read_text())["training"]["seed"] == 3


def test_samples_are_written_at_each_validation(command, tmp_path):
    changes = ["samples.count=2", "samples.seconds=0.02"]
    assert command(*train_command(tmp_path / "run", steps=4, changes=changes)).status == 0
    for step in (2, 4):
        wave, rate = soundfile.read(tmp_path / f"run/samples/step-{step}/2.wav")
        assert rate == 8000 and len(wave) == 160


def test_a_folder_of_any_sound(command, tmp_path):
    folder = tmp_path / "my_wavs"
    for index in range(6):
        write(folder / ("anna" if index % 2 else "ben") / f"{index}.wav", tone(0.3), 16000)
    write_bad_files(folder)
    (folder / "memo.m4a").write_bytes(b"x")
    words = ["train", "wavenet", "--data", folder, "--out", tmp_path / "run", "--steps", "2", "--set", *TINY]
    outcome = command(*words, "network.layers_per_cycle=11", "samples.count=1", "samples.seconds=0.01")
    assert outcome.status == 0, outcome.err
    assert "files skipped" in outcome.err and "not wav, flac" in outcome.err
    assert outcome.err.count("1 .m4a file cannot be read") == 1 and "train: " in outcome.err
    model = checkpoint.load(tmp_path / "run")
    assert model.config.sample_rate == 16000 and model.config.conditioner.labels == {"label": ("anna", "ben")}


@pytest.mark.parametrize("given", ["one", "one/only.wav"])
def test_fault_11_one_recording_alone_trains_and_its_end_is_held_out(command, tmp_path, given):
    write(tmp_path / "one/only.wav", tone(0.5))
    words = ["train", "wavenet", "--data", tmp_path / given, "--out", tmp_path / "run", "--steps", "2", "--set", *TINY]
    outcome = command(*words, "samples.count=1", "samples.seconds=0.01")
    assert outcome.status == 0, outcome.err
    assert_says(outcome.err, "validation 1 clip", "step 2: validation")
    assert checkpoint.load(tmp_path / "run") and (tmp_path / "run/samples/step-2/1.wav").exists()
    assert "test: 200 samples" in command("score", tmp_path / "run").out
    assert "all: 4,000 samples" in command("score", tmp_path / "run", "--split", "all").out


def test_a_vocoder_learns_from_features(command, tmp_path):
    network = ["network.layers_per_cycle=10", "network.num_cycles=1", "network.residual_channels=4"]
    network += ["network.gate_channels=4", "network.skip_channels=4", "training.num_validations=1"]
    small = ["data.crop_steps=160", "samples.seconds=0.02", "conditioner.upsampling.channels=4"]
    small += ["conditioner.features.num_channels=8", "training.tensorboard=false", "training.batch_size=1"]
    run = tmp_path / "run"
    words = ["train", "vocoder-fsdd", "--data", "plucked", "--out", run, "--steps", "1", "--set"]
    assert command(*words, *network, *small).status == 0
    assert len(list(run.glob("samples/step-1/*.wav"))) == 2
    write(tmp_path / "copy.wav", tone(0.05))
    outcome = command("generate", run, "--features", tmp_path / "copy.wav", "--out", tmp_path / "out.wav")
    assert outcome.status == 0 and soundfile.info(tmp_path / "out.wav").frames == 400
    outcome = command("generate", run, "--out", tmp_path / "out.wav")
    assert outcome.status == 2 and "mel features" in outcome.line


def test_a_named_set_at_another_place(command, tmp_path, monkeypatch):
    monkeypatch.setenv("UNDERTOW_DATA", "")
    (tmp_path / "elsewhere/recordings").mkdir(parents=True)
    write(tmp_path / "elsewhere/recordings/3_theo_0.wav", tone())
    words = ["train", "wavenet-fsdd", "--data", tmp_path / "elsewhere", "--out", tmp_path / "run", "--steps", "1"]
    outcome = command(*words)
    assert outcome.status == 1
    assert_says(outcome.line, "1 audio file", 3000)


@pytest.mark.parametrize(
    ("words", "status", "parts"),
    [
        ("train wavenett --out run", 2, ["recipe 'wavenett'", "'wavenet'"]),
        ("train none.yaml --out run", 2, ["recipe", "none.yaml"]),
        ("train wavenet --out run", 2, ["--data"]),
        ("train wavenet --data nowhere --out run", 1, ["'nowhere'"]),
        ("train wavenet --data plucked --out run --set network.residual_chanels=3", 2, ["'residual_channels'"]),
        ("train wavenet --data plucked --out run --set netwrok.kind=x", 2, ["'network'"]),
        ("train wavenet --data plucked --out run --set training.sped=x", 2, ["'training.sped'"]),
        ("train wavenet --data plucked --out run --set training.batch_size=none", 2, ["training.batch_size"]),
        ("train wavenet --data plucked --out run --set training.batch_size.a=1", 2, ["batch_size'", "section"]),
        ("train wavenet --data plucked --out run --set network", 2, ["'network'", "network.residual_channels=64"]),
        ("train wavenet --data plucked --out run --set conditioner.labels=[pich]", 1, ["'pich'", "'pitch'"]),
        ("train wavenet --data plucked --out run --steps 1 --minutes 1", 2, ["steps", "minutes"]),
        ("train wavenet --data plucked --out run --steps 0", 2, ["training.steps"]),
        ("train wavenet --data plucked --out run --device gpu", 2, ["device 'gpu'"]),
        ("train wavenet --data plucked --out run --device cuda:97", 2, ["cuda:97"]),
        ("train wavenet --data plucked --out run --resume --steps 1", 1, ["run", "--resume"]),
        ("train wavenet --data empty --out run", 1, ["empty", "audio"]),
        ("train wavenet --data bad --out run", 1, ["text.wav", "flac"]),
    ],
)
def test_what_a_wrong_request_gets(command, tmp_path, monkeypatch, words, status, parts):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    write_bad_files(tmp_path / "bad")
    for path in (tmp_path / "bad").iterdir():
        if "text" not in path.name:
            path.unlink()
    outcome = command(*words.split())
    assert outcome.status == status, outcome.err
    assert_says(outcome.line, *parts)
    assert not (tmp_path / "run").exists() and not outcome.out


def test_an_existing_run_is_not_written_over(command, trained):
    before = (trained / "log.jsonl").read_bytes()
    outcome = command(*train_command(trained))
    assert outcome.status == 1 and "--resume" in outcome.line
    assert (trained / "log.jsonl").read_bytes() == before


def test_a_folder_that_is_taken_is_refused_before_data_is_read(command, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run/notes.txt").write_text("mine")
    outcome = command(*train_command(tmp_path / "run"))
    assert outcome.status == 1 and "empty folder" in outcome.line and "plucked" not in outcome.err


def test_a_run_is_resumed_only_as_it_was(command, tmp_path):
    run = tmp_path / "run"
    assert command(*train_command(run, steps=2)).status == 0
    again = command(*train_command(run, "--resume", steps=2))
    assert again.status == 0 and "2 steps" in again.out
    other = command(*train_command(run, "--resume", steps=2, changes=["training.learning_rate=0.5"]))
    assert other.status == 1
    assert_says(other.line, "training.learning_rate", "--out")


def test_ctrl_c_saves_and_says_how_to_go_on(command, tmp_path, monkeypatch):
    write_row = Journal.write

    def interrupted(self, row):
        write_row(self, row)
        if row["step"] == 3 and "loss" in row:
            signal.raise_signal(signal.SIGINT)

    straight, run = tmp_path / "straight", tmp_path / "run"
    assert command(*train_command(straight, steps=6)).status == 0
    with monkeypatch.context() as patch:
        patch.setattr(Journal, "write", interrupted)
        outcome = command(*train_command(run, steps=6))
    assert outcome.status == 130
    words = shlex.split(outcome.line.partition(": undertow ")[2])
    assert words[-1] == "--resume" and command(*words).status == 0
    assert [row["loss"] for row in losses(run)] == [row["loss"] for row in losses(straight)]


@pytest.mark.parametrize(("step", "saved"), [(2, None), (5, 3)])
def test_fault_46_a_second_ctrl_c_says_what_is_saved(command, tmp_path, monkeypatch, step, saved):
    write_row = Journal.write

    def interrupted(self, row):
        write_row(self, row)
        if row["step"] == step:
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    run = tmp_path / "run"
    monkeypatch.setattr(Journal, "write", interrupted)
    outcome = command(*train_command(run, steps=6))
    assert outcome.status == 130 and "stopped and saved" not in outcome.line
    if saved is None:
        assert_says(outcome.line, "stopped", "nothing was saved")
    else:
        assert_says(outcome.line, "stopped", f"saved up to step {saved}", "--resume")
        assert checkpoint.resolve(run / "last").name == f"step-{saved:08d}"


def test_fault_46_the_first_ctrl_c_says_at_which_step_it_saved(command, tmp_path, monkeypatch):
    write_row = Journal.write

    def interrupted(self, row):
        write_row(self, row)
        if row["step"] == 4:
            signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(Journal, "write", interrupted)
    outcome = command(*train_command(tmp_path / "run", steps=6))
    assert_says(outcome.line, "stopped and saved", "step 5", "--resume")
    assert checkpoint.resolve(tmp_path / "run/last").name == "step-00000005"


def losses(run):
    rows = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [row for row in rows if "loss" in row]


def test_a_disk_that_fills_up_while_saving_leaves_the_checkpoint_before(command, tmp_path, monkeypatch):
    from undertow.training import snapshots

    to_bytes, calls = snapshots.to_bytes, []

    def full(tensors):
        calls.append(tensors)
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return to_bytes(tensors)

    monkeypatch.setattr(snapshots, "to_bytes", full)
    run = tmp_path / "run"
    outcome = command(*train_command(run, steps=4))
    assert outcome.status == 1 and "No space left on device" in outcome.line
    assert checkpoint.read_card(run)["training"]["steps"] == 2 and checkpoint.load(run)
    assert not list(run.rglob("*.partial*"))


def test_a_recipe_of_ones_own(command, tmp_path):
    recipe = tmp_path / "mine.yaml"
    text = "model: {alphabet: {kind: mu_law}}\ndata: {kind: audio, source: plucked}\n"
    recipe.write_text(text + "training: {steps: 1, stepz: 2}\n")
    outcome = command("train", recipe, "--out", tmp_path / "run")
    assert outcome.status == 2
    assert_says(outcome.line, "'training.stepz'", "'steps'")
    recipe.write_text("model: [")
    outcome = command("train", recipe, "--out", tmp_path / "run")
    assert outcome.status == 1
    assert_says(outcome.line, "mine.yaml", "YAML")


def test_a_run_is_a_function_of_its_seed(command, tmp_path):
    first, second = tmp_path / "a", tmp_path / "b"
    for run in (first, second):
        assert command(*train_command(run, "--seed", "5", steps=3)).status == 0
    assert np.array_equal([row["loss"] for row in losses(first)], [row["loss"] for row in losses(second)])


@pytest.mark.slow
def test_two_processes_train_one_run_and_one_of_them_talks(command, tmp_path):
    run = tmp_path / "run"
    words = [str(word) for word in train_command(run, steps=2)]
    command_line = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "undertow", *words]
    result = subprocess.run([sys.executable, *command_line], capture_output=True, text=True, env=ENVIRONMENT)
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("is ready: 2 steps") == 1 and result.stderr.count("plucked at 8000 Hz") == 1
    assert checkpoint.read_card(run)["training"]["num_processes"] == 2
    assert command("info", run).status == 0
