"""The output of `undertow score` for a student: in words, and for `--json`."""

from dataclasses import asdict
from typing import Any

from undertow.errors import counted
from undertow.evaluation.distillation import DistillationScore


def as_json(found: DistillationScore) -> dict[str, Any]:
    """The `--json` output."""
    more = {"distance_bits": found.distance_bits, "has_learnt": found.has_learnt, "verdict": found.verdict}
    return {**asdict(found), **more}


def lines(what: str, found: DistillationScore) -> list[str]:
    """The scores in words, one line each."""
    size = f"{counted(found.num_recordings, 'recording')}, {counted(found.num_samples, 'sample')}"
    return [
        f"{what}: conditions of {size} in {found.seconds:.1f} s",
        "bits/sample that the teacher needs, and loudness (dB of full scale):",
        f"  student's sound  {found.student_bits:8.4f}  {found.student_decibels:7.1f} dB",
        f"  teacher's sound  {found.teacher_bits:8.4f}  {found.teacher_decibels:7.1f} dB",
        f"  recordings       {found.recorded_bits:8.4f}  {found.recorded_decibels:7.1f} dB",
        f"the student's entropy is {found.entropy_bits:.4f} bits/sample, so it is {found.distance_bits:.4f} from the "
        "teacher",
        found.verdict,
    ]
