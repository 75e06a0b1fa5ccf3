"""The output of `undertow score` for labels of steps: in words, and for `--json`."""

from dataclasses import asdict
from typing import Any

from undertow.errors import counted
from undertow.evaluation.tag_scores import TagScore

MANY = 24  # kinds that are listed
NAMES = {"f1": "F1", "f1-strict": "F1 (strict)", "accuracy": "accuracy", "boundary-f": "boundary F"}


def as_json(found: TagScore) -> dict[str, Any]:
    """What `--json` prints."""
    kinds = {
        name: {**asdict(one), "precision": one.precision, "recall": one.recall, "f1": one.f1}
        for name, one in found.kinds.items()
    }
    return {**asdict(found), "kinds": kinds, "has_learnt": found.has_learnt, "verdict": found.verdict}


def lines(what: str, found: TagScore) -> list[str]:
    """The metrics with their definitions, and how right the kinds of chunks are."""
    number = f"{counted(found.num_labels, found.unit)} of {counted(found.num_sequences, 'sequence')}"
    lines = [f"{what}: {found.label} of {number} in {found.seconds:.1f} s"]
    width = max(len(NAMES[name]) for name in found.metrics)
    lines += [f"{NAMES[name]:{width}}  {one.value:7.2%}   {one.definition}" for name, one in found.metrics.items()]
    lines.append(f"{found.nats:.4f} nats/{found.unit}; {found.constant:.2%} are the commonest label")
    named = {name: one for name, one in found.kinds.items() if name}
    if "f1" in found.metrics and named and len(named) <= MANY:
        width = max(4, *map(len, named))
        lines.append(f"{'':{width}}  precision   recall       F1     true")
        for name, one in named.items():
            shares = "".join(f"{share:9.2%}" for share in (one.precision, one.recall, one.f1))
            lines.append(f"{name:{width}}  {shares}{one.true:9,}")
    return [*lines, found.verdict]
