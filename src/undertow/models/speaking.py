"""The interface of a model that speaks: from the symbols of a sentence to frames of its sound.

S symbols, F frames, C channels.
"""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch import Tensor

from undertow.data.script import Script
from undertow.models.model import Model
from undertow.options import PLAIN, Manner, Sampling

if TYPE_CHECKING:
    from undertow.models.autoregressive import Autoregressive

PLAINLY = Manner()


@dataclass(frozen=True, eq=False)
class Planned:
    """The frames of a sentence, and how they were planned.

    Attributes:
        frames: (F, C) float32, for the model's decoder, or mel frames for a vocoder.
        durations: (S,) int64 frames of each symbol, which sum to F; None of models that align by attention.
        pitch: (F,) float32 fundamental frequency in Hz, 0 where unvoiced; None if it is not planned.
        attention: (F, S) float32, how much each frame attends to each symbol; None of models that plan durations.
        stopped: whether the sentence ended by itself; False: its length was cut.
    """

    frames: Tensor
    durations: Tensor | None = None
    pitch: Tensor | None = None
    attention: Tensor | None = None
    stopped: bool = True


class Speaks(Model):
    """A model with the ability "speak"; `needs.classes` are its labels, such as speakers.

    Attributes:
        decoder: draws sound of the frames; None: they are frames of `needs.features`, such as mel, for a vocoder.
    """

    decoder: "Autoregressive | None"

    @property
    @abstractmethod
    def script(self) -> Script:
        """What text it reads."""

    @property
    def read_facts(self) -> dict[str, Any]:
        """What `facts` tells of what it reads."""
        script = self.script
        return {"reads": script.spells, "num_read": len(script.symbols), "num_words": len(script.words)}

    @abstractmethod
    def speak_frames(
        self,
        symbols: Tensor,
        labels: Mapping[str, Tensor],
        *,
        manner: Manner = PLAINLY,
        sampling: Sampling = PLAIN,
        seed: int = 0,
        row: int = 0,
    ) -> Planned:
        """The frames of one sentence.

        Args:
            symbols: (S,) int64, as `Script.read` gives them.
            labels: by name, (1,) int64 class indices; -1 where none is given.
            manner: how fast and how high it is spoken.
            sampling, seed, row: of frames that are drawn; `row` is the number of the sentence.

        Raises:
            UsageError: a manner that the model does not support.
            DataError: the model's output is not a number.
        """
