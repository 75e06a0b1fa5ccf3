"""What models share that give a class to every step of a sequence or every pixel of an image: loss and class weights.

B batch, T time, H rows, W columns, K classes.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from undertow.data.told import Label
from undertow.errors import UsageError, counted, shown
from undertow.models.loss import Loss, mean_loss

BALANCED = "balanced"


def labels_loss(outputs: Tensor, labels: Tensor, present: Tensor, weights: Tensor | None = None) -> Loss:
    """The mean cross-entropy in nats over the steps or pixels that are present and have a label, and the accuracy.

    Args:
        outputs: (…, K), logits.
        labels: (…) int64 classes; below 0 is a step without one, which does not count.
        present: (…) bool, False for padding.
        weights: (K,), by which each class counts; None: 1 for all. Their sum does not divide the loss.
    """
    known = (labels >= 0) & present
    classes = torch.where(known, labels, 0)
    outputs = outputs.to(torch.promote_types(outputs.dtype, torch.float32))
    right = (outputs.argmax(dim=-1) == classes) & known
    nats = -F.log_softmax(outputs, dim=-1).gather(-1, classes[..., None])[..., 0]
    if weights is not None:
        nats = nats * weights.to(nats.dtype)[classes]
    return mean_loss(torch.where(known, nats, 0.0).sum(), known, {"accuracy": right.sum()})


def with_class_weights(values: Mapping[str, Any], label: Label) -> dict[str, Any]:
    """A recipe's model with `class_weights` as numbers.

    The recipe may give a number for each class in order, a mapping from names of classes (1 for the others), or
    "balanced": the median of the classes' shares divided by a class's share, so that the rare ones count more (median
    frequency balancing: Eigen & Fergus, arXiv 1411.4734, §6.3.2).

    Raises:
        UsageError: there are too few or too many numbers, an unknown class, or the data cannot be balanced.
    """
    wanted, classes = values.get("class_weights"), label.classes or ()
    if isinstance(wanted, Mapping):
        unknown = [str(name) for name in wanted if name not in classes]
        if unknown and label.shares is not None:
            raise UsageError(f"model.class_weights: there is no class '{shown(unknown[0])}' in {', '.join(classes)}")
        wanted = [wanted.get(name, 1.0) for name in classes]
    if wanted == BALANCED:
        wanted = None if label.shares is None else balanced(label.shares)
    elif isinstance(wanted, str):
        raise UsageError(f"model.class_weights is '{shown(wanted)}'; give a number for each class, or {BALANCED}")
    return {**values, "class_weights": wanted}


def check_class_weights(weights: Sequence[float] | None, classes: Sequence[str]) -> None:
    """Refuse weights that are not one for each class.

    Raises:
        UsageError: there are too few or too many.
    """
    if weights is not None and len(weights) != len(classes):
        raise UsageError(
            f"class_weights has {counted(len(weights), 'number')} for {counted(len(classes), 'class')}; give one each"
        )


def balanced(shares: Sequence[float]) -> list[float]:
    """The weight of each class from its share of the steps of those sequences that have it; 1 for an absent class."""
    found = np.asarray(shares, np.float64)
    middle = np.median(found[found > 0]) if (found > 0).any() else 1.0
    return [float(round(middle / share, 4)) if share else 1.0 for share in found.tolist()]
