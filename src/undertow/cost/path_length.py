"""How deep a network's computation is: operations that must wait for each other, and the way from a past step.

B batch, T time, C channels.
"""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd.graph import Node

from undertow.batch import Batch
from undertow.layers import Layer
from undertow.models.autoregressive import Autoregressive

OPERATION = re.compile(r"(Mm|Addmm|Bmm|Baddbmm|Mv|Linear|Convolution|ScaledDotProduct\w*Attention\w*)Backward\d")
UNREACHED = 2**40  # moves; more than any path has


def sequential_operations(loss: Tensor) -> int:
    """The longest chain of matrix products, convolutions and attentions in the graph of a loss."""
    assert loss.grad_fn is not None
    depth: dict[Node, int] = {}
    for node in _inputs_first(loss.grad_fn):
        below = max((depth[source] for source, _ in node.next_functions if source is not None), default=0)
        depth[node] = below + (OPERATION.fullmatch(node.name()) is not None)
    return depth[loss.grad_fn]


def _inputs_first(last: Node) -> Iterator[Node]:
    """Every node of a graph, after those that it needs."""
    seen, waiting = {last}, [(last, iter(last.next_functions))]
    while waiting:
        node, sources = waiting[-1]
        source = next((source for source, _ in sources if source is not None and source not in seen), None)
        if source is None:
            waiting.pop()
            yield node
        else:
            seen.add(source)
            waiting.append((source, iter(source.next_functions)))


def longest_path(model: Autoregressive, batch: Batch) -> int:
    """Moves from step to step that the past step hardest to reach, of those in reach, needs to the last output.

    A move is one layer's reading of an earlier step; what a layer says of its own step, and what residual connections
    carry on, is free. Which steps a layer reads is measured, by the gradient of its last output. By rule, a recurrence
    moves from each step to the next one alone, and frames (slower clocks) are left out.
    """
    length = batch.symbols.shape[1]
    moves = np.full(length, UNREACHED)
    moves[0] = 0
    for layer, x, y in _calls(model, batch):
        if x.shape[1] == length:
            moves = _after_recurrence(moves) if isinstance(layer, nn.RNNBase) else _after(moves, _offsets(x, y))
    return int(moves[moves < UNREACHED].max())


def readers(network: nn.Module) -> list[nn.Module]:
    """The modules that read earlier steps, each whole: layers not made of others that do, and recurrent cells."""
    cells: list[nn.Module] = [module for module in network.modules() if isinstance(module, nn.RNNBase)]
    layers = [module for module in network.modules() if isinstance(module, Layer) and module.receptive_field != 1]
    parts = {id(one): {id(part) for part in one.modules()} - {id(one)} for one in layers}
    found = {id(one) for one in (*cells, *layers)}
    return [*cells, *(one for one in layers if not parts[id(one)] & found)]


def _calls(model: Autoregressive, batch: Batch) -> list[tuple[nn.Module, Tensor, Tensor]]:
    """Each reader with what it read and what it made of it, in the order in which they run."""
    calls: list[tuple[nn.Module, Tensor, Tensor]] = []

    def note(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        calls.append((module, inputs[0], output[0] if isinstance(output, tuple) else output))  # of a cell, no state

    hooks = []
    for module in readers(model.network):
        hooks += [module.register_forward_pre_hook(_with_gradient), module.register_forward_hook(note)]
    was_training = model.training
    try:
        model.eval()
        with torch.enable_grad():
            model.log_prob(batch)
    finally:
        model.train(was_training)
        for hook in hooks:
            hook.remove()
    return calls


def _with_gradient(module: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """The inputs of a layer, the first with a gradient, which samples that enter as numbers lack."""
    x, *others = inputs
    return x if x.requires_grad else x.detach().requires_grad_(), *others


def _offsets(x: Tensor, y: Tensor) -> list[int]:
    """How many steps before its last output the inputs are that a layer (B, T, C) -> (B, T, C') reads there."""
    (gradient,) = torch.autograd.grad(y[0, -1].sum(), x, retain_graph=True)
    read = gradient[0].abs().amax(dim=-1).nonzero()[:, 0]
    return [x.shape[1] - 1 - int(step) for step in read]


def _after(moves: np.ndarray, offsets: list[int]) -> np.ndarray:
    """Moves (T,) from the first step to each, behind one more layer."""
    after = moves.copy()
    for offset in offsets:
        if offset:
            after[offset:] = np.minimum(after[offset:], moves[:-offset] + 1)
    return after


def _after_recurrence(moves: np.ndarray) -> np.ndarray:
    steps = np.arange(len(moves))
    return np.minimum.accumulate(moves - steps) + steps
