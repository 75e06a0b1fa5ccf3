"""The examples run, and do what they say."""

import runpy
from pathlib import Path

import numpy as np
import pytest
import soundfile

import undertow as ut

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def example(name):
    return runpy.run_path(str(EXAMPLES / f"{name}.py"))


def test_every_example_is_tested():
    assert {path.stem for path in EXAMPLES.glob("*.py")} == {"notes", "stream"}


@pytest.mark.parametrize("name", ["notes", "stream"])
@pytest.mark.parametrize("words", [["--help"], ["--what"], ["a", "b", "c"]])
def test_fault_19_help_and_wrong_words_start_nothing(name, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        example(name)["main"](words)
    said = capsys.readouterr()
    assert ended.value.code == (0 if words == ["--help"] else 2) and "usage:" in said.out + said.err
    assert not list(tmp_path.iterdir())


def test_notes(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("undertow.training.length.TIMED_SECONDS", 0.01)
    example("notes")["main"]([str(tmp_path / "run"), "--minutes", "0.001", "--seconds", "0.02"])
    assert "bits/sample" in capsys.readouterr().out
    assert soundfile.info(tmp_path / "run/A2.wav").frames == 160


@pytest.mark.filterwarnings("ignore::undertow.models.ShortReceptiveFieldWarning")
def test_stream_is_the_same_with_its_pause(tmp_path):
    changes = {"network.num_cycles": 1, "network.layers_per_cycle": 3, "network.residual_channels": 4}
    changes |= {"network.gate_channels": 4, "network.skip_channels": 4, "samples.count": 0}
    changes |= {"training.num_validations": 1, "training.tensorboard": False}
    model = ut.train("wavenet", tmp_path / "run", data="plucked", steps=1, changes=changes).load()
    example("stream")["main"]([str(tmp_path / "run"), str(tmp_path / "out.wav"), "--seconds", "0.1"])
    straight = ut.generate(model, seconds=0.1, seed=1).real[0]
    assert np.abs(soundfile.read(tmp_path / "out.wav")[0] - straight).max() < 1e-4
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.wav", "run"]
