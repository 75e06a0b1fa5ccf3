"""Weights that one model takes from another: by name and shape, and which it leaves."""

from typing import Any

import pytest
import torch

from tests.models.pair_models import make
from tests.models.readers import ALPHABET, SHAPES
from tests.refusals import assert_says, refuses
from tests.training.codebook import Student
from undertow.config import parse
from undertow.errors import UsageError
from undertow.models import Autoregressive, Classifier, Model
from undertow.models.transfer import names_of, take_weights

GRU: dict[str, Any] = {"kind": "rnn", "cell": "gru", "num_layers": 1, "channels": 4}


def autoregressive(network: dict[str, Any], **changes: Any) -> Autoregressive:
    values = {"alphabet": ALPHABET, "network": network, "emission": {"kind": "categorical"}, **changes}
    return Autoregressive(parse(Autoregressive.Config, values))


def classifier(network: dict[str, Any], num_classes: int = 3) -> Classifier:
    classes = [str(index) for index in range(num_classes)]
    values = {"alphabet": ALPHABET, "network": network, "label": "x", "classes": classes}
    return Classifier(parse(Classifier.Config, values))


def copy_of(model: Model) -> dict[str, torch.Tensor]:
    return {name: weight.clone() for name, weight in model.state_dict().items()}


@pytest.mark.parametrize("name", SHAPES)
def test_a_classifier_takes_every_weight_but_the_output_layers(name: str) -> None:
    """Even where there are as many classes as symbols, unless the outputs are the embedding's."""
    source = autoregressive(SHAPES[name])
    model = classifier(SHAPES[name], 3 if "tied" in name else source.alphabet.num_symbols)
    before, outputs = copy_of(model), names_of(model, model.network.output)
    taken = take_weights(model, source)
    assert outputs and set(taken.new) == outputs and set(taken.unused) <= set(copy_of(source))
    for weight, value in model.state_dict().items():
        assert torch.equal(value, before[weight] if weight in outputs else source.state_dict()[weight])
    ours, theirs = ({one.data_ptr() for one in whole.parameters()} for whole in (model, source))
    assert not ours & theirs, "a weight is shared"


def test_a_classifier_takes_the_outputs_of_another_of_its_label() -> None:
    source, model = classifier(GRU), classifier(GRU)
    assert take_weights(model, source).new == ()
    assert all(torch.equal(model.state_dict()[name], weight) for name, weight in source.state_dict().items())


def test_a_larger_model_takes_what_fits() -> None:
    source, model = autoregressive(GRU), autoregressive({**GRU, "num_layers": 2})
    before, taken = copy_of(model), take_weights(model, source)
    assert taken.taken and taken.new
    for name, weight in model.state_dict().items():
        assert torch.equal(weight, before[name] if name in taken.new else source.state_dict()[name])


def test_weights_of_a_condition_are_not_used_and_named() -> None:
    labels = {"conditioner": {"labels": {"speaker": ["a", "b"]}}}
    taken = take_weights(autoregressive(GRU), autoregressive(GRU, **labels))
    assert not taken.new and taken.unused and all("condition" in name for name in taken.unused)
    assert taken.text == f"{len(taken.taken)} of {len(taken.taken)} weights taken; not used: {', '.join(taken.unused)}"


def test_many_names_are_only_counted() -> None:
    taken = take_weights(autoregressive({**GRU, "num_layers": 4}), autoregressive(GRU))
    assert len(taken.new) > 4 and f"; new: {len(taken.new)}; not used: " in taken.text


def test_buffers_and_frozen_weights_are_taken_too() -> None:
    source, model = Student(Student.Config()), Student(Student.Config())
    taken = take_weights(model, source)
    assert {"codes", "sizes", "teacher.weight"} <= set(taken.taken) and not taken.new
    assert torch.equal(model.codes, source.codes) and not model.teacher.weight.requires_grad


def test_weights_of_other_symbols_are_taken_and_said_to_be() -> None:
    other = {"kind": "characters", "characters": "hijklmn"}
    taken = take_weights(autoregressive(GRU), autoregressive(GRU, alphabet=other))
    assert not taken.new and taken.other_alphabets == ("alphabet",)
    assert_says(taken.text, "note", "alphabet", "other symbols")
    assert "note" not in take_weights(autoregressive(GRU), autoregressive(GRU)).text
    assert "network.head.weight" in take_weights(classifier(GRU, 7), autoregressive(GRU, alphabet=other)).new


def test_sources_of_other_symbols_are_said_to_be() -> None:
    own, other = ({"kind": "characters", "characters": text} for text in ("abcdef", "ghijkl"))
    source = make("rnn", "gru", source=other)
    assert take_weights(make("rnn", "gru"), source).other_alphabets == ("source's alphabet",)


def test_an_alphabet_of_another_size_needs_no_note() -> None:
    larger = {"kind": "characters", "characters": "abcdefgh"}
    taken = take_weights(autoregressive(GRU), autoregressive(GRU, alphabet=larger))
    assert taken.new and not taken.other_alphabets


def test_nothing_in_common_is_refused() -> None:
    with refuses(UsageError, "weight", "name", "shape"):
        take_weights(autoregressive(GRU), Student(Student.Config()))
