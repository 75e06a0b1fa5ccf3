"""A damaged state of a run is one line, which names the checkpoint before it; nothing of the run changes."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.refusals import refuses
from tests.training.tiny import train
from undertow.errors import DataError

LAST = "checkpoints/step-00000012"


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("unbroken") / "run"
    train(out)
    return out


@pytest.fixture
def run(unbroken: Path, tmp_path: Path) -> Path:
    """A copy without digests: each fault is found by itself."""
    copy = Path(shutil.copytree(unbroken, tmp_path / "run"))
    (copy / LAST / "digests.json").unlink()
    return copy


def edit(run: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    file = run / LAST / "training.json"
    values = json.loads(file.read_text())
    changed = change(values)
    file.write_text(json.dumps(values if changed is None else changed))


def edit_tensors(run: Path, change: Callable[[dict[str, torch.Tensor]], Any], listed: bool) -> None:
    """Change training.safetensors; where `listed`, training.json lists the new tensors."""
    file = run / LAST / "training.safetensors"
    tensors = load_file(file)
    change(tensors)
    save_file(tensors, file)
    if listed:
        edit(run, lambda values: values.update(tensors={name: list(one.shape) for name, one in tensors.items()}))


VALUES: dict[str, Any] = {
    **{"step": "12", "seconds": "1", "best_step": 13, "num_worse": -1, "first_loss": "low", "best_text": 3},
    **{"best_loss": [1], "validation_figures": {"a": "b"}, "processes": {}, "tensors": None, "surplus": 1},
}


@pytest.mark.parametrize("name", VALUES)
def test_fault_35_a_wrong_value_is_refused(run: Path, name: str) -> None:
    edit(run, lambda values: values.update({name: VALUES[name]}))
    with refuses(DataError, run / LAST / "training.json", name, "step-00000008"):
        train(run, resume=True)


@pytest.mark.parametrize("step", [-1, 0, 8, 13, 10**20, True, 12.5, None])
def test_fault_35_a_step_is_that_of_its_folder(run: Path, step: Any) -> None:
    edit(run, lambda values: values.update(step=step))
    before = sorted(run.rglob("*")), (run / "log.jsonl").read_bytes()
    with refuses(DataError, run / LAST / "training.json", "step", "step-00000008"):
        train(run, resume=True)
    assert before == (sorted(run.rglob("*")), (run / "log.jsonl").read_bytes())


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "null", "[" * 99999, '{"step": ' + "1" * 5000 + "}"])
def test_fault_35_a_state_that_is_not_one(run: Path, text: str) -> None:
    (run / LAST / "training.json").write_text(text)
    with refuses(DataError, run / LAST / "training.json", "step-00000008") as error:
        train(run, resume=True)
    assert "\n" not in str(error.value) and len(str(error.value)) < 600


PREFIXES = ("weights.", "optimizer.exp_avg ", "process.0.torch")


def first(tensors: dict[str, torch.Tensor], prefix: str) -> str:
    return next(name for name in sorted(tensors) if name.startswith(prefix) and tensors[name].dim())


@pytest.mark.parametrize(
    ("prefix", "fault", "listed"),
    [
        *[(prefix, fault, False) for prefix in PREFIXES for fault in ("missing", "shape")],
        *[(prefix, "shape", True) for prefix in PREFIXES],
        *[(prefix, "missing", True) for prefix in PREFIXES[::2]],  # a parameter without gradients has no moments
    ],
)
def test_fault_35_tensors_are_those_of_the_run(run: Path, prefix: str, fault: str, listed: bool) -> None:
    def change(tensors: dict[str, torch.Tensor]) -> None:
        name = first(tensors, prefix)
        tensor = tensors.pop(name)
        if fault == "shape":
            tensors[name] = torch.cat([tensor, tensor])

    edit_tensors(run, change, listed)
    with refuses(
        DataError,
        run / LAST / "training.safetensors",
        "tensor",
        prefix.removeprefix("weights.").strip(),
        "step-00000008",
    ):
        train(run, resume=True)


@pytest.mark.parametrize("generator", [{"python": [3, [1, 2], None]}, {"numpy": ["MT19937", [-1] * 624, 0, 0, 0.0]}])
def test_fault_35_generators_are_whole(run: Path, generator: dict[str, Any]) -> None:
    edit(run, lambda values: values["processes"][0].update(generator))
    with refuses(DataError, run / LAST, "generators"):
        train(run, resume=True)


@pytest.mark.parametrize("name", ["training.json", "training.safetensors", "model.safetensors"])
def test_a_change_that_leaves_a_state_whole_is_found_by_its_digest(unbroken: Path, tmp_path: Path, name: str) -> None:
    run = Path(shutil.copytree(unbroken, tmp_path / "run"))
    data = (run / LAST / name).read_bytes()
    changed = (
        data.replace(b'"seconds": ', b'"seconds": 1') if name == "training.json" else data[:-1] + bytes([data[-1] ^ 1])
    )
    assert changed != data
    (run / LAST / name).write_bytes(changed)
    with refuses(DataError, run / LAST / name, "step-00000008"):
        train(run, resume=True)
