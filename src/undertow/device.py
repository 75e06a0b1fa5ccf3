"""A device by name."""

import torch

from undertow.errors import UsageError


def pick_device(name: str) -> str:
    """ "cpu", "cuda" or "cuda:1"; "auto" is CUDA where there is a device.

    Raises:
        UsageError: the device is unknown, or this machine does not have it.
    """
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    kind, _, index = name.partition(":")
    if kind not in ("cpu", "cuda") or (index and not (kind == "cuda" and index.isdecimal())):
        raise UsageError(f"unknown device '{name}'; there are auto, cpu, cuda, cuda:1 and so on")
    if kind == "cuda" and int(index or 0) >= torch.cuda.device_count():
        raise UsageError(f"there is no {name} on this machine; there are {torch.cuda.device_count()} CUDA devices")
    return name
