"""Where the real data sets are, or a word why a test on them is left out."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def find_real_data(named: str | None, required: bool) -> Path:
    """The folder; where there is none, the test that asks is skipped, or fails if real data is required."""
    folder = Path(named or ROOT.parent / "shared" / "data").resolve()
    if folder.is_dir():
        return folder
    message = f"no real data at {folder}: set UNDERTOW_DATA to the folder that holds fsdd/ and the other sets"
    if required:
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
