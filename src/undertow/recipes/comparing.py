"""Compare recipes: train each on the same data for the same time, and measure the models."""

import json
import statistics
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import torch

from undertow.alphabets import ALPHABETS, Bytes
from undertow.arguments import checked, several
from undertow.callbacks import Downloads, Say, silent
from undertow.checkpoint import read_card
from undertow.config import check_number, check_whole, to_dict
from undertow.cost.generation_speed import generation_speeds
from undertow.data.told import Side
from undertow.door import read_text
from undertow.errors import DataError, UsageError, counted
from undertow.evaluation import Score
from undertow.models import Autoregressive, Model, build, complete
from undertow.recipes.recipe import Recipe, read_recipe
from undertow.recipes.run import train
from undertow.recipes.scoring import score
from undertow.recipes.tasks import TASKS
from undertow.session import make_session
from undertow.training.journal import LOG
from undertow.training.run_folder import SETTINGS, read_settings

OF_CUTTING = ("crop_steps", "context_steps", "carry_state", "tokens_per_batch")  # how data is cut
NUM_SYMBOLS = 256
ROUNDS = 3
RATE = 8000  # Hz, of sound whose rate only its files show
LEEWAY = 0.1  # share of its minutes by which a run may be off without a warning


@dataclass(frozen=True)
class Compared:
    """The results of one recipe.

    Attributes:
        recipe: its name, and that of its folder.
        nats, bits_per_symbol: means over held-out symbols, each given as many symbols before it as the network can
            take, with the best weights.
        parameters: number of the model's parameters.
        train_symbols_per_second: the median over the updates.
        cached_symbols_per_second: speed of drawing one stream from its first symbol on, as `generate` draws it.
        uncached_symbols_per_second: the same without a state: the whole past is read again for every symbol.
        engine: the engine that drew the cached stream.
        minutes, updates: length of the training.
    """

    recipe: str
    nats: float
    bits_per_symbol: float
    parameters: int
    train_symbols_per_second: float
    cached_symbols_per_second: float
    uncached_symbols_per_second: float
    engine: str
    minutes: float
    updates: int

    @property
    def ratio(self) -> float:
        """How many times as fast the cache makes generation."""
        return self.cached_symbols_per_second / self.uncached_symbols_per_second


@dataclass(frozen=True)
class Comparison:
    """The results of a comparison.

    Attributes:
        rows: one for each recipe, in order.
        split: the split that was scored.
        num_symbols: number of symbols drawn in a stream.
        unit: name of one symbol.
    """

    rows: tuple[Compared, ...]
    split: str
    num_symbols: int
    unit: str


@checked
def compare(
    recipes: str | Path | Sequence[str | Path],
    out: str | Path = "runs/compare",
    *,
    minutes: float | int,
    data: str | Path | None = None,
    changes: Mapping[str, Any] | None = None,
    seed: int | None = None,
    num_symbols: int = NUM_SYMBOLS,
    device: str | None = None,
    say: Say | None = None,
    downloads: Downloads = nullcontext,
) -> Comparison:
    """Train recipes one after another, each for the same time in a folder of its own, and measure the models.

    A complete run in `out` is not trained again; an interrupted one is resumed.

    Args:
        recipes: names or YAML files of autoregressive recipes on one data set.
        out: a folder; each run's folder in it has the name of its recipe.
        minutes: training time of each recipe.
        data, changes, seed, device, say, downloads: as for `undertow.train`, for each.
        num_symbols: largest number of symbols to draw when measuring generation.

    Raises:
        UsageError: no recipe, one named twice, minutes that are not above 0, recipes with different data or symbols,
            data without a held-out split, or a model without a likelihood.
        DataError: see `train`; or a run in `out` has other settings (the message names the first that differs).
        KeyboardInterrupt: interrupted; the run is saved, and the same call resumes it.
    """
    check_number("minutes", minutes, 0, above=True)
    check_whole("symbols", num_symbols, 1)
    every = {**(changes or {}), "training.minutes": minutes, "training.steps": None}
    made = _read(several(recipes), every if seed is None else {**every, "training.seed": seed}, data)
    _check_scorers(made)
    for one in made.values():
        TASKS[one.data.kind].fetch(one.data, downloads)
    _check_models(made)
    models: dict[str, Any] = {}
    for name, one in made.items():
        folder = Path(out) / name
        _check_budget(folder, minutes)
        if say is not None:
            say(f"{name}: {minutes:g} minutes in {folder}")
        run = train(one, folder, resume=(folder / SETTINGS).exists(), device=device, say=say)
        models[name] = run.load(run.device)
    return _measure(models, made, Path(out), minutes, num_symbols, say or silent)


def _read(recipes: Sequence[str | Path], changes: Mapping[str, Any], given: str | Path | None) -> dict[str, Recipe]:
    """The recipes by name; all must have the same data."""
    if not recipes:
        raise UsageError("give the recipes to compare")
    made: dict[str, Recipe] = {}
    for recipe in recipes:
        name = Path(recipe).stem
        if name in made:
            raise UsageError(f"recipe '{name}' is given twice; each needs a folder of its own name")
        one = read_recipe(recipe, changes)
        made[name] = replace(one, data=TASKS[one.data.kind].choose(one.data, given))
    (first, expected), *others = ((name, _identity(one.data)) for name, one in made.items())
    for name, found in others:
        for key in sorted(expected.keys() | found.keys(), key=lambda key: (key != "kind", key)):
            if found.get(key) != expected.get(key):
                raise UsageError(
                    f"{name} has data.{key} {found.get(key)}, but {first} has {expected.get(key)}; "
                    "all recipes must have the same data"
                )
    return made


def _identity(data: Any) -> dict[str, Any]:
    """The settings of a data section that determine the data itself."""
    return {item.name: getattr(data, item.name) for item in fields(data) if item.name not in OF_CUTTING}


def _check_scorers(made: Mapping[str, Recipe]) -> None:
    """Check that every model has a likelihood, before any data is read."""
    for name, one in made.items():
        model = _outline(one)
        if model.scorer != "likelihood":
            raise UsageError(
                f"the model of {name} is a {model.config.kind}, scored by {model.scorer}; "
                "compare needs models with a likelihood"
            )


def _outline(recipe: Recipe) -> Model:
    """A recipe's model without weights, with stand-ins for what its data would tell."""
    task = TASKS[recipe.data.kind]
    told = task.expected(recipe.data)
    if told.real == "images" and "shape" not in (told.alphabet or {}):  # the files alone show it
        told = task(recipe.data).told()
    rate = told.sample_rate or (RATE if told.real == "sound" else None)
    with torch.device("meta"):
        return build(complete(recipe.model, replace(told, sample_rate=rate, fit=_stand_in), silent))


def _stand_in(alphabet: Any, side: Side) -> Any:
    """Bytes in place of an alphabet of text, which may be made from the text."""
    return Bytes.Config() if ALPHABETS[alphabet.kind].real == "text" else alphabet


def _check_models(made: Mapping[str, Recipe]) -> None:
    """Check that all models have the same symbols, and that there is held-out data."""
    symbols: dict[str, Any] = {}
    for name, one in made.items():
        task = TASKS[one.data.kind](one.data)
        if "validation" not in task.splits(one.data):
            raise UsageError(f"the data of {name} has no held-out split to compare models on")
        symbols[name] = to_dict(complete(one.model, task.told(), silent).alphabet)
    (first, expected), *others = symbols.items()
    for name, found in others:
        if found != expected:
            raise UsageError(
                f"{name} has the alphabet {found['kind']}, but {first} has {expected['kind']}, or other settings; "
                "nats can only be compared over the same symbols"
            )


def _check_budget(folder: Path, minutes: float | int) -> None:
    """Refuse a run of another budget, which would be trained longer or be complete already."""
    if not (folder / SETTINGS).exists():
        return
    training = read_settings(folder).get("training")
    before = training.get("minutes") if isinstance(training, Mapping) else None
    if before != minutes:
        raise DataError(f"{folder} has minutes {before}, not {minutes:g}; give --minutes {before}, or another --out")


def _measure(
    models: Mapping[str, Autoregressive],
    made: Mapping[str, Recipe],
    out: Path,
    minutes: float | int,
    num_symbols: int,
    say: Say,
) -> Comparison:
    limits = [limit for model in models.values() if (limit := model.needs.max_length) is not None]
    num_symbols = min([num_symbols, *limits])
    rows: list[Compared] = []
    split = ""
    for name, model in models.items():
        say(f"{name}: scoring held-out data, then drawing {counted(num_symbols, 'symbol')} with and without a cache")
        found = score(model, made[name].data)
        assert isinstance(found, Score)
        training = read_card(out / name / "last")["training"]
        took = training["seconds"] / 60
        if (note := off_budget(name, took, minutes)) is not None:
            say(note)
        speeds = generation_speeds(model, ["auto", "uncached"], num_symbols, rounds=ROUNDS)
        split = found.split
        rows.append(
            Compared(
                recipe=name,
                nats=found.nats_per_symbol,
                bits_per_symbol=found.bits_per_symbol,
                parameters=model.num_parameters,
                train_symbols_per_second=_training_speed(out / name / LOG),
                cached_symbols_per_second=speeds["auto"],
                uncached_symbols_per_second=speeds["uncached"],
                engine=make_session(model).engine,
                minutes=took,
                updates=training["steps"],
            )
        )
    return Comparison(tuple(rows), split, num_symbols, next(iter(models.values())).alphabet.unit)


def off_budget(name: str, took: float, planned: float | int) -> str | None:
    """A note if a run's minutes are further from those planned than `LEEWAY` allows."""
    if abs(took - planned) <= LEEWAY * planned:
        return None
    return f"{name}: trained for {in_minutes(took)} minutes instead of {planned:g}, so its budget differs"


def in_minutes(minutes: float) -> str:
    """Minutes in so many digits that a difference of more than `LEEWAY` shows: 12.3, 0.123."""
    return f"{minutes:.1f}" if minutes >= 1 else f"{minutes:.3g}"


def _training_speed(log: Path) -> float:
    """Symbols per second of the median update."""
    rows = [json.loads(line) for line in read_text(log).splitlines()]
    return statistics.median(row["samples_per_second"] for row in rows)


def as_rows(comparison: Comparison) -> list[dict[str, Any]]:
    """One plain mapping for each recipe, complete in itself."""
    of_all = {name: getattr(comparison, name) for name in ("split", "num_symbols", "unit")}
    return [{**asdict(row), "ratio": row.ratio, **of_all} for row in comparison.rows]
