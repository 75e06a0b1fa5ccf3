"""Q9: what autoencoders of sound keep of the word and of the speaker, at each of their points, beside cepstra.

    OMP_NUM_THREADS=1 python -m benchmarks.q9_units runs/vqvae-fsdd runs/vae-fsdd runs/ae-fsdd

Of each run: probes for speaker and digit at its points, tested on takes that were held out, with three seeds; bits a
sample with the sound's own latents, with another recording's and with none; what its codes send; and the ABX error of
words across speakers. Beside them, mfcc and fbank. The runs are finished ones of any recipe that represents sound. The
claim that is tested of a VQ: p_bn's accuracy for the speaker is at least halfway from p_proj's to chance, and for the
digit within ten points of p_proj's.

Other data have other targets, and phones in place of words, within the speaker:

    python -m benchmarks.q9_units runs/vqvae-prompts --data prompts --targets phone --abx phones
    python -m benchmarks.q9_units runs/nsynth-notes --data gm_notes --targets pitch instrument_family --abx none
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.record import record
from benchmarks.runs import budget

TARGETS = ("speaker", "digit")
BASELINES = ("mfcc", "fbank")
ABX: dict[str, dict[str, Any]] = {
    "words": {"speaker": "across", "context": "any", "max_size_group": 10, "max_x_across": 5, "seed": 0},
    "phones": {"speaker": "within", "context": "within", "max_size_group": 10, "seed": 0},
}
ITEMS: dict[str, dict[str, Any]] = {"words": {"label": "digit"}, "phones": {"min_seconds": 0.04}}
LOST = 10.0  # points that the digit may lose in the bottleneck


def main() -> None:
    """Probe and score the runs, record each figure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--data", default="fsdd")
    parser.add_argument("--probe", default="linear", choices=["linear", "mlp"])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--targets", nargs="+", default=list(TARGETS), help="what is probed for")
    parser.add_argument("--abx", default="words", choices=[*ABX, "none"], help="whose ABX error")
    options = parser.parse_args()
    rows: list[tuple[str, ...]] = []
    with tempfile.TemporaryDirectory() as folder:
        item = None if options.abx == "none" else _items(options, Path(folder) / "of.item")
        for run in options.runs:
            rows += _run(run, options, item)
        rows += _probed("fbank", "fbank", options, item, "no model", 0.0, "")
    _print(("representation", "point", *options.targets, "ABX error"), rows)


def _run(run: Path, options: argparse.Namespace, item: Path | None) -> Iterator[tuple[str, ...]]:
    from undertow.checkpoint import load, read_card
    from undertow.recipes.run import describe

    model, training = load(run), read_card(run)["training"]
    _score(run, model, options, training)
    yield from _probed(run.name, model, options, item, describe(model), training["seconds"], budget(training))


def _probed(
    name: str, model: Any, options: argparse.Namespace, item: Path | None, shape: str, seconds: float, note: str
) -> Iterator[tuple[str, ...]]:
    """The rows of the table of one representation, whose figures are recorded."""
    import undertow as ut

    kind, is_baseline = options.probe, name in BASELINES
    found = {
        target: ut.probe(model, options.data, target=target, probes=kind, seeds=options.seeds)
        for target in options.targets
    }
    points = list(BASELINES) if is_baseline else list(model.points)  # mfcc is probed beside every other
    is_vq = not is_baseline and "p_proj" in points and bool(model.points["p_bn"].num_codes)
    for point in points:
        cells, place = [], point if is_baseline else f"{name}, {point}"
        for target in options.targets:
            row = found[target].row(point, kind)
            cells.append(f"{row.mean:.1f} ± {row.spread:.1f}")
            told = [f"chance {row.chance:.1f}", f"mfcc {found[target].row('mfcc', kind).mean:.1f}"]
            told += [f"standard deviation {row.spread:.2f} over {len(row.scores)} seeds", *filter(None, [note])]
            aim = _aim(target, found[target].row("p_proj", kind)) if is_vq and point == "p_bn" else ""
            figure = f"{place}: {target}, {kind} probe"
            record("Q9", figure, row.mean, "% right", model=shape, seconds=seconds, target=aim, note="; ".join(told))
        what, at = (point, None) if is_baseline else (model, point)
        error = None if item is None else _abx(item, what, at, options)
        if error is not None:
            how = ", ".join(f"{key} {value}" for key, value in ABX[options.abx].items())
            figure = f"{place}: ABX of {options.abx} {ABX[options.abx]['speaker']} speakers"
            record("Q9", figure, 100 * error, "% error", model=shape, seconds=seconds, note="; ".join([how, note]))
        yield (*((point, "") if is_baseline else (name, point)), *cells, "" if error is None else f"{100 * error:.2f}")


def _aim(target: str, before: Any) -> str:
    """What the claim says of the accuracy behind a bottleneck of codes, given that before it."""
    if target not in TARGETS:
        return ""
    return f"≤ {(before.mean + before.chance) / 2:.1f}" if target == "speaker" else f"≥ {before.mean - LOST:.1f}"


def _score(run: Path, model: Any, options: argparse.Namespace, training: dict[str, Any]) -> None:
    """Record what an autoencoder's decoder needs with its latents and without, and what its codes send."""
    import undertow as ut
    from undertow.evaluation.reconstruction import ReconstructionScore
    from undertow.recipes.run import describe

    if model.scorer != "reconstruction":
        return
    found = ut.score(model, options.data, split="test")
    assert isinstance(found, ReconstructionScore)
    figures: list[tuple[str, float | None, str]] = [
        ("own latents", found.bits, "bits/sample"),
        ("another recording's latents", found.other_bits, "bits/sample"),
        ("no latents", found.none_bits, "bits/sample"),
        ("rate times log2 of the codes", found.sent_bits_per_second, "bits/s"),
        ("entropy of the codes", found.figures.get("code_bits_per_second"), "bits/s"),
        ("information of the latents", found.figures.get("latent_bits_per_second"), "bits/s"),
        ("perplexity of the codes", found.figures.get("perplexity"), "codes"),
        ("active codes", found.figures.get("active_codes"), "codes"),
    ]
    note = "; ".join([f"{found.num_recordings} recordings", *found.lines, budget(training)])
    if "phone" in options.targets and found.figures.get("active_codes") is not None:
        told = ut.units(model, options.data, split="test", score=True, target="phone").quality
        assert told is not None and told.purity is not None
        figures.append((f"PNMI of {told.purity.num_labels} phones", told.purity.pnmi, ""))
        figures += [("phone purity", told.purity.phone_purity, ""), ("cluster purity", told.purity.cluster_purity, "")]
    for what, value, unit in figures:
        if value is not None:
            figure = f"{run.name}: {what}"
            record("Q9", figure, value, unit, model=describe(model), seconds=training["seconds"], note=note)


def _items(options: argparse.Namespace, path: Path) -> Path:
    """An item file of the words or phones of the test split."""
    import undertow as ut

    ut.make_items(options.data, path, **ITEMS[options.abx])
    return path


def _abx(item: Path, model: Any, point: str | None, options: argparse.Namespace) -> float:
    """The ABX error, from 0 to 1."""
    import undertow as ut

    return ut.abx(item, model, at=point, data=options.data, **ABX[options.abx]).error


def _print(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """A table in Markdown."""
    for row in (head, ("---",) * len(head), *rows):
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
