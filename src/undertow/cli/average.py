"""`undertow average`: one checkpoint of the mean of several ones' weights."""

from pathlib import Path

from undertow.cli.options import Json


def average(run: Path, /, *others: Path, last: int = 5, out: Path | None = None, json: Json = False) -> None:
    """Average the weights of a run's newest checkpoints, or of several checkpoints of one model.

    What comes out is a checkpoint like any other. It often is a little better than the best of those it is made of.

    Args:
        run: Folder of a run; or a checkpoint, where others follow.
        others: Further checkpoints.
        last: How many checkpoints of a run; it keeps so many when trained with --set training.keep_checkpoints.
        out: A new folder; by default the folder average in that of the run.
    """
    from undertow.checkpoint import read_card
    from undertow.cli.terminal import print_json
    from undertow.training.checkpoint_average import average as write_mean

    folder = write_mean([run, *others] if others else run, last=last, out=out)
    names = read_card(folder)["mean_of"]
    if json:
        print_json({"out": str(folder), "mean_of": names})
    else:
        print(f"{folder} is the mean of {', '.join(names)}")
