"""Plain YAML: files from strangers are read without running or expanding anything in them."""

from collections.abc import Mapping
from typing import Any

import yaml

from undertow.errors import DataError

try:  # forty times as fast: a tokenizer of fifty thousand sub-words is two million characters
    from yaml import CSafeDumper as Dumper
    from yaml import CSafeLoader as Loader
except ImportError:  # PyYAML was built without libyaml
    from yaml import SafeDumper as Dumper  # type: ignore[assignment]
    from yaml import SafeLoader as Loader  # type: ignore[assignment]

MOST_NESTED = 64
MARKS = yaml.TagToken, yaml.AliasToken
OPENING = (
    *(yaml.BlockMappingStartToken, yaml.BlockSequenceStartToken),
    *(yaml.FlowMappingStartToken, yaml.FlowSequenceStartToken),
)
CLOSING = yaml.BlockEndToken, yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken


def to_yaml(values: Mapping[str, Any]) -> str:
    """Plain values as YAML, in their own order."""
    return yaml.dump(dict(values), Dumper=Dumper, sort_keys=False, allow_unicode=True)


def from_yaml(text: str, where: object) -> dict[str, Any]:
    """The mapping that YAML holds.

    Raises:
        DataError: it is not YAML, not a mapping, nested too deep, or has a tag or an alias; `where` names the file.
    """
    try:
        _check_plain(text, where)
        values = yaml.load(text, Loader)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"{where} is not plain YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise DataError(f"{where} holds {type(values).__name__}, not keys and values")
    return values


def _check_plain(text: str, where: object) -> None:
    """Refuse tags and aliases, which can expand, and nesting too deep for the parser's stack."""
    depth = 0
    for token in yaml.scan(text, Loader):
        if isinstance(token, MARKS):
            line = token.start_mark.line + 1
            raise DataError(f"{where} has a tag or an alias on line {line}; only plain values are read")
        depth += isinstance(token, OPENING) - isinstance(token, CLOSING)
        if depth > MOST_NESTED:
            raise DataError(f"{where} is not plain YAML: it is nested more than {MOST_NESTED} deep")
