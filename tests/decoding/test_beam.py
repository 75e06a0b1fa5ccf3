"""Beam search, greedy search and sampling of targets, for every encoder–decoder, held to their plain definitions."""

from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.decoding.pair_models import LENGTHS, make, sources
from tests.networks.pair_cases import CASES, SHAPES, SMALL
from tests.refusals import refuses
from undertow.batch import Batch
from undertow.decoding.beam import Hypothesis, beam_search
from undertow.decoding.drawing import draw_targets
from undertow.decoding.targets import longest
from undertow.emissions import Sampling
from undertow.errors import DataError, UsageError
from undertow.models import Seq2Seq
from undertow.options import Search
from undertow.session.torch_session import TorchSession

PENALTIES = [None, 0.6, 2.0]
KINDS = [(kind, next(iter(shapes))) for kind, shapes in SHAPES.items()]


def searched(model: Seq2Seq, source: Tensor, lengths: Tensor, **how: Any) -> list[list[Hypothesis]]:
    """By a beam of 1, where no other is asked for."""
    return beam_search(model, source, lengths, Search(**{"beam": 1, **how}))


def sample(
    model: Seq2Seq, source: Tensor, lengths: Tensor, rows: list[int] | None = None, **how: Any
) -> list[Hypothesis]:
    return draw_targets(model, source, lengths, Search(**how), rows)


def log_prob(model: Seq2Seq, row: int, symbols: np.ndarray) -> float:
    """What the model says, in one parallel call, of a target and its end."""
    target = torch.tensor([[*symbols.tolist(), model.end_symbol]])
    parts = sources(model)[[row]], LENGTHS[[row]]
    batch = Batch(symbols=target, counted=torch.ones_like(target, dtype=torch.bool), source=parts[0])
    with torch.no_grad():
        return float(model.log_prob(Batch(**{**vars(batch), "source_lengths": parts[1]})).sum())


def score_of(nats: float, num_symbols: int, penalty: float | None) -> float:
    return nats / ((5 + num_symbols) / 6) ** (penalty or 0)


def greedily(model: Seq2Seq, row: int, most: int) -> list[int]:
    """The most probable symbol again and again, up to the end."""
    source, written = sources(model)[[row], : LENGTHS[row]], []
    with torch.no_grad():
        condition = model.encode(source, LENGTHS[[row]])
        while len(written) < most - 1:
            past = model.past(torch.tensor([written], dtype=torch.int64).reshape(1, -1))
            symbol = int(model.predict(past, condition).argmax())
            if symbol == model.end_symbol:
                break
            written.append(symbol)
    return written


def check_same(found: list[list[Hypothesis]], other: list[list[Hypothesis]]) -> None:
    assert len(found) == len(other)
    for some, others in zip(found, other, strict=True):
        assert [one.symbols.tolist() for one in some] == [one.symbols.tolist() for one in others]
        assert [one.ended for one in some] == [one.ended for one in others]
        np.testing.assert_allclose([one.score for one in some], [one.score for one in others], rtol=0, atol=1e-9)


@pytest.mark.parametrize(("kind", "name"), CASES)
@pytest.mark.parametrize("penalty", PENALTIES)
def test_a_beam_of_one_is_greedy(kind: str, name: str, penalty: float | None) -> None:
    model = make(kind, name)
    found = searched(model, sources(model), LENGTHS, length_penalty=penalty, max_length=20)
    assert [one[0].symbols.tolist() for one in found] == [greedily(model, row, 20) for row in range(4)]


@pytest.mark.parametrize(("kind", "name"), CASES)
@pytest.mark.parametrize("penalty", PENALTIES)
def test_a_beam_as_wide_as_the_space_finds_the_best_of_all(kind: str, name: str, penalty: float | None) -> None:
    model = make(kind, name, "abc")
    space = [np.array(text, np.int64) for length in range(3) for text in product(range(3), repeat=length)]
    found = searched(model, sources(model), LENGTHS, beam=13, n_best=13, length_penalty=penalty, max_length=3)
    few = searched(model, sources(model), LENGTHS, beam=13, n_best=4, length_penalty=penalty, max_length=3)
    for row in range(4):
        scores = {text.tobytes(): score_of(log_prob(model, row, text), len(text) + 1, penalty) for text in space}
        expected = sorted(scores, key=lambda text: -scores[text])
        assert [one.symbols.tobytes() for one in found[row]] == expected
        np.testing.assert_allclose([one.score for one in found[row]], sorted(scores.values())[::-1], rtol=0, atol=1e-9)
        assert [one.symbols.tobytes() for one in few[row]] == expected[:4]


@pytest.mark.parametrize(("kind", "name"), CASES)
@pytest.mark.parametrize("penalty", PENALTIES)
def test_scores_are_what_the_model_says(kind: str, name: str, penalty: float | None) -> None:
    model = make(kind, name)
    found = searched(model, sources(model), LENGTHS, beam=5, n_best=5, length_penalty=penalty, max_length=12)
    for row, hypotheses in enumerate(found):
        assert len({one.symbols.tobytes() for one in hypotheses}) == len(hypotheses) == 5
        assert [one.score for one in hypotheses] == sorted((one.score for one in hypotheses), reverse=True)
        for one in hypotheses:
            assert abs(one.log_prob - log_prob(model, row, one.symbols)) < 1e-9
            assert one.score == score_of(one.log_prob, len(one.symbols) + 1, penalty)
            assert one.ended == (len(one.symbols) + 1 < 12) and len(one.symbols) < 12


def searched_to_the_end(model: Seq2Seq, row: int, beam: int, most: int) -> list[tuple[list[int], float]]:
    """Every hypothesis of a beam that is never stopped early, one source at a time and without a state."""
    source, alive, ended = sources(model)[[row], : LENGTHS[row]], [([], 0.0)], []
    with torch.no_grad():
        condition = model.encode(source, LENGTHS[[row]])
        while alive:
            longer = []
            for written, nats in alive:
                past = model.past(torch.tensor([written], dtype=torch.int64).reshape(1, -1))
                says = model.predict(past, condition)[0].log_softmax(-1).tolist()
                allowed = [model.end_symbol] if len(written) == most - 1 else range(len(says))
                longer += [([*written, symbol], nats + says[symbol]) for symbol in allowed]
            longer = sorted(longer, key=lambda one: -one[1])[: beam - len(ended)]
            ended += [one for one in longer if one[0][-1] == model.end_symbol]
            alive = [one for one in longer if one[0][-1] != model.end_symbol]
    return ended


@pytest.mark.parametrize("gain", [1.0, 1.6, 2.2])
@pytest.mark.parametrize(("kind", "name"), KINDS)
@pytest.mark.parametrize("penalty", PENALTIES)
def test_stopping_early_changes_nothing(kind: str, name: str, penalty: float | None, gain: float) -> None:
    model = make(kind, name, gain=gain)
    for n_best in (1, 2, 4):
        found = searched(model, sources(model), LENGTHS, beam=4, n_best=n_best, length_penalty=penalty, max_length=15)
        for row in range(4):
            ended = searched_to_the_end(model, row, 4, 15)
            best = sorted(ended, key=lambda one: -score_of(one[1], len(one[0]), penalty))[:n_best]
            assert [one.symbols.tolist() for one in found[row]] == [written[:-1] for written, _ in best]


@pytest.mark.parametrize(("kind", "name"), CASES)
@pytest.mark.parametrize("beam", [1, 5])
def test_cached_is_uncached(kind: str, name: str, beam: int) -> None:
    model = make(kind, name)
    args = dict(beam=beam, n_best=beam, length_penalty=None, max_length=38)
    check_same(*(searched(model, sources(model), LENGTHS, **args, cached=cached) for cached in (True, False)))


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_cached_is_uncached_when_sampled(kind: str, name: str) -> None:
    model = make(kind, name)
    args = dict(sampling=Sampling(temperature=1.5, top_k=5, top_p=0.97), seed=3, max_length=38)
    both = ([sample(model, sources(model), LENGTHS, **args, cached=cached)] for cached in (True, False))
    check_same(*both)


@pytest.mark.parametrize(("kind", "name"), CASES)
@pytest.mark.parametrize("beam", [1, 5])
def test_a_source_alone_is_translated_as_in_a_batch(kind: str, name: str, beam: int) -> None:
    model, args = make(kind, name), dict(beam=beam, n_best=beam, max_length=lambda length: 2 * length + 3)
    together = searched(model, sources(model), LENGTHS, **args)
    for row, length in enumerate(LENGTHS.tolist()):
        check_same([together[row]], searched(model, sources(model)[[row], :length], LENGTHS[[row]], **args))


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_draws_depend_on_seed_and_row_alone(kind: str, name: str) -> None:
    model, args = make(kind, name), dict(sampling=Sampling(), max_length=lambda length: 2 * length + 3)
    together = sample(model, sources(model), LENGTHS, seed=3, rows=[7, 1, 0, 4], **args)
    for row, (number, length) in enumerate(zip([7, 1, 0, 4], LENGTHS.tolist(), strict=True)):
        part = sources(model)[[row], :length], LENGTHS[[row]]
        check_same([[together[row]]], [sample(model, *part, seed=3, rows=[number], **args)])
    for row, one in enumerate(together):
        assert abs(one.log_prob - log_prob(model, row, one.symbols)) < 1e-9 and one.score == one.log_prob
        assert len(one.symbols) < 2 * int(LENGTHS[row]) + 3
    others = sample(model, sources(model), LENGTHS, seed=4, rows=[7, 1, 0, 4], **args)
    assert any(one.log_prob != other.log_prob for one, other in zip(together, others, strict=True))


def test_sampling_without_warmth_is_greedy() -> None:
    model = make(*KINDS[0])
    drawn = sample(model, sources(model), LENGTHS, sampling=Sampling(temperature=0.0), max_length=20)
    assert [one.symbols.tolist() for one in drawn] == [greedily(model, row, 20) for row in range(4)]


def test_draws_follow_the_model() -> None:
    model, count = make(*KINDS[0], "abc"), 4000
    source = sources(model)[[1], :3].repeat(count, 1)
    drawn = sample(model, source, LENGTHS[[1]].repeat(count), sampling=Sampling(), max_length=2)
    for symbols in ([], [0], [1], [2]):
        share = np.mean([one.symbols.tolist() == symbols for one in drawn])
        says = next(one.log_prob for one in drawn if one.symbols.tolist() == symbols)
        with torch.no_grad():
            first = model.predict(torch.tensor([[4]]), model.encode(source[:1], LENGTHS[[1]]))[0].softmax(-1)
        assert abs(share - float(first[symbols[0] if symbols else 3])) < 0.03
        assert abs(says - log_prob(model, 1, np.array(symbols, np.int64))) < 1e-9


def test_lengths_are_kept() -> None:
    model = make("transformer", "post-norm")
    lengths = [one[0].symbols for one in searched(model, sources(model), LENGTHS, max_length=1)]
    assert not any(map(len, lengths))
    found = searched(model, sources(model), LENGTHS, beam=3, n_best=3, max_length=lambda length: length)
    for hypotheses, length in zip(found, LENGTHS.tolist(), strict=True):
        assert all(len(one.symbols) < length for one in hypotheses)
    assert len(searched(model, sources(model), LENGTHS, beam=3, n_best=3, max_length=1)[0]) == 1
    holds = SMALL["transformer"]["max_length"]
    forever = searched(model, sources(model), LENGTHS, beam=2, n_best=2, max_length=lambda length: 10 * holds)
    assert all(len(one.symbols) < holds for hypotheses in forever for one in hypotheses)


def test_a_target_may_be_fifty_longer_than_its_source() -> None:
    assert longest(make("bytenet", "longer"), LENGTHS, None).tolist() == [56, 53, 55, 51]
    model = make("transformer", "post-norm")
    assert longest(model, LENGTHS, None).tolist() == [48] * 4
    model.network.decoder.max_length = 54
    assert longest(model, LENGTHS, None).tolist() == [54, 53, 54, 51]


@pytest.mark.parametrize(
    ("wrong", "parts"),
    [
        (dict(beam=0), ["beam is 0"]),
        (dict(beam=2, n_best=3), ["n_best is 3", "beam", 2]),
        (dict(n_best=0), ["n_best is 0"]),
        (dict(length_penalty=-1.0), ["length_penalty is -1.0"]),
        (dict(length_penalty=float("nan")), ["length_penalty is nan"]),
        (dict(length_penalty=1000.0), ["length_penalty is 1000.0", 0, 10]),
        (dict(max_length=0), ["max_length is 0"]),
        (dict(max_length=49), ["max_length is 49", "48 symbols"]),
        (dict(max_length=lambda length: length - 1), ["max_length", 0]),
    ],
)
def test_what_cannot_be_searched_is_refused(wrong: dict[str, Any], parts: list[Any]) -> None:
    model = make("transformer", "post-norm")
    with refuses(UsageError, *parts):
        searched(model, sources(model), LENGTHS, **wrong)


def test_a_model_that_diverged_writes_nothing() -> None:
    model = make("transformer", "post-norm", gain=float("nan"))
    with refuses(DataError, "not numbers"):
        searched(model, sources(model), LENGTHS, beam=3)
    with refuses(DataError, "not numbers"):
        sample(model, sources(model), LENGTHS, sampling=Sampling())


def test_a_batch_shrinks_as_its_sources_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    model, sizes = make("transformer", "post-norm"), []
    peek = TorchSession.peek

    def counted(self: TorchSession) -> Tensor:
        sizes.append(self.num_rows)
        return peek(self)

    monkeypatch.setattr(TorchSession, "peek", counted)
    searched(model, sources(model), LENGTHS, beam=5, n_best=5, max_length=lambda length: 2 * length)
    assert sizes[0] == 4 and 5 < sizes[1] <= 20 and sizes[1:] == sorted(sizes[1:], reverse=True)
    assert sizes[10:] == [] or sizes[10] <= 5, "only the longest source goes on so far"


@pytest.mark.parametrize(("kind", "name"), KINDS)
def test_nothing_is_made_of_no_sources(kind: str, name: str) -> None:
    assert searched(make(kind, name), torch.empty(0, 3, dtype=torch.int64), torch.empty(0, dtype=torch.int64)) == []


@pytest.mark.parametrize(("kind", "name"), KINDS)
def test_scores_of_a_bfloat16_model_are_its_likelihood(kind: str, name: str) -> None:
    model = make(kind, name).bfloat16()
    for row, found in enumerate(searched(model, sources(model), LENGTHS, beam=1, max_length=3)):
        for one in found:
            nats = log_prob(model, row, one.symbols)
            assert one.log_prob == pytest.approx(nats, rel=0.02, abs=0.02)  # its states are rounded as they are stored
            assert nats != torch.tensor(nats, dtype=torch.bfloat16).item()


def test_a_model_that_gives_the_end_no_probability_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    model = make("transformer", "pre-norm")
    step = model.step

    def endless(symbols: Tensor, state: Any, condition: Any = None) -> tuple[Tensor, Any]:
        params, state = step(symbols, state)
        params[..., model.end_symbol] = -torch.inf
        return params, state

    monkeypatch.setattr(model, "step", endless)
    with refuses(DataError, "not numbers"):
        searched(model, sources(model), LENGTHS, beam=2, max_length=4)
