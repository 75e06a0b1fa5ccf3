import pytest
import torch

from tests.generation.models import build, frames
from undertow.models.autoregressive import Autoregressive
from undertow.session.conditions import Known


def known(model: Autoregressive, num_rows: int = 2) -> Known:
    rows = [torch.from_numpy(frames(15, seed=row)) for row in range(num_rows)]
    return Known(model, num_rows, {"speaker": torch.arange(num_rows)}, torch.stack(rows))


@pytest.mark.parametrize(("start", "stop"), [(0, 60), (0, 1), (4, 6), (5, 10), (17, 43), (31, 32), (59, 60)])
def test_a_stretch_is_that_stretch_of_the_whole(start: int, stop: int) -> None:
    model = build("features").eval()
    conditions = known(model)
    with torch.no_grad():
        whole = model.condition(conditions.labels, conditions.features, 60, 2).aligned
    assert whole is not None and whole[:, :, 4:].std(dim=1).min() > 0  # the labels' four channels stand still
    torch.testing.assert_close(conditions.steps(start, stop).aligned, whole[:, start:stop], rtol=1e-12, atol=1e-12)


def test_rows_may_be_at_different_steps() -> None:
    model = build("features").eval()
    conditions = known(model)
    aligned = conditions.steps_from([7, 30], 9).aligned
    assert aligned is not None
    for row, start in enumerate([7, 30]):
        one = conditions.steps(start, start + 9).aligned
        assert one is not None
        torch.testing.assert_close(aligned[row], one[row], rtol=1e-12, atol=1e-12)


def test_labels_are_never_hidden_while_generating() -> None:
    model = build("labels").train()
    shown = [Known(model, 1, {"speaker": torch.tensor([0])}).steps(0, 1).aligned for _ in range(40)]
    with torch.no_grad():
        expected = model.eval().condition({"speaker": torch.tensor([0])}, None, 1, 1).aligned
    assert all(torch.equal(one, expected) for one in shown)


def test_how_far_it_reaches() -> None:
    model = build("features")
    assert known(model).num_steps == 60
    model.network.max_length = 25
    assert known(model).num_steps == 25
    assert Known(build(), 1, {}).num_steps is None
