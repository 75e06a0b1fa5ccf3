"""`undertow plot`: how far back a model looks, what it attends to, and what a translation is made from."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from undertow.cli.options import Json
from undertow.errors import UsageError

if TYPE_CHECKING:
    from undertow.models import Autoregressive


def plot(
    model: str,
    /,
    *,
    out: Path,
    receptive_field: bool = False,
    attention: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    alignment: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    translation: Annotated[str | None, Parameter(allow_leading_hyphen=True)] = None,
    steps: int | None = None,
    layer: int | None = None,
    json: Json = False,
) -> None:
    """Draw how far back a model looks, what it attends to in a text, or what each symbol of a translation is made from.

    The receptive field is measured: the gradient of what a model says of a late symbol by each input before it, over
    random sequences. Attention is drawn as a map for each layer and head, one row a step. An alignment is one map: a
    translator's attention to its source, the mean over the heads of the last layer that has any; or where a model
    attends to nothing, as a ByteNet, the size of the gradient by each symbol of the source.

    Args:
        model: Folder of a run or a checkpoint or, except for --alignment, a recipe, whose model is built untrained.
        out: The picture, named .png; its folder must be there.
        receptive_field: Draw the gradient by an input's age.
        attention: Draw what the model attends to in this text.
        alignment: Draw what each symbol of a translation of this text is made from.
        translation: That translation; by default the model's own, with a beam of 5.
        steps: Inputs that the receptive field is looked for in; a quarter more than it declares, when not given.
        layer: Draw this layer's attention alone, from 1 on.
    """
    from undertow.cli.terminal import print_facts, print_json
    from undertow.pictures.drawing import check_picture
    from undertow.recipes.load_or_build import load_or_build

    if receptive_field + (attention is not None) + (alignment is not None) != 1:
        raise UsageError("say what to draw: --receptive-field, or --attention or --alignment and a text")
    for option, value, goes_with, given in (
        ("steps", steps, "receptive-field", receptive_field),
        ("layer", layer, "attention", attention is not None),
        ("translation", translation, "alignment", alignment is not None),
    ):
        if value is not None and not given:
            raise UsageError(f"--{option} goes with --{goes_with}")
    check_picture(out)
    title = Path(model).name
    if alignment is not None:
        facts = _alignment(Path(model), out, title, alignment, translation)
    elif attention is not None:
        facts = _maps(load_or_build(model), out, title, attention, layer)
    else:
        facts = _field(load_or_build(model), out, title, steps)
    if json:
        print_json({"model": model, "out": str(out), **facts})
    else:
        print_facts({name.replace("_", " "): _said(fact) for name, fact in {**facts, "wrote": out}.items()})


def _field(model: "Autoregressive", out: Path, title: str, steps: int | None) -> dict[str, Any]:
    """Draw the gradient by age; what was found."""
    from undertow.pictures.drawing import draw_reach
    from undertow.pictures.receptive_field import measure_reach

    reach = measure_reach(model, steps)
    draw_reach(reach, out, f"{title}: how far back it looks")
    return {
        "declared": reach.declared,
        "measured": reach.measured,
        "looked_at": len(reach.magnitude),
        "half_within": reach.age_of_share(0.5),
        "nine_tenths_within": reach.age_of_share(0.9),
    }


def _maps(model: "Autoregressive", out: Path, title: str, text: str, layer: int | None) -> dict[str, Any]:
    """Draw the attention of one layer or all; how many there are."""
    from undertow.pictures.attention import attention_of
    from undertow.pictures.drawing import draw_attention

    weights, inputs = attention_of(model, text)
    if layer is not None and not 1 <= layer <= len(weights):
        raise UsageError(f"layer is {layer}; the model has layers 1 to {len(weights)}")
    chosen = weights if layer is None else weights[layer - 1 : layer]
    draw_attention(chosen, inputs, out, f"{title}: {text}", layer or 1)
    return {"num_layers": len(weights), "num_heads": len(weights[0]), "inputs": len(inputs)}


def _alignment(run: Path, out: Path, title: str, text: str, translation: str | None) -> dict[str, Any]:
    """Draw what each symbol of a translation is made from; the translation."""
    from undertow.cli.translator import load_translator
    from undertow.pictures.drawing import draw_translation
    from undertow.pictures.translation_map import map_translation

    found = map_translation(load_translator(run, "cpu"), text, translation)
    draw_translation(found, out, f"{title}: {found.measure}")
    return {
        "drawn": found.measure,
        "translation": found.translation,
        "source_symbols": len(found.sources),
        "target_symbols": len(found.targets),
    }


def _said(fact: Any) -> str:
    return "all of the past" if fact is None else f"{fact:,}" if isinstance(fact, int) else str(fact)
