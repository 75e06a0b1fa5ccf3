"""Which engine runs a model, to draw or to score: the one place that chooses."""

from collections.abc import Callable
from typing import TypeVar

from undertow.config import nearest
from undertow.errors import UsageError
from undertow.generation.forcing import Forced, NativeForced, TorchForced
from undertow.generation.native_runner import NativeRunner
from undertow.generation.runner import Runner
from undertow.generation.torch_runner import TorchRunner
from undertow.generation.uncached_runner import UncachedRunner
from undertow.models.autoregressive import Autoregressive
from undertow.native import Unsupported, cannot_run

T = TypeVar("T")
ENGINES: dict[str, Callable[[Autoregressive, int | None], Runner]] = {
    "native": NativeRunner,
    "torch": TorchRunner,
    "uncached": UncachedRunner,
}


def make_runner(model: Autoregressive, engine: str = "auto", threads: int | None = None) -> Runner:
    """A runner for a model.

    "auto" never changes the precision. It takes the native engine for a model that was exported to it, and for one on
    the CPU that it can run as it is; else torch, whose `notes` then say why.

    Args:
        threads: at most so many for a step; when not given, as many as the engine finds useful.

    Raises:
        UsageError: there is no such engine, it cannot run the model, or `threads` is not positive.
    """
    if threads is not None and threads < 1:
        raise UsageError(f"threads is {threads}; it must be 1 or more")
    if engine == "auto":
        return _fastest(model, threads)
    if engine not in ENGINES:
        raise UsageError(f"unknown engine '{engine}'{nearest(engine, ['auto', *ENGINES])}")
    return ENGINES[engine](model, threads)


def make_forced(model: Autoregressive) -> Forced:
    """What scores given sequences with a model.

    It is the native engine for a model that was exported to it, which nothing else gives the same numbers for. Every
    other model is scored by torch, on the CPU too: all steps of a sequence are known, and one parallel call over them
    is faster than one step after another.

    Raises:
        UsageError: the model is exported, and there is no native engine here.
        DataError: its engine file is damaged.
    """
    return TorchForced(model) if model.engine_file is None else _exported(lambda: NativeForced(model))


def _fastest(model: Autoregressive, threads: int | None) -> Runner:
    if model.engine_file is not None:
        return _exported(lambda: NativeRunner(model, threads))
    if next(model.parameters()).device.type != "cpu":
        return TorchRunner(model, threads)
    try:
        return NativeRunner(model, threads)
    except Unsupported as reason:
        runner = TorchRunner(model, threads)
        runner.notes = (f"{reason}; torch steps this model", *runner.notes)
        return runner


def _exported(make: Callable[[], T]) -> T:
    """What the native engine makes of an exported model; nothing else runs it as it was exported."""
    try:
        return make()
    except Unsupported as reason:
        raise cannot_run(reason) from None
