"""The one test of every layer and network: the same numbers in parallel and step by step, and nothing leaks.

Everything runs in float64 on the CPU. `check_layer` and `check_network` are called with small instances; an equivalence
that fails, fails. `contract_model`, `contract_seq2seq` and `contract_whole` hold models, and maps of whole rows.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import torch
from torch import Tensor, nn

from undertow import state as states
from undertow.batch import Condition
from undertow.layers import Embedding, Layer
from undertow.layers.attention import SelfAttention
from undertow.networks import Network
from undertow.networks.rnn_attention import AdditiveAttention
from undertow.state import State

ATTENTION = SelfAttention, AdditiveAttention
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
    ignored: int = 0

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
        ignored=layer.ignored,
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
        delay=network.ignored,
        ignored=network.ignored,
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
    check_what_is_no_number_stays_where_it_is(subject)
    check_state_is_named(subject)
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
        assert reach == subject.x.shape[1] - subject.ignored, "an unbounded receptive field must reach the first input"
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
    for time in range(subject.ignored + 1):
        changed = subject.forward(perturb(subject.x, time), subject.rows)
        assert torch.equal(changed, whole) == (time < subject.ignored), f"step {time} is heard, or should be"


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


def check_what_is_no_number_stays_where_it_is(subject: Subject) -> None:
    """A NaN in one row's input, or in its state, reaches no other row; one at a step reaches no output before it.

    The last is not asked of attention, which weighs what it may not see by 0: in its own row a NaN stays one.
    """
    x, others = subject.x, subject.rows[1:]
    with torch.no_grad():
        whole = subject.forward(x, subject.rows)
        _, state = subject.step(x[:, : unit(subject)], subject.init_state(subject.rows), 0, subject.rows)
        named = states.named_leaves(state)
        broken = {name: nan_in_row(leaf, 0) for name, leaf in named.items()}
        spoilt = states.nested(broken, states.empty_parts(state))
        y, _ = subject.step(x[:, unit(subject) :], spoilt, unit(subject), subject.rows)
        assert_close(y[others], whole[others, math.floor(unit(subject) * subject.ratio) :])
        if x.is_floating_point():
            assert_close(subject.forward(nan_in_row(x, 0), subject.rows)[others], whole[others])
        if x.is_floating_point() and not any(isinstance(module, ATTENTION) for module in subject.module.modules()):
            time = x.shape[1] // 2
            late = torch.cat([x[:, :time], torch.full_like(x[:, time:], math.nan)], dim=1)
            first = math.floor(time * subject.ratio)
            assert_close(subject.forward(late, subject.rows)[:, :first], whole[:, :first])


def nan_in_row(tensor: Tensor, row: int) -> Tensor:
    """A copy with no number in one row; integers are as they were."""
    copied = tensor.clone()
    if copied.is_floating_point():
        copied[row] = math.nan
    return copied


def check_state_is_named(subject: Subject) -> None:
    """A leaf's name is that of the module that keeps it, and its own; or it is of the source's "memory"."""
    modules = {name for name, _ in subject.module.named_modules()}
    for name in states.named_leaves(subject.init_state(subject.rows)):
        assert name.startswith("memory.") or name.rpartition(".")[0] in modules, f"no module keeps {name}"


def check_state_keeps_its_shape(subject: Subject) -> None:
    """Every tensor of the state is batch first, and keeps shape and dtype at every chunk size."""
    fresh = subject.init_state(subject.rows)
    expected = layout(fresh)
    assert all(shape[0] == len(subject.x) for shape, _ in expected.values())
    with torch.no_grad():
        for _, state in iterate_steps(subject, (1, 4, 2, 7), subject.x):
            assert layout(state) == expected


def layout(state: State) -> dict[str, tuple[torch.Size, torch.dtype]]:
    return {name: (leaf.shape, leaf.dtype) for name, leaf in states.named_leaves(state).items()}


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
        first = next(module for module in subject.module.modules() if isinstance(module, Embedding | nn.Embedding))
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
