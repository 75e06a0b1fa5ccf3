"""Every encoder–decoder: its decoder is a network like any other, its encoder sees all of a row and nothing behind."""

from pathlib import Path

import pytest
import torch

from tests.contract import assert_close, check_network
from tests.contract_whole import check_whole
from tests.networks.pair_cases import CASES, FRAMED, FRAMES, LENGTHS, SHAPES, SMALL, SOURCED, SYMBOLS, make, sources
from tests.refusals import refuses
from undertow.config import parse
from undertow.errors import UsageError
from undertow.networks import ENCODER_DECODERS, InputShape


def test_every_kind_has_a_case() -> None:
    assert set(SMALL) == set(SHAPES) == set(ENCODER_DECODERS)


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_decoder_keeps_the_contract(kind: str, name: str, tmp_path: Path) -> None:
    made = make(kind, name)
    with torch.no_grad():
        condition = made.encode(sources(SYMBOLS), LENGTHS)
    torch.manual_seed(3)
    check_network(made.decoder, torch.randint(0, 7, (3, 40)), tmp_path, condition)


@pytest.mark.parametrize(("kind", "name"), FRAMED)
def test_decoder_of_frames_keeps_the_contract(kind: str, name: str, tmp_path: Path) -> None:
    made = make(kind, name, target=FRAMES)
    assert not made.decoder.takes_symbols
    with torch.no_grad():
        condition = made.encode(sources(SYMBOLS), LENGTHS)
    torch.manual_seed(3)
    check_network(made.decoder, torch.randn(3, 40, 3).double(), tmp_path, condition)


@pytest.mark.parametrize(("kind", "name", "source"), SOURCED)
def test_encoder_sees_a_row_and_nothing_behind_it(kind: str, name: str, source: InputShape) -> None:
    check_whole(make(kind, name, source).encoder, sources(source), LENGTHS)


@pytest.mark.parametrize(("kind", "name", "source"), SOURCED)
def test_every_parameter_is_used(kind: str, name: str, source: InputShape) -> None:
    made = make(kind, name, source)
    made.decoder(torch.randint(0, 7, (3, 5)), made.encode(sources(source), LENGTHS)).square().sum().backward()
    assert all(parameter.grad is not None for parameter in made.parameters())


@pytest.mark.parametrize(("kind", "name"), FRAMED)
def test_what_is_written_depends_on_all_of_the_source(kind: str, name: str) -> None:
    made, x = make(kind, name, FRAMES), sources(FRAMES).requires_grad_()
    params = made.decoder(torch.randint(0, 7, (3, 6)), made.encode(x, LENGTHS))
    (gradient,) = torch.autograd.grad(params[:, -1].sum(), x)
    seen = gradient.abs().sum(dim=-1) > 0
    assert torch.equal(seen, torch.arange(9) < LENGTHS[:, None])


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_alignment_is_a_distribution_over_the_source(kind: str, name: str) -> None:
    made = make(kind, name)
    weights = made.alignment(torch.randint(0, 7, (3, 6)), made.encode(sources(SYMBOLS), LENGTHS))
    if weights is None:
        return
    assert weights.shape == (3, 6, 9)
    assert_close(weights.sum(dim=-1), torch.ones(3, 6).double())
    assert not weights[0, :, 5:].any()


def test_values_are_completed_only_with_what_they_do_not_say() -> None:
    for kind, network in ENCODER_DECODERS.items():
        completed = network.completed(SMALL[kind], 1.5, 3.0)
        lengths = {"length_ratio": 1.5, "length_offset": 3.0} if kind == "bytenet" else {}
        assert completed == {**SMALL[kind], **lengths} and parse(network.Config, completed)
    assert ENCODER_DECODERS["bytenet"].completed({"length_ratio": 2}, 1.5, 3.0) == {"length_ratio": 2}


def test_frames_share_no_embedding() -> None:
    with refuses(UsageError, "shared", "alphabets"):
        make("transformer", "shared", FRAMES)


@pytest.mark.parametrize(("kind", "name"), [case for case in CASES if ENCODER_DECODERS[case[0]].attends])
def test_what_attends_says_where_to_in_one_pass(kind: str, name: str) -> None:
    made, targets = make(kind, name), torch.randint(0, 7, (3, 5))
    with torch.no_grad():
        condition = made.encode(sources(SYMBOLS), LENGTHS)
        params, weights = made.attended(targets, condition)
        assert_close(params, made.decoder(targets, condition))
        assert_close(weights[-1].mean(dim=1), made.alignment(targets, condition))
    assert all(one.sum(dim=-1).allclose(torch.ones(()).double()) for one in weights)
    assert condition.memory is not None and condition.memory.shape[-1] == made.memory_channels
