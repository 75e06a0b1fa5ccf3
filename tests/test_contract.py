"""The contract itself: a sound layer and a sound model pass, and each fault is caught by the check that is for it."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests import contract, contract_model
from tests.contract import Subject
from undertow.batch import Batch
from undertow.config import parse
from undertow.layers import CausalConv1d
from undertow.models import Autoregressive

LAYER = CausalConv1d(2, 2, kernel_size=3).double()


def kept_in_the_module() -> dict[str, Any]:
    """A layer with one state of its own, whatever state it is given."""
    own = {}

    def init_state(rows: Sequence[int]) -> Any:
        own["state"] = LAYER.init_state(len(rows))
        return own["state"]

    def step(x: Tensor, state: Any, start: int, rows: Any) -> tuple[Tensor, Any]:
        y, own["state"] = LAYER.step(x, own["state"])
        return y, own["state"]

    return dict(init_state=init_state, step=step)


def stepping(change: Callable[[Tensor, Any], tuple[Tensor, Any]]) -> dict[str, Any]:
    return dict(step=lambda x, state, start, rows: change(x, state))


def forgetful(x: Tensor, state: Any) -> tuple[Tensor, Any]:
    return LAYER.step(x, LAYER.init_state(len(x)))


def without_gradients(x: Tensor, state: Any) -> tuple[Tensor, Any]:
    y, after = LAYER.step(x, state)
    return y.detach() + 0 * x.sum() + 0 * LAYER.weight.sum() + 0 * LAYER.bias.sum(), after


def growing(x: Tensor, state: Any) -> tuple[Tensor, Any]:
    y, after = LAYER.step(x, {name: state[name] for name in ("past", "cursor")})
    return y, {**after, "more": x}


FAULTS: dict[str, tuple[Callable[[Subject], None], dict[str, Any]]] = {
    "a step forgets": (contract.check_steps_equal_forward, stepping(forgetful)),
    "a step has no gradients": (contract.check_gradients_of_steps, stepping(without_gradients)),
    "the field is declared too small": (contract.check_receptive_field, dict(receptive_field=2)),
    "the field is declared too large": (contract.check_receptive_field, dict(receptive_field=4)),
    "the field is declared unbounded": (contract.check_receptive_field, dict(receptive_field=None)),
    "it sees the future": (contract.check_causality, dict(forward=lambda x, rows: LAYER(x) + x.roll(-1, dims=1))),
    "it is deaf": (contract.check_causality, dict(forward=lambda x, rows: torch.zeros_like(x))),
    "a delay is declared": (contract.check_delay, dict(delay=1)),
    "rows mix": (contract.check_rows_do_not_mix, dict(forward=lambda x, rows: LAYER(x) + x.mean(dim=0))),
    "a row that is no number is heard in others": (
        contract.check_what_is_no_number_stays_where_it_is,
        dict(forward=lambda x, rows: LAYER(x) + 0 * x.mean(dim=0)),
    ),
    "a leaf is named after no module": (
        contract.check_state_is_named,
        dict(init_state=lambda rows: {"ring": LAYER.init_state(len(rows))}),
    ),
    "the state grows": (contract.check_state_keeps_its_shape, stepping(growing)),
}


def subject(**changes: Any) -> Subject:
    sound: dict[str, Any] = dict(
        module=LAYER,
        x=torch.randn(3, 16, 2).double(),
        forward=lambda x, rows: LAYER(x),
        init_state=lambda rows: LAYER.init_state(len(rows)),
        step=lambda x, state, start, rows: LAYER.step(x, state),
        receptive_field=3,
    )
    return Subject(**{**sound, **changes})


def test_a_sound_layer_passes(tmp_path: Path) -> None:
    contract.check_subject(subject(), tmp_path)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_of_a_layer_is_caught(name: str) -> None:
    check, changes = FAULTS[name]
    check(subject())
    with pytest.raises(AssertionError):
        check(subject(**changes))


def test_a_state_in_the_module_survives_no_clone(tmp_path: Path) -> None:
    with pytest.raises(AssertionError):
        contract.check_state_operations(subject(**kept_in_the_module()), tmp_path)


def model() -> Autoregressive:
    network = {"kind": "wavenet", "num_cycles": 1, "layers_per_cycle": 2, "residual_channels": 4, "gate_channels": 4}
    values = {"alphabet": {"kind": "mu_law", "num_levels": 5}, "network": network, "emission": {"kind": "categorical"}}
    return Autoregressive(parse(Autoregressive.Config, values)).double().eval()


def batch() -> Batch:
    return Batch(torch.randint(0, 5, (3, 8)), torch.ones(3, 8, dtype=torch.bool))


def test_a_sound_model_passes() -> None:
    contract_model.check_model(model(), batch())


def test_a_model_that_sees_the_symbol_itself_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    leaky = model()
    monkeypatch.setattr(leaky, "past", lambda symbols: torch.cat([symbols, symbols[:, -1:]], dim=1))
    with pytest.raises(AssertionError):
        contract_model.check_model_causality(leaky, batch())


def test_a_model_that_counts_padding_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    counting = model()
    log_prob = counting.log_prob
    everything = torch.ones(3, 8, dtype=torch.bool)
    monkeypatch.setattr(counting, "log_prob", lambda batch: log_prob(Batch(batch.symbols, everything)))
    with pytest.raises(AssertionError):
        contract_model.check_padding(counting, batch())


def test_a_model_whose_rows_share_their_luck_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    unlucky = model()
    draw = unlucky.emission.sample
    monkeypatch.setattr(unlucky.emission, "sample", lambda params, uniforms, how: draw(params, uniforms.flip(0), how))
    with pytest.raises(AssertionError):
        contract_model.check_sampling(unlucky, batch())
