"""Sound from the frames of a mel spectrum: by a model, or without one."""

from undertow.vocoding.griffin_lim import griffin_lim
from undertow.vocoding.vocoding import Vocoded, stream_vocode, vocode

__all__ = ["Vocoded", "griffin_lim", "stream_vocode", "vocode"]
