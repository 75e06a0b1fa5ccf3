"""`undertow plot`: draw a model's receptive field, its attention, or the alignment of a translation."""

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
    """Draw how far back a model looks, its attention over a text, or the alignment of a text with its translation.

    The receptive field is measured: the gradient of a late prediction with respect to each input before it, over
    random sequences. Of a model of images it is a picture: the pixels that one pixel sees. Attention is one map for
    each layer and head, one row a step. An alignment is one map: a translator's attention to its source, the mean over
    the heads of the last layer with attention; or for a model without attention, such as a ByteNet, the size of the
    gradient with respect to each source symbol.

    Args:
        model: Folder of a run or a checkpoint; or a recipe, whose model is built untrained (not for --alignment).
        out: Picture to write, a .png file in an existing folder.
        receptive_field: Draw the gradient against the age of the input; of images, each pixel's.
        attention: Draw the model's attention over this text.
        alignment: Draw the alignment of this text with its translation.
        translation: Translation to align; by default the model's own, with a beam of 5.
        steps: Number of inputs to measure over; by default a quarter more than the declared receptive field. Of images,
            those up to the pixel that is looked at, by default the middle one of the last row.
        layer: Draw only this layer, counted from 1.
    """
    from undertow.cli.terminal import print_facts, print_json
    from undertow.pictures.drawing import check_picture
    from undertow.recipes.load_or_build import load_or_build

    if receptive_field + (attention is not None) + (alignment is not None) != 1:
        raise UsageError("give one of --receptive-field, --attention TEXT and --alignment TEXT")
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
        print_facts({name.replace("_", " "): _printed(fact) for name, fact in {**facts, "wrote": out}.items()})


def _field(model: "Autoregressive", out: Path, title: str, steps: int | None) -> dict[str, Any]:
    """Draw the gradient by age, or as a picture; return what was measured."""
    from undertow.pictures.drawing import draw_reach
    from undertow.pictures.raster_field import shape_of
    from undertow.pictures.receptive_field import measure_reach

    if (shape := shape_of(model)) is not None:
        return _raster(model, shape, out, title, steps)
    reach = measure_reach(model, steps)
    draw_reach(reach, out, f"{title}: how far back it looks")
    return {
        "declared": reach.declared,
        "measured": reach.measured,
        "looked_at": len(reach.magnitude),
        "half_within": reach.age_of_share(0.5),
        "nine_tenths_within": reach.age_of_share(0.9),
    }


def _raster(
    model: "Autoregressive", shape: tuple[int, int, int], out: Path, title: str, steps: int | None
) -> dict[str, Any]:
    """Draw what a pixel sees; return what was measured."""
    from undertow.pictures.raster_drawing import draw_rasters
    from undertow.pictures.raster_field import measure_raster

    field = measure_raster(model, shape, steps)
    draw_rasters([(f"row {field.row + 1}, column {field.column + 1}", field)], out, f"{title}: what a pixel sees")
    return {
        "pixel": f"row {field.row + 1}, column {field.column + 1}",
        "pixels_before": int(field.before.sum()),
        "seen": int(field.seen.sum()),
        "rows_above": field.rows_above,
        "blind_spot": int(field.blind.sum()),
    }


def _maps(model: "Autoregressive", out: Path, title: str, text: str, layer: int | None) -> dict[str, Any]:
    """Draw the attention of one layer or all; return the counts of layers, heads and inputs."""
    from undertow.pictures.attention import attention_of
    from undertow.pictures.drawing import draw_attention

    weights, inputs = attention_of(model, text)
    if layer is not None and not 1 <= layer <= len(weights):
        raise UsageError(f"layer is {layer}; the model has layers 1 to {len(weights)}")
    chosen = weights if layer is None else weights[layer - 1 : layer]
    draw_attention(chosen, inputs, out, f"{title}: {text}", layer or 1)
    return {"num_layers": len(weights), "num_heads": len(weights[0]), "inputs": len(inputs)}


def _alignment(run: Path, out: Path, title: str, text: str, translation: str | None) -> dict[str, Any]:
    """Draw the alignment of a translation; return the translation and its size."""
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


def _printed(fact: Any) -> str:
    return "all of the past" if fact is None else f"{fact:,}" if isinstance(fact, int) else str(fact)
