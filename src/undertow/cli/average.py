"""`undertow average`: average the weights of several checkpoints."""

from pathlib import Path

from undertow.cli.options import Json


def average(run: Path, /, *others: Path, last: int = 5, out: Path | None = None, json: Json = False) -> None:
    """Average the weights of a run's newest checkpoints, or of several checkpoints of one model.

    The result is a checkpoint like any other, and often a little better than the best of the averaged ones.

    Args:
        run: Folder of a run, or the first of several checkpoints.
        others: Further checkpoints.
        last: Number of a run's checkpoints; train with --set training.keep_checkpoints to keep as many.
        out: New folder; by default average in the run's folder.
    """
    from undertow.checkpoint import read_card
    from undertow.cli.terminal import print_json, put
    from undertow.training.checkpoint_average import average as write_mean

    folder = write_mean([run, *others] if others else run, last=last, out=out)
    names = read_card(folder)["mean_of"]
    if json:
        print_json({"out": str(folder), "mean_of": names})
    else:
        put(f"{folder} is the mean of {', '.join(names)}")
