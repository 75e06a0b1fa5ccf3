"""The progress of a run: what counts as the best, and what is written of it."""

from undertow.training.progress import RunProgress
from undertow.training.validation import Validated


def found(loss: float, cost: float | None = None) -> Validated:
    return Validated(loss, loss if cost is None else cost, {"accuracy": 1 - loss}, f"{loss} nats")


def test_the_first_loss_stays_and_steps_are_counted() -> None:
    progress = RunProgress().updated(3.0, 1.5).updated(2.0, 2.5)
    assert (progress.step, progress.first_loss, progress.seconds) == (2, 3.0, 2.5)


def test_the_lower_cost_is_better_and_of_equal_ones_the_lower_loss() -> None:
    progress = RunProgress(step=4).validated(found(2.0, cost=-30.0))
    worse = RunProgress.validated(progress, found(1.0, cost=-29.0))
    assert (worse.best_step, worse.num_worse, worse.validation_loss) == (4, 1, 1.0)
    equal = progress.validated(found(2.0, cost=-30.0))
    assert equal.num_worse == 1
    better = worse.updated(1.0, 9.0).validated(found(1.9, cost=-30.0))
    assert (better.best_step, better.best_loss, better.num_worse, better.best_text) == (5, 1.9, 0, "1.9 nats")


def test_a_loss_that_is_no_number_is_never_better() -> None:
    progress = RunProgress().validated(found(2.0)).validated(found(float("nan")))
    assert progress.best_loss == 2.0 and progress.num_worse == 1


def test_the_newest_validation_is_written_under_its_names() -> None:
    assert RunProgress().validation_row() == {}
    row = RunProgress().validated(found(0.25)).validation_row()
    assert row == {"validation_loss": 0.25, "validation_accuracy": 0.75}
