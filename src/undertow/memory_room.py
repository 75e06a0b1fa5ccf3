"""Whether something fits in memory: asked before it is made, and refused with both numbers.

Estimates are lower bounds. What is refused could not have worked; what passes may still be too much, and then ends in
a MemoryError. Memory is all that this machine has, or all that its control group allows, not what is free just now.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import fields, is_dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from undertow import door
from undertow.errors import UsageError


def memory_bytes(device: torch.device | str = "cpu") -> int:
    """Bytes of memory of a device."""
    device = torch.device(device)
    if device.type == "cuda":
        return torch.cuda.get_device_properties(device).total_memory
    return door.memory()


def refuse_beyond(needed: float | int, what: str, remedy: str, device: torch.device | str = "cpu") -> None:
    """Refuse what does not fit in the memory of a device.

    Args:
        needed: bytes, at least.
        what: what needs them, such as "65,536 rows of this model need".
        remedy: what would help.

    Raises:
        UsageError: it does not fit.
    """
    at_hand = memory_bytes(device)
    if needed > at_hand:
        raise UsageError(f"{what} {needed / 1e9:,.1f} GB of memory, but there are {at_hand / 1e9:,.1f} GB; {remedy}")


def refuse_model(build: Callable[[Any], nn.Module], config: Any) -> None:
    """Refuse a model whose weights and buffers do not fit in this machine's memory, before it is built.

    It is built on torch's meta device, with shapes and without numbers. That takes milliseconds a layer, and configs
    bound the layers.

    Raises:
        UsageError: it does not fit; the message names a setting that would help.
    """
    needed = model_bytes(build, config)
    if needed > memory_bytes():
        refuse_beyond(needed, "the weights of this model need", _remedy(build, config))


def model_bytes(build: Callable[[Any], nn.Module], config: Any) -> float:
    """Bytes of a model's weights and buffers; infinity beyond 63 bits, 0 for a model that has no meta form."""
    try:
        with torch.device("meta"):
            model = build(config)
    except (RuntimeError, OverflowError, TypeError) as error:
        return float("inf") if "overflow" in str(error).lower() else 0.0
    return float(sum(one.numel() * one.element_size() for one in (*model.parameters(), *model.buffers())))


def shapes_only() -> AbstractContextManager[Any]:
    """Inside, tensors have a shape and take no memory. The first use takes a second, any other tens of milliseconds."""
    from torch._subclasses.fake_tensor import FakeTensorMode  # a second to import

    return FakeTensorMode(allow_non_fake_inputs=True)


def kept_bytes(model: nn.Module, run: Callable[[], Any]) -> int:
    """Bytes of the distinct storages that `run` keeps for its backward pass, without the model's own."""
    own = {one.untyped_storage().data_ptr() for one in (*model.parameters(), *model.buffers())}
    kept: dict[int, int] = {}

    def keep(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.enable_grad(), saved_tensors_hooks(keep, lambda tensor: tensor):
        result = run()
    del result  # until here it kept the storages alive, so none was reused
    return sum(kept.values())


def _remedy(build: Callable[[Any], nn.Module], config: Any) -> str:
    """What to lower: the largest setting among those whose half makes the model a good deal smaller."""
    sizes = {name: (model_bytes(build, smaller), value) for name, value, smaller in _halves(config)}
    best = min((size for size, _ in sizes.values()), default=float("inf"))
    name = max((value, name) for name, (size, value) in sizes.items() if size <= 1.5 * best)[1] if sizes else ""
    return f"lower {name} ({sizes[name][1]:,})" if name else "choose smaller sizes"


def _halves(config: Any) -> Iterator[tuple[str, int, Any]]:
    """The config with each whole number of its sections halved in turn, with that setting's name and value."""
    for section in fields(config):
        part = getattr(config, section.name)
        for field in fields(part) if is_dataclass(part) else ():
            value = getattr(part, field.name)
            if isinstance(value, int) and not isinstance(value, bool):
                try:
                    smaller = replace(config, **{section.name: replace(part, **{field.name: value // 2})})
                except UsageError:  # a number that has no half
                    continue
                yield f"{section.name}.{field.name}", value, smaller
