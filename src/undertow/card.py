"""The card of a checkpoint: where a model comes from, for programs as YAML between --- lines, then for people."""

import re
from collections.abc import Mapping
from platform import python_version
from typing import Any

import torch

from undertow.config import to_dict
from undertow.models import Model
from undertow.plain_yaml import to_yaml
from undertow.version import version

MOST_SHOWN = 1000  # characters of a value; a tokenizer has millions
FRONT_MATTER = re.compile(r"---\n(.*?\n)---\n", re.DOTALL)


def card_text(model: Model, card: Mapping[str, Any]) -> str:
    """Front matter for programs, then the same for people."""
    versions = {"undertow": version(), "python": python_version(), "torch": str(torch.__version__)}
    card = {key: value for key, value in card.items() if key not in ("library_name", "tags", "versions")}
    data = to_dict({"library_name": "undertow", "tags": [model.config.kind], **card, "versions": versions})
    sizes = {"parameters": model.num_parameters}
    if model.num_frozen_parameters:
        sizes["frozen_parameters"] = model.num_frozen_parameters
    sections = {"Model": sizes | to_dict(model.config), **{_title(key): data[key] for key in [*card, "versions"]}}
    text = "".join(f"\n## {title}\n\n{_bullets(value)}" for title, value in sections.items())
    usage = '\n## Use\n\n```python\nimport undertow\n\nmodel = undertow.load("this folder")\n```\n'
    return f"---\n{to_yaml(data)}---\n\n# {_title(model.config.kind)} model\n{text}{usage}"


def front_matter(card: bytes) -> bytes:
    """The part of a card that programs read; people may edit what follows. Empty if there is none."""
    match = re.match(FRONT_MATTER.pattern.encode(), card, re.DOTALL)
    return b"" if match is None else match[0]


def _bullets(value: Any, indent: str = "") -> str:
    """Nested bullets of plain data, one fact a line."""
    if not isinstance(value, Mapping):
        words = " ".join((", ".join(map(str, value)) if isinstance(value, list) else str(value)).split())
        return f"{indent}- {words if len(words) <= MOST_SHOWN else words[:MOST_SHOWN] + ' …'}\n"
    text = ""
    for key, inner in value.items():
        if isinstance(inner, Mapping) and inner:
            text += f"{indent}- {key}:\n{_bullets(inner, indent + '  ')}"
        else:
            text += _bullets(inner, indent).replace("- ", f"- {key}: ", 1)
    return text


def _title(key: str) -> str:
    return key.replace("_", " ").capitalize()
