"""Sound from the frames of a mel spectrum."""

from undertow.vocoding.griffin_lim import griffin_lim

__all__ = ["griffin_lim"]
