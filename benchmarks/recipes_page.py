"""`docs/recipes.md`: every recipe of the package, as its YAML describes it, with recorded times."""

from pathlib import Path
from typing import Any

import yaml

from benchmarks.record import ROOT
from benchmarks.tables import Line, how, table

FOLDER = ROOT / "src" / "undertow" / "recipes"
KINDS = {
    "audio": "Sound",
    "text": "Text",
    "pairs": "Translation",
    "transcripts": "Speech to text",
    "speech": "Text to speech, from phones to sound",
    "spoken_text": "Text to speech, from characters to mel spectra",
    "conll": "Tags of tokens",
    "spaced_words": "Words of text without spaces",
    "frame_labels": "Labels of frames of sound",
    "rolls": "Music",
    "images": "Images",
    "segmentation": "A class for every pixel",
    "denoising": "Denoising",
    "mnist": "Pixels",
    "units": "Speech units",
    "adding": "The adding problem",
    "copy_memory": "Copy memory",
    "": "From a trained model",
}
PREFACE = """\
<!-- Made by `make bench-report` from src/undertow/recipes/*.yaml: edit those, not this page. -->

# Recipes

`undertow train wavenet-fsdd --out runs/digits` trains a recipe. In place of `wavenet-fsdd`, give any name on this page,
or your own YAML file, which can [extend a recipe](text.md#which-network). `--data` replaces the recipe's data, `--set`
changes any field, and `--steps` or `--minutes` changes the length. The column “took” gives the training time of the
runs in [the benchmarks](benchmarks.md); other work was running on the same processors. `undertow recipes` prints this
list with the size of each model, and `undertow recipes wavenet-fsdd` one recipe as a whole.
"""


def page(lines: list[Line], folder: Path = FOLDER) -> str:
    """The whole page."""
    took = minutes(lines)
    rows: dict[str, list[list[str]]] = {kind: [] for kind in KINDS}
    for path in sorted(folder.glob("*.yaml")):
        recipe = read(path)
        length = recipe["training"]
        planned = f"{length['steps']:,} updates" if length.get("steps") else f"{length['minutes']} minutes"
        rows[recipe.get("data", {}).get("kind", "")].append(
            [f"`{path.stem}`", recipe["description"], planned, took.get(path.stem, ("", 0))[0]]
        )
    parts = [PREFACE]
    for kind, title in KINDS.items():
        if rows[kind]:
            parts.append(f"## {title}\n\n" + table(["recipe", "what it trains", "length", "took"], rows[kind]))
    return "\n".join(parts)


def read(path: Path) -> dict[str, Any]:
    """A recipe with what it extends filled in; sections are merged field by field."""
    values: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    if "extends" not in values:
        return values
    return _merged(read(path.with_name(f"{values['extends']}.yaml")), values)


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    both = {key: _merged(base[key], value) for key, value in over.items() if _are_sections(base.get(key), value)}
    return {**base, **over, **both}


def _are_sections(base: Any, over: Any) -> bool:
    return isinstance(base, dict) and isinstance(over, dict)


def minutes(lines: list[Line]) -> dict[str, tuple[str, float]]:
    """Of each recipe that was recorded: how long training took, in words and in minutes."""
    found = {}
    for line in lines:
        recipe = line["figure"].replace(",", " ").replace(":", " ").split()[0]
        trained = [part for part in how(line) if " updates in " in part]
        if trained and line["id"][0] == "Q" and recipe not in found:
            words = trained[0].partition(" updates in ")[2].partition(";")[0].partition(" (")[0]
            found[recipe] = (words, line["seconds"] / 60)
    return found
