"""The contrastive loss: the teacher with another condition must find the student's sound unlikely.

KL(S(c₁) ‖ T(c₁)) - γ · KL(S(c₁) ‖ T(c₂)), γ = 0.3 (Parallel WaveNet, arXiv 1711.10433, §3.3): the student makes one
sound, with the right condition; only the teacher is given the wrong one.

B batch.
"""

from dataclasses import replace

from undertow.batch import Batch


def with_others_condition(batch: Batch) -> Batch:
    """The batch with the labels and features of each row's neighbour; of one row, its own."""
    labels = {name: label.roll(1, dims=0) for name, label in batch.labels.items()}
    features = None if batch.features is None else batch.features.roll(1, dims=0)
    return replace(batch, labels=labels, features=features)
