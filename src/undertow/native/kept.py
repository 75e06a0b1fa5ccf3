"""The program of a model, kept with it until its weights change: the next session begins at once."""

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from undertow.native.engine import make_program
from undertow.native.format import to_bytes
from undertow.native.lowering import lower

if TYPE_CHECKING:
    from undertow.native._engine import Program

Print: TypeAlias = list[tuple[int, int, int]]  # of each tensor: where it lies, its version, and a sum of its bits


class Kept(NamedTuple):
    """A program, and the weights that it was made of."""

    of: Print
    isa: str
    program: "Program"


_kept: WeakKeyDictionary[nn.Module, Kept] = WeakKeyDictionary()


def program_of(model: Any, isa: str = "auto") -> "Program":
    """The program of a model: of its engine file if it was exported, else of its weights as they are now, in float32.

    Raises:
        Unsupported: the engine has no op for a part of the model, or was not built.
        DataError: the weights are not numbers, or the exported model is damaged.
    """
    if model.engine_file is not None:
        return make_program(model.engine_file, isa)
    if model.device.type != "cpu":
        return make_program(to_bytes(lower(model).graph), isa)
    now, kept = list(_prints(model)), _kept.get(model)
    if kept is None or kept.of != now or kept.isa != isa:
        kept = _kept[model] = Kept(now, isa, make_program(to_bytes(lower(model).graph), isa))
    return kept.program


def _prints(model: nn.Module) -> Iterator[tuple[int, int, int]]:
    """A change through `.data` has no version; its bits show it."""
    for tensor in chain(model.parameters(), model.buffers()):
        version = 0 if tensor.is_inference() else tensor._version
        yield tensor.data_ptr(), version, _sum_of_bits(tensor.detach())


def _sum_of_bits(tensor: Tensor) -> int:
    """Each row counts as often as its number, so that rows which change places change the sum."""
    if not tensor.numel():
        return 0
    rows = tensor.contiguous().view(len(tensor), -1) if tensor.dim() > 1 else tensor.contiguous().view(-1, 1)
    sums = rows.view(torch.int32 if tensor.element_size() == 4 else torch.uint8).sum(dim=1)
    return int((sums * torch.arange(1, 1 + len(sums))).sum())
