"""What every test gets: types checked at run time, fixed seeds, one thread, and the real data or a word why not."""

import os
from pathlib import Path

os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # CUDA asks for it before deterministic algorithms

import hypothesis
import pytest
from beartype import BeartypeConf, BeartypeDecorPlace
from beartype.claw import beartype_package

SOURCES = Path(__file__).parents[1] / "src"


def lazy_modules() -> tuple[str, ...]:
    """Modules whose annotations name what only type checkers import, so that a call cannot be held to them."""
    found = [path for path in SOURCES.rglob("*.py") if "\nif TYPE_CHECKING:" in path.read_text(encoding="utf-8")]
    return tuple(".".join(path.relative_to(SOURCES).with_suffix("").parts) for path in found if path.stem != "__init__")


# Before anything imports undertow: from here on beartype holds every call to its annotations, below what other
# decorators refuse. A whole number fits a float.
CHECKED = BeartypeConf(
    claw_is_pep526=False,
    claw_decor_place_func=BeartypeDecorPlace.FIRST,
    claw_skip_package_names=lazy_modules(),
    is_pep484_tower=True,
)
beartype_package("undertow", conf=CHECKED)
pytest.register_assert_rewrite("tests.contract")

import numpy as np  # noqa: E402
import torch  # noqa: E402

from tests.real_data import find_real_data  # noqa: E402
from undertow.native import why_missing  # noqa: E402

DATA_REQUIRED = os.environ.get("UNDERTOW_REQUIRE_DATA", "0") not in ("", "0")
ENGINE_REQUIRED = os.environ.get("UNDERTOW_REQUIRE_ENGINE", "0") not in ("", "0")

hypothesis.settings.register_profile("undertow", derandomize=True, deadline=None)
hypothesis.settings.load_profile("undertow")
torch.set_num_threads(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not torch.cuda.is_available():
        for item in items:
            if item.get_closest_marker("gpu"):
                item.add_marker(pytest.mark.skip(reason="no CUDA device"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("native") and (reason := why_missing()):
        if ENGINE_REQUIRED:
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets: UNDERTOW_DATA, else ../shared/data beside the repository."""
    return find_real_data(os.environ.get("UNDERTOW_DATA"), DATA_REQUIRED)


@pytest.fixture(autouse=True)
def fixed_seeds() -> None:
    """The same random numbers whatever ran before; a test that wants others seeds its own generator."""
    torch.manual_seed(0)
    np.random.seed(0)
