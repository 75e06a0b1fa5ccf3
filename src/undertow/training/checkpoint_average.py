"""The mean of the weights of several checkpoints (Vaswani et al., arXiv 1706.03762, §6.1, averages the last five)."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from undertow import checkpoint, run_steps
from undertow.arguments import checked
from undertow.config import check_whole, to_dict
from undertow.errors import DataError, UsageError, counted, shown
from undertow.models.model import Model
from undertow.training.run_folder import read_settings
from undertow.weights import check_weights, read_weights

OUT = "average"


@checked
def average(checkpoints: str | Path | Sequence[str | Path], *, last: int = 5, out: str | Path | None = None) -> Path:
    """Average the weights of several checkpoints of one model, write the mean as a checkpoint, and return its folder.

    Whole numbers that a model counts in, and flags, have no mean: they are those of the newest, or the last given.

    Args:
        checkpoints: the folder of a run, to average its newest; or two or more checkpoints.
        last: number of a run's checkpoints to average; `training.keep_checkpoints` sets how many it keeps.
        out: a new folder; by default `average` in the run's folder.

    Raises:
        UsageError: fewer than two checkpoints, or one of them given twice; neither a run nor an `out`; or checkpoints
            exported to the native engine.
        DataError: the run has fewer, one is damaged or has a different config from the first, or `out` exists already.
    """
    if isinstance(checkpoints, str | Path):
        run = Path(checkpoints)
        folders, out = _newest(run, last), run / OUT if out is None else out
    else:
        folders = [checkpoint.resolve(one) for one in checkpoints]
    if len(folders) < 2:
        raise UsageError(f"cannot average {len(folders)} checkpoint; give a run's folder, or two or more checkpoints")
    if out is None:
        raise UsageError("give --out, the folder for the mean of these checkpoints")
    if len({folder.resolve() for folder in folders}) < len(folders):
        raise UsageError("a checkpoint is given more than once (best may be the same as last)")
    _check_same(folders)
    model = checkpoint.load(folders[-1])
    if model.engine_file is not None:
        raise UsageError(f"{folders[-1]} is exported to the native engine; average the checkpoints it was made from")
    model.load_state_dict(_mean(folders, model))
    card = {key: value for key, value in checkpoint.read_card(folders[-1]).items() if key != "scores"}
    checkpoint.save(out, model, card | {"mean_of": [folder.name for folder in folders]})
    return Path(out)


def _newest(run: Path, last: int) -> list[Path]:
    """The newest checkpoints of a run, oldest first."""
    check_whole("last", last, 2)
    folders = run_steps.checkpoints(run)
    if not folders:
        raise DataError(f"{run} has no checkpoints; give the folder of a run, or two or more checkpoints")
    folders = folders[-read_settings(run)["training"]["keep_checkpoints"] :]  # older ones: the best
    if len(folders) < last:
        raise DataError(
            f"{run} has {counted(len(folders), 'checkpoint')}, not {last}; "
            f"a run keeps more with training.keep_checkpoints={last}"
        )
    return folders[-last:]


def _check_same(folders: Sequence[Path]) -> None:
    """Refuse checkpoints of different models."""
    first = to_dict(checkpoint.read_config(folders[0]))
    for folder in folders[1:]:
        other = to_dict(checkpoint.read_config(folder))
        key = next((key for key in sorted(first | other) if first.get(key) != other.get(key)), None)
        if key is not None:
            values = f"{shown(other.get(key))}, not {shown(first.get(key))}"
            raise DataError(f"{folder} and {folders[0]} are different models: the first has {key} {values}")


def _mean(folders: Sequence[Path], model: Model) -> dict[str, Tensor]:
    """The mean of every weight, summed in float64; what is no real number, such as a count, is the last folder's.

    Args:
        model: the last folder's.
    """
    expected = model.state_dict()
    real = {name: tensor for name, tensor in expected.items() if tensor.is_floating_point()}
    total = {name: torch.zeros_like(tensor, dtype=torch.float64) for name, tensor in real.items()}
    for folder in folders:
        weights = read_weights(folder / checkpoint.WEIGHTS)
        check_weights(weights, expected, folder / checkpoint.WEIGHTS, checkpoint.CONFIG)
        for name in real:
            total[name] += weights[name]
    return expected | {name: (total[name] / len(folders)).to(tensor.dtype) for name, tensor in real.items()}
