"""Complete a model's config from its data: sections of a recipe's plain mapping, alphabets, labels."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from undertow import alphabets
from undertow.alphabets import AlphabetConfig
from undertow.config import config, nearest, parse, to_dict
from undertow.data.told import Label, Side, Told
from undertow.errors import DataError, UsageError, shown

AUTO = "auto"
UNREAD = Label(("0", "1"))  # stands for a label before the data is read

Say = Callable[[str], None]


def section(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    """A section of a recipe, empty if it is not given.

    Raises:
        UsageError: it is a value, not a section.
    """
    found = values.get(name) or {}
    if not isinstance(found, Mapping):
        raise UsageError(f"{name} is {found!r}; it must be a section with keys")
    return dict(found)


def read_alphabet(values: Mapping[str, Any], real: str, name: str = "alphabet") -> Any:
    """The config of an alphabet for a kind of data.

    Args:
        real: the kind of data, such as "sound".
        name: name of the section in the recipe's model.

    Raises:
        UsageError: an unknown kind or key, a wrong value, or an alphabet for another kind of data.
    """
    found = parse(_Alphabet, {"alphabet": values}, "model").alphabet
    if (other := alphabets.ALPHABETS[found.kind].real) != real:
        raise UsageError(f"model.{name}: alphabet '{found.kind}' is for {other}, but the data is {real}")
    return found


def asked_alphabet(values: Mapping[str, Any], told: Told, name: str = "alphabet") -> dict[str, Any]:
    """The section of an alphabet in a recipe's model, with the data's settings for one of its kind."""
    given, usual = section(values, name), dict(told.alphabet or {})
    return usual | given if given.get("kind", usual.get("kind")) == usual.get("kind") else given


def with_alphabet(values: Mapping[str, Any], told: Told, name: str = "alphabet", side: Side = "target") -> Any:
    """A recipe's model with its own alphabet or, if it gives none, the data's, fitted to the texts."""
    found = asked_alphabet(values, told, name)
    if not found:
        return dict(values)  # reading the whole config reports that it is missing
    return {**values, name: to_dict(told.fit(read_alphabet(found, told.real, name), side))}


def choose_label(wanted: Any, told: Told) -> tuple[str, Label]:
    """The label of that name, or with "auto" the only one that sorts the data into classes.

    Raises:
        DataError: the data has no such label, or no useful one.
        UsageError: there are several, and none was chosen.
    """
    if told.labels is None:
        return ("label" if wanted == AUTO else str(wanted)), UNREAD
    known = dict(told.labels)
    if wanted != AUTO:
        if wanted not in known:
            raise DataError(f"the data has no label '{wanted}'{_names(str(wanted), known)}")
        return str(wanted), known[wanted]
    useful = [name for name, label in known.items() if label.is_useful]
    if not useful:
        raise DataError("the data has no label to predict: give it labels by sub-folders or a column of a table")
    if len(useful) > 1:
        raise UsageError(
            f"the data has several labels; choose one: --set model.label={useful[0]} ({', '.join(useful)})"
        )
    return useful[0], known[useful[0]]


def labels_chosen(values: Mapping[str, Any], told: Told, say: Callable[[str], None]) -> dict[str, Any]:
    """A recipe's `conditioner` with the classes of its labels, by `choose_classes` if it only names them."""
    conditioner = section(values, "conditioner")
    if not isinstance(conditioner.get("labels"), Mapping):
        conditioner["labels"] = choose_classes(conditioner.get("labels", []), told, say)
    return conditioner


def choose_classes(wanted: Any, told: Told, say: Say) -> dict[str, Sequence[str]]:
    """Classes, by label name, of the labels that a model is conditioned on.

    Args:
        wanted: a list of names; or "auto", all labels that sort the data into classes; `say` gets the others.

    Raises:
        UsageError: `wanted` is something else.
        DataError: the data has no such label.
    """
    is_list = isinstance(wanted, list | tuple | Mapping) and all(isinstance(one, str) for one in wanted)
    if wanted != AUTO and not is_list:
        said = shown(repr(wanted))
        raise UsageError(f"model.conditioner.labels is {said}; it must be a list of label names, or {AUTO}")
    known = {name: one for name, one in (told.labels or {}).items() if one.classes is not None and not one.of_steps}
    if wanted == AUTO:
        for name, label in known.items():
            if not label.is_useful:
                say(f"ignoring label '{name}': it does not sort the data into classes")
        return {name: list(label.classes or ()) for name, label in known.items() if label.is_useful}
    if told.labels is None:
        return {}
    for name in wanted:
        if name not in known:
            raise DataError(f"the data has no label '{name}'{_names(name, known)}; set model.conditioner.labels")
    return {name: list(known[name].classes or ()) for name in wanted}


def with_rate(values: Mapping[str, Any], told: Told) -> dict[str, Any]:
    """A recipe's model with the sample rate of its data.

    Raises:
        UsageError: the recipe gives a different one.
    """
    if told.real != "sound":
        return dict(values)
    if values.get("sample_rate") not in (None, told.sample_rate):
        raise UsageError(
            f"model.sample_rate is {values['sample_rate']}; set data.sample_rate instead, which the model takes over"
        )
    return {**values, "sample_rate": told.sample_rate}


def refuse_source(values: Mapping[str, Any], told: Told) -> None:
    """Refuse pairs of sequences for a model of single sequences.

    Raises:
        UsageError: the data has sources.
    """
    if told.source is not None:
        kind = values.get("kind", "autoregressive")
        raise UsageError(f"this data is pairs of sequences: it needs a model of kind seq2seq, not {kind}")


def _names(name: str, known: Mapping[str, Any]) -> str:
    return nearest(name, known) if known else "; it has no labels"


@config
class _Alphabet:
    alphabet: AlphabetConfig


def check_rate(features: Any, sample_rate: int | None, name: str = "features") -> None:
    """Refuse frames of another rate than a model's.

    Raises:
        UsageError: they are.
    """
    if features is not None and sample_rate not in (None, features.sample_rate):
        raise UsageError(f"{name}.sample_rate is {features.sample_rate}; the model's sample_rate is {sample_rate}")
