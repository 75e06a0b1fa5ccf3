"""Weights are read whole: nothing that happens to their file later reaches them, and names and shapes are bounded."""

import json
import os
import struct
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from tests.refusals import refuses
from undertow import state as states
from undertow.errors import DataError
from undertow.weights import MOST_HEADER, read_weights

SIZE = 1 << 16  # elements: more than a page


def test_weights_outlive_their_file(tmp_path: Path) -> None:
    file, ones = tmp_path / "model.safetensors", torch.ones(SIZE)
    save_file({"a": ones, "none": torch.empty(0, 3), "half": ones.bfloat16()}, file)
    weights = read_weights(file)
    os.truncate(file, 8)
    assert torch.equal(weights["a"], ones) and torch.equal(weights["half"], ones.bfloat16())
    assert weights["none"].shape == (0, 3)


def test_a_state_does_not_follow_its_file(tmp_path: Path) -> None:
    file, ones = tmp_path / "state.safetensors", torch.ones(SIZE)
    states.save({"past": ones}, file)
    state = states.load(file)
    with file.open("r+b") as written:
        written.seek(-4 * SIZE, os.SEEK_END)
        written.write(b"\0" * 4 * SIZE)
    assert torch.equal(state["past"], ones)


@pytest.mark.parametrize("read", [read_weights, states.load], ids=["weights", "state"])
def test_more_names_than_a_model_has_are_refused_before_they_are_read(tmp_path: Path, read) -> None:
    file = tmp_path / "model.safetensors"
    header = json.dumps({"__metadata__": {"a": "x" * MOST_HEADER}}).encode()
    file.write_bytes(struct.pack("<Q", len(header)) + header)
    with refuses(DataError, file.name, f"{len(header):,} bytes", f"{MOST_HEADER:,}"):
        read(file)


@pytest.mark.parametrize("num_bytes", [0, 8])
def test_types_of_half_a_byte_are_refused(tmp_path: Path, num_bytes: int) -> None:
    file = tmp_path / "model.safetensors"
    entry = {"dtype": "F4", "shape": [2 * num_bytes], "data_offsets": [0, num_bytes]}
    header = json.dumps({"a": entry}).encode()
    file.write_bytes(struct.pack("<Q", len(header)) + header + b"\0" * num_bytes)
    with refuses(DataError, file.name, "damaged"):
        read_weights(file)
