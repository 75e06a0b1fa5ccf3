"""Models by name: everything that can be trained. Calling a model with a batch gives its loss."""

import warnings
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import torch

from undertow.config import choice, nearest
from undertow.data.told import Told
from undertow.errors import UsageError, shown
from undertow.memory_room import refuse_model
from undertow.models.autoencoder import Autoencoder
from undertow.models.autoregressive import Autoregressive, ShortReceptiveFieldWarning
from undertow.models.classifier import Classifier
from undertow.models.conditioner import Conditioner
from undertow.models.contrastive import Contrastive
from undertow.models.denoiser import Denoiser
from undertow.models.loss import Loss
from undertow.models.masked import Masked
from undertow.models.model import Model, require, require_probabilities
from undertow.models.phones_to_mel import PhonesToMel
from undertow.models.regressor import Regressor
from undertow.models.representing import Point, Reach, Represents
from undertow.models.segmenter import Segmenter
from undertow.models.seq2seq import Seq2Seq
from undertow.models.speaking import Planned, Speaks
from undertow.models.student import Student
from undertow.models.tagger import Tagger
from undertow.models.text_to_mel import TextToMel
from undertow.models.text_to_wave import TextToWave

MODELS: dict[str, Any] = {
    "autoencoder": Autoencoder,
    "autoregressive": Autoregressive,
    "classifier": Classifier,
    "cpc": Contrastive,
    "denoiser": Denoiser,
    "masked": Masked,
    "phones_to_mel": PhonesToMel,
    "regressor": Regressor,
    "segmenter": Segmenter,
    "seq2seq": Seq2Seq,
    "student": Student,
    "tagger": Tagger,
    "text_to_mel": TextToMel,
    "text_to_wave": TextToWave,
}

ModelConfig = Annotated[Any, choice(MODELS)]


def build(config: Any) -> Model:
    """The model a config describes, freshly initialised.

    Raises:
        UsageError: its weights would not fit in this machine's memory, or its parts do not go together.
    """
    if torch.get_default_device().type != "meta":  # there it takes no memory
        refuse_model(_build_quietly, config)
    return MODELS[config.kind](config)


def _build_quietly(config: Any) -> Model:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ShortReceptiveFieldWarning)
        return MODELS[config.kind](config)


def complete(values: Mapping[str, Any], told: Told, say: Callable[[str], None]) -> Any:
    """The config of a recipe's model, completed from the data; see `Model.completed`.

    Raises:
        UsageError: an unknown kind or key, a wrong value, or data that does not suit such a model.
        DataError: the data lacks something that the recipe asks for.
    """
    kind = str(values.get("kind", usual_kind(told)))
    if kind not in MODELS:
        raise UsageError(f"model: unknown kind '{shown(kind)}'{nearest(kind, MODELS)}")
    return MODELS[kind].completed({**values, "kind": kind}, told, say)


def usual_kind(told: Told) -> str:
    """The default kind of a recipe's model. Numeric labels are to be predicted by a regressor, labels of every step by
    a classifier; otherwise the model is autoregressive.
    """
    labels = (told.labels or {}).values()
    if any(label.classes is None for label in labels):
        return "regressor"
    return "classifier" if any(label.of_steps for label in labels) else "autoregressive"


__all__ = [
    "MODELS",
    "Autoencoder",
    "Autoregressive",
    "Classifier",
    "Conditioner",
    "Contrastive",
    "Denoiser",
    "Loss",
    "Masked",
    "Model",
    "ModelConfig",
    "PhonesToMel",
    "Planned",
    "Point",
    "Reach",
    "Regressor",
    "Represents",
    "Segmenter",
    "Seq2Seq",
    "ShortReceptiveFieldWarning",
    "Speaks",
    "Student",
    "Tagger",
    "TextToMel",
    "TextToWave",
    "build",
    "complete",
    "require",
    "require_probabilities",
]
