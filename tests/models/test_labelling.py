"""The loss of a label for every step, and the weights of classes."""

import pytest
import torch
import torch.nn.functional as F

from tests.refusals import refuses
from undertow.data.told import Label
from undertow.errors import UsageError
from undertow.models.labelling import Labelling, balanced, labels_loss, with_class_weights


def test_only_steps_that_are_there_and_labelled_count() -> None:
    outputs, labels = torch.randn(2, 3, 3, 4), torch.randint(4, (2, 3, 3))
    labels[0, 0], present = -1, torch.ones(2, 3, 3, dtype=torch.bool)
    present[1, 2] = False
    outputs[1, 2] = 9e9
    known = present & (labels >= 0)
    weights = torch.tensor([1.0, 2.0, 0.5, 3.0])
    found = labels_loss(outputs, labels, present, weights)
    nats = F.cross_entropy(outputs[known], labels[known], weight=weights, reduction="sum")
    assert found.num_terms == 12 and torch.isclose(found.value, nats / 12)
    assert found.figures["accuracy"] == (outputs[known].argmax(-1) == labels[known]).float().mean()


def test_weights_are_numbers_names_or_balanced() -> None:
    label = Label(("sky", "road", "pole"), of_steps=True, shares=(0.5, 0.25, 0.01))
    assert with_class_weights({"class_weights": "balanced"}, label)["class_weights"] == [0.5, 1.0, 25.0]
    assert with_class_weights({"class_weights": {"pole": 9.0}}, label)["class_weights"] == [1.0, 1.0, 9.0]
    assert with_class_weights({}, label)["class_weights"] is None
    assert balanced([0.5, 0.0, 0.25]) == [0.75, 1.0, 1.5]


def test_wrong_weights_are_refused() -> None:
    label = Label(("sky", "road"), of_steps=True, shares=(0.5, 0.5))
    with refuses(UsageError, "class_weights", "rood", "road"):
        with_class_weights({"class_weights": {"rood": 2.0}}, label)
    with refuses(UsageError, "class_weights", "balance", "balanced"):
        with_class_weights({"class_weights": "balance"}, label)
    with refuses(UsageError, "class_weights", "3", "2"):
        Labelling(label="class", classes=("sky", "road"), class_weights=(1.0, 2.0, 3.0))
    with refuses(UsageError, "class", "1", "2 or more"):
        Labelling(label="class", classes=("sky",))
    assert pytest.approx(1.0) == balanced([0.25])[0]
