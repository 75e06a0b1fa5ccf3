"""Alignment: which steps of the source each target step depends on.

B batch, T target steps, S source steps, C channels.
"""

from typing import Any, Literal

import torch
from torch import Tensor, nn

from undertow.batch import Batch
from undertow.models import Seq2Seq
from undertow.session.inference import inference

Measure = Literal["attention", "gradient"]


def alignment_map(model: Seq2Seq, batch: Batch) -> tuple[Tensor, Measure]:
    """How much each target step depends on each step of the source, (B, T, S), and the name of the measure.

    The measure is the model's attention, whose rows sum to one, or its `gradient_map` if it has no attention.
    """
    with inference(model):
        attention = model.alignment(batch)
    return (gradient_map(model, batch), "gradient") if attention is None else (attention, "attention")


def gradient_map(model: Seq2Seq, batch: Batch) -> Tensor:
    """|∂ log p(y_t | y_<t, x) / ∂ E[x_s]|, summed over channels, as shares of a step: (B, T, S).

    Rows sum to one; rows of padding, and of steps that do not depend on the source, are zero. ByteNet's paper
    (arXiv 1610.10099) draws such a map, since it has no attention. It takes T backward passes.
    """
    training = model.training
    inputs: list[Tensor] = []

    def keep(module: nn.Module, given: Any, output: Tensor) -> Tensor:
        if inputs:  # a decoder may embed its symbols with the same module
            return output
        inputs.append(output.detach().requires_grad_())
        return inputs[0]

    hook = model.network.encoder.input.register_forward_hook(keep)
    try:
        with torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):  # whose RNNs only go back in training
            log_prob = model.eval().log_prob(batch)
            steps = [torch.autograd.grad(step.sum(), inputs[0], retain_graph=True)[0] for step in log_prob.unbind(1)]
    finally:
        hook.remove()
        model.train(training)
    magnitude = torch.stack([step.abs().sum(dim=-1) for step in steps], dim=1)
    return magnitude / magnitude.sum(dim=-1, keepdim=True).clamp(min=torch.finfo(magnitude.dtype).tiny)
