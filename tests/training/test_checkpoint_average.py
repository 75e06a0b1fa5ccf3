"""The mean of checkpoints: what is averaged, what the outcome says of itself, and what cannot be averaged."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

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
    with pytest.raises(DataError, match="has 3 checkpoints, not 4"):
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
    with pytest.raises(DataError, match="other is another model than .*: its sample_rate is 16000, not"):
        average([out, other], out=tmp_path / "mean")
    assert not (tmp_path / "mean").exists()


def test_what_makes_no_mean(tmp_path: Path) -> None:
    out = run(tmp_path / "run")
    with pytest.raises(DataError, match="has 4 checkpoints, not 9; a run keeps more with training.keep_checkpoints=9"):
        average(out, last=9)
    with pytest.raises(UsageError, match="last is 1; a mean is of 2 or more"):
        average(out, last=1)
    with pytest.raises(UsageError, match="1 checkpoint makes no mean"):
        average([out], out=tmp_path / "mean")
    with pytest.raises(UsageError, match="say where their mean is to be written"):
        average([out / "best", out / "checkpoints" / "step-00000003"])
    with pytest.raises(UsageError, match="a checkpoint is given more than once"):
        average([out / "last", out / "last"], out=tmp_path / "mean")
    with pytest.raises(DataError, match="is no folder of a run"):
        average(tmp_path)
    average(out, last=2)
    with pytest.raises(DataError, match="exists; give a new folder"):
        average(out, last=2)
    (out / "checkpoints" / "step-00000012" / checkpoint.WEIGHTS).write_bytes(b"cut")
    with pytest.raises(DataError, match="safetensors is truncated, damaged"):
        average(out, last=2, out=tmp_path / "mean")
    assert not (tmp_path / "mean").exists()
