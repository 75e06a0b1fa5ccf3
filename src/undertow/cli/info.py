"""`undertow info`: facts about a trained model."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from undertow.cli.options import Json
from undertow.errors import counted, shown

OF_TRAINING = (
    *("batch_size", "optimizer", "learning_rate", "schedule", "precision", "average", "seed"),
    *("device", "num_threads", "num_processes"),
)

UNTOLD = ("tokenizer",)  # too long; --json has it
MOST_SHOWN = 300  # characters of the names of classes


def info(run: Path, /, *, check: bool = False, json: Json = False) -> None:
    """Show a trained model: its parts, receptive field, training and scores.

    Args:
        run: Folder of a run or a checkpoint.
        check: Compare every file with its digest, also those that only training reads.
    """
    from undertow import checkpoint
    from undertow.checkpoint import load, read_card, resolve
    from undertow.cli.terminal import print_facts, print_json
    from undertow.config import to_dict
    from undertow.native import precision_of
    from undertow.recipes.verdict import verdict

    num_digests = checkpoint.check(run) if check else checkpoint.num_digests(run)
    model = load(run)
    card = read_card(run)
    facts = {
        "path": str(resolve(run)),
        "num_parameters": model.num_parameters,
        **model.facts,
        "exported": precision_of(model),
        "digests": {"num_files": num_digests, "checked": check and num_digests > 0},
        "config": to_dict(model.config),
        "verdict": verdict(run),
        "card": card,
    }
    if json:
        print_json(facts)
    else:
        print_facts(_lines(facts))


def _lines(facts: Mapping[str, Any]) -> dict[str, str]:
    """The facts in words, one line each."""
    config, card, unit = facts["config"], facts["card"], facts["unit"]
    num_symbols = facts["num_symbols"]
    lines = {
        "weights": facts["path"],
        "about": str(card.get("description") or ""),
        "model": f"{config['kind']}, {counted(facts['num_parameters'], 'parameter')}",
        "network": _settings(config.get("network")),
        "alphabet": _settings(config.get("alphabet")) + (f"; {counted(num_symbols, 'symbol')}" if num_symbols else ""),
        "reads": _reads(facts),
        "translates": _direction(config),
        "emission": _settings(config.get("emission")),
        "predicts": _told(config),
        "sample rate": _rate(facts),
        "receptive field": _field(facts),
    }
    if facts["exported"]:
        lines["exported"] = f"to the native engine in {facts['exported']}{_cost(card.get('engine'), unit)}"
    conditioner = config.get("conditioner", {})
    for name, classes in conditioner.get("labels", {}).items():
        lines["labels" if name == "label" else f"label {shown(name)}"] = shown(", ".join(classes), MOST_SHOWN)
    if conditioner.get("features"):
        lines["features"] = _settings(conditioner["features"])
    if order := conditioner.get("linear_prediction"):
        lines["linear prediction"] = f"of order {order}, from the mel frames"
    lines |= {"data": _data(card.get("data"), unit), "training": _training(card.get("training"), card.get("data"))}
    lines |= {"scores": _scores(card.get("scores")), "versions": _settings(card.get("versions"))}
    lines["digests"] = _digests(**facts["digests"])
    lines["verdict"] = facts["verdict"]
    return {name: text for name, text in lines.items() if text}


def _digests(num_files: int, checked: bool) -> str:
    if num_files == 0:
        return "none, so damage to the files would go unnoticed"
    return f"of {counted(num_files, 'file')}" + (
        ", all as they were saved" if checked else "; --check compares them all"
    )


def _told(config: Mapping[str, Any]) -> str:
    """What a classifier or a regressor predicts, and at which step."""
    if "label" not in config:
        return ""
    classes = f" of {len(config['classes']):,}: {', '.join(config['classes'])}" if "classes" in config else ", a number"
    reading = f"; reading {config['reading']}" if "reading" in config else ""
    return shown(config["label"] + classes, MOST_SHOWN) + reading


def _direction(config: Mapping[str, Any]) -> str:
    """What a model reads and what it writes, if it has sources."""
    if "direction" not in config:
        return ""
    source, target = config["direction"]
    return f"{source} to {target}; it reads {_settings(config['source'] or config['features'])}"


def _reads(facts: Mapping[str, Any]) -> str:
    """What text a voice reads."""
    if "reads" not in facts:
        return ""
    words = f", and the pronunciations of {counted(facts['num_words'], 'word')}" if facts["num_words"] else ""
    return f"{facts['num_read']:,} {facts['reads']}{words}"


def _rate(facts: Mapping[str, Any]) -> str:
    if facts.get("sample_rate") is not None:
        return f"{facts['sample_rate']} Hz"
    return "none: its steps are not timed" if facts["unit"] == "sample" else ""


def _field(facts: Mapping[str, Any]) -> str:
    if "sees" in facts:
        return "all, to both sides" if facts["sees"] is None else f"{facts['sees']:,} {facts['unit']}s around each"
    if "receptive_field" not in facts:
        return ""
    if facts["receptive_field"] is None:
        return "all of the past"
    milliseconds = facts["receptive_field_ms"]
    clock = "" if milliseconds is None else f", {milliseconds:.1f} ms"
    return f"{facts['receptive_field']:,} {facts['unit']}s{clock}"


def _data(section: Any, unit: str) -> str:
    """The training data, if the card has it in the form of a recipe's run."""
    if not isinstance(section, Mapping):
        return ""
    parts = [str(section.get("source") or section.get("kind") or "unnamed data")]
    splits = section.get("splits")
    for name, part in splits.items() if isinstance(splits, Mapping) else ():
        num_clips, seconds = _number(part, "num_clips"), _number(part, "seconds")
        num_sequences, num_symbols = _number(part, "num_sequences"), _number(part, "num_symbols")
        if num_clips is not None and seconds is not None:
            parts.append(f"{name} {counted(num_clips, 'clip')}, {seconds / 60:.1f} min")
        elif num_sequences is not None and num_symbols is not None:
            several = f" in {num_sequences:,}" if num_sequences > 1 else ""
            parts.append(f"{name} {counted(num_symbols, unit)}{several}")
    return "; ".join(parts)


def _training(section: Any, data: Any) -> str:
    if not isinstance(section, Mapping):
        return ""
    if (tokens := _number(data, "tokens_per_batch")) is not None:
        section = {**section, "batch_size": f"of {tokens} tokens"}
    done, planned, seconds = (_number(section, name) for name in ("steps", "planned_steps", "seconds"))
    length = (
        "" if done is None else counted(done, "step") if planned is None else f"{done} of {counted(planned, 'step')}"
    )
    length += "" if seconds is None else f" in {seconds / 60:.1f} min"
    settings = _settings({name: section[name] for name in OF_TRAINING if name in section})
    return "; ".join(part for part in (length, settings) if part)


def _scores(section: Any) -> str:
    """The newest validation: its loss in words, and its other figures."""
    found = section.get("validation") if isinstance(section, Mapping) else None
    if not isinstance(found, str):
        return ""
    others = [name for name in section if str(name).startswith("validation_") and name != "validation_loss"]
    figures = {name.removeprefix("validation_"): _number(section, name) for name in others}
    told = [f"{name} {value:.2f}" for name, value in figures.items() if value is not None]
    return ", ".join([f"validation {found}", *told])


def _cost(section: Any, unit: str) -> str:
    """The cost of the export, from the model's card."""
    cost = section.get("cost") if isinstance(section, Mapping) else None
    added, split = _number(cost, "added_bits"), cost.get("split") if isinstance(cost, Mapping) else None
    return "" if added is None else f", {added:+.4f} bits/{unit} on {section.get('data')}, {split}"


def _number(section: Any, name: str) -> float | int | None:
    """The card's value of that name, if it is a number."""
    value = section.get(name) if isinstance(section, Mapping) else None
    return value if isinstance(value, float | int) and not isinstance(value, bool) else None


def _settings(section: Any) -> str:
    """A config's kind, then its other settings that are not None; long ones are cut."""
    if not isinstance(section, Mapping):
        return ""
    words = [str(section["kind"])] if "kind" in section else []
    given = {name: value for name, value in section.items() if name not in ("kind", *UNTOLD) and value is not None}
    return ", ".join([*words, *(f"{name} {shown(value)}" for name, value in given.items())])
