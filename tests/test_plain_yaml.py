"""YAML of plain values: fast where it is long, refused where it is more than it says."""

import importlib
import time
from collections.abc import Iterator

import pytest
import yaml

from tests.refusals import refuses
from undertow import plain_yaml
from undertow.errors import DataError

VALUES = {"b": [1, 2.5, None, True], "a": {"text": "naïve: 😀\n\ttab", "long": "Ġth " * 400}, "empty": {}}


@pytest.fixture(params=["libyaml", "without libyaml"])
def module(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[object]:
    if request.param != "libyaml":
        monkeypatch.delattr(yaml, "CSafeLoader")
        monkeypatch.delattr(yaml, "CSafeDumper")
    yield importlib.reload(plain_yaml)
    monkeypatch.undo()
    importlib.reload(plain_yaml)


def test_values_come_back_in_their_order(module) -> None:
    text = module.to_yaml(VALUES)
    assert module.from_yaml(text, "x") == VALUES and list(module.from_yaml(text, "x")) == ["b", "a", "empty"]
    assert text == yaml.safe_dump(VALUES, sort_keys=False, allow_unicode=True)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a: [1", ["x.yaml", "YAML", "flow sequence"]),
        ("a: " + "9" * 5000, ["x.yaml", "YAML", "digits"]),
        ("a: 1\nb: 2\na: 3", ["x.yaml", "'a'", "line 1", "line 3"]),
        ("b:\n  c: {d: 1, e: 2, d: 1}", ["x.yaml", "'d'", "line 2"]),
        ("- 1", ["x.yaml", "list"]),
        ("a: 1\nb: &anchor [1]\nc: *anchor", ["x.yaml", "alias", "line 3"]),
        ("a: !!python/name:os.system", ["x.yaml", "tag", "line 1"]),
        *((f"a: {nest * 65}", ["x.yaml", "nested", "64"]) for nest in "[{"),
        ("- " * 100_000, ["nested", "64"]),
        ("? " * 100_000, ["nested", "64"]),
        ("[" * 1_000_000, ["nested", "64"]),
    ],
)
def test_anything_else_is_refused(module, text: str, parts: list[str]) -> None:
    with refuses(DataError, *parts) as error:
        module.from_yaml(text, "x.yaml")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["a: 1\n" * 400, "- a\n" * 600, f"a: [{'1, ' * 600}]"])
def test_fault_30_more_than_is_met_is_refused_before_it_is_read(module, text: str, monkeypatch) -> None:
    monkeypatch.setattr(module, "MOST_TOKENS", 1000)
    with refuses(DataError, "x.yaml", "1,000"):
        module.from_yaml(text, "x.yaml")
    assert module.from_yaml(f"a: {'word ' * 1000}", "x.yaml")["a"].count("word") == 1000


def test_fault_49_a_key_named_twice_is_refused_with_both_lines(module) -> None:
    """Whichever of them was meant, the other would have won in silence."""
    text = "format_version: 1\nmodel:\n  kind: autoregressive\n  sample_rate: 8000\n\n  sample_rate: 16000\n"
    with refuses(DataError, "config.yaml", "'sample_rate'", "line 4", "line 6"):
        module.from_yaml(text, "config.yaml")
    with refuses(DataError, "'{x}'", "line 1", "line 3"):
        module.from_yaml("? '{x}'\n: 1\n'{x}': 1", "x")


def test_dates_are_text(module) -> None:
    text = "a: 2020-01-01\nb: 2020-13-45\n<<: {c: 2001-12-14t21:59:43.10-05:00}"
    assert module.from_yaml(text, "x") == {
        **{"a": "2020-01-01", "b": "2020-13-45"},
        "<<": {"c": "2001-12-14t21:59:43.10-05:00"},
    }


def test_siblings_are_no_nesting() -> None:
    text = "a:\n" + "".join(f"- {{k{index}: [1, {{b: 2}}]}}\n" for index in range(500))
    assert len(plain_yaml.from_yaml(text, "x")["a"]) == 500


@pytest.mark.skipif(not yaml.__with_libyaml__, reason="PyYAML was built without libyaml")
def test_a_tokenizer_is_read_in_no_time() -> None:
    """Fifty thousand sub-words; in processor time, and against what takes forty times as long."""
    text = plain_yaml.to_yaml({"tokenizer": '{"Ġsub": 12345, "word": 6789}' * 20_000})
    began = time.process_time()
    plain_yaml.from_yaml(text, "x")
    fast = time.process_time() - began
    began = time.process_time()
    yaml.load(text, yaml.SafeLoader)
    assert fast < (time.process_time() - began) / 4
