import pytest
import torch

from tests.refusals import refuses
from undertow.errors import DataError, UsageError
from undertow.generation.labels import classes_in_turn, differ_by_row, resolve_labels

CLASSES = {"speaker": ("jackson", "lucas", "theo"), "digit": ("0", "1", "2"), "take": ("0", "1")}
OPEN = [-1, -1]


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (None, {}),
        ("theo", {"speaker": [2, 2]}),
        ("speaker=lucas", {"speaker": [1, 1]}),
        (["digit=1", "theo"], {"speaker": [2, 2], "digit": [1, 1]}),
        ({"digit": "0"}, {"digit": [0, 0]}),
        ({"digit": ["2", "0"], "speaker": ["theo", None], "take": None}, {"digit": [2, 0], "speaker": [2, -1]}),
    ],
)
def test_what_a_user_may_write(labels: object, expected: dict[str, list[int]]) -> None:
    found = resolve_labels(labels, CLASSES, 2)  # type: ignore[arg-type]
    assert {name: index.tolist() for name, index in found.items()} == {name: OPEN for name in CLASSES} | expected
    assert all(index.dtype == torch.int64 for index in found.values())


@pytest.mark.parametrize(
    ("labels", "error", "parts"),
    [
        ("teo", DataError, ["label 'teo'", "'theo'"]),
        ("qqqqqq", DataError, ["label 'qqqqqq'", "0, 1, 2, jackson, lucas, theo"]),
        ("speaker=teo", DataError, ["speaker 'teo'", "'theo'"]),
        ("speker=theo", DataError, ["label 'speker'", "'speaker'"]),
        ({"speker": "theo"}, DataError, ["label 'speker'", "'speaker'"]),
        ("1", UsageError, ["'1'", "digit", "take", "digit=1"]),
        (["theo", "speaker=lucas"], UsageError, ["label 'speaker'", "'theo'", "'lucas'"]),
        ({"digit": ["1", "2", "0"]}, UsageError, ["3 classes", "'digit'", "2 rows"]),
    ],
)
def test_what_is_wrong_is_named(labels: object, error: type[Exception], parts: list[str]) -> None:
    with refuses(error, *parts):
        resolve_labels(labels, CLASSES, 2)  # type: ignore[arg-type]


def test_a_model_without_labels_says_so() -> None:
    assert resolve_labels(None, {}, 3) == {}
    with refuses(DataError, "label 'theo'", "model"):
        resolve_labels("theo", {}, 3)


def test_which_labels_differ_by_row() -> None:
    assert differ_by_row({"digit": ["1", "2"]})
    assert not any(map(differ_by_row, (None, "theo", ["theo", "digit=1"], {"digit": "1"}, {"digit": None})))


def test_several_classes_are_taken_in_turn() -> None:
    assert classes_in_turn(["theo", "digit=0,2"], CLASSES) == {"speaker": ["theo"], "digit": ["0", "2"]}
    assert classes_in_turn(["theo,jackson"], CLASSES) == {"speaker": ["theo", "jackson"]} and not classes_in_turn(
        [], {}
    )
    assert classes_in_turn(["a,b"], {"kind": ("a,b", "a")}) == {"kind": ["a,b"]}
    for labels, kind, parts in (
        (["theo,2"], UsageError, ("'theo,2'", "digit", "speaker")),
        (["theo", "speaker=lucas"], UsageError, ("'speaker'", "'theo'", "speaker=theo,lucas")),
        (["digit=0,7"], DataError, ("digit '7'",)),
        (["digit=0,"], DataError, ("digit ''",)),
    ):
        with refuses(kind, *parts):
            classes_in_turn(labels, CLASSES)
