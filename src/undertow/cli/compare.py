"""`undertow compare`: train several recipes with the same budget, and compare the models."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from undertow.cli.options import SHARED, Device, JsonRows

if TYPE_CHECKING:
    from undertow.recipes.comparing import Comparison

COLUMNS = (
    *("recipe", "nats", "bits", "parameters", "trained/s", "cached/s", "uncached/s", "ratio", "cached by"),
    *("minutes", "updates"),
)


def compare(
    *recipes: str,
    minutes: float,
    out: Path = Path("runs/compare"),
    data: str | None = None,
    changes: Annotated[tuple[str, ...], Parameter(name="--set", consume_multiple=True)] = (),
    symbols: int = 256,
    seed: Annotated[int | None, Parameter(group=SHARED)] = None,
    device: Device = "auto",
    json: JsonRows = False,
) -> None:
    """Train several recipes on the same data, each for the same time, and compare the models.

    Nats and bits are per held-out symbol, each given as many symbols before it as the network can take. Speeds are in
    symbols per second: of training, and of drawing one stream with a cache and without, where the whole past is read
    again for every symbol. Runs that are complete are not trained again; interrupted ones are resumed.

    Args:
        recipes: Recipes of the package or YAML files, with the same data.
        minutes: Training time of each recipe.
        out: Folder for the runs, one folder for each recipe.
        data: A file, a folder or a named set, instead of the recipes' data.
        changes: Fields of every recipe to change, such as training.batch_size=8.
        symbols: Largest number of symbols to draw when measuring generation.
        seed: Seed of weights, order and dropout, instead of the recipes'.
    """
    from undertow.cli.terminal import download_bars, print_json, tell
    from undertow.device import pick_device
    from undertow.recipes.comparing import as_rows
    from undertow.recipes.comparing import compare as run
    from undertow.recipes.recipe import parse_changes

    found = run(
        recipes,
        out,
        minutes=minutes,
        data=data,
        changes=parse_changes(changes),
        seed=seed,
        num_symbols=symbols,
        device=None if device == "auto" else pick_device(device),
        say=tell,
        downloads=download_bars,
    )
    if json:
        print_json(as_rows(found))
    else:
        _print(found, minutes)


def _print(found: "Comparison", minutes: float) -> None:
    """A table, the best model first."""
    from undertow.cli.terminal import print_table, put
    from undertow.recipes.comparing import in_minutes

    rows = [
        (
            row.recipe,
            f"{row.nats:.4f}",
            f"{row.bits_per_symbol:.4f}",
            f"{row.parameters:,}",
            f"{row.train_symbols_per_second:,.0f}",
            f"{row.cached_symbols_per_second:,.0f}",
            f"{row.uncached_symbols_per_second:,.0f}",
            f"{row.ratio:.1f}",
            row.engine,
            in_minutes(row.minutes),
            f"{row.updates:,}",
        )
        for row in sorted(found.rows, key=lambda row: row.nats)
    ]
    print_table([COLUMNS, *rows], words=(0, COLUMNS.index("cached by")))
    put(
        f"budget: {minutes:g} minutes each; nats and bits of the {found.split} split; "
        f"/s: {found.unit}s per second, {found.num_symbols} drawn in one stream"
    )
