"""Plain YAML: text from strangers is read without running or expanding anything in it."""

from collections.abc import Hashable, Mapping
from typing import Any

import yaml

from undertow.errors import DataError, shown

try:  # forty times as fast: a tokenizer of fifty thousand sub-words is two million characters
    from yaml import CSafeDumper as Dumper
    from yaml import CSafeLoader as Loader
except ImportError:  # PyYAML was built without libyaml
    from yaml import SafeDumper as Dumper  # type: ignore[assignment]
    from yaml import SafeLoader as Loader  # type: ignore[assignment]

MOST_NESTED = 64
MOST_TOKENS = 500_000  # words and marks: a list of 100,000 classes has 200,000 of them; a long text is one
MARKS = yaml.TagToken, yaml.AliasToken
OPENING = (
    *(yaml.BlockMappingStartToken, yaml.BlockSequenceStartToken),
    *(yaml.FlowMappingStartToken, yaml.FlowSequenceStartToken),
)
CLOSING = yaml.BlockEndToken, yaml.FlowMappingEndToken, yaml.FlowSequenceEndToken
UNREAD = "tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:merge"  # 2020-01-01 and << stay text


class PlainLoader(Loader):
    """YAML without dates and merging, and with every key once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """The mapping of a node.

        Raises:
            ValueError: a key is there twice.
        """
        lines: dict[Hashable, int] = {}
        for key_node, _ in node.value:
            key, line = self.construct_object(key_node, deep=True), key_node.start_mark.line + 1
            if isinstance(key, Hashable) and key in lines:
                raise ValueError(f"key '{shown(key)}' is on line {lines[key]} and on line {line}; keep one of them")
            if isinstance(key, Hashable):
                lines[key] = line
        return super().construct_mapping(node, deep)


PlainLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in UNREAD]
    for first, resolvers in Loader.yaml_implicit_resolvers.items()
}


def to_yaml(values: Mapping[str, Any]) -> str:
    """Plain values as YAML, in their own order."""
    return yaml.dump(dict(values), Dumper=Dumper, sort_keys=False, allow_unicode=True)


def from_yaml(text: str, where: object) -> dict[str, Any]:
    """The mapping that YAML holds.

    Raises:
        DataError: it is not YAML, not a mapping, nested too deep, too long, names a key twice, has a tag or an alias;
            `where` names the file.
    """
    try:
        values = value_of(text)
    except (yaml.YAMLError, ValueError) as error:
        raise DataError(f"{where} is not plain YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise DataError(f"{where} holds {type(values).__name__}, not keys and values")
    return values


def value_of(text: str) -> Any:
    """The value that YAML holds, of whatever kind.

    Raises:
        YAMLError: it is not YAML.
        ValueError: it is nested too deep or too long, names a key twice, has a tag or an alias, or a number too long to
            read.
    """
    _check_plain(text)
    try:
        return yaml.load(text, PlainLoader)
    except RecursionError:
        raise ValueError(f"it is nested more than {MOST_NESTED} deep") from None
    except ValueError as error:
        if "set_int_max_str_digits" in str(error):
            raise ValueError("it has a whole number of thousands of digits") from None
        raise


def _check_plain(text: str) -> None:
    """Refuse tags and aliases, which can expand, nesting too deep for the parser's stack, and more than is met."""
    depth = 0
    for number, token in enumerate(yaml.scan(text, Loader)):
        if number > MOST_TOKENS:
            raise ValueError(f"it has more than {MOST_TOKENS:,} words and marks")
        if isinstance(token, MARKS):
            line = token.start_mark.line + 1
            raise ValueError(f"it has a tag or an alias on line {line}; only plain values are read")
        depth += isinstance(token, OPENING) - isinstance(token, CLOSING)
        if depth > MOST_NESTED:
            raise ValueError(f"it is nested more than {MOST_NESTED} deep")
