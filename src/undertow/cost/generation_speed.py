"""How fast a model draws symbols from the first on: one engine beside another, in one run.

B rows, T steps.
"""

import statistics
from collections.abc import Sequence

from undertow.cost.stepping_speed import ROUNDS, usual_features
from undertow.errors import UsageError, counted
from undertow.generation import generate
from undertow.models.autoregressive import Autoregressive

WARM_UP_STEPS = 8


def symbols_per_second(
    model: Autoregressive,
    engine: str = "auto",
    num_steps: int = 256,
    batch_size: int = 1,
    *,
    rounds: int = ROUNDS,
    threads: int | None = None,
) -> float:
    """Steps of all rows a second with one engine; `generation_speeds` of it alone."""
    return generation_speeds(model, [engine], num_steps, batch_size, rounds=rounds, threads=threads)[engine]


def generation_speeds(
    model: Autoregressive,
    engines: Sequence[str] = ("auto", "uncached"),
    num_steps: int = 256,
    batch_size: int = 1,
    *,
    rounds: int = ROUNDS,
    threads: int | None = None,
) -> dict[str, float]:
    """Steps of all rows a second by engine, the median of the rounds, in which the engines take turns.

    Each round draws `num_steps` of every row from the first symbol on, so what an engine pays for a longer past is in
    the figure; getting ready to draw is not.

    Args:
        engines: names as `undertow.session.make_session` takes them; "uncached" reads the whole past at every step.
        num_steps: T, symbols of each row, within what the network can hold.
        batch_size: B, rows drawn at once.
        threads: at most so many for a step; when not given, as many as the engine finds useful.

    Raises:
        UsageError: no round, an unknown engine or one that cannot run the model, or more steps than the network holds.
    """
    if rounds < 1 or not engines:
        raise UsageError(
            f"{counted(rounds, 'round')} of {counted(len(engines), 'engine')}; there must be at least one of each"
        )
    found: dict[str, list[float]] = {engine: [] for engine in engines}
    for engine in engines:
        _draw(model, engine, min(num_steps, WARM_UP_STEPS), batch_size, threads)
    for _ in range(rounds):
        for engine in engines:
            found[engine].append(_draw(model, engine, num_steps, batch_size, threads))
    return {engine: statistics.median(rates) for engine, rates in found.items()}


def _draw(model: Autoregressive, engine: str, num_steps: int, batch_size: int, threads: int | None) -> float:
    features = usual_features(model)
    return generate(
        model, num_steps=num_steps, count=batch_size, features=features, engine=engine, threads=threads
    ).samples_per_second
