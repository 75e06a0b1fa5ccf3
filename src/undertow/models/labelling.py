"""What models share that give a class to every step of a sequence or every pixel of an image: label, loss, weights.

B batch, T time, H rows, W columns, K classes.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from undertow.config import Name, Positive, config
from undertow.data.needs import Predicted
from undertow.data.told import Label
from undertow.errors import UsageError, counted, shown
from undertow.models.loss import Loss, mean_loss
from undertow.models.model import Model
from undertow.models.transfer import names_of
from undertow.networks import Labeller

BALANCED = "balanced"


@config
class Labelling:
    """The label that a model gives to every step or pixel.

    Attributes:
        label: name of the batch's label to predict.
        classes: its classes, in the order of their indices.
        class_weights: by which each class counts in the loss; None: 1. A recipe may also give "balanced", or weights by
            name of a class.
    """

    label: Name
    classes: tuple[str, ...]
    class_weights: tuple[Positive, ...] | None = None

    def __post_init__(self) -> None:
        if len(self.classes) < 2:
            raise UsageError(f"'{self.label}' has {counted(len(self.classes), 'class')}; give 2 or more")
        if self.class_weights is not None and len(self.class_weights) != len(self.classes):
            raise UsageError(
                f"class_weights has {counted(len(self.class_weights), 'number')} for "
                f"{counted(len(self.classes), 'class')}; give one each"
            )

    @property
    def predicted(self) -> Predicted:
        """The label as the data must have it."""
        return Predicted(self.label, self.classes, True)


class LabellingModel(Model):
    """A model with a labeller as its network, whose config is a `Labelling`.

    Attributes:
        network: the labeller.
        class_weights: (K,), or None.
    """

    network: Labeller
    class_weights: Tensor | None

    def set_class_weights(self) -> None:
        """Keep the config's class weights as a buffer."""
        weights = None if self.config.class_weights is None else torch.tensor(self.config.class_weights)
        self.register_buffer("class_weights", weights, persistent=False)

    def fresh_weights(self, source: Model) -> frozenset[str]:
        """The output layer's, unless the other model has the same classes."""
        same = getattr(source.config, "classes", None) == self.config.classes
        return frozenset() if same else names_of(self, self.network.output)


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


def balanced(shares: Sequence[float]) -> list[float]:
    """The weight of each class from its share of the steps of those sequences that have it; 1 for an absent class."""
    found = np.asarray(shares, np.float64)
    middle = np.median(found[found > 0]) if (found > 0).any() else 1.0
    return [float(round(middle / share, 4)) if share else 1.0 for share in found.tolist()]
