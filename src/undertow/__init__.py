"""Undertow: autoregressive models of raw sequences, trained in parallel and run one step at a time.

    import undertow as ut

    model = ut.load("runs/digits")
    sound = ut.generate(model, seconds=1, labels="theo")
    for chunk in ut.stream(model, seconds=1):
        ...

Names are imported when they are first asked for: `import undertow` loads neither torch nor anything else that is heavy.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from undertow.checkpoint import load
    from undertow.coding.codec import decode, encode
    from undertow.coding.units import units
    from undertow.decoding import transcribe, translate
    from undertow.discrimination import abx, make_items
    from undertow.errors import DataError, UsageError
    from undertow.generation import generate, resume, stream
    from undertow.options import Sampling
    from undertow.prediction import predict, segment, tag
    from undertow.recipes import compare, distil, quantise, score, train
    from undertow.reconstruction import interpolate, reconstruct
    from undertow.representation import probe
    from undertow.speaking import speak, stream_speak
    from undertow.training.checkpoint_average import average
    from undertow.vocoding import stream_vocode, vocode

_FACE = {
    "load": "undertow.checkpoint",
    "train": "undertow.recipes",
    "distil": "undertow.recipes",
    "average": "undertow.training.checkpoint_average",
    "compare": "undertow.recipes",
    "quantise": "undertow.recipes",
    "score": "undertow.recipes",
    "generate": "undertow.generation",
    "stream": "undertow.generation",
    "resume": "undertow.generation",
    "transcribe": "undertow.decoding",
    "translate": "undertow.decoding",
    "predict": "undertow.prediction",
    "segment": "undertow.prediction",
    "tag": "undertow.prediction",
    "reconstruct": "undertow.reconstruction",
    "interpolate": "undertow.reconstruction",
    "vocode": "undertow.vocoding",
    "stream_vocode": "undertow.vocoding",
    "probe": "undertow.representation",
    "speak": "undertow.speaking",
    "stream_speak": "undertow.speaking",
    "encode": "undertow.coding.codec",
    "decode": "undertow.coding.codec",
    "units": "undertow.coding.units",
    "abx": "undertow.discrimination",
    "make_items": "undertow.discrimination",
    "Sampling": "undertow.options",
    "DataError": "undertow.errors",
    "UsageError": "undertow.errors",
}

__all__ = [
    "DataError",
    "Sampling",
    "UsageError",
    "abx",
    "average",
    "compare",
    "decode",
    "distil",
    "encode",
    "generate",
    "interpolate",
    "load",
    "make_items",
    "predict",
    "probe",
    "quantise",
    "reconstruct",
    "resume",
    "score",
    "segment",
    "speak",
    "stream",
    "stream_vocode",
    "stream_speak",
    "tag",
    "train",
    "transcribe",
    "translate",
    "units",
    "vocode",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return importlib.import_module("undertow.version").version()
    if name not in _FACE:
        raise AttributeError(f"module 'undertow' has no attribute '{name}'")
    value = getattr(importlib.import_module(_FACE[name]), name)
    if not isinstance(value, type):
        value = importlib.import_module("undertow.errors").memory_told(value)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
