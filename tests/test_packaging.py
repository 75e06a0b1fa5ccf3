"""The wheel holds what it must, and real data is never left out silently."""

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.real_data import find_real_data

ROOT = Path(__file__).resolve().parents[1]


def build(target: str, folder: Path, **environment: str) -> tuple[set[str], str]:
    """Names in the wheel or sdist built into `folder`, and what the build said."""
    call = f"import sys; from scikit_build_core.build import build_{target} as build; build(sys.argv[1])"
    command = [sys.executable, "-c", call, str(folder)]
    result = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    if target == "sdist":
        with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
            return {name.partition("/")[2] for name in archive.getnames()}, result.stdout
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        return {name for name in wheel.namelist() if name.startswith("undertow/")}, result.stdout


def package_files() -> set[str]:
    package = ROOT / "src" / "undertow"
    paths = (path.relative_to(package.parent) for path in package.rglob("*") if path.is_file())
    return {str(path) for path in paths if "__pycache__" not in path.parts and path.suffix != ".so"}


def test_without_a_compiler_the_wheel_ships_every_file_of_the_package_and_the_build_says_so(tmp_path):
    missing = str(tmp_path / "no-compiler")
    shipped, said = build("wheel", tmp_path, CC=missing, CXX=missing, UNDERTOW_REQUIRE_ENGINE="")
    assert shipped == package_files()
    assert "undertow/py.typed" in shipped and any(
        re.fullmatch(r"undertow/recipes/\w.*\.yaml", name) for name in shipped
    )
    assert list(tmp_path.glob("undertow-*-py3-none-any.whl"))
    assert said.splitlines()[-1].startswith("Undertow is built WITHOUT its C++ engine")


@pytest.mark.slow
@pytest.mark.native
def test_with_a_compiler_the_wheel_ships_the_engine_too(tmp_path):
    quick = "-DCMAKE_CXX_FLAGS_RELEASE=-O0"  # nobody runs it
    shipped, said = build("wheel", tmp_path, UNDERTOW_REQUIRE_ENGINE="1", CMAKE_ARGS=quick)
    (engine,) = shipped - package_files()
    assert package_files() < shipped
    assert re.fullmatch(r"undertow/native/_engine\.\S+\.so", engine)
    assert said.splitlines()[-1] == "Undertow is built with its C++ engine."


def test_sdist_holds_what_builds_the_package(tmp_path):
    held, _ = build("sdist", tmp_path)
    sources = {str(path.relative_to(ROOT)) for path in (ROOT / "engine").rglob("*") if path.is_file()}
    assert {"engine/CMakeLists.txt", "engine/bindings.cpp"} < sources <= held
    assert {"pyproject.toml", "README.md", "LICENSE", "Makefile", "constraints.txt", "tests/test_packaging.py"} < held
    assert {f"src/{name}" for name in package_files()} <= held
    assert not any(name.endswith(".so") or name.startswith((".", "build/")) for name in held)


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


def test_missing_data_skips_with_a_word_or_fails_where_it_is_required(tmp_path):
    there = find_real_data(str(tmp_path), required=True)
    assert there == tmp_path.resolve()
    word = re.escape(f"no real data at {tmp_path / 'missing'}")
    with pytest.raises(pytest.skip.Exception, match=word):
        find_real_data(str(tmp_path / "missing"), required=False)
    with pytest.raises(pytest.fail.Exception, match=word):
        find_real_data(str(tmp_path / "missing"), required=True)


def test_real_data_that_is_required_and_missing_fails_a_run_of_the_tests(tmp_path):
    missing = {"UNDERTOW_DATA": str(tmp_path / "missing"), "UNDERTOW_REQUIRE_DATA": "1", "COLUMNS": "200"}
    test = "tests/test_packaging.py::test_real_data_is_there"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist", test]
    result = subprocess.run(command, cwd=ROOT, env={**os.environ, **missing}, capture_output=True, text=True)
    assert "1 error" in result.stdout.splitlines()[-1], result.stdout
    assert f"no real data at {tmp_path / 'missing'}" in result.stdout
