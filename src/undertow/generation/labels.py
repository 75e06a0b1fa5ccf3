"""Turn class names that a user gives ("theo", "speaker=theo") into the model's class indices."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from undertow.config import nearest
from undertow.errors import DataError, UsageError, counted

Labels = str | Sequence[str] | Mapping[str, str | Sequence[str | None] | None] | None


def resolve_labels(labels: Labels, classes: Mapping[str, Sequence[str]], count: int) -> dict[str, Tensor]:
    """By name, (count,) int64 class indices; -1 for rows without this label.

    Args:
        labels: "theo" or "speaker=theo", several of these, or {"speaker": "theo"}; a mapping may also give one class
            (or None) for each row.
        classes: the model's class names by label name.
        count: number of rows.

    Raises:
        DataError: the model does not know the label or class; the message names the nearest.
        UsageError: a class without a label name belongs to several labels, a label is given twice, or the number of
            classes is not that of the rows.
    """
    indices = {name: torch.full((count,), -1) for name in classes}
    for name, chosen in by_name(labels, classes).items():
        per_row = [chosen] * count if chosen is None or isinstance(chosen, str) else list(chosen)
        if len(per_row) != count:
            raise UsageError(
                f"{counted(len(per_row), 'class')} of '{name}' for {counted(count, 'row')}; "
                "give one, or one for each row"
            )
        known = [None if one is None else _index(one, name, classes[name]) for one in per_row]
        indices[name] = torch.tensor([-1 if index is None else index for index in known])
    return indices


def classes_in_turn(labels: Sequence[str], classes: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """By name, the classes that words choose, each "theo", "speaker=theo", or several: "speaker=theo,jackson".

    Raises:
        DataError, UsageError: see `resolve_labels`; or one word has classes of several labels.
    """
    found: dict[str, list[str]] = {}
    for word in labels:
        before, separator, after = word.partition("=")
        text = after if separator else word
        parts = [text] if any(text in known for known in classes.values()) else text.split(",")
        names = {next(iter(by_name(f"{before}={part}" if separator else part, classes))) for part in parts}
        if len(names) > 1:
            raise UsageError(f"'{word}' has classes of {' and '.join(sorted(names))}; give each label apart")
        (name,) = names
        if name in found:
            both = [*found[name], *parts]
            raise UsageError(
                f"label '{name}' is given twice: '{both[0]}' and '{text}'; for one after the other give "
                f"{name}={','.join(both)}"
            )
        for part in parts:
            _index(part, name, classes[name])
        found[name] = parts
    return found


def differ_by_row(labels: Labels) -> bool:
    """Whether a mapping gives some label one class for each row."""
    values = labels.values() if isinstance(labels, Mapping) else ()
    return any(value is not None and not isinstance(value, str) for value in values)


def of_rows(labels: Labels, rows: Sequence[int]) -> Labels:
    """The labels of some rows: a mapping's classes for each row are picked, anything else is for all."""
    if not isinstance(labels, Mapping):
        return labels
    return {
        name: value if value is None or isinstance(value, str) else [value[row] for row in rows]
        for name, value in labels.items()
    }


def by_name(labels: Labels, classes: Mapping[str, Sequence[str]]) -> dict[str, str | Sequence[str | None] | None]:
    """The labels as a mapping from names that the model knows to classes, which are not checked.

    Raises:
        DataError, UsageError: see `resolve_labels`.
    """
    if labels is None:
        return {}
    if isinstance(labels, Mapping):
        for name in labels:
            _check_name(name, classes)
        return dict(labels)
    found: dict[str, str | Sequence[str | None] | None] = {}
    for text in [labels] if isinstance(labels, str) else labels:
        name, separator, chosen = text.partition("=")
        if separator:
            _check_name(name, classes)
        else:
            name, chosen = _name_of(text, classes), text
        if name in found:
            raise UsageError(f"label '{name}' is given twice: '{found[name]}' and '{chosen}'")
        found[name] = chosen
    return found


def labels_for(
    classes: Mapping[str, Sequence[str]], given: Labels, own: Mapping[str, str]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """The class of each label to draw a sound with, and a note on labels that are left open.

    Args:
        classes: the class names of the decoder, by label.
        given: the classes that the user names; see `resolve_labels`.
        own: the labels of the sound, where they are known. Those that the decoder does not know are left out.

    Raises:
        UsageError: a label is given several classes, or twice.
        DataError: the decoder does not know a label or class.
    """
    wanted = by_name(given, classes)
    for name, value in wanted.items():
        if value is not None and not isinstance(value, str):
            raise UsageError(f"label '{name}' has several classes; a sound is drawn with one")
    chosen = {name: own[name] for name in classes if own.get(name) in classes[name]}
    chosen |= {name: value for name, value in wanted.items() if isinstance(value, str)}
    resolve_labels(chosen, classes, 1)
    left = [name for name in classes if name not in chosen]
    if not left:
        return chosen, ()
    such = f"{left[0]}={classes[left[0]][0]}"
    return chosen, (f"drawn without {' and '.join(left)}; give it as a label, such as {such}",)


def _name_of(chosen: str, classes: Mapping[str, Sequence[str]]) -> str:
    """The one label that has the class `chosen`."""
    names = [name for name, known in classes.items() if chosen in known]
    if len(names) > 1:
        raise UsageError(f"'{chosen}' is a {' and a '.join(names)}; write {names[0]}={chosen}")
    if not names:
        everything = sorted({one for known in classes.values() for one in known})
        _refuse_without_labels(classes, chosen)
        raise DataError(f"unknown label '{chosen}'{nearest(chosen, everything)}")
    return names[0]


def _check_name(name: str, classes: Mapping[str, Sequence[str]]) -> None:
    if name not in classes:
        _refuse_without_labels(classes, name)
        raise DataError(f"unknown label '{name}'{nearest(name, classes)}")


def _refuse_without_labels(classes: Mapping[str, Sequence[str]], wanted: str) -> None:
    if not classes:
        raise DataError(f"label '{wanted}': this model was trained without labels; leave it out")


def _index(chosen: str, name: str, known: Sequence[str]) -> int:
    if chosen not in known:
        raise DataError(f"unknown {name} '{chosen}'{nearest(chosen, list(known))}")
    return list(known).index(chosen)
