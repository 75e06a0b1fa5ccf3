"""The programs of a model, kept with it until its weights change: the next session begins at once."""

from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from undertow.native.encoders import lower_encoder
from undertow.native.engine import make_program
from undertow.native.format import files_in, to_bytes
from undertow.native.lowering import lower

if TYPE_CHECKING:
    from undertow.native._engine import Program

Print: TypeAlias = list[tuple[int, int, int]]  # of each tensor: where it lies, its version, and a sum of its bits


class Programs(NamedTuple):
    """What steps a model; and what reads sources, of a translator whose encoder the engine has."""

    program: "Program"
    encoder: "Program | None"


class Kept(NamedTuple):
    """Programs, and the weights that they were made of."""

    of: Print
    isa: str
    programs: Programs


_kept: WeakKeyDictionary[nn.Module, Kept] = WeakKeyDictionary()


def programs_of(model: Any, isa: str = "auto") -> Programs:
    """The programs of a model: of its engine file if it was exported, else of its weights as they are now, in float32.

    Raises:
        Unsupported: the engine has no op for a part of the model, or was not built.
        DataError: the weights are not numbers, or the exported model is damaged.
    """
    if model.engine_file is not None:
        _, encoder = files_in(model.engine_file)
        return Programs(make_program(model.engine_file, isa), None if encoder is None else make_program(encoder, isa))
    if model.device.type != "cpu":
        return _lowered(model, isa)
    now, kept = list(_prints(model)), _kept.get(model)
    if kept is None or kept.of != now or kept.isa != isa:
        kept = _kept[model] = Kept(now, isa, _lowered(model, isa))
    return kept.programs


def program_of(model: Any, isa: str = "auto") -> "Program":
    """The program that steps a model; see `programs_of`."""
    return programs_of(model, isa).program


def _lowered(model: Any, isa: str) -> Programs:
    program, encoder = make_program(to_bytes(lower(model).graph), isa), lower_encoder(model)
    return Programs(program, None if encoder is None else make_program(to_bytes(encoder.graph), isa))


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
