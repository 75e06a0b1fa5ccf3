"""The wheel holds what it must, and real data is never left out silently."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def test_wheel_ships_every_file_of_the_package(tmp_path):
    build = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", build, str(tmp_path)], cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        shipped = {name for name in wheel.namelist() if name.startswith("undertow/")}
    package = ROOT / "src" / "undertow"
    present = {str(path.relative_to(package.parent)) for path in package.rglob("*") if path.is_file()}
    assert shipped == {name for name in present if "__pycache__" not in name}
    assert "undertow/py.typed" in shipped and any(
        re.fullmatch(r"undertow/recipes/\w.*\.yaml", name) for name in shipped
    )


def test_constraints_pin_everything_that_is_installed_for_the_tests():
    pins = {line.partition("==")[0].lower() for line in (ROOT / "constraints.txt").read_text().splitlines()}
    needed = re.findall(r'^ {4}"([\w.-]+)>=', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert {"torch", "pytest"} <= set(needed) and {name.lower() for name in needed} <= pins


def test_the_oldest_python_can_unpack_archives_safely():
    """tarfile's filter="data" came with 3.11.4; every place that names the oldest version names that one."""
    assert 'requires-python = ">=3.11.4"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert "sys.version_info < (3, 11, 4)" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_real_data_is_there(real_data):
    assert (real_data / "fsdd" / "recordings").is_dir()


@pytest.mark.parametrize(("required", "outcome"), [("0", "1 skipped"), ("1", "1 error")])
def test_missing_data_skips_with_a_word_or_fails_where_it_is_required(tmp_path, required, outcome):
    missing = {"UNDERTOW_DATA": str(tmp_path / "missing"), "UNDERTOW_REQUIRE_DATA": required, "COLUMNS": "200"}
    test = "tests/test_packaging.py::test_real_data_is_there"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", test]
    result = subprocess.run(command, cwd=ROOT, env={**os.environ, **missing}, capture_output=True, text=True)
    assert outcome in result.stdout.splitlines()[-1], result.stdout
    assert f"no real data at {tmp_path / 'missing'}" in result.stdout
