"""Labels from file names: read as a regular expression would read them, in linear time."""

import itertools
import re
import time

import numpy as np
import pytest

from tests.refusals import refuses
from undertow.data.name_pattern import compile_pattern
from undertow.errors import DataError, UsageError


def test_a_pattern_may_name_folders_and_leave_parts_out():
    assert compile_pattern("{speaker}/{word}-{_take}")("deep/er/anna/yes-3.wav") == {"speaker": "anna", "word": "yes"}
    assert compile_pattern("{family}_{source}_{number}")("synth_lead_electronic_001.wav")["family"] == "synth_lead"


@pytest.mark.parametrize("pattern", ["none", "{a}_{a}", "{1}"])
def test_bad_patterns(pattern):
    with refuses(UsageError, "name pattern"):
        compile_pattern(pattern)


@pytest.mark.parametrize("pattern", ["{a}_{b}", "{a}{b}", "x{a}_{b}_{c}", "{a}/{b}_{c}", "{a}__{b}x", "{a}/{b}/{c}{d}"])
def test_values_are_those_of_a_regular_expression(pattern):
    """Python's, whose fields take as much as they can, tried on every short name of few letters and on longer ones."""
    parts = re.split(r"\{(\w+)\}", pattern)
    expression = "".join(f"(?P<{part}>[^/]+)" if index % 2 else re.escape(part) for index, part in enumerate(parts))
    random, match, depth = np.random.default_rng(0), compile_pattern(pattern), pattern.count("/") + 1
    names = ["".join(letters) for size in range(1, 6) for letters in itertools.product("x_/", repeat=size)]
    names += ["".join(random.choice([*"xx__/a"], 12)) for _ in range(300)]
    for name in names:
        stem = "/".join([part for part in name.split("/") if part][-depth:])
        if not stem or name.startswith("/"):
            continue
        found = re.fullmatch(expression, stem)
        if found is None:
            with refuses(DataError, name, pattern):
                match(name)
        else:
            assert match(name) == found.groupdict(), (pattern, name)


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("{a}_{b}_{c}_{d}_{e}_{f}_{g}x", "_" * 200),
        ("".join(f"{{f{number}}}" for number in range(60)) + "!", "a" * 250),
        ("".join(f"{{f{number}}}_" for number in range(100)) + "!", "_" * 255),
    ],
)
def test_fault_48_a_pattern_takes_linear_time(pattern, name):
    start = time.perf_counter()
    with refuses(DataError, name, pattern):
        compile_pattern(pattern)(name + ".wav")
    assert time.perf_counter() - start < 2
