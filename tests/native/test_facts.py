"""Facts for programs in a model file: read as they were written, and refused by both sides where they are damaged."""

import struct
from typing import Any

import numpy as np
import pytest
import torch

from tests.golden import make_stream
from tests.native.models import BY_FEATURES, BY_LABEL, make
from tests.native.test_format import graph, sealed
from tests.refusals import refuses
from undertow.config import parse
from undertow.errors import DataError
from undertow.models import Classifier
from undertow.native import lower, make_program, read_header, to_bytes, why_missing
from undertow.native.facts import Facts

FACTS: Facts = {
    "real": ["sound"],
    "labels": ["speaker", "Größe \udcff"],
    "symbols": [b"", b"\0\xff", "é".encode()],
    "sample_rate": [8000],
    "far": [-(2**63), 2**63 - 1],
    "labels.0.vectors": np.array([[0.5, -0.0], [1e-40, 3.0]], np.float32),
    "nothing": [],
}


def test_facts_are_read_as_they_were_written() -> None:
    file = to_bytes(graph(facts=FACTS))
    found = read_header(file).facts
    assert list(found) == list(FACTS)
    assert found["real"] == [b"sound"] and found["labels"] == [b"speaker", "Größe ".encode() + b"\xff"]
    assert found["symbols"] == FACTS["symbols"] and found["far"] == FACTS["far"] and found["nothing"] == []
    assert found["labels.0.vectors"].tobytes() == np.asarray(FACTS["labels.0.vectors"]).tobytes()
    assert read_header(to_bytes(graph())).facts == {}
    if why_missing() is None:
        assert make_program(file).num_symbols == 8


def written(*fields: int | bytes) -> bytes:
    """A file whose facts are these numbers and bytes."""
    content = b"".join(one if isinstance(one, bytes) else struct.pack("<I", one) for one in fields)
    file = to_bytes(graph())
    return sealed(file[:144] + content + file[148:])


A = (1, b"a\0\0\0")  # a name
WRONG: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "too many": (written(1025), ("facts",)),
    "no room": (written(900), ("facts",)),
    "no name": (written(1, 0, 0, 0), ("name",)),
    "a name with a space": (written(1, 3, b"a b\0", 0, 0), ("name",)),
    "a long name": (written(1, 1028, b"a" * 1028, 0, 0), ("name",)),
    "more behind a name": (written(1, 1, b"a\0\0\1", 0, 0), ("more behind",)),
    "an unknown type": (written(1, *A, 3, 0), ("type 3",)),
    "half a number": (written(1, *A, 1, 12, bytes(12)), ("12 bytes",)),
    "half a float": (written(1, *A, 2, 6, bytes(8)), ("6 bytes",)),
    "no number": (written(1, *A, 2, 4, struct.pack("<f", float("nan"))), ("NaN",)),
    "half a size": (written(1, *A, 0, 2, bytes(4)), ("cut short",)),
    "half a text": (written(1, *A, 0, 6, struct.pack("<I", 3), b"ab\0\0"), ("cut short",)),
    "one name twice": (written(2, *A, 0, 0, *A, 0, 0), ("two facts",)),
    "a value past the end": (written(1, *A, 0, 2**31), ()),
}


@pytest.mark.parametrize("what", WRONG)
def test_fault_33_facts_that_cannot_be_read_are_refused_by_both_parsers(what: str) -> None:
    file, says = WRONG[what]
    with refuses(DataError, "model.engine", *says):
        read_header(file, "model.engine")
    if why_missing() is None:
        with refuses(DataError, "native engine", *says):
            make_program(file)


def facts_of(**changes: Any) -> dict[str, Any]:
    return dict(lower(make(changes)).graph.facts)


def test_a_model_says_what_a_program_needs() -> None:
    model = make(dict(conditioner=BY_LABEL, sample_rate=100))
    facts = dict(lower(model).graph.facts)
    speakers, digits = (facts.pop(f"labels.{index}.vectors") for index in range(2))
    assert facts == {
        "sample_rate": [100],
        "receptive_field": [model.receptive_field],
        "alphabet": ["mu_law"],
        "real": ["sound"],
        "unit": ["sample"],
        "labels": ["speaker", "digit"],
        "labels.0": ["theo", "lucas", "jackson"],
        "labels.1": ["0", "1", "2"],
    }
    told = model.condition({"speaker": torch.tensor([1]), "digit": torch.tensor([-1])}, None, 1, 1).aligned
    assert told is not None and speakers.dtype == np.float32
    assert ((speakers[2] + digits[0]) == told[0, 0].detach().numpy()).all() and not digits[0].any()
    assert read_header(to_bytes(lower(model).graph)).facts["sample_rate"] == [100]


def test_what_a_model_does_not_have_is_not_said() -> None:
    assert facts_of().keys() == {"receptive_field", "alphabet", "real", "unit"}
    assert facts_of(conditioner=BY_FEATURES)["features"] == ["mel"]


def test_a_classifier_says_its_classes() -> None:
    values = dict(
        kind="classifier",
        alphabet=dict(kind="bytes"),
        network=dict(kind="tcn", channels=4, num_levels=1),
        label="language",
        classes=("en", "de"),
    )
    facts = lower(Classifier(parse(Classifier.Config, values)).eval()).graph.facts
    assert facts["classes"] == ["en", "de"] and facts["alphabet"] == ["bytes"]


def test_symbols_of_text_are_their_bytes() -> None:
    assert facts_of(alphabet=dict(kind="characters", characters="aé"))["symbols"] == [b"a", "é".encode()]
    assert facts_of(alphabet=dict(kind="bytes"))["symbols"][200] == b"\xc8"


@pytest.mark.native
def test_python_draws_what_the_cpp_face_draws() -> None:
    """engine/tests/test_stream.cpp holds the same file."""
    expected = [line.split() for line in make_stream.STREAM.read_text(encoding="ascii").splitlines()]
    made = [line.split() for line in make_stream.lines()]
    assert [symbol for symbol, _ in made] == [symbol for symbol, _ in expected]
    np.testing.assert_allclose(*([float(sample) for _, sample in one] for one in (made, expected)), rtol=1e-6)
