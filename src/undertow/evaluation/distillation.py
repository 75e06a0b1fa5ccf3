"""Score a student: how likely its sound is to its teacher, beside the teacher's own sound and the recordings.

A student gives no probability of a given sound, so this is how it is judged: each sound is made with the condition of a
held-out recording, and the teacher says how many bits it needs for it.

B batch, T samples.
"""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from undertow.batch import Batch
from undertow.callbacks import OnProgress, unwatched
from undertow.data.batches import batches_in_order
from undertow.data.examples import Examples
from undertow.models.student import check_fits
from undertow.session import conditions_of, log_prob, make_scorer, make_session
from undertow.session.inference import inference
from undertow.session.noise import Philox

MOST_SAMPLES = 2**16  # that the teacher draws, one after another
LONGEST = 2**16  # samples of a sound
PIECE_STEPS = 2**13
SEED = 0
CLOSE = 0.2  # bits a sample between the sound of student and teacher


@dataclass(frozen=True)
class DistillationScore:
    """What the teacher says of three kinds of sound with the same conditions.

    Attributes:
        split: the split that the conditions are from.
        num_samples, num_recordings: how much of each kind.
        student_bits, teacher_bits, recorded_bits: bits a sample that the teacher needs for the student's sound, for its
            own and for the recordings.
        entropy_bits: the student's own, of its density in bins of a symbol.
        student_decibels, teacher_decibels, recorded_decibels: loudness, of full scale: a whisper is far below the
            recordings.
        seconds: wall-clock seconds.
    """

    split: str
    num_samples: int
    num_recordings: int
    student_bits: float
    teacher_bits: float
    recorded_bits: float
    entropy_bits: float
    student_decibels: float
    teacher_decibels: float
    recorded_decibels: float
    seconds: float

    @property
    def distance_bits(self) -> float:
        """KL of the student from the teacher, a sample: what the teacher needs for its sound, less its entropy."""
        return self.student_bits - self.entropy_bits

    @property
    def has_learnt(self) -> bool:
        """Whether the teacher finds the student's sound about as likely as its own."""
        return abs(self.student_bits - self.teacher_bits) <= CLOSE

    @property
    def verdict(self) -> str:
        """One sentence."""
        apart = f"{self.student_bits - self.teacher_bits:+.2f} bits/sample from the teacher's own sound"
        if self.has_learnt:
            return f"the student's sound is {apart}: the teacher cannot tell them apart by likelihood"
        return f"the student's sound is {apart}, more than {CLOSE:g}: it is not the teacher's yet"


def score_distillation(
    student: Any, teacher: Any, examples: Examples, *, split: str = "test", progress: OnProgress = unwatched
) -> DistillationScore:
    """Score a student with its teacher on the conditions of some held-out recordings.

    Args:
        progress: called now and then with the samples done and the samples in all.

    Raises:
        UsageError: the teacher is of other sound than the student.
        DataError: there is no recording.
    """
    check_fits(student.config, teacher.config)
    began, total = time.perf_counter(), min(MOST_SAMPLES, examples.num_symbols)
    scorer, numbers = make_scorer(teacher), [0.0] * 7
    num_samples = num_recordings = 0
    for row, batch in enumerate(_chosen(student, teacher, examples)):
        there = batch.to(teacher.device, next(teacher.parameters()).dtype)
        sounds = [drawn(student, there, row), drawn(teacher, there, row), batch.symbols]
        for place, sound in enumerate(sounds):
            made = replace(there, symbols=sound.to(teacher.device))
            numbers[place] -= float(log_prob(scorer, made, PIECE_STEPS).sum(dtype=torch.float64))
            wave = torch.from_numpy(teacher.alphabet.decode(sound[batch.counted].numpy())).double()
            numbers[4 + place] += float(wave.square().sum())
        numbers[3] += _entropy(student, there)
        num_samples, num_recordings = num_samples + batch.num_counted, num_recordings + 1
        progress(min(num_samples, total), total)
    bits = [one / math.log(2) / num_samples for one in numbers[:4]]
    decibels = [10 * math.log10(max(one / num_samples, 1e-12)) for one in numbers[4:]]
    spent = time.perf_counter() - began
    return DistillationScore(split, num_samples, num_recordings, *[*bits, *decibels, spent])


def drawn(model: Any, batch: Batch, row: int, seed: int = SEED) -> Tensor:
    """Symbols (1, T) of a model with the condition of a batch of one row; the noise is that of (seed, row)."""
    session, conditions = make_session(model), conditions_of(model, batch)
    session.prime([batch.symbols[0, :0].cpu()], conditions)
    num_steps = batch.symbols.shape[1]
    noise = Philox([seed], [row], [0], model.emission.num_uniforms)
    return session.draw(noise, num_steps, condition=conditions.steps(0, num_steps))


def _chosen(student: Any, teacher: Any, examples: Examples) -> Iterator[Batch]:
    """Whole recordings, one by one, of about `MOST_SAMPLES` in all."""
    look_ahead = max(student.needs.look_ahead, teacher.needs.look_ahead)
    return batches_in_order(examples, 1, LONGEST, look_ahead=look_ahead, most_steps=MOST_SAMPLES, seed=SEED)


def _entropy(student: Any, batch: Batch) -> float:
    """Nats of the student's distributions over the counted steps of a batch, in bins of a symbol."""
    with inference(student):
        made = student.made(batch.to(student.device), torch.Generator(student.device).manual_seed(SEED))
    nats = student.emission.entropy(made.log_scale) - math.log(2 / student.alphabet.num_symbols)
    return float(nats[batch.counted].sum(dtype=torch.float64))
