"""A class for every pixel: the loss of labelled pixels, weights of classes, and starting from a front end."""

from typing import Any

import torch

from tests.contract import assert_close
from tests.refusals import refuses
from undertow import models
from undertow.batch import Batch
from undertow.config import parse
from undertow.data.told import Label, Told
from undertow.errors import UsageError
from undertow.models import Segmenter
from undertow.models.transfer import take_weights

FRONT = {"kind": "vgg", "channels": [4, 4], "convolutions": [1, 1], "pools": 1}
ALPHABET = {"kind": "pixels", "shape": [8, 8, 3]}


def segmenter(**changes: Any) -> Segmenter:
    torch.manual_seed(0)
    network = {"kind": "image_context", "front": FRONT, "context": changes.pop("context", None)}
    values = {"alphabet": ALPHABET, "network": network, "label": "class", "classes": ("a", "b", "c"), **changes}
    return Segmenter(parse(Segmenter.Config, values))


def batch(rows: int = 2) -> Batch:
    generator = torch.Generator().manual_seed(1)
    symbols = torch.randint(256, (rows, 6, 9, 3), generator=generator)
    labels = torch.randint(-1, 3, (rows, 6, 9), generator=generator)
    return Batch(symbols, torch.ones(rows, 6, 9, dtype=torch.bool), {"class": labels})


def test_the_loss_is_the_mean_over_labelled_pixels() -> None:
    model, whole = segmenter(class_weights=(1.0, 2.0, 0.5)), batch()
    loss = model(whole)
    logits, labels = model.outputs(whole.symbols), whole.labels["class"]
    nats = torch.nn.functional.cross_entropy(
        logits.movedim(-1, 1), labels, torch.tensor([1.0, 2.0, 0.5]), ignore_index=-1, reduction="sum"
    )
    assert loss.num_terms == (labels >= 0).sum() and torch.isclose(loss.value, nats / loss.num_terms)
    loss.value.backward()
    assert "class_weights" not in model.state_dict()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_rows_are_independent() -> None:
    model, whole = segmenter(context={}).double(), batch()
    assert_close(model.outputs(whole.symbols)[1:], model.outputs(whole.symbols[1:]))


def test_a_trained_front_end_starts_a_model_with_a_module_which_labels_the_same() -> None:
    front, images = segmenter(), batch().symbols
    for size in ("basic", "large"):
        whole = segmenter(context={"size": size})
        taken = take_weights(whole, front)
        assert set(taken.taken) == set(front.state_dict()) and not taken.unused
        assert all(name.startswith("network.context.") for name in taken.new)
        torch.testing.assert_close(whole.outputs(images).softmax(-1), front.outputs(images).softmax(-1))
    other = segmenter(classes=("a", "b", "d"))
    assert "network.scores.weight" in take_weights(other, front).new


def test_a_config_is_completed_from_the_data() -> None:
    label = Label(("sky", "road"), of_steps=True, shares=(0.8, 0.2))
    told = Told(real="images", alphabet=ALPHABET, labels={"class": label})
    network = {"kind": "image_context", "front": FRONT}
    values = {"kind": "segmenter", "network": network, "class_weights": "balanced"}
    found = models.complete(values, told, print)
    assert (found.label, found.classes, found.class_weights) == ("class", ("sky", "road"), (0.625, 2.5))
    assert models.complete({**values, "network": network}, Told(real="images", alphabet=ALPHABET, labels=None), print)
    with refuses(UsageError, "class_weights", "3", "2"):
        models.complete({**values, "class_weights": [1, 2, 3]}, told, print)


def test_what_it_says_of_itself() -> None:
    model = segmenter(context={"dilations": [1, 2]})
    assert model.needs.predicted is not None and model.needs.predicted.of_steps
    assert (model.abilities, model.scorer) == ({"segment"}, "segmentation")
    assert model.facts["sees"] == model.network.receptive_field == 1 + 2 * (1 + 2 + 2 * 3 + 2)
