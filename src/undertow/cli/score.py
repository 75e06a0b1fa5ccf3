"""`undertow score`: how good a model is on held-out data."""

import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from undertow.cli.options import Device, Json
from undertow.errors import UsageError, counted
from undertow.options import Beam, Flat

if TYPE_CHECKING:
    from undertow.evaluation import Score
    from undertow.evaluation.sound_score import SoundScore


def score(
    run: Path,
    data: str | None = None,
    /,
    *,
    split: str | None = None,
    label_pattern: str | None = None,
    protocol: Literal["full", "windows"] = "full",
    metric: str | None = None,
    collar: float = 20.0,
    skip_unknown: bool = False,
    ignore_labels: bool = False,
    teacher: Path | None = None,
    per_file: bool = False,
    out: Path | None = None,
    search: Annotated[Beam | None, Flat] = None,
    allow_code: bool = False,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Score a model on held-out data: bits per symbol, compared with simple baselines.

    The baselines are counts of single symbols, pairs and triples in the train split (unigram, order1, order2), the xz
    compressor, for sound an adaptive linear predictor (lpc) and, for images, uniform pixels and the size of PNG and
    lossless WebP files (png, webp). A classifier is scored by its accuracy, a translator
    by BLEU and chrF (sacreBLEU, with signatures) and the likelihood of the references (nll), a speech recogniser by its
    word error, and a tagger by the F1 of chunks, words or boundaries, each with its definition; a contrastive model by
    how often it tells the true future, and a masked one by its error on what is hidden, beside guesses. Files that
    cannot be used are left out, named and counted; the exit status is 1 if none is left.

    With mcd and the like, held-out sounds are compared with those that the model draws again from their features or
    latents; or the sounds of two folders, paired by name: `undertow score generated/ originals/ --metric mcd`.

    Args:
        run: Folder of a run or a checkpoint; or a folder of sounds, or one sound.
        data: A named set, a folder or a file; by default the data that the model was trained on.
        split: Split to score: test (default), validation or train; all, for sound, pairs and tables; speaker, for
            speech.
        label_pattern: Labels in the folder's file names, such as `{digit}_{speaker}_{take}`.
        protocol: For text and the like: full, each symbol given all before it; or windows, the mean over random
            windows.
        metric: For a translator: any of bleu,chrf,nll; for labels of pixels any of
            miou,miou-image,pixel-accuracy,per-class; for labels of steps f1,f1-strict,accuracy,boundary-f; to
            compare sounds mcd,mcd-dtw,lsd,mstft,f0,voicing,pesq,stoi,mos; by default all that apply.
        collar: Milliseconds by which a boundary between labels of frames may be off, for boundary-f.
        skip_unknown: Skip characters that the model does not know, and say how many; by default they are an error.
        ignore_labels: Score as if no label, such as the speaker, were known; by default only classes that the model
            does not know count as unknown.
        teacher: For a student, folder of the model that it learnt from; by default the one that its card names.
        per_file: Score each file, or sequence, too, and name those that stand out.
        out: A CSV file for these scores, the least probable first.
        allow_code: Run the code that the model names as its front end; only for models from people you trust.
    """
    from undertow.checkpoint import load, read_card
    from undertow.cli.outputs import check_file
    from undertow.cli.score_lines import each_lines, facts_of, lines_of
    from undertow.cli.terminal import print_bits, print_json, put, step_bar, tell
    from undertow.device import pick_device
    from undertow.evaluation import Score
    from undertow.evaluation.sequence_scores import ranked, write_scores
    from undertow.evaluation.sound_score import SoundScore
    from undertow.recipes.card_data import data_for
    from undertow.recipes.scoring import score as score_model
    from undertow.recipes.sound_pairs import are_sounds
    from undertow.recipes.tasks import TASKS
    from undertow.recipes.teaching import teacher_of

    if out is not None:
        if not per_file:
            raise UsageError("out is the file of the scores of --per-file; give both")
        check_file(out, [run] if data is None else [run, Path(data)])
    metrics = [] if metric is None else [name.strip().lower() for name in metric.split(",")]
    model: Any = run
    section: Any = data
    if not are_sounds(run, data):
        model = load(run, pick_device(device), allow_code=allow_code)
        section = data_for(model, read_card(run), data, label_pattern)
        if section is None:
            raise UsageError(f"the card of {run} names no data; give a named set, a folder or a file")
        teacher = Path(teacher_of(run)) if model.is_taught and teacher is None and not metrics else teacher
    with step_bar("scoring") as bar:
        found = score_model(
            model,
            section,
            split=split,
            progress=bar,
            protocol=protocol,
            metrics=metrics,
            collar=collar / 1000,
            skip_unknown=skip_unknown,
            ignore_labels=ignore_labels,
            teacher=teacher,
            say=tell,
            **({} if search is None else asdict(search)),
        )
    if isinstance(found, SoundScore):
        _show_sounds(run, data or TASKS[section.kind].name(section), found, per_file, out, json)
        return
    source = TASKS[section.kind].name(section)
    what = f"{run} on {source}, {found.split}"
    each = list(found.sequences) if isinstance(found, Score) else []
    if per_file and not each:
        raise UsageError("--per-file is for models that are scored by likelihood, each symbol given all before it")
    if out is not None:
        write_scores(out, each)
    if json:
        facts = bits(found) if isinstance(found, Score) else facts_of(found)
        more = {"files": [{**one._asdict(), "bits_per_symbol": one.bits_per_symbol} for one in ranked(each)]}
        print_json({"model": str(run), "data": source, **facts, **(more if per_file else {})})
        return
    if not isinstance(found, Score):
        put("\n".join(lines_of(what, found)))
        return
    put(f"{what}: {how(found)}")
    print_bits("this model", found.bits_per_symbol, found.baselines, found.unit)
    if line := other_units(found):
        put(line)
    if per_file:
        put("\n".join(each_lines(each, found.unit, out)))
    put(found.verdict)


def _show_sounds(run: Path, source: str, found: "SoundScore", per_file: bool, out: Path | None, json: bool) -> None:
    from undertow.cli.faults import raise_faults
    from undertow.cli.score_sounds import as_json, each_lines, lines
    from undertow.cli.terminal import print_json, put
    from undertow.evaluation.sound_score import write_figures

    if out is not None:
        write_figures(out, found)
    if json:
        print_json({"model": str(run), "data": source, **as_json(found, per_file)})
    else:
        what = f"{run} beside {source}" if found.split == "pairs" else f"{run} on {source}, {found.split}"
        put("\n".join([*lines(what, found), *(each_lines(found, out) if per_file else [])]))
    raise_faults(found.faults, len(found.sounds) + len(found.faults), "pairs")


def how(found: "Score") -> str:
    """How much was scored, with which protocol and engine, and in which time."""
    given = "" if found.protocol == "full" else f" ({found.protocol})"
    return (
        f"{counted(found.num_symbols, found.unit)}{given} with {found.engine}, {found.precision}, "
        f"in {found.seconds:.1f} s"
    )


def other_units(found: "Score") -> str:
    """Nats per symbol, and bits per byte of text; of images nats each, beside uniform pixels; empty for sound."""
    if found.unit == "sample":
        return ""
    if found.nats_per_image is not None and found.bits_per_dim is not None and found.shape is not None:
        pixels = found.shape[0] * found.shape[1]
        uniform = found.baselines["uniform"] * found.num_symbols / found.num_sequences * math.log(2)
        return (
            f"{found.nats_per_image:.2f} nats/image (uniform = {uniform:.2f}), {found.bits_per_dim:.4f} bits/dim, "
            f"{found.nats_per_image / pixels / math.log(2):.4f} bits/pixel"
        )
    per_byte = "" if found.bits_per_byte is None else f", {found.bits_per_byte:.4f} bits/byte"
    return f"{found.nats_per_symbol:.4f} nats/{found.unit}{per_byte}"


def bits(found: "Score") -> dict[str, Any]:
    """The `--json` output for a likelihood."""
    return {
        "split": found.split,
        "bits_per_symbol": found.bits_per_symbol,
        "nats_per_symbol": found.nats_per_symbol,
        "bits_per_byte": found.bits_per_byte,
        **({} if found.shape is None else {"nats_per_image": found.nats_per_image, "bits_per_dim": found.bits_per_dim}),
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
