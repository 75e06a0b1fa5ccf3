"""The teacher of a recipe's student: what the student has of it, whether it can teach, and how it is found again."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from undertow import digests
from undertow.callbacks import Say
from undertow.checkpoint import FILES, WEIGHTS, AnyModel, load, read_card, read_config, resolve
from undertow.config import to_dict
from undertow.door import read_bytes
from undertow.errors import DataError, UsageError, shown
from undertow.models import MODELS, Model
from undertow.models.completing import section
from undertow.recipes.verdict import verdict

OWN = "teacher"  # the style loss's network if it is the teacher's own


def taught_by(values: Mapping[str, Any], teacher: str) -> dict[str, Any]:
    """The content of a student's recipe, with the rate, samples and condition of the teacher in a folder.

    Raises:
        UsageError: the recipe's model learns from no teacher, the folder's model is none, or the recipe asks for
            another rate, alphabet or features.
        DataError: the folder is not a checkpoint.
    """
    model, data = section(values, "model"), section(values, "data")
    kind = MODELS.get(str(model.get("kind")))
    if kind is None or not kind.is_taught:
        raise UsageError("this recipe's model learns from no teacher; use `undertow train`, or a recipe of a student")
    found = to_dict(read_config(teacher))
    if not {"emission", "network", "conditioner"} <= found.keys():
        raise UsageError(f"{teacher} is of kind {found['kind']}; a teacher is a model of kind autoregressive")
    if found["alphabet"]["kind"] != "linear_pcm":
        raise UsageError(f"{teacher} has an alphabet {found['alphabet']['kind']}; a teacher has linear_pcm samples")
    theirs, own = found["conditioner"], section(model, "conditioner")
    for name, given, there in (
        ("data.sample_rate", data.get("sample_rate"), found["sample_rate"]),
        ("model.alphabet", model.get("alphabet"), found["alphabet"]),
        ("conditioner.features", own.get("features"), theirs["features"]),
    ):
        if given is not None and not _agree(given, there):
            raise UsageError(f"{name} is {shown(given, 200)}, but the teacher's is {shown(there, 200)}; leave it out")
    upsampling = {**theirs["upsampling"], **section(own, "upsampling")}
    conditioner = {**theirs, **own, "features": theirs["features"], "labels": theirs["labels"]}
    return {
        **values,
        "data": {**data, "sample_rate": found["sample_rate"]},
        "model": {**model, "alphabet": found["alphabet"], "conditioner": {**conditioner, "upsampling": upsampling}},
    }


def teach(model: Any, teacher: str | None, is_fresh: bool, tell: Say) -> dict[str, Any]:
    """Give a student its teacher, and return what a card says of it: path and SHA-256 of the weights.

    Args:
        is_fresh: the student is new, so it may begin with the teacher's conditioner.

    Raises:
        UsageError: the student has no teacher, or one of other sound.
        DataError: the teacher cannot be read, or has not learnt.
    """
    if not model.is_taught:
        return {}
    if teacher is None:
        raise UsageError("this recipe trains a student: use `undertow distil TEACHER --recipe RECIPE --out RUN`")
    if line := verdict(teacher):
        raise DataError(f"{teacher} cannot teach: {line}")
    found = load(teacher)
    model.teach(found, _critic(model))
    tell(f"teacher {teacher}: {found.config.emission.kind} of {found.num_parameters:,} parameters, frozen")
    if is_fresh and model.take_conditioner():
        tell("the condition begins as the teacher's")
    return {"path": str(teacher), "sha256": digest_of(teacher)}


def teacher_of(student: AnyModel) -> str:
    """The folder of the teacher that the card of a student's folder names.

    Raises:
        UsageError: it names none, its folder is missing, or the teacher has other weights now.
    """
    help = "give the folder of the model that this student learnt from as teacher"
    if isinstance(student, Model):
        raise UsageError(f"a student is scored by its teacher: {help}")
    training = read_card(student).get("training")
    named = training.get("teacher") if isinstance(training, Mapping) else None
    path = str(named.get("path", "")) if isinstance(named, Mapping) else ""
    if not isinstance(named, Mapping) or not path or not Path(path).is_dir():
        raise UsageError(f"the teacher of {student} is not at {shown(path) or 'a known place'}: {help}")
    if digest_of(path) != named.get("sha256"):
        raise UsageError(f"{path} has other weights than the teacher of {student} had: {help}")
    return path


def digest_of(path: str | Path) -> str:
    """SHA-256 of a checkpoint's weights, in hexadecimal."""
    folder = resolve(path)
    listed = digests.read(folder, FILES)
    if WEIGHTS in listed:
        return listed[WEIGHTS].sha256
    file = folder / WEIGHTS
    return digests.digest_of(read_bytes(file, file.stat().st_size)).sha256


def _critic(model: Any) -> Model | None:
    style = model.config.distillation.style
    return load(style.network) if style.weight and style.network != OWN else None


def _agree(given: Any, there: Any) -> bool:
    """Whether what a recipe gives, perhaps only some of the keys, is what is there."""
    if isinstance(given, Mapping) and isinstance(there, Mapping):
        return all(name in there and _agree(value, there[name]) for name, value in given.items())
    return bool(given == there)
