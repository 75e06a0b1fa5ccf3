"""The mean of checkpoints: what is averaged, what the outcome says of itself, and what cannot be averaged."""

from pathlib import Path

import torch
from safetensors.torch import load_file

from tests.refusals import refuses
from tests.training import codebook
from tests.training.tiny import train
from undertow import checkpoint
from undertow.errors import DataError, UsageError
from undertow.training.checkpoint_average import _mean, average
from undertow.training.run_folder import SETTINGS


def run(out: Path, **changes: object) -> Path:
    train(out, steps=12, num_validations=4, keep_checkpoints=4, learning_rate=0.05, **changes)
    return out


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / checkpoint.WEIGHTS)


def test_the_mean_of_the_last(tmp_path: Path) -> None:
    out = run(tmp_path / "run")
    assert average(out, last=3) == out / "average"
    parts = [weights(out / "checkpoints" / f"step-{step:08d}") for step in (6, 9, 12)]
    for name, tensor in weights(out / "average").items():
        expected = torch.stack([part[name].double() for part in parts]).mean(dim=0).float()
        assert torch.equal(tensor, expected), name
    assert any(not torch.equal(parts[0][name], parts[2][name]) for name in parts[0])
    card = checkpoint.read_card(out / "average")
    assert card["mean_of"] == ["step-00000006", "step-00000009", "step-00000012"] and "scores" not in card
    assert checkpoint.load(out / "average").config == checkpoint.load(out).config


def test_counts_are_the_newest(tmp_path: Path) -> None:
    """The mean of 3, 6, 9 and 12 updates is 7.5, which is none of them; codes have a mean."""
    codebook.train(tmp_path / "run", steps=12, num_validations=4, keep_checkpoints=4)
    folders = sorted((tmp_path / "run" / "checkpoints").glob("step-*"))
    parts = [weights(folder) for folder in folders]
    model = codebook.Student(codebook.Student.Config())
    model.load_state_dict(parts[-1])
    mean = _mean(folders, model)
    assert [int(part["updates"]) for part in parts] == [3, 6, 9, 12] and int(mean["updates"]) == 12
    assert torch.equal(mean["codes"], torch.stack([part["codes"].double() for part in parts]).mean(dim=0).float())


def test_a_best_that_is_no_longer_new_is_left_out(tmp_path: Path) -> None:
    out = run(tmp_path / "run")
    settings = out / SETTINGS
    settings.write_text(settings.read_text().replace("keep_checkpoints: 4", "keep_checkpoints: 3"))
    with refuses(DataError, out, "3 checkpoints", 4):
        average(out, last=4)
    assert average(out, last=3) == out / "average"


def test_chosen_checkpoints(tmp_path: Path) -> None:
    out = run(tmp_path / "run")
    average([out / "best", out / "checkpoints" / "step-00000003"], out=tmp_path / "mean")
    assert len(checkpoint.read_card(tmp_path / "mean")["mean_of"]) == 2


def test_other_models_are_refused(tmp_path: Path) -> None:
    out = run(tmp_path / "run")
    other = tmp_path / "other"
    model = checkpoint.load(out)
    model.config = type(model.config)(**{**vars(model.config), "sample_rate": 16000})
    checkpoint.save(other, model, {})
    with refuses(DataError, other, out, "sample_rate", 16000):
        average([out, other], out=tmp_path / "mean")
    assert not (tmp_path / "mean").exists()


def test_what_makes_no_mean(tmp_path: Path) -> None:
    out = run(tmp_path / "run")
    with refuses(DataError, "4 checkpoints", "training.keep_checkpoints=9"):
        average(out, last=9)
    with refuses(UsageError, "last", 1, 2):
        average(out, last=1)
    with refuses(UsageError, "1 checkpoint"):
        average([out], out=tmp_path / "mean")
    with refuses(UsageError, "--out"):
        average([out / "best", out / "checkpoints" / "step-00000003"])
    with refuses(UsageError, "checkpoint", "best", "last"):
        average([out / "last", out / "last"], out=tmp_path / "mean")
    with refuses(DataError, tmp_path, "run"):
        average(tmp_path)
    average(out, last=2)
    with refuses(DataError, "average", "exists"):
        average(out, last=2)
    (out / "checkpoints" / "step-00000012" / checkpoint.WEIGHTS).write_bytes(b"cut")
    with refuses(DataError, checkpoint.WEIGHTS, "damaged"):
        average(out, last=2, out=tmp_path / "mean")
    assert not (tmp_path / "mean").exists()
