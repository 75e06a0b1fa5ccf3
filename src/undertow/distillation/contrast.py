"""The contrastive loss: the teacher with another condition must find the student's sound unlikely.

KL(S(c₁) ‖ T(c₁)) - γ · KL(S(c₁) ‖ T(c₂)), γ = 0.3 (Parallel WaveNet, arXiv 1711.10433, §3.3): the student makes one
sound, with the right condition; only the teacher is given the wrong one.

B batch.
"""

from dataclasses import replace

import torch
from torch import Tensor

from undertow.batch import Batch


def has_another(batch: Batch, other: Batch) -> Tensor:
    """(B,) bool: the rows whose condition differs in `other`."""
    pairs = [(one[:, None], other.labels[name][:, None]) for name, one in batch.labels.items()]
    if batch.features is not None and other.features is not None:
        pairs.append((batch.features.flatten(1), other.features.flatten(1)))
    differs = torch.zeros(len(batch.counted), dtype=torch.bool, device=batch.counted.device)
    for one, another in pairs:
        differs = differs | (one != another).any(dim=1)
    return differs


def with_others_condition(batch: Batch) -> Batch:
    """The batch with the labels and features of each row's neighbour; of one row, its own."""
    labels = {name: label.roll(1, dims=0) for name, label in batch.labels.items()}
    features = None if batch.features is None else batch.features.roll(1, dims=0)
    return replace(batch, labels=labels, features=features)
