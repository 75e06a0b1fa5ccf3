"""Every labeller in small shapes, which the shared checks run over."""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from undertow.config import parse
from undertow.networks import BiLSTM, ContextFilter, ImageContext, Labeller, SequenceContext, TransformerLabeller


@dataclass(frozen=True, kw_only=True)
class Case:
    """A labeller and its shapes.

    Attributes:
        small: config of a small one.
        shapes: what each of them changes in it.
        size: of an input, without channels: nine more than any receptive field there is one of.
        in_channels: C of an x of floats; for an x of symbols their number.
        lengths: of the rows of sequences, the longest as long as `size`.
    """

    labeller: type[Labeller]
    small: dict[str, Any]
    shapes: dict[str, dict[str, Any]]
    size: tuple[int, ...]
    in_channels: int = 1
    of_symbols: bool = False
    lengths: list[int] = field(default_factory=list)

    def make(self, **changes: Any) -> Labeller:
        torch.manual_seed(0)
        kind: Any = self.labeller
        made: Labeller = kind(parse(kind.Config, {**self.small, **changes}), 3, self.in_channels)
        with torch.no_grad():
            for parameter in made.parameters():  # so that nothing is hidden by a ReLU
                parameter.uniform_(0.1, 0.2)
        return made

    def inputs(self) -> Tensor:
        generator = torch.Generator().manual_seed(1)
        if self.of_symbols:
            return torch.randint(self.in_channels, (3, *self.size), generator=generator)
        return torch.rand(3, *self.size, self.in_channels, generator=generator, dtype=torch.float64)


VGG = {"kind": "vgg", "channels": [2, 2], "convolutions": [1, 1], "pools": 1}
CONTEXT = {"dilations": [1, 2]}
CASES = {
    "context_filter": Case(
        labeller=ContextFilter,
        small={"channels": 2, "context": CONTEXT},
        shapes={"basic": {}},
        size=(20, 19),
    ),
    "image_context": Case(
        labeller=ImageContext,
        small={"front": VGG},
        shapes={"front": {}, "basic": {"context": CONTEXT}},
        size=(35, 37),
    ),
    "sequence_context": Case(
        labeller=SequenceContext,
        small={"channels": 4, "context": CONTEXT},
        shapes={
            "dilated": {},
            "plain": {"context": {"dilations": [1, 1]}},
            "once": {"context": {**CONTEXT, "padding": "once"}},
        },
        size=(18,),
        in_channels=3,
        lengths=[18, 1, 7],
    ),
    "bilstm": Case(
        labeller=BiLSTM,
        small={"channels": 3},
        shapes={"lstm": {}, "two layers of gru": {"cell": "gru", "num_layers": 2}},
        size=(12,),
        in_channels=3,
        lengths=[5, 12, 1],
    ),
    "transformer": Case(
        labeller=TransformerLabeller,
        small={"num_layers": 2, "channels": 4, "num_heads": 2, "max_length": 12},
        shapes={"transformer": {}},
        size=(12,),
        in_channels=3,
        lengths=[5, 12, 1],
    ),
}
