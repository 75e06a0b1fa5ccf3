"""Choose the engine that runs a model, to draw or to score."""

from collections.abc import Callable

from undertow.config import nearest
from undertow.errors import UsageError
from undertow.native import Unsupported, cannot_run
from undertow.session.chunk_session import ChunkSession
from undertow.session.jacobi_session import JacobiSession
from undertow.session.native_session import NativeSession
from undertow.session.session import Session
from undertow.session.stepped import Chunked, Stepped
from undertow.session.torch_session import TorchSession
from undertow.session.uncached_session import UncachedSession

ENGINES: dict[str, Callable[[Stepped, int | None], Session]] = {
    "native": NativeSession,
    "torch": TorchSession,
    "uncached": UncachedSession,
    "jacobi": JacobiSession,
}


def make_session(model: Stepped | Chunked, engine: str = "auto", threads: int | None = None) -> Session:
    """A session of a model.

    "auto" never changes the precision. It takes the native engine for an exported model, and for a model on the CPU
    that it can run unchanged; else torch, with the reason in `notes`.

    Args:
        threads: most threads of a step; by default as many as the engine finds useful.

    Raises:
        UsageError: an unknown engine, an engine that cannot run the model, or `threads` is not positive.
        DataError: an exported model's engine file is damaged.
    """
    if threads is not None and threads < 1:
        raise UsageError(f"threads is {threads}; it must be 1 or more")
    if engine != "auto" and engine not in ENGINES:
        raise UsageError(f"unknown engine '{engine}'{nearest(engine, ['auto', *ENGINES])}")
    if isinstance(model, Chunked):
        if engine not in ("auto", ChunkSession.engine):
            raise UsageError(f"this model makes whole chunks of noise, on torch; the engine {engine} cannot run it")
        return ChunkSession(model, threads)
    if engine == "auto":
        return _fastest(model, threads)
    return ENGINES[engine](model, threads)


def make_scorer(model: Stepped | Chunked) -> Session:
    """The session that scores given sequences with a model (`undertow.session.log_prob`).

    It is the native engine for an exported model, because no other engine gives the same numbers. Every other model
    is scored by torch, on the CPU too: all steps of a sequence are known, and one parallel call over them is faster
    than one step after another.

    Raises:
        UsageError: the model is exported, and there is no native engine here; or it gives no probabilities.
        DataError: its engine file is damaged.
    """
    if isinstance(model, Chunked):
        raise UsageError("this model makes sound of noise, and gives no probability of given symbols; its teacher does")
    return TorchSession(model) if model.engine_file is None else _exported(model, None)


def _fastest(model: Stepped, threads: int | None) -> Session:
    if model.engine_file is not None:
        return _exported(model, threads)
    if model.device.type != "cpu":
        return TorchSession(model, threads)
    try:
        return NativeSession(model, threads)
    except Unsupported as reason:
        session = TorchSession(model, threads)
        session.notes = (f"{reason}; torch steps this model",)
        return session


def _exported(model: Stepped, threads: int | None) -> Session:
    """The native session of an exported model; no other engine runs it as exported."""
    try:
        return NativeSession(model, threads)
    except Unsupported as reason:
        raise cannot_run(reason) from None
