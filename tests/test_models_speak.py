"""Models speak for themselves: outside their room nothing asks for a model's class or kind."""

import ast
from pathlib import Path

import pytest

from tests.modules import FILES, module_of, room_of
from undertow.evaluation import SCORERS
from undertow.models import MODELS

CLASSES = {kind.__name__ for kind in MODELS.values()}


def asks(tree: ast.AST) -> list[int]:
    """Lines on which a file asks for the class of a model, or compares a model's kind with a name of one."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("isinstance", "type"):
            names = {one.id for part in node.args[1:] for one in ast.walk(part) if isinstance(one, ast.Name)}
            names |= {one.attr for part in node.args[1:] for one in ast.walk(part) if isinstance(one, ast.Attribute)}
            found += [node.lineno] if names & CLASSES else []
        if isinstance(node, ast.Compare):
            values = {one.value for one in [node.left, *node.comparators] if isinstance(one, ast.Constant)}
            found += [node.lineno] if values & set(MODELS) else []
        if isinstance(node, ast.FunctionDef) and "generates" in node.name:
            found.append(node.lineno)
    return found


@pytest.mark.parametrize("path", [one for one in FILES if room_of(module_of(one)) != "models"], ids=module_of)
def test_nothing_asks_for_the_class_of_a_model(path: Path) -> None:
    lines = asks(ast.parse(path.read_text(encoding="utf-8")))
    assert not lines, f"{path}, lines {lines}: ask the model for its `needs`, `facts`, `abilities` or `scorer`"


def test_such_a_question_is_found() -> None:
    asked = "isinstance(model, Autoregressive); x = config.kind == 'seq2seq'; isinstance(m, (int, models.Classifier))"
    assert asks(ast.parse(asked)) == [1, 1, 1]


def test_every_scorer_that_a_model_names_is_there() -> None:
    files = [ast.parse(path.read_text(encoding="utf-8")) for path in FILES if room_of(module_of(path)) == "models"]
    functions = [one for tree in files for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)]
    scorers = [one for one in functions if one.name == "scorer" and ast.get_docstring(one) is None]
    named = {one.value for scorer in scorers for one in ast.walk(scorer) if isinstance(one, ast.Constant)} - {None}
    assert "likelihood" in named and named <= set(SCORERS)
