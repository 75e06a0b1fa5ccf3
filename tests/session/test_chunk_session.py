"""Sound in one pass: whole, in chunks and step by step from the same noise, the same symbols, in float64."""

import numpy as np
import pytest
import torch

from tests.models.taught import make_student
from tests.refusals import refuses
from undertow.errors import UsageError
from undertow.generation import generate, resume, stream
from undertow.models import Student
from undertow.options import Sampling
from undertow.session import make_scorer, make_session
from undertow.session.noise import uniforms

STEPS = 64
FRAMES = torch.randn(2, STEPS // 8, 3, generator=torch.Generator().manual_seed(5)).double()


def naive(student: Student, row: int, temperature: float) -> list[int]:
    """One row, one sample after another, each flow's μ and s from a pass over all of its past inputs."""
    u = torch.from_numpy(uniforms(7, [row], 0, STEPS, 1))[0, :, 0]
    z = temperature * (torch.log(u / (1 - u)) if student.config.base == "logistic" else torch.special.ndtri(u))
    with torch.no_grad():
        condition = student.condition({}, FRAMES[[row]], STEPS, 1).aligned
        assert condition is not None
        inputs: list[list[float]] = [[] for _ in range(len(student.flows.flows) + 1)]
        for time in range(STEPS):
            x = float(z[time])
            for number, flow in enumerate(student.flows.flows):
                past = torch.tensor([*inputs[number], 0.0]).double().reshape(1, -1, 1)
                mean, log_scale = flow(past, condition[:, : time + 1])[0, -1]
                inputs[number].append(x)
                x = x * float(log_scale.exp()) + float(mean)
            inputs[-1].append(x)
    return [min(65535, max(0, int(np.floor((one + 1) * 32768)))) for one in inputs[-1]]


@pytest.mark.parametrize("base", ["logistic", "gaussian"])
def test_whole_chunks_and_steps_are_the_same(base: str) -> None:
    student, how = make_student(base).eval(), dict(features=FRAMES, seed=7, sampling=Sampling(temperature=0.7))
    whole = generate(student, num_steps=STEPS, count=2, **how).symbols
    for size in (1, 5, 64):
        parts = stream(student, num_steps=STEPS, count=2, chunk_steps=size, output="symbols", **how)
        assert np.array_equal(np.concatenate(list(parts), axis=1), whole)
    assert [naive(student, row, 0.7) for row in range(2)] == whole.tolist()


def test_a_paused_stream_goes_on(tmp_path) -> None:
    student, how = make_student().eval(), dict(features=FRAMES[:1])
    whole = generate(student, num_steps=STEPS, **how).symbols
    first = stream(student, num_steps=STEPS, chunk_steps=20, output="symbols", **how)
    begun = [next(first), next(first)]
    rest = resume(student, first.state, num_steps=STEPS - 40, output="symbols", **how)
    assert np.array_equal(np.concatenate([*begun, *rest], axis=1), whole)


def test_temperature_scales_the_noise() -> None:
    student = make_student().eval()
    loud, calm, still = (
        generate(student, features=FRAMES[:1], sampling=Sampling(temperature=one)).real.std() for one in (1.0, 0.5, 0.0)
    )
    assert loud > calm > still


def test_what_it_cannot_do_is_refused() -> None:
    student = make_student().eval()
    with refuses(UsageError, "prompt", "noise"):
        generate(student, num_steps=8, features=FRAMES[:1], prompt=np.array([5], dtype=np.int64))
    with refuses(UsageError, "top_k", "temperature"):
        generate(student, num_steps=8, features=FRAMES[:1], sampling=Sampling(top_k=3))
    with refuses(UsageError, "native", "chunks"):
        make_session(student, "native")
    with refuses(UsageError, "probability"):
        make_scorer(student)
    with refuses(UsageError, "probability"):
        make_session(student).feed(torch.zeros(1, 1, dtype=torch.int64))


def test_weights_that_are_no_numbers_are_found() -> None:
    student = make_student().eval()
    with torch.no_grad():
        student.flows.flows[0].output.bias.fill_(float("nan"))
    with refuses(ValueError, "not a number"):
        generate(student, num_steps=8, features=FRAMES[:1])
