"""The one test of every layer, network and model: the same numbers in parallel and step by step, and nothing leaks.

Everything runs in float64 on the CPU. `check_layer`, `check_network` and `check_model` are called with small instances;
an equivalence that fails, fails.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import torch
from torch import Tensor, nn

from undertow import state as states
from undertow.batch import Batch, Condition
from undertow.emissions import Sampling
from undertow.layers import Layer
from undertow.models import Autoregressive
from undertow.networks import Network
from undertow.state import State

CHUNKS: tuple[tuple[int, ...], ...] = ((1,), (2,), (3,), (1, 4, 2, 7))


@dataclass
class Subject:
    """What the checks see of a layer or a network.

    `step` takes the position of its chunk, so that a condition aligned with the steps can be cut to it; `init_state`
    the rows, whose memory it may hold.
    """

    module: nn.Module
    x: Tensor
    forward: Callable[[Tensor, Sequence[int]], Tensor]
    init_state: Callable[[Sequence[int]], State]
    step: Callable[[Tensor, State, int, Sequence[int]], tuple[Tensor, State]]
    receptive_field: int | None
    ratio: Fraction = Fraction(1)
    delay: int = 0

    @property
    def rows(self) -> list[int]:
        return list(range(len(self.x)))


def check_layer(layer: Layer, x: Tensor, tmp_path: Path, condition: Tensor | None = None) -> None:
    """Run every check of the contract over a layer; `condition` (B, T, Y) goes to layers that take one."""
    layer = layer.double()

    def aligned(rows: Sequence[int], start: int, num_steps: int) -> tuple[Tensor, ...]:
        return () if condition is None else (condition[list(rows), start : start + num_steps],)

    subject = Subject(
        module=layer,
        x=x,
        forward=lambda x, rows: layer(x, *aligned(rows, 0, x.shape[1])),
        init_state=lambda rows: layer.init_state(len(rows)),
        step=lambda x, state, start, rows: layer.step(x, state, *aligned(rows, start, x.shape[1])),
        receptive_field=layer.receptive_field,
        ratio=layer.ratio,
        delay=layer.delay,
    )
    check_subject(subject, tmp_path)


def check_network(network: Network, x: Tensor, tmp_path: Path, condition: Condition | None = None) -> None:
    """Run every check of the contract over a network, and that `prime` is `step` and `last` the end of `forward`."""
    network = network.double()
    whole = Condition() if condition is None else condition

    def of_rows(rows: Sequence[int], start: int, num_steps: int) -> Condition:
        return whole.rows(torch.tensor(list(rows))).steps(start, start + num_steps)

    subject = Subject(
        module=network,
        x=x,
        forward=lambda x, rows: network(x, of_rows(rows, 0, x.shape[1])),
        init_state=lambda rows: network.init_state(len(rows), of_rows(rows, 0, 1)),
        step=lambda x, state, start, rows: network.step(x, state, of_rows(rows, start, x.shape[1])),
        receptive_field=network.receptive_field,
    )
    check_subject(subject, tmp_path)
    fresh = subject.init_state(subject.rows)
    last, after = network.prime(x, fresh, of_rows(subject.rows, 0, x.shape[1]))
    stepped, expected = subject.step(x, subject.init_state(subject.rows), 0, subject.rows)
    assert_close(last, stepped[:, -1])
    assert_close(network.last(x, of_rows(subject.rows, 0, x.shape[1])), last)
    for a, b in zip(states.leaves(after), states.leaves(expected), strict=True):
        assert_close(a, b)


def check_subject(subject: Subject, tmp_path: Path) -> None:
    check_steps_equal_forward(subject)
    check_gradients_of_steps(subject)
    check_receptive_field(subject)
    check_causality(subject)
    check_delay(subject)
    check_rows_do_not_mix(subject)
    check_state_keeps_its_shape(subject)
    check_state_operations(subject, tmp_path)


def check_steps_equal_forward(subject: Subject) -> None:
    """Any split of the sequence gives what the whole gives; the module itself stays as it was."""
    before = {name: value.clone() for name, value in subject.module.state_dict().items()}
    with torch.no_grad():
        whole = subject.forward(subject.x, subject.rows)
        assert whole.shape[1] == subject.x.shape[1] * subject.ratio
        for chunks in CHUNKS:
            assert_close(run_steps(subject, chunks), whole)
    after = subject.module.state_dict()
    assert before.keys() == after.keys() and all(torch.equal(before[name], after[name]) for name in before)


def check_gradients_of_steps(subject: Subject) -> None:
    """The gradients of inputs and parameters are the same through steps as through the whole."""
    whole = subject.forward(subject.x, subject.rows)
    weights = torch.randn(whole.shape, dtype=whole.dtype, generator=torch.Generator().manual_seed(5))
    expected = gradients(subject, lambda x: (subject.forward(x, subject.rows) * weights).sum())
    for chunks in CHUNKS:
        found = gradients(subject, lambda x, chunks=chunks: (run_steps(subject, chunks, x) * weights).sum())
        for a, b in zip(found, expected, strict=True):
            assert_close(a, b)


def check_receptive_field(subject: Subject) -> None:
    """The oldest input that any output depends on, found by gradient, is as old as declared."""
    reach = max(age for age in oldest_inputs(subject))
    if subject.receptive_field is None:
        assert reach == subject.x.shape[1], "an unbounded receptive field must reach the first input"
    else:
        assert subject.x.shape[1] > subject.receptive_field, "the test's sequence is too short to show the field"
        assert reach == subject.receptive_field, f"declared {subject.receptive_field}, measured {reach}"


def check_causality(subject: Subject) -> None:
    """Changing x_t changes no output before t, and does change some output from t on."""
    with torch.no_grad():
        whole = subject.forward(subject.x, subject.rows)
        for time in range(0, subject.x.shape[1], max(1, subject.x.shape[1] // 7)):
            changed = subject.forward(perturb(subject.x, time), subject.rows)
            first = math.floor(time * subject.ratio)
            assert torch.equal(changed[:, :first], whole[:, :first]), f"output before step {time} saw step {time}"
    changed = subject.forward(perturb(subject.x, 0), subject.rows)
    assert not torch.equal(changed, whole)


def check_delay(subject: Subject) -> None:
    """Another input is heard from output `delay` on, and not before: of the whole, and step by step."""
    changed = perturb(subject.x, slice(None))
    with torch.no_grad():
        pairs = [
            (subject.forward(subject.x, subject.rows), subject.forward(changed, subject.rows)),
            (run_steps(subject, (1,)), run_steps(subject, (1,), changed)),
        ]
    for before, after in pairs:
        heard = (before != after).flatten(2).any(dim=2).any(dim=0).nonzero()
        assert int(heard[0]) == subject.delay, f"declared {subject.delay}, measured {int(heard[0])}"


def check_rows_do_not_mix(subject: Subject) -> None:
    """A row alone gives what it gives in a batch, whatever the other rows hold."""
    with torch.no_grad():
        whole = subject.forward(subject.x, subject.rows)
        for row in subject.rows:
            assert_close(subject.forward(subject.x[[row]], [row])[0], whole[row])


def check_state_keeps_its_shape(subject: Subject) -> None:
    """Every tensor of the state is batch first, and keeps shape and dtype at every chunk size."""
    fresh = subject.init_state(subject.rows)
    expected = [(leaf.shape, leaf.dtype) for leaf in states.leaves(fresh)]
    assert all(shape[0] == len(subject.x) for shape, _ in expected)
    with torch.no_grad():
        for _, state in iterate_steps(subject, (1, 4, 2, 7), subject.x):
            assert [(leaf.shape, leaf.dtype) for leaf in states.leaves(state)] == expected


def check_state_operations(subject: Subject, tmp_path: Path) -> None:
    """A stream survives cloning, saving, row selection, joining with one at another position, and resetting rows."""
    x, rows = subject.x, subject.rows
    with torch.no_grad():
        whole = subject.forward(x, rows)
        middle = unit(subject) * (x.shape[1] // (2 * unit(subject)))
        _, state = subject.step(x[:, :middle], subject.init_state(rows), 0, rows)
        expected = whole[:, math.floor(middle * subject.ratio) :]

        branch = states.clone(state)
        for start in range(middle, min(middle + 8 * unit(subject), x.shape[1]), unit(subject)):  # may reuse its storage
            _, branch = subject.step(perturb(x, middle)[:, start : start + unit(subject)], branch, start, rows)
        states.save(state, tmp_path / "state.safetensors")
        y, _ = subject.step(x[:, middle:], states.clone(state), middle, rows)
        assert_close(y, expected)
        y, _ = subject.step(x[:, middle:], states.load(tmp_path / "state.safetensors"), middle, rows)
        assert_close(y, expected)

        order = [*reversed(rows), 0]
        y, _ = subject.step(x[order, middle:], states.select(state, order), middle, order)
        assert_close(y, expected[order])

        reset = rows[::2]
        mask = torch.tensor([row in reset for row in rows])
        mixed = states.where(mask, subject.init_state(rows), state)
        y, _ = subject.step(x[:, middle:], mixed, middle, rows)
        anew, _ = subject.step(x[reset, middle:], subject.init_state(reset), middle, reset)
        assert_close(y[~mask], expected[~mask])
        assert_close(y[mask], anew)
    check_join_of_positions(subject)


def check_join_of_positions(subject: Subject) -> None:
    """Rows that have come to different positions, joined into one batch, go on as each alone."""
    x, n = subject.x, unit(subject)
    early, late = n, 3 * n
    rest = x.shape[1] - late
    row = [0]
    with torch.no_grad():
        _, one = subject.step(x[:1, :early], subject.init_state(row), 0, row)
        _, two = subject.step(x[:1, :late], subject.init_state(row), 0, row)
        alone, _ = subject.step(x[:1, late : late + rest], states.clone(one), late, row)
        also, _ = subject.step(x[:1, late : late + rest], states.clone(two), late, row)
        joined = states.concat([one, two])
        y = []
        for start in range(late, late + rest, n):
            out, joined = subject.step(x[[0, 0], start : start + n], joined, start, [0, 0])
            y.append(out)
        assert_close(torch.cat(y, dim=1), torch.cat([alone, also]))


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
    garbage = Batch(symbols, counted, batch.labels, batch.features)
    assert_close(model.log_prob(garbage), model.log_prob(short))
    assert_close(model(garbage).value, model(short).value)


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


def unit(subject: Subject) -> int:
    """Steps a layer is fed at the least."""
    return max(1, math.ceil(1 / subject.ratio))


def run_steps(subject: Subject, chunks: Sequence[int], x: Tensor | None = None) -> Tensor:
    return torch.cat([y for y, _ in iterate_steps(subject, chunks, subject.x if x is None else x)], dim=1)


def iterate_steps(subject: Subject, chunks: Sequence[int], x: Tensor) -> Iterator[tuple[Tensor, State]]:
    state, start = subject.init_state(subject.rows), 0
    for size in itertools.cycle(chunks):
        if start >= x.shape[1]:
            return
        chunk = x[:, start : start + size * unit(subject)]
        y, state = subject.step(chunk, state, start, subject.rows)
        yield y, state
        start += chunk.shape[1]


def gradients(subject: Subject, loss: Callable[[Tensor], Tensor]) -> list[Tensor]:
    """Gradients of a loss by every parameter, and by the input where it has one; zeros where it does not depend."""
    x = subject.x.clone().requires_grad_(subject.x.is_floating_point())
    wanted = [*subject.module.parameters(), *([x] if x.requires_grad else [])]
    found = torch.autograd.grad(loss(x), wanted, allow_unused=True)
    return [torch.zeros_like(w) if g is None else g for w, g in zip(wanted, found, strict=True)]


def oldest_inputs(subject: Subject) -> Iterator[int]:
    """For each of the last outputs, the age in steps of the oldest input with a gradient, its own step being 1."""
    x, inputs = subject.x, []
    if x.is_floating_point():
        x = x.clone().requires_grad_()
        inputs.append(x)
    else:
        first = next(module for module in subject.module.modules() if isinstance(module, nn.Embedding))
        hook = first.register_forward_hook(lambda module, args, output: inputs.append(output))
    y = subject.forward(x, subject.rows)
    if not x.is_floating_point():
        hook.remove()
    for output in range(y.shape[1] // 2, y.shape[1]):
        (gradient,) = torch.autograd.grad(y[:, output].sum(), inputs[0], retain_graph=True)
        reached = gradient.abs().amax(dim=(0, 2)).nonzero()
        yield math.floor(output / subject.ratio) - int(reached[0]) + 1 if len(reached) else 0


def perturb(x: Tensor, time: int | slice) -> Tensor:
    """x with step `time` (or a slice of steps) of every row changed, and no channel alike."""
    changed = x.clone()
    changed[:, time] = 0.5 - changed[:, time] if x.is_floating_point() else (changed[:, time] + 1) % 2
    return changed


def assert_close(a: Tensor, b: Tensor) -> None:
    torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-11)
