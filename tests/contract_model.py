"""The one test of every autoregressive model, in float64 on the CPU."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from tests.contract import assert_close
from undertow.batch import Batch, Condition
from undertow.emissions import Sampling
from undertow.models import Autoregressive


def check_model(model: Autoregressive, batch: Batch) -> None:
    """The shift is right, probabilities are probabilities, padding is ignored, and streamed equals parallel."""
    model = model.double().eval()
    with torch.no_grad():
        check_streamed_log_prob(model, batch)
        check_model_causality(model, batch)
        check_padding(model, batch)
        check_sampling(model, batch)


def check_streamed_log_prob(model: Autoregressive, batch: Batch) -> None:
    """log p(x_t) from step-by-step parameters is log p(x_t) from one pass, and what the cumulative ones give."""
    batch_size, num_steps = batch.symbols.shape[:2]
    condition = model.condition(batch.labels, batch.features, num_steps, batch_size)
    state, past = model.init_state(batch_size, condition.steps(0, 1)), model.past(batch.symbols)
    streamed = []
    for time in range(num_steps):
        params, state = model.step(past[:, time : time + 1], state, condition.steps(time, time + 1))
        symbols = batch.symbols[:, time]
        streamed.append(model.emission.log_prob(params[:, 0], symbols))
        probability = torch.ones(batch_size, dtype=torch.float64)
        elements = symbols.reshape(batch_size, -1)  # of a vector, one after the other
        for index, element in enumerate(elements.unbind(1)):
            cdf = model.emission.cdf(params[:, 0], elements[:, :index])
            probability *= cdf.gather(-1, torch.stack([element, element + 1], dim=-1)).diff(dim=-1)[:, 0]
        torch.testing.assert_close(probability, streamed[-1].exp(), rtol=1e-9, atol=1e-12)
    expected = torch.where(batch.counted, torch.stack(streamed, dim=1), 0.0)
    assert_close(model.log_prob(batch), expected)
    assert_close(model(batch).value, -expected.sum() / batch.num_counted)
    for length in (0, 1, num_steps // 2, num_steps - 1):
        primed, _ = model.prime(batch.symbols[:, :length], condition.steps(0, length + 1))
        assert_close(model.emission.log_prob(primed, batch.symbols[:, length]), streamed[length])


def check_model_causality(model: Autoregressive, batch: Batch) -> None:
    """Over all values of x_t, p(x_t) sums to one and no symbol before t has another probability; the next one has."""
    batch_size, num_steps = batch.symbols.shape[:2]
    values = every_symbol(model.alphabet.num_symbols, batch.symbols.shape[2:])
    index = torch.arange(batch_size).repeat(len(values))
    everything = Batch(
        symbols=batch.symbols[index],
        counted=torch.ones(len(index), num_steps, dtype=torch.bool),
        labels={name: label[index] for name, label in batch.labels.items()},
        features=None if batch.features is None else batch.features[index],
    )
    for time in range(0, num_steps, max(1, num_steps // 5)):
        symbols = everything.symbols.clone()
        symbols[:, time] = values.repeat_interleave(batch_size, dim=0)
        log_prob = model.log_prob(replace(everything, symbols=symbols)).unflatten(0, (len(values), batch_size))
        assert_close(log_prob[:, :, time].logsumexp(dim=0), torch.zeros(batch_size).to(log_prob))
        assert_close(log_prob[:, :, :time], log_prob[:1, :, :time].expand(len(values), -1, -1))
        if time + 1 < num_steps:
            spread = log_prob[:, :, time + 1].amax(dim=0) - log_prob[:, :, time + 1].amin(dim=0)
            assert (spread > 1e-6).all(), f"step {time + 1} does not see step {time}"


def every_symbol(num_symbols: int, shape: Sequence[int]) -> Tensor:
    """All N symbols (N,), or all N^E vectors (N^E, E) of a symbol of that shape."""
    vectors = itertools.product(range(num_symbols), repeat=math.prod(shape))
    return torch.tensor(list(vectors)).reshape(-1, *shape)


def check_padding(model: Autoregressive, batch: Batch) -> None:
    """What stands beyond a row's end changes neither the loss nor any other row."""
    counted = batch.counted.clone()
    counted[0, counted.shape[1] // 2 :] = False
    short = Batch(batch.symbols, counted, batch.labels, batch.features)
    symbols = batch.symbols.clone()
    symbols[0, counted.shape[1] // 2 :] = 0
    features = None if batch.features is None else behind_the_steps(model, batch.features, counted.shape[1] // 2)
    garbage = Batch(symbols, counted, batch.labels, features)
    assert_close(model.log_prob(garbage), model.log_prob(short))
    assert_close(model(garbage).value, model(short).value)


def behind_the_steps(model: Autoregressive, features: Tensor, num_steps: int) -> Tensor:
    """Features whose first row has no numbers behind what so many steps hear."""
    conditioner, copied = model.config.conditioner, features.clone()
    assert conditioner.features is not None
    ahead = conditioner.upsampling.look_ahead
    copied[0, -(-num_steps // conditioner.features.hop_length) + ahead :] = math.nan
    return copied


def check_sampling(model: Autoregressive, batch: Batch) -> None:
    """Symbols from the same uniforms are the same, alone or in a batch."""
    num_steps = min(6, batch.symbols.shape[1])
    batch_size = len(batch.symbols)
    condition = model.condition(batch.labels, batch.features, batch.symbols.shape[1], batch_size)
    size = (batch_size, num_steps, model.emission.num_uniforms)
    uniforms = torch.rand(size, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    together = sample(model, condition, uniforms)
    assert torch.equal(together, sample(model, condition, uniforms))
    for row in range(batch_size):
        alone = sample(model, condition.rows(torch.tensor([row])), uniforms[[row]])
        assert torch.equal(alone[0], together[row])


def sample(model: Autoregressive, condition: Condition, uniforms: Tensor) -> Tensor:
    elements = () if model.alphabet.num_elements is None else (model.alphabet.num_elements,)
    last = model.past(torch.empty(len(uniforms), 0, *elements, dtype=torch.int64))
    state, symbols = model.init_state(len(uniforms), condition.steps(0, 1)), []
    for time in range(uniforms.shape[1]):
        params, state = model.step(last, state, condition.steps(time, time + 1))
        last = model.emission.sample(params, uniforms[:, time : time + 1], Sampling())
        symbols.append(last)
    return torch.cat(symbols, dim=1)
