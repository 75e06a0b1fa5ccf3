"""Which steps of a source a sequence made from it comes of.

B batch, T target steps, S source steps, C channels.
"""

from typing import Any, Literal

import torch
from torch import Tensor, nn

from undertow.batch import Batch
from undertow.generation.inference import inference
from undertow.models import Seq2Seq

Measure = Literal["attention", "gradient"]


def alignment_map(model: Seq2Seq, batch: Batch) -> tuple[Tensor, Measure]:
    """How much each target step looks at each step of the source, (B, T, S), and what that is measured by.

    It is the model's attention, whose rows sum to one, or where nothing attends its `gradient_map`.
    """
    with inference(model):
        attention = model.alignment(batch)
    return (gradient_map(model, batch), "gradient") if attention is None else (attention, "attention")


def gradient_map(model: Seq2Seq, batch: Batch) -> Tensor:
    """|∂ log p(y_t | y_<t, x) / ∂ E[x_s]|, summed over channels, as shares of a step: (B, T, S).

    Rows sum to one, but those of steps that do not count, or that do not depend on the source, are zero. So ByteNet's
    paper (arXiv 1610.10099) draws what attends to nothing. It takes T backward passes.
    """
    training = model.training
    inputs: list[Tensor] = []

    def keep(module: nn.Module, given: Any, output: Tensor) -> Tensor:
        if inputs:  # a decoder may read its symbols by the same module
            return output
        inputs.append(output.detach().requires_grad_())
        return inputs[0]

    hook = model.network.encoder.input.register_forward_hook(keep)
    try:
        with torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):  # whose RNNs go back only in training
            log_prob = model.eval().log_prob(batch)
            steps = [torch.autograd.grad(step.sum(), inputs[0], retain_graph=True)[0] for step in log_prob.unbind(1)]
    finally:
        hook.remove()
        model.train(training)
    magnitude = torch.stack([step.abs().sum(dim=-1) for step in steps], dim=1)
    return magnitude / magnitude.sum(dim=-1, keepdim=True).clamp(min=torch.finfo(magnitude.dtype).tiny)
