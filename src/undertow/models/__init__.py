"""Models by name: whatever is trained. Calling a model with a batch gives its loss."""

from typing import Annotated, Any

from undertow.config import choice
from undertow.models.autoregressive import Autoregressive, ShortReceptiveFieldWarning
from undertow.models.classifier import Classifier
from undertow.models.conditioner import Conditioner
from undertow.models.loss import Loss
from undertow.models.model import Model
from undertow.models.regressor import Regressor
from undertow.models.seq2seq import Seq2Seq

MODELS: dict[str, Any] = {
    "autoregressive": Autoregressive,
    "classifier": Classifier,
    "regressor": Regressor,
    "seq2seq": Seq2Seq,
}

ModelConfig = Annotated[Any, choice(MODELS)]


def build(config: Any) -> Model:
    """The model a config describes, freshly initialised."""
    return MODELS[config.kind](config)


__all__ = [
    "MODELS",
    "Autoregressive",
    "Classifier",
    "Conditioner",
    "Loss",
    "Model",
    "ModelConfig",
    "Regressor",
    "Seq2Seq",
    "ShortReceptiveFieldWarning",
    "build",
]
