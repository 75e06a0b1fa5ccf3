"""Every sentence that the package says to people has the form of one: short, one line, in plain words."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted((ROOT / "src" / "undertow").rglob("*.py"))
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), *ROOT.glob("*.md")])
ERRORS = ("DataError", "UsageError", "Unsupported", "OutsideError")
PRINTS = ("print", "put", "tell", "say")
LONGEST = 240  # characters of a message, without its values
NUMBER = re.compile(r"len\(.*\)|.*\b(num_\w+|count|number)('\])?")  # an expression that is a count
NO_NOUNS = ("bytes", "pixels", "has", "is", "needs", "holds", "does", "reads")  # sizes; verbs
UNPLAIN = re.compile(  # what a colleague would not say
    r"\b(of which|what is told|(?<!this )is told|are told|as they are told|says? nothing|as it was|is said|"
    r"put out|no two the same|no clock|without a clock|(holds?|held) nothing out|nothing is held out|saying the same|"
    r"say the same of|each (step )?of itself|without a word|begins? afresh|go(es|ing)? on where|"
    r"(?<!there )is no (file|folder|model|checkpoint|number|text|sound|such|plain|part|array|table|JSON|YAML|MIDI)|"
    r"is not there|not at hand|held against|hold (that|this|them) against|what (comes|goes) out|nothing of sound|"
    r"what stands (before|between|beyond)|where those are two|\{\} (is|are) right|which \{\} calls for|"
    r"with its extra|stepped on and on|none where there|passe[sd] over in silence)(?!\w)",
    re.IGNORECASE,
)


def messages(path: Path) -> Iterator[tuple[int, str]]:
    """The line and the text of every error that a file raises, `{}` in place of its values."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS and node.args:
            yield node.lineno, text_of(node.args[0])


def text_of(node: ast.expr) -> str:
    """A string as it stands in the code, `{}` in place of what is put in."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(part) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return text_of(node.left) + text_of(node.right)
    return "{}"


def docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """The line and the text of every docstring of a file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            yield getattr(node, "lineno", 1), ast.get_docstring(node) or ""


def shown(path: Path) -> Iterator[tuple[int, str]]:
    """The line and the text of every help of an option, and of every line that a file prints."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield from ((node.lineno, text_of(one.value)) for one in node.keywords if one.arg == "help")
            if isinstance(node.func, ast.Name) and node.func.id in PRINTS and node.args:
                yield node.lineno, text_of(node.args[0])


def faults(message: str) -> Iterator[str]:
    """What is wrong with the form of a message."""
    if "\n" in message:
        yield "more than one line"
    if len(message) > LONGEST:
        yield f"{len(message)} characters; {LONGEST} at most"
    if message.endswith(".") and not message.endswith("..."):
        yield "ends with a full stop"
    if re.match(r"[A-Z][a-z]", message):
        yield "begins with a capital letter, and stands behind 'undertow:'"
    if "  " in message or message != message.strip():
        yield "stray spaces"
    if re.search(r"\bplease\b|!", message, re.IGNORECASE):
        yield "no please and no exclamation marks"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT / "src").as_posix())
def test_errors_have_the_form_of_one_line(path):
    found = [f"line {line}: {fault}: {text}" for line, text in messages(path) for fault in faults(text)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT / "src").as_posix())
def test_sentences_are_plain(path):
    sentences = [*messages(path), *docstrings(path), *shown(path)]
    found = [f"line {line}: '{word.group()}' in: {text}" for line, text in sentences for word in UNPLAIN.finditer(text)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", sorted((ROOT / "src/undertow/cli").glob("*.py")), ids=lambda path: path.name)
def test_fault_18_a_count_and_its_noun_agree(path):
    """A count with a plural noun behind it says "1 files": `undertow.errors.counted` makes them agree."""
    strings = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.JoinedStr)]
    found = [
        f"line {value.lineno}: {{{ast.unparse(value.value)}}}{text.value!r}"
        for node in strings
        for value, text in zip(node.values, node.values[1:], strict=False)
        if isinstance(value, ast.FormattedValue) and isinstance(text, ast.Constant)
        if NUMBER.fullmatch(ast.unparse(value.value))
        if (noun := re.match(r" ([a-z]+s)\b", text.value)) and noun[1] not in NO_NOUNS
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_pages_are_plain(path):
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
    found = [f"line {number}: '{word.group()}'" for number, line in lines for word in UNPLAIN.finditer(line)]
    assert not found, "\n".join(found)
