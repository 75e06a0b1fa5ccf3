"""`undertow recipes`: list the package's recipes, or show one."""

from typing import TYPE_CHECKING, Any

from undertow.cli.options import Json

if TYPE_CHECKING:
    from undertow.recipes.listing import Listed

HEADINGS = ("recipe", "data", "model", "parameters", "length", "what it trains")
OF_DATA = "by data"  # a size that the data determines


def recipes(name: str | None = None, /, *, json: Json = False) -> None:
    """List the recipes for training: data, model, size, length, and what each trains. With a name, show that recipe.

    The number of parameters leaves out what only the data determines, such as embeddings of labels.

    Args:
        name: Name of a recipe, or a YAML file, to show whole, with what it extends filled in.
    """
    from undertow.cli.terminal import print_facts, print_json, print_table, show
    from undertow.plain_yaml import to_yaml
    from undertow.recipes.listing import describe_recipe, list_recipes

    if name is None:
        every = list_recipes()
        if json:
            print_json([_facts(one) for one in every])
        else:
            print_table([HEADINGS, *map(_row, every)], words=(0, 1, 2, 5))
        return
    one = describe_recipe(name)
    if json:
        print_json({**_facts(one), "recipe": one.values})
        return
    print_facts({heading: cell for heading, cell in zip(HEADINGS, _row(one), strict=True) if cell})
    show(f"\n{to_yaml(one.values)}")


def _row(one: "Listed") -> tuple[str, ...]:
    """A line of the table, as `HEADINGS` names its cells."""
    length = f"{one.steps:,} updates" if one.steps is not None else f"{one.minutes:g} minutes"
    size = OF_DATA if one.num_parameters is None else _short(one.num_parameters)
    data = one.data or "your own"
    model = " ".join(filter(None, (one.model, one.network)))
    return one.name, data, model, size, length, one.description


def _short(number: int) -> str:
    """A number of parameters: 622,976 as 0.62 M."""
    return f"{number / 1e6:.0f} M" if number >= 1e7 else f"{number / 1e6:.2g} M" if number >= 1e5 else f"{number:,}"


def _facts(one: "Listed") -> dict[str, Any]:
    """What `--json` prints of a recipe in the list."""
    return {
        "name": one.name,
        "description": one.description,
        "model": one.model,
        "network": one.network,
        "data_kind": one.data_kind,
        "data": one.data,
        "num_parameters": one.num_parameters,
        "steps": one.steps,
        "minutes": one.minutes,
    }
