"""A student: its loss is what its teacher says of its own sound, it learns, and its teacher stays outside."""

import math

import pytest
import torch

from tests.models.taught import CONDITION, PREDICTED, make_batch, make_student, make_teacher
from tests.refusals import refuses
from undertow.batch import Batch
from undertow.errors import UsageError
from undertow.models import Model, Student
from undertow.training.averaging import WeightAverage

EVERYTHING = {"power": {"weight": 0.5}, "style": {"weight": 0.25}, "contrast": {"weight": 0.3}}
QUIET = -9  # logarithms of mel amplitudes, of sound that is not clipped
PAIRS = [("gaussian", "gaussian"), ("logistic", "mixture_of_logistics")]


def value(student: Student, batch: Batch) -> float:
    return float(student(batch).value.detach())


@pytest.mark.parametrize(("base", "emission"), PAIRS)
@pytest.mark.parametrize("conditioner", [CONDITION, PREDICTED], ids=["plain", "predicted"])
def test_the_distance_is_what_the_teacher_says_of_the_sound(base: str, emission: str, conditioner: dict) -> None:
    """Against one pass over the teacher's symbols: H(S) + KL is about the bits it needs for the student's samples."""
    settings = {"least_log_scale": -20, "least_log_scale_of_teacher": -20}
    student = make_student(base, conditioner=conditioner, distillation=settings)
    teacher, batch = make_teacher(emission, conditioner=conditioner), make_batch(8, 400, level=QUIET)
    student.teach(teacher)
    student.eval()
    with torch.no_grad():
        found = student(batch).figures
        made = student.made(batch, torch.Generator().manual_seed(0))
        symbols = student.symbols_of(made.signal)
        nats = -teacher.log_prob(Batch(symbols, batch.counted, {}, batch.features)).mean()
    assert math.isclose(float(nats) / math.log(2), float(found["cross_entropy_bits"]), rel_tol=0.02)


def test_each_loss_has_a_figure_and_zero_switches_it_off() -> None:
    batch = make_batch()
    for name, settings in EVERYTHING.items():
        figure = {"contrast": "contrast_bits"}.get(name, name)
        on, off = (make_student(distillation={name: {**settings, "weight": one}}) for one in (settings["weight"], 0))
        losses = []
        for student in (on, off):
            student.teach(make_teacher())
            losses.append(student.eval()(batch))
        assert figure in losses[0].figures and figure not in losses[1].figures
        weight = -settings["weight"] * math.log(2) if name == "contrast" else settings["weight"]
        added = weight * losses[0].figures[figure]
        torch.testing.assert_close(losses[0].value, losses[1].value + added)


def test_gradients_reach_every_weight_and_none_of_the_teachers() -> None:
    student, teacher = make_student("logistic", distillation=EVERYTHING), make_teacher("mixture_of_logistics")
    student.teach(teacher)
    student(make_batch()).value.backward()
    lacking = [name for name, one in student.named_parameters() if one.grad is None or not bool((one.grad != 0).any())]
    assert lacking == []
    assert all(one.grad is None and not one.requires_grad for one in teacher.parameters())
    assert not any(name.startswith("lesson") for name in student.state_dict())


def test_with_a_linear_prediction_only_the_excitations_are_compared() -> None:
    """With all weights 0, a student's excitation is N(0, 1) and its teacher's N(0, 0.1²), whatever the sound is.

    The teacher hears the lower ends of bins, half a step of 16 bits away: hence the tolerance.
    """
    settings = {"least_log_scale": -20, "regulariser": 0}
    student, teacher = make_student(conditioner=PREDICTED, distillation=settings), make_teacher(conditioner=PREDICTED)
    with torch.no_grad():
        for one in (*student.flows.parameters(), *teacher.network.parameters()):
            one.zero_()
    student.teach(teacher)
    found = value(student.eval(), make_batch(2, 400, level=QUIET))
    assert math.isclose(found, math.log(0.1) + (100 - 1) / 2, rel_tol=1e-5)


def test_a_wrong_condition_has_the_right_linear_prediction() -> None:
    """So a network that hears no condition finds nothing wrong."""
    contrast = {"contrast": {"weight": 0.3}, "least_log_scale": -20}
    student, teacher = make_student(conditioner=PREDICTED, distillation=contrast), make_teacher(conditioner=PREDICTED)
    batch = make_batch(2, 400, level=QUIET)
    student.teach(teacher)
    found = student.eval()(batch).figures
    assert float(found["contrast_bits"]) != float(found["kl_bits"])
    with torch.no_grad():
        for gate in teacher.network.inner.stack.gates:
            gate.condition.weight.zero_()
    found = student(batch).figures
    torch.testing.assert_close(found["contrast_bits"], found["kl_bits"])


@pytest.mark.parametrize("conditioner", [CONDITION, PREDICTED], ids=["plain", "predicted"])
def test_chunks_are_the_whole(conditioner: dict) -> None:
    student, batch = make_student(conditioner=conditioner).eval(), make_batch(2, 64, level=QUIET)
    noise = torch.randn(2, 64, generator=torch.Generator().manual_seed(5)).double()
    condition = student.condition({}, batch.features, 64, 2)
    with torch.no_grad():
        whole, _ = student.make(noise, student.init_state(2, condition), condition)
        state, parts = student.init_state(2, condition), []
        for start, stop in ((0, 1), (1, 3), (3, 40), (40, 64)):
            part, state = student.make(noise[:, start:stop], state, condition.steps(start, stop))
            parts.append(part)
    assert torch.equal(torch.cat(parts, 1), whole)


def test_it_learns_and_the_average_follows() -> None:
    student, batch = make_student(), make_batch(4, 80)
    student.teach(make_teacher())
    optimizer, average = torch.optim.Adam(student.parameters(), 0.02), WeightAverage(student)
    start = [one.detach().clone() for one in student.parameters()]
    first = value(student.eval(), batch)
    for _ in range(25):
        optimizer.zero_grad()
        student.train()(batch).value.backward()
        optimizer.step()
        average.update(0.9)
    now = [one.detach().clone() for one in student.parameters()]
    assert value(student.eval(), batch) < 0.5 * first
    with average.applied():
        held = [one.detach().clone() for one in student.parameters()]
        assert value(student, batch) < 0.8 * first
    distances = [sum(float((a - b).norm()) for a, b in zip(one, held, strict=True)) for one in (start, now)]
    assert 0 < distances[1] < distances[0], "an average of decay 0.9 is nearer to the last weights than to the first"


def test_validations_hear_the_same_noise() -> None:
    student, batch = make_student("logistic"), make_batch()
    student.teach(make_teacher("mixture_of_logistics"))
    assert value(student.eval(), batch) == value(student, batch)
    assert value(student.train(), batch) != value(student, batch)


def test_a_row_does_not_hear_another_and_padding_counts_nothing() -> None:
    student, batch = make_student(), make_batch()
    student.teach(make_teacher())
    counted = batch.counted.clone()
    counted[0, 20:] = False
    short = Batch(batch.symbols, counted, {}, batch.features)
    symbols = torch.where(counted, batch.symbols, 0)
    student.eval()
    assert value(student, short) == value(student, Batch(symbols, counted, {}, batch.features))


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        (dict(network={"input": "embedding"}), ("symbols", "network.input=scalar")),
        (dict(alphabet={"kind": "mu_law"}), ("mu_law", "linear_pcm")),
        (dict(emission="categorical", alphabet={"kind": "linear_pcm", "bits": 8}), ("categorical", "gaussian")),
        (dict(alphabet={"kind": "linear_pcm", "bits": 8}), ("alphabet", 8, 16)),
        (dict(sample_rate=16000, conditioner={}), ("sample_rate", 8000, 16000)),
        (dict(conditioner={}), ("conditioner.features", "None")),
    ],
)
def test_teachers_that_do_not_suit(change: dict, parts: tuple) -> None:
    student = make_student()
    with refuses(UsageError, *parts):
        student.teach(make_teacher(**change))


def test_other_refusals() -> None:
    with refuses(UsageError, "teacher", "distil"):
        make_student()(make_batch())
    with refuses(UsageError, "student", "teacher"):
        make_student().teach(make_student())
    with refuses(UsageError, "contrast", "condition"):
        make_student(conditioner={}, distillation=EVERYTHING).teach(make_teacher(conditioner={}))
    with refuses(UsageError, "style.network", "condition"):
        make_student(distillation=EVERYTHING).teach(make_teacher(), make_teacher())


def test_a_critic_compares_sounds_in_place_of_the_teacher() -> None:
    critic: Model = make_teacher(conditioner={}, network={"residual_channels": 6})
    student, batch = make_student(distillation={"style": {"weight": 1.0}}), make_batch()
    student.teach(make_teacher())
    own = student.eval()(batch).figures["style"]
    student.teach(make_teacher(), critic)
    assert float(student(batch).figures["style"]) != float(own)


def test_the_teachers_conditioner_is_taken_where_it_is_the_same() -> None:
    student, teacher = make_student(), make_teacher()
    student.teach(teacher)
    assert student.take_conditioner()
    for name, weight in teacher.conditioner.state_dict().items():
        torch.testing.assert_close(student.conditioner.state_dict()[name], weight)
    other = make_student(conditioner={**CONDITION, "upsampling": {"strides": [8], "channels": 2}})
    other.teach(teacher)
    assert not other.take_conditioner()
