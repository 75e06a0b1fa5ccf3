"""What a masked model must not see: spans of latents, or single symbols.

Draws are torch's uniforms; a generator makes them the same at every call.

B batch, L steps.
"""

from typing import Annotated, NamedTuple

import torch
from pydantic import Field
from torch import Tensor

from undertow.config import Number, Probability, Width, config
from undertow.errors import UsageError

Share = Annotated[float, Field(gt=0, le=1), Number]


@config
class Spans:
    """Spans of latents to hide, as wav2vec 2.0 draws them (Baevski et al., arXiv 2006.11477, §3.1).

    Attributes:
        probability: of each step to begin a span; spans may overlap.
        length: steps of a span; one that begins near the end of a row is cut there.
    """

    probability: Share = 0.065
    length: Width = 10

    def draw(self, present: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Which steps of rows (B, L) are hidden, (B, L) bool; only those that are `present`."""
        begins = _uniform(present, generator) < self.probability
        count = begins.cumsum(dim=1)
        before = torch.nn.functional.pad(count, (self.length, 0))[:, : present.shape[1]]
        return (count > before) & present


class Chosen(NamedTuple):
    """What happens to symbols, each (B, L) bool: all that are predicted, and those that are hidden or replaced."""

    predicted: Tensor
    hidden: Tensor
    replaced: Tensor


@config
class Picks:
    """Symbols to predict, as BERT picks them (Devlin et al., arXiv 1810.04805, §3.1).

    Attributes:
        share: of the symbols, the probability of each to be predicted.
        hidden: of these, the share in whose place stands the learned vector.
        replaced: the share in whose place stands a symbol drawn from all of the alphabet; the rest stays.
    """

    share: Share = 0.15
    hidden: Annotated[float, Field(ge=0, le=1), Number] = 0.8
    replaced: Probability = 0.1

    def __post_init__(self) -> None:
        if self.hidden + self.replaced > 1:
            raise UsageError(f"hidden {self.hidden:g} and replaced {self.replaced:g} are more than 1 together")

    def draw(self, present: Tensor, generator: torch.Generator | None = None) -> Chosen:
        """What happens to the symbols of rows (B, L); only those that are `present` are predicted."""
        predicted = (_uniform(present, generator) < self.share) & present
        fate = _uniform(present, generator)
        hidden = predicted & (fate < self.hidden)
        return Chosen(predicted, hidden, predicted & ~hidden & (fate < self.hidden + self.replaced))


def _uniform(like: Tensor, generator: torch.Generator | None) -> Tensor:
    return torch.rand(like.shape, generator=generator, device=like.device)
