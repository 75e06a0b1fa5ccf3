"""`undertow score`: did it learn?"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from undertow.cli.options import Device, Json

if TYPE_CHECKING:
    from undertow.evaluation import Score


def score(
    run: Path,
    data: str | None = None,
    /,
    *,
    split: str = "test",
    label_pattern: str | None = None,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Bits a sample of held-out clips under a model, beside what models without a network need.

    The baselines: counts of single samples, pairs and triples (unigram, order1, order2) in the train split, the xz
    compressor, and an adaptive linear predictor (lpc).

    Args:
        run: Folder of a run or a checkpoint.
        data: A named set or a folder; by default what the model was trained on.
        split: Which clips: test, validation, train, or all.
        label_pattern: How the folder's file names tell labels, such as `{digit}_{speaker}_{take}`.
    """
    from undertow.checkpoint import read_card
    from undertow.cli.device import pick_device
    from undertow.cli.terminal import print_bits, print_json, tell
    from undertow.recipes import score as score_model
    from undertow.recipes.clips import choose, of_card
    from undertow.recipes.run import load_model

    model = load_model(run, pick_device(device))
    section = choose(of_card(read_card(run)), data)
    if label_pattern is not None:
        section = replace(section, label_pattern=label_pattern)
    found = score_model(model, section, split=split, say=tell)
    if json:
        print_json(as_json(run, str(section.source), found))
        return
    what = f"{run} on {section.source}, {found.split}"
    print(f"{what}: {how(found)}")
    print_bits("this model", found.bits_per_symbol, found.baselines, found.unit)
    if line := other_units(found):
        print(line)
    print(found.verdict)


def how(found: "Score") -> str:
    """How much was scored, of what each symbol was given where that is not all, by what, and how fast."""
    given = "" if found.protocol == "full" else f" ({found.protocol})"
    return (
        f"{found.num_symbols:,} {found.unit}s{given} with {found.engine}, {found.precision}, in {found.seconds:.1f} s"
    )


def other_units(found: "Score") -> str:
    """What no sound is measured in: nats a symbol, and bits a byte of text; nothing of sound."""
    if found.unit == "sample":
        return ""
    per_byte = "" if found.bits_per_byte is None else f", {found.bits_per_byte:.4f} bits/byte"
    return f"{found.nats_per_symbol:.4f} nats/{found.unit}{per_byte}"


def as_json(run: Path, source: str, found: "Score") -> dict[str, Any]:
    """What `--json` prints."""
    return {
        "model": str(run),
        "data": source,
        "split": found.split,
        "bits_per_symbol": found.bits_per_symbol,
        "nats_per_symbol": found.nats_per_symbol,
        "bits_per_byte": found.bits_per_byte,
        "num_symbols": found.num_symbols,
        "unit": found.unit,
        "protocol": found.protocol,
        "symbols_per_second": found.symbols_per_second,
        "engine": found.engine,
        "precision": found.precision,
        "baselines": dict(found.baselines),
        "has_learnt": found.has_learnt,
        "verdict": found.verdict,
        "seconds": found.seconds,
    }
