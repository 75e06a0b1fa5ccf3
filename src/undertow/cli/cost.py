"""`undertow cost`: how the cost of a model grows with its sequence, counted and in theory."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from undertow.cli.options import JsonRows
from undertow.errors import UsageError, counted, shown

if TYPE_CHECKING:
    from undertow.cost.growth_laws import Law
    from undertow.cost.measuring import Costs

LENGTHS = (64, 128, 256, 512)
COMPARED = "rnn,rnn-attention,transformer,bytenet"
UNITS = {"T": 1e12, "G": 1e9, "M": 1e6, "k": 1e3}


def cost(
    model: str | None = None,
    /,
    *,
    compare: str | None = None,
    width: int | None = None,
    depth: int | None = None,
    lengths: str | None = None,
    plot: Path | None = None,
    json: JsonRows = False,
) -> None:
    """Count operations, memory and depth of a model, or of several families, as the length t grows.

    Everything is counted on sequences of random symbols: additions and multiplications of products with
    weights and between steps, forward and backward; bytes kept for backward; operations of one cached step; bytes of
    the state; sequential operations, which must wait for each other; and the fewest moves from step to step to the
    past step that is hardest to reach. Beside the fitted exponent of t are the cost and exponent that theory gives
    for the network as built here and, if there is one, for its textbook form; length t, layers d, width k, taps n.

    Args:
        model: Folder of a run or a checkpoint, or a recipe, whose model is built untrained.
        compare: Families at a common width and depth: rnn, lstm, gru, rnn-attention, samplernn, transformer, bytenet,
            tcn, wavenet. By default rnn,rnn-attention,transformer,bytenet.
        width: Channels of the families; by default 64.
        depth: Layers of the families; by default 6.
        lengths: Lengths of the sequences; by default 64,128,256,512, up to the model's limit.
        plot: Picture to draw, a .png file.
    """
    from undertow.cli.terminal import print_json, step_bar
    from undertow.cost.measuring import measure_costs
    from undertow.cost.network_families import DEPTH, WIDTH, family
    from undertow.pictures.drawing import check_picture, draw_costs
    from undertow.recipes.load_or_build import load_or_build

    if model is not None and (compare is not None or width is not None or depth is not None):
        raise UsageError("--compare, --width and --depth are for families; leave out these options or the model")
    if plot is not None:
        check_picture(plot)
    wanted = None if lengths is None else _numbers(lengths)
    if model is not None:
        one = load_or_build(model)
        most = one.network.max_length or max(LENGTHS)
        steps = wanted or [length for length in LENGTHS if length <= most] or [most]
        builds = {Path(model).name: lambda length: one}
    else:
        names = list(dict.fromkeys(word.strip() for word in (compare or COMPARED).split(",") if word.strip()))
        if not names:
            raise UsageError(f"--compare is '{compare}'; name a family, or several separated by commas")
        steps = wanted or list(LENGTHS)
        size = {"width": WIDTH if width is None else width, "depth": DEPTH if depth is None else depth}
        builds = {name: partial(family, name, **size) for name in names}
    for build in builds.values():
        build(2)  # refuse what cannot be built before measuring
    with step_bar("measuring") as bar:
        found = []
        for name, build in builds.items():
            found.append(measure_costs(name, build, steps))
            bar(len(found), len(builds))
    if plot is not None:
        draw_costs(found, plot)
    if json:
        print_json([as_json(one) for one in found])
    else:
        _print(found)


def as_json(costs: "Costs") -> dict[str, Any]:
    """One model of the `--json` output."""
    from undertow.cost.growth_laws import BUILT, NOTES, TEXTBOOK
    from undertow.cost.measuring import QUANTITIES

    def row(quantity: str) -> dict[str, Any]:
        return {
            "values": costs.values(quantity),
            "exponent": costs.exponent(quantity),
            "built": _law(BUILT, costs, quantity),
            "textbook": _law(TEXTBOOK, costs, quantity),
        }

    return {
        "name": costs.name,
        "kind": costs.kind,
        "num_parameters": costs.rows[-1].num_parameters,
        "receptive_field": costs.receptive_field,
        "lengths": [one.length for one in costs.rows],
        "quantities": {quantity: row(quantity) for quantity in QUANTITIES},
        "note": NOTES.get(costs.kind),
    }


def _law(laws: dict[str, dict[str, "Law"]], costs: "Costs", quantity: str) -> dict[str, Any] | None:
    law = laws.get(costs.kind, {}).get(quantity)
    return None if law is None else {"formula": law.formula, "exponent": law.exponent}


def _print(found: "list[Costs]") -> None:
    """A table for each model."""
    from undertow.cli.terminal import print_table, put

    for index, costs in enumerate(found):
        facts = as_json(costs)
        field = facts["receptive_field"]
        sees = "all of the past" if field is None else counted(field, "step")
        put(("\n" if index else "") + f"{costs.name}: {counted(facts['num_parameters'], 'parameter')}, sees {sees}")
        print_table(_rows(facts), words=(0, len(costs.rows) + 2, len(costs.rows) + 3))
        if facts["note"] is not None:
            put(facts["note"])


def _rows(facts: dict[str, Any]) -> list[tuple[str, ...]]:
    from undertow.cost.measuring import QUANTITIES

    rows = [("", *(f"t={length}" for length in facts["lengths"]), "exponent", "as built", "textbook")]
    for quantity, found in facts["quantities"].items():
        exponent = found["exponent"]
        if quantity != "attention_operations" or any(found["values"]):
            rows.append(
                (
                    QUANTITIES[quantity],
                    *map(_short, found["values"]),
                    "-" if exponent is None else f"{round(exponent, 2) + 0.0:.2f}",
                    *(_said(found[name]) for name in ("built", "textbook")),
                )
            )
    return rows


def _said(law: dict[str, Any] | None) -> str:
    return "" if law is None else f"{law['formula']} ({law['exponent']:g})"


def _short(value: int) -> str:
    """A count in three figures at most: 162 M."""
    for unit, size in UNITS.items():
        if value >= size:
            return f"{float(f'{value / size:.3g}'):g} {unit}"
    return f"{value:,}"


def _numbers(text: str) -> list[int]:
    """Lengths in growing order, each once."""
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() and 1 < int(word) < 10**6 for word in words):
        raise UsageError(f"lengths is '{shown(text)}'; it must be whole numbers from 2 to 999,999, such as 64,128,256")
    return sorted({int(word) for word in words})
