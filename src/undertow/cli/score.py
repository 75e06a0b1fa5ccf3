"""`undertow score`: did it learn?"""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from undertow.cli.options import Device, Json
from undertow.errors import UsageError
from undertow.options import Beam, Flat

if TYPE_CHECKING:
    from undertow.evaluation import Score


def score(
    run: Path,
    data: str | None = None,
    /,
    *,
    split: str | None = None,
    label_pattern: str | None = None,
    protocol: Literal["full", "windows"] = "full",
    metric: str | None = None,
    search: Annotated[Beam | None, Flat] = None,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Bits a symbol of held-out data under a model, beside what models without a network need; errors; BLEU.

    The baselines: counts of single symbols, pairs and triples (unigram, order1, order2) in the train split, the xz
    compressor, and of sound an adaptive linear predictor (lpc). For a classifier: its error rate. For a translator:
    BLEU and chrF by sacreBLEU, with its signatures, and the likelihood of the references (nll). For a recogniser of
    speech: the word error.

    Args:
        run: Folder of a run or a checkpoint.
        data: A named set, a folder or a file; by default what the model was trained on.
        split: Part: test, validation, train, of speech speaker, of sound, pairs, tables all; test when not given.
        label_pattern: How the folder's file names tell labels, such as `{digit}_{speaker}_{take}`.
        protocol: Of text and the like: full, each symbol given all before it; windows, the mean over random windows.
        metric: Of a translator: any of bleu,chrf,nll; all by default.
    """
    from undertow.checkpoint import load, read_card
    from undertow.cli.device import pick_device
    from undertow.cli.score_lines import facts_of, lines_of
    from undertow.cli.terminal import print_bits, print_json, tell
    from undertow.evaluation import Score
    from undertow.recipes.card_data import data_for
    from undertow.recipes.scoring import score as score_model
    from undertow.recipes.tasks import TASKS

    metrics = [] if metric is None else [name.strip().lower() for name in metric.split(",")]
    model = load(run, pick_device(device))
    section = data_for(model, read_card(run), data, label_pattern)
    if section is None:
        raise UsageError(f"{run} does not say what it was trained on: name a set, a folder or a file")
    found = score_model(
        model,
        section,
        split=split,
        protocol=protocol,
        metrics=metrics,
        say=tell,
        **({} if search is None else asdict(search)),
    )
    source = TASKS[section.kind].name(section)
    what = f"{run} on {source}, {found.split}"
    if json:
        facts = bits(found) if isinstance(found, Score) else facts_of(found)
        print_json({"model": str(run), "data": source, **facts})
        return
    if not isinstance(found, Score):
        print("\n".join(lines_of(what, found)))
        return
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


def bits(found: "Score") -> dict[str, Any]:
    """What `--json` prints of a likelihood."""
    return {
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
