"""The masked model of sound and of symbols: what it is told of the hidden part, and what it refuses."""

from dataclasses import replace
from typing import Any

import pytest
import torch

from tests.refusals import refuses
from undertow.batch import Batch
from undertow.data.told import Told
from undertow.errors import UsageError
from undertow.models import Masked, complete
from undertow.models.representing import Reach

FRAMES = {"kind": "frames", "hop_length": 10, "num_channels": 3}
CONTEXT = {"kind": "sequence_context", "channels": 4, "context": {"dilations": [1, 2]}}
ON_FRAMES = {"kind": "strided", "channels": 6, "kernels": [4], "strides": [2]}
ON_WAVE = {"kind": "strided", "channels": 6, "kernels": [10, 4], "strides": [5, 4]}
TOLD = Told(real="sound", sample_rate=8000)
OF_SYMBOLS = Told(real="symbols", alphabet={"kind": "symbols", "num_symbols": 7})
TRANSFORMER = {"kind": "transformer", "num_layers": 1, "channels": 4, "num_heads": 2}


def masked(told: Told = TOLD, **values: Any) -> Masked:
    torch.manual_seed(0)
    usual = {"features": FRAMES, "encoder": ON_FRAMES} if told is TOLD else {}
    return Masked(
        complete({"kind": "masked", "context": CONTEXT, "context_channels": 5, **usual, **values}, told, print)
    )


def batch(*lengths: int) -> Batch:
    generator = torch.Generator().manual_seed(1)
    counted = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]
    symbols = torch.randint(0, 7, counted.shape, generator=generator)
    features = torch.randn(len(lengths), -(-max(lengths) // 10), 3, generator=generator)
    return Batch(symbols, counted, features=features)


def test_only_what_is_hidden_is_learnt_from() -> None:
    model = masked().double().train()
    given = batch(400, 230).to("cpu", torch.float64)
    _, lengths, hidden = model.content.hide(given, torch.Generator().manual_seed(5))
    assert lengths.tolist() == [20, 12] and 0 < hidden.sum() < 32 and not hidden[1, 12:].any()
    outputs = torch.randn(2, 20, 6, dtype=torch.float64, requires_grad=True)
    loss = model.content.loss(outputs, given, hidden)
    loss.value.backward()
    assert torch.equal(outputs.grad.abs().sum(dim=2) > 0, hidden)
    assert loss.num_terms == 2 * hidden.sum() - hidden[1, 11].long()  # the last latent of 23 frames has one


def test_context_that_counts_in_another_crop_stays_visible() -> None:
    model, given = masked(spans={"probability": 1.0}), batch(400, 230)
    given = replace(given, counted=given.counted & (torch.arange(400) >= 100))
    hidden = model.content.hide(given, None)[2]
    assert not hidden[:, :5].any() and hidden[0, 5:].all() and hidden[1, 5:12].all()


def test_the_error_and_the_guess_are_those_of_loops() -> None:
    model = masked().double()
    given = batch(400, 230).to("cpu", torch.float64)
    hidden = torch.zeros(2, 20, dtype=torch.bool)
    hidden[0, 3:5] = hidden[1, 11] = True
    outputs, frames = torch.randn(2, 20, 6).double(), given.features
    errors, guesses = [], []
    for row, number in ((0, 40), (1, 23)):
        visible = [frame for frame in range(number) if not hidden[row, frame // 2]]
        mean = torch.stack([frames[row, frame] for frame in visible]).mean(dim=0)
        for frame in set(range(number)) - set(visible):
            found = outputs[row, frame // 2, 3 * (frame % 2) : 3 * (frame % 2) + 3]
            errors.append((found - frames[row, frame]).abs().mean())
            guesses.append((mean - frames[row, frame]).abs().mean())
    loss = model.content.loss(outputs, given, hidden)
    assert loss.num_terms == len(errors) == 5
    torch.testing.assert_close(loss.value, torch.stack(errors).mean())
    torch.testing.assert_close(loss.figures["baseline"], torch.stack(guesses).mean())


@pytest.mark.parametrize(("reads", "encoder"), [("features", ON_FRAMES), ("wave", ON_WAVE)])
def test_rows_stand_alone_and_the_reach_is_as_declared(reads: str, encoder: dict[str, Any]) -> None:
    model, full = masked(reads=reads, encoder=encoder).double().eval(), batch(400, 230).to("cpu", torch.float64)
    for at in model.points:
        whole = model.represent(full, at)
        alone = Batch(full.symbols[1:, :230], full.counted[1:, :230], features=full.features[1:, :23])
        torch.testing.assert_close(model.represent(alone, at)[0], whole[1, :12])
        assert whole.shape == (2, 20, model.points[at].channels) and not whole[1, 12:].any()
    before, after = model.reach
    moved = Batch(full.symbols.clone(), full.counted, features=full.features.clone())
    moved.symbols[0, 200] = 60_000
    moved.features[0, 20] += 9
    changed = (model.represent(moved, "p_context") != model.represent(full, "p_context")).any(dim=2)[0]
    seen = changed.nonzero()[:, 0].tolist()
    assert all(20 * i - before <= 209 and 200 <= 20 * i + 19 + after for i in seen) and 10 in seen
    assert model.facts["sees"] == 1 + before + after


def test_a_hidden_symbol_is_not_seen() -> None:
    model, given = masked(OF_SYMBOLS, picks={"hidden": 1.0, "replaced": 0.0}).eval(), batch(60, 40)
    _, _, chosen = model.content.hide(given, torch.Generator().manual_seed(0))  # as outside training
    other = Batch(torch.where(chosen, (given.symbols + 1) % 7, given.symbols), given.counted)
    heard = []
    model.context.register_forward_hook(lambda module, args, output: heard.append(output))
    loss, moved = model(given), model(other)
    assert chosen.any() and torch.equal(*heard) and not torch.equal(loss.value, moved.value)
    assert set(loss.figures) == {"baseline", "accuracy"} and loss.num_terms == chosen.sum()


def test_of_symbols_the_guess_counts_what_is_visible() -> None:
    model, given = masked(OF_SYMBOLS), batch(60)
    chosen = torch.zeros(1, 60, dtype=torch.bool)
    chosen[0, 7] = True
    loss = model.content.loss(torch.zeros(1, 60, 7), given, chosen)
    rest = [int(one) for place, one in enumerate(given.symbols[0]) if place != 7]
    share = (1 + rest.count(int(given.symbols[0, 7]))) / (7 + 59)
    torch.testing.assert_close(loss.figures["baseline"], torch.tensor(share).log().neg())
    torch.testing.assert_close(loss.value, torch.tensor(7.0).log())


def test_a_transformer_sees_everything_and_has_a_longest_length() -> None:
    model = masked(context={**TRANSFORMER, "max_length": 16})
    assert model.reach == Reach(None, None) and model.needs.max_length == 320
    with refuses(UsageError, "20 inputs", "max_length", "16"):
        model.eval().represent(batch(400), "p_context")


def test_every_parameter_learns() -> None:
    for model in (masked(context=TRANSFORMER), masked(reads="wave", encoder=ON_WAVE), masked(OF_SYMBOLS)):
        model.train()
        model.begin(batch(400, 230))
        model(batch(400, 230)).value.backward()
        assert all(parameter.grad is not None for parameter in model.parameters())


def test_what_does_not_go_together_is_refused() -> None:
    with refuses(UsageError, "20 samples", "whole frames of 15"):
        masked(reads="wave", encoder=ON_WAVE, features={**FRAMES, "hop_length": 15})
    with refuses(UsageError, "features", "encoder"):
        masked(OF_SYMBOLS, encoder=ON_FRAMES)
    with refuses(UsageError, "image_context", "images"):
        masked(context={"kind": "image_context", "front": {"kind": "vgg"}})
    with refuses(UsageError, "numbers", "single symbol"):
        masked(Told(real="numbers", alphabet={"kind": "numbers", "num_elements": 2}))
