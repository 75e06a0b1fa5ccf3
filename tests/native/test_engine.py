"""The compiled module checks all that it is given: a wrong argument is an error, and never ends the process."""

from typing import Any

import numpy as np
import pytest

from tests.native.models import build
from tests.refusals import refuses
from undertow.native import _engine, lower, to_bytes

pytestmark = pytest.mark.native


@pytest.mark.parametrize("threads", [0, 257, 2**31])
def test_fault_50_measures_of_no_or_too_many_threads_are_refused(threads: int) -> None:
    with refuses(ValueError, "threads", "256"):
        _engine.read_bandwidth(1 << 20, threads)
    with refuses(ValueError, "threads", "256"):
        _engine.matrix_peak("float32", threads=threads)


def test_fault_50_measures_of_too_much_memory_or_of_another_set_are_refused() -> None:
    with refuses(ValueError, "64 GiB"):
        _engine.read_bandwidth(2**50, 1)
    with refuses(ValueError, "'sse9'", "scalar"):
        _engine.read_bandwidth(1 << 20, 1, "sse9")
    with refuses(ValueError, "'int4'", "int8"):
        _engine.matrix_peak("int4")
    for wrong in (-1, 1.5, "1", None):
        with pytest.raises(TypeError):
            _engine.read_bandwidth(wrong, 1)  # type: ignore[arg-type]


def int64(*shape: int, value: int = 0) -> Any:
    return np.full(shape, value, np.int64)


def float32(*shape: int) -> Any:
    return np.zeros(shape, np.float32)


def slots(*numbers: int) -> Any:
    return np.array(numbers, np.uint32)


def sampling(temperature: float = 1, top_k: float = 0, top_p: float = 1) -> Any:
    return np.array([[temperature, top_k, top_p]])


def test_fault_50_every_wrong_argument_of_an_engine_is_refused() -> None:
    """Two rows of a model with five channels of condition and sixteen parameters."""
    program = _engine.Program(to_bytes(lower(build("labels")).graph))
    known, half = float32(2, 1, program.condition_channels), np.full((2, 3, 1), 0.5)
    engine = _engine.Engine(program, 2, 1)
    assert (program.condition_channels, program.num_params) == (5, 16)
    calls: list[tuple[Any, dict[str, Any]]] = [
        (_engine.Engine, dict(program=program, slots=0, threads=1)),
        (_engine.Engine, dict(program=program, slots=1, threads=0)),
        (_engine.Engine, dict(program=program, slots=2**31, threads=1)),
        (_engine.Engine, dict(program=None, slots=1, threads=1)),
        (_engine.Program, dict(data=b"")),
        (_engine.Program, dict(data=bytearray(9))),
        (engine.feed, dict(symbols=int64(2, 3))),
        (engine.feed, dict(symbols=int64(3, 3), condition=known)),
        (engine.feed, dict(symbols=int64(2, 3), condition=float32(2, 2, 5))),
        (engine.feed, dict(symbols=int64(2, 3), condition=float32(2, 1, 6))),
        (engine.feed, dict(symbols=int64(2, 3), condition=known, params=float32(2, 3, 15))),
        (engine.feed, dict(symbols=int64(2, 3, value=17), condition=known)),
        (engine.feed, dict(symbols=int64(2, 3, value=-1), condition=known)),
        (engine.feed, dict(symbols=int64(3, 2).T, condition=known)),
        (engine.feed, dict(symbols=int64(2, 3).astype(np.int32), condition=known)),
        (engine.run, dict(out=int64(2, 3), condition=known)),
        (engine.run, dict(out=int64(2, 3), condition=known, uniforms=half[:, :2].copy())),
        (engine.run, dict(out=int64(2, 3), condition=known, keys=int64(3, 3))),
        (engine.run, dict(out=int64(2, 3), condition=known, uniforms=half, keys=int64(2, 3))),
        (engine.run, dict(out=int64(2, 3), condition=known, uniforms=half, sampling=sampling(float("nan")))),
        (engine.run, dict(out=int64(2, 3), condition=known, uniforms=half, sampling=sampling(top_p=0.0))),
        (engine.run, dict(out=int64(2, 3), condition=known, uniforms=half, sampling=sampling(top_k=-1))),
        (engine.run, dict(out=int64(2, 3), condition=known, uniforms=half, sampling=np.ones((3, 3)))),
        (engine.run, dict(out=int64(2, 3), condition=known, uniforms=half, slots=slots(0, 0))),
        (engine.run, dict(out=int64(2, 3), condition=known, uniforms=half, slots=slots(0, 2))),
        (engine.run, dict(out=int64(2, 3), condition=known, uniforms=half, slots=slots(1))),
        (engine.feed, dict(symbols=int64(2, 3), condition=known, slots=slots())),
        (engine.feed, dict(symbols=int64(2, 3), condition=known, slots=slots(0, 1).astype(np.int64))),
        (engine.copy, dict(source=0, target=2)),
        (engine.copy, dict(source=-1, target=0)),
        (engine.state, dict(slots=slots(7))),
        (engine.pending, dict(slots=slots(1, 1))),
        (engine.reset, dict(slots=slots(2))),
        (engine.run, dict(out=np.broadcast_to(int64(1, 3), (2, 3)), condition=known, uniforms=half)),
    ]
    for call, arguments in calls:
        with pytest.raises((ValueError, TypeError)):
            call(**arguments)
    for wrong in (int64(3), int64(2, value=-1), int64(2, value=17), int64(2, 1), None):
        with pytest.raises((ValueError, TypeError)):
            engine.set_pending(wrong)


def test_fault_50_every_wrong_state_is_refused() -> None:
    engine = _engine.Engine(_engine.Program(to_bytes(lower(build()).graph)), 2, 1)
    state: dict[Any, Any] = engine.state()
    past, cursor = list(state)[:2]
    changes: list[dict[Any, Any]] = [
        {1: state[past]},
        {"more": state[past]},
        {past: None},
        {past: state[past].astype(np.float64)},
        {past: state[past][:1]},
        {past: np.float32(0)},
        {past: state[cursor], cursor: state[past]},
        {cursor: state[cursor] - 1},
        {cursor: state[cursor] + 2**40},
    ]
    for change in changes:
        with pytest.raises((ValueError, TypeError)):
            engine.restore({**state, **change})
    with refuses(ValueError, past):
        engine.restore({})
    engine.restore(state)


def test_warping_refuses_what_is_not_there() -> None:
    frames, starts, one = np.zeros((5, 2)), np.array([0, 2, 5]), np.array([0])
    assert _engine.warp(1, frames, starts, one, np.array([1, 0]), False).shape == (1, 2)
    assert _engine.warp(1, frames, starts, int64(0), one, False).shape == (0, 1)
    for wrong in (
        (4, frames, starts, one, one, False),
        (1, frames[:4], starts, one, one, False),
        (1, frames, int64(0), one, one, False),
        (1, frames, np.array([0, 3, 2]), one, one, False),
        (1, frames, np.array([-1, 3, 5]), one, one, False),
        (1, frames, np.array([0, 0, 5]), one, one, False),
        (1, frames, starts, np.array([2]), one, False),
        (1, frames, starts, one, np.array([-1]), False),
        (1, frames, starts, one, np.array([1]), True),
    ):
        with pytest.raises(ValueError):
            _engine.warp(*wrong)
    for wrong_type in ((1, frames.astype(np.float32), starts, one, one, False), (-1, frames, starts, one, one, False)):
        with pytest.raises(TypeError):
            _engine.warp(*wrong_type)
