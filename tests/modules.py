"""The modules of the package."""

import ast
from pathlib import Path

SRC = Path(__file__).resolve().parents[1] / "src"
PACKAGE = SRC / "undertow"
FILES = sorted(PACKAGE.rglob("*.py"))


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(SRC).with_suffix("").parts).removesuffix(".__init__")


def room_of(module: str) -> str:
    return (module.split(".") + ["__init__"])[1]


MODULES = {module_of(path) for path in FILES}


def imported(path: Path) -> set[str]:
    """The undertow modules that a file imports, wherever in the file."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: write imports of the package in full"
            submodules = {f"{node.module}.{alias.name}" for alias in node.names} & MODULES
            names |= submodules or {node.module}
    return {name for name in names if name.split(".")[0] == "undertow"}
