"""What a model file was made of is known by its content, not by the order or the type that it is held in."""

import torch

from undertow.native import source_of

CONFIG = {"kind": "wavenet", "rate": 8000, "scale": 0.1, "labels": ["theo", "lucas"]}
WEIGHTS = {"a.weight": torch.arange(6.0).reshape(2, 3), "b": torch.tensor([1, 2])}


def test_order_and_floating_type_make_no_difference() -> None:
    own = source_of(CONFIG, WEIGHTS)
    turned = {name: WEIGHTS[name] for name in reversed(WEIGHTS)}
    assert source_of(dict(reversed(CONFIG.items())), turned) == own
    assert source_of(CONFIG, {**WEIGHTS, "a.weight": WEIGHTS["a.weight"].double()}) == own
    strided = WEIGHTS["a.weight"].T.contiguous().T
    assert not strided.is_contiguous() and source_of(CONFIG, {**WEIGHTS, "a.weight": strided}) == own


def test_every_value_name_and_shape_makes_one() -> None:
    own = source_of(CONFIG, WEIGHTS)
    for changed in ({"rate": 8001}, {"scale": 0.2}, {"labels": ["lucas", "theo"]}, {"more": None}):
        other = source_of(CONFIG | changed, WEIGHTS)
        assert other.config != own.config and other.weights == own.weights
    a = WEIGHTS["a.weight"]
    nudged = a.clone()
    nudged[1, 2] = torch.nextafter(a[1, 2], torch.tensor(9.0))
    for weights in ({"a.weight": a}, WEIGHTS | {"a.weight": a.reshape(3, 2)}, WEIGHTS | {"a.weight": nudged}):
        other = source_of(CONFIG, weights)
        assert other.weights != own.weights and other.config == own.config
    assert source_of(CONFIG, {"c": a, "b": WEIGHTS["b"]}).weights != own.weights
    assert source_of(CONFIG, {}).weights == source_of({}, {}).weights
