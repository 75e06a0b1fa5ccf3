"""What README and docs tell a reader to type works, in the order in which they tell it.

Of each page, ```python blocks are executed and ```sh blocks of `undertow …` lines alone are run, one after the other,
in a folder with recordings and texts in it; later ones see what earlier ones made. Lengths are cut to be quick. A block
after a line `<!-- not run: why -->` is left out, and so is one with other commands.
"""

import re
import shlex
import tomllib
from pathlib import Path

import pytest
import yaml

import undertow as ut
from benchmarks import recipes_page, report
from tests import reader
from tests.published import publish
from undertow.cli import main
from undertow.recipes import recipe_names

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
FENCE = re.compile(r"^```(?P<language>\w*)[^\n]*\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
NOT_RUN = re.compile(r"<!-- not run: .+ -->\s*\Z")
SHORTER = [
    (re.compile(r"--minutes \S+"), "--steps 2"),
    (re.compile(r"--seconds \S+"), "--seconds 0.02"),
    (re.compile(r"\bseconds=[\d.]+"), "seconds=0.02"),
    (re.compile(r"--num-symbols \S+"), "--num-symbols 8"),
]
SMALLER = " --set training.num_validations=1 samples.seconds=0.01 samples.num_steps=4"
SMALLER_NETWORKS = {
    "wavenet": " network.num_cycles=1",
    "vocoder": " network.num_cycles=1",
    "classify": "",
    "context": "",
    "speak": "",
}
SMALLER_NETWORKS["speak-prompts"] = " network.num_cycles=1 network.layers_per_cycle=3 network.skip_channels=8"
NARROW = " network.channels=8"


def blocks(path: Path) -> list[tuple[str, str, int]]:
    """Language, text and first line number of each block that is to be run."""
    page = path.read_text(encoding="utf-8")
    return [
        (match["language"], match["text"], page.count("\n", 0, match.start("text")))
        for match in FENCE.finditer(page)
        if (match["language"] == "python" or match["language"] == "sh" and commands(match["text"]))
        and not NOT_RUN.search(page, 0, match.start())
    ]


def commands(text: str) -> list[list[str]]:
    """The words of each line of a block of `undertow …` lines alone, without comments; nothing of another block."""
    lines = [line.partition(" #")[0].rstrip() for line in text.splitlines()]
    if not all(line.startswith("undertow ") and not re.search(r"[|<>\\]", line) for line in lines):
        return []
    return [shlex.split(shorten(line)) for line in lines]


def shorten(text: str) -> str:
    for pattern, replacement in SHORTER:
        text = pattern.sub(replacement, text)
    if text.startswith("undertow train "):
        text += SMALLER if "--steps" in text else " --steps 2" + SMALLER
        recipe = text.split()[2]
        text += SMALLER_NETWORKS.get(recipe, SMALLER_NETWORKS.get(recipe.split("-")[0], NARROW))
    if text.startswith("undertow bench "):
        text += " --seconds 0.01"
    return text


def page_name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", [path for path in PAGES if blocks(path)], ids=page_name)
def test_page_runs(path, folder_of_a_reader):
    names: dict[str, object] = {}
    for language, text, line in blocks(path):
        where = f"{page_name(path)}:{line + 1}"
        if language == "python":
            exec(compile("\n" * line + shorten(text), page_name(path), "exec"), names)
        else:
            for command in commands(text):
                run(command, where)


def run(command: list[str], where: str) -> None:
    try:
        main(command[1:])
    except SystemExit as exit:
        assert not exit.code, f"{where}: `{shlex.join(command)}` ended with status {exit.code}"


@pytest.fixture
def folder_of_a_reader(path, tmp_path, monkeypatch):
    """A working folder with recordings, texts, small named sets, and a published model where the page wants one."""
    reader.lay_out(tmp_path, monkeypatch)
    if "gpt2/" in path.read_text(encoding="utf-8"):
        publish(tmp_path / "gpt2")


def test_recipes_that_pages_name_exist():
    text = "\n".join(path.read_text(encoding="utf-8") for path in PAGES)
    named = set(re.findall(r"undertow train (\w[\w-]*)(?!\S*\.yaml)", text))
    named |= {name for line in re.findall(r"undertow compare ([\w -]+?) --", text) for name in line.split()}
    for row in re.findall(r"^\| (`tcn-.+?) \|", text, re.MULTILINE):
        named |= set(re.findall(r"`(.+?)`", row))
    assert {"wavenet-fsdd", "tcn-mnist"} <= named <= set(recipe_names())


def test_commands_are_copied_without_a_prompt_and_run_whole():
    for path in PAGES:
        page = path.read_text(encoding="utf-8")
        for match in FENCE.finditer(page):
            language, text = match["language"], match["text"]
            assert language != "console" and not re.search(r"^\$ ", text, re.MULTILINE), page_name(path)
            if re.search(r"^undertow ", text, re.MULTILINE) and not NOT_RUN.search(page, 0, match.start()):
                assert language == "sh" and commands(text), f"{page_name(path)}: split, or mark as not run:\n{text}"


def test_minutes_beside_commands_are_those_of_the_recipe():
    took = recipes_page.minutes(report.read())
    stated = [
        (*found, page_name(path))
        for path in PAGES
        for found in re.findall(r"^undertow train ([\w-]+) .*# about (\d+) minutes", path.read_text(), re.MULTILINE)
    ]
    assert ("wavenet-fsdd", "46", "README.md") in stated
    for recipe, number, page in stated:
        recorded = (
            took[recipe][1]
            if recipe in took
            else recipes_page.read(recipes_page.FOLDER / f"{recipe}.yaml")["training"]["minutes"]
        )
        assert recorded == pytest.approx(float(number), rel=0.15), f"{page}: {recipe} took {recorded:.0f} minutes"


def test_make_targets_and_extras_that_pages_name_exist():
    text = "\n".join(path.read_text(encoding="utf-8") for path in PAGES)
    rules = (ROOT / "Makefile").read_text() + (ROOT / "engine" / "engine.mk").read_text()
    targets = set(re.findall(r"^([a-z-]+):", rules, re.MULTILINE))
    named = set(re.findall(r"^make ([a-z-]+)|`make ([a-z-]+)`", text, re.MULTILINE))
    assert {"test", "engine-test"} <= {first or second for first, second in named} <= targets
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set() < {one for many in re.findall(r"-e '\.\[([\w,]+)\]'", text) for one in many.split(",")} <= set(extras)


def test_programs_in_cpp_are_the_one_that_is_built_and_run():
    program = (ROOT / "engine" / "examples" / "first.cpp").read_text(encoding="utf-8")
    shown = [
        (page_name(path), match["text"])
        for path in PAGES
        for match in FENCE.finditer(path.read_text(encoding="utf-8"))
        if match["language"] == "cpp"
    ]
    assert shown == [(page, program) for page, _ in shown] and {"docs/engine.md", "docs/cpp.md"} <= {*dict(shown)}


def test_links_between_files_lead_somewhere():
    link = re.compile(r"\]\((?!https?:|#)([^)#]+)")
    links = [(path, target) for path in PAGES for target in link.findall(path.read_text(encoding="utf-8"))]
    assert (ROOT / "README.md", "docs/concepts.md") in links
    for path, target in links:
        assert (path.parent / target).exists(), f"{page_name(path)} links to {target}"


def test_every_public_name_has_its_place_in_the_api():
    shown = re.findall(r"^::: undertow\.(\w+)$", (ROOT / "docs/api/undertow.md").read_text(), re.MULTILINE)
    assert sorted(shown) == sorted(ut.__all__)


def test_the_tree_of_the_readme_names_every_room():
    tree = (ROOT / "README.md").read_text(encoding="utf-8").partition("src/undertow/\n")[2].partition("\nengine/")[0]
    named = re.findall(r"^  (\w+(?:\.py|/)) ", tree, re.MULTILINE)
    package = ROOT / "src" / "undertow"
    there = [path for path in package.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()]
    names = {path.name + "/" * path.is_dir() for path in there if path.name != "__main__.py"}
    assert names == set(named) and len(named) == len(names)


def test_citation_is_of_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (citation["version"], citation["license"]) == (project["version"], project["license"])


def test_every_module_has_its_place_in_the_api():
    shown = set(re.findall(r"^::: ([\w.]+)$", "\n".join(path.read_text() for path in PAGES), re.MULTILINE))
    source = ROOT / "src"
    modules = {
        ".".join(path.relative_to(source).with_suffix("").parts)
        for path in source.rglob("*.py")
        if not path.name.startswith("_")
    }
    assert modules <= shown, f"add to docs/api: {sorted(modules - shown)}"
