"""Q5: translating Multi30k: BLEU, chrF and likelihood of both test sets, and the speed of decoding.

    python -m benchmarks.q5_multi30k transformer-multi30k --out runs/pair        # trains if there is no run yet
    python -m benchmarks.q5_multi30k transformer-multi30k --to en --out runs/pair-en
    python -m benchmarks.q5_multi30k transformer-multi30k --out runs/pair --mean-of 5     # of its last checkpoints

Every sentence of a test set is translated. Speeds are medians over the same few sentences, cached and uncached, in
turns. Ten translations go to `benchmarks/results/translations/`, for docs/translation.md, and with --picture an
alignment of the first of them is drawn.
"""

import argparse
import statistics
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from benchmarks.record import record
from benchmarks.runs import budget, ensure
from benchmarks.translations import SHOWN, save
from undertow.recipes.recipe import recipe_names

SPLITS = {"test 2016": "test", "test 2017": "test_2017"}
UNITS = {"bleu": "BLEU", "chrf": "chrF"}
TARGETS = {  # of BLEU on test 2016
    ("transformer-multi30k", "de"): "≥ 36",
    ("transformer-multi30k-long", "de"): "≥ 36",
    ("rnn-attention-multi30k", "de"): "≥ 30",
    ("bytenet-multi30k", "de"): "≥ 24",
    ("bytenet-multi30k, on a GPU", "de"): "≥ 28",
    ("transformer-multi30k", "en"): "36.5 (published, of cut words)",
    ("rnn-attention-multi30k", "en"): "28.1 (published, of cut words)",
}


def main() -> None:
    """Train if needed, score, time, and record."""
    options = parsed()
    other = {"de": "en", "en": "de"}[options.to]
    changes = [] if options.to == "de" else ["data.source_language=de", "data.target_language=en"]
    training = ensure(options.recipe, options.out, options.processes, changes)

    import torch

    from undertow.cli.translator import check_direction, load_translator
    from undertow.recipes.run import describe

    model = load_translator(averaged(options.out, options.mean_of), options.device)
    check_direction(options.out, model, other, options.to)
    name = f"{options.recipe} {other}-{options.to}"
    mean = f", mean of {options.mean_of} checkpoints" if options.mean_of else ""
    common = {"model": describe(model) + mean, "seconds": training["seconds"], "device": options.device}
    common["threads"] = torch.get_num_threads()
    trained = budget(training) + (" on one " + training["hardware"] if training["device"] == "cuda" else "")
    on_gpu = ", on a GPU" * (training["device"] == "cuda")
    target = TARGETS.get((options.recipe + on_gpu, options.to)) or TARGETS.get((options.recipe, options.to), "")
    found = {"beam": options.beam, "length_penalty": options.length_penalty, "long_lines": "split"}
    bleu = scores(model, name, found, target, trained, common)
    widen(model, name, found, common)
    speeds(model, name, options.timed, options.rounds, common)
    said = ten(model, found)
    how = f"a beam of {options.beam}, length penalty {options.length_penalty:g}"
    save(name, said, bleu, f"{how}; {describe(model)}{mean}")
    if options.picture is not None:
        draw(model, said[0]["source"], options.picture, name)


def parsed() -> Any:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", choices=[name for name in recipe_names() if "multi30k" in name])
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--to", choices=["de", "en"], default="de", help="language to translate to")
    parser.add_argument("--beam", type=int, default=5)
    parser.add_argument("--length-penalty", type=float, default=0.6, help="0: by likelihood alone, ByteNet's rule")
    parser.add_argument("--mean-of", type=int, default=0, help="average so many of the run's last checkpoints")
    parser.add_argument("--timed", type=int, default=64, help="number of sentences to measure speeds on")
    parser.add_argument("--rounds", type=int, default=5, help="measurements of each speed")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--picture", type=Path, help="where to draw an alignment")
    return parser.parse_args()


def averaged(out: Path, number: int) -> Path:
    """The run, or the mean of its last checkpoints."""
    from undertow.training.checkpoint_average import average

    mean = out / f"mean-of-{number}"
    return out if not number else mean if mean.is_dir() else average(out, last=number, out=mean)


def pairs_of(model: Any, split: str) -> Any:
    """All sentences of a split, in order."""
    from undertow.recipes.tasks.pairs import PairsTask

    source, target = model.config.direction
    data = PairsTask.Config(source="multi30k", source_language=source, target_language=target, long_lines="keep")
    return PairsTask(data, print).read(split, model.needs)


def scores(model: Any, name: str, search: dict[str, Any], target: str, trained: str, common: dict[str, Any]) -> float:
    """Record BLEU, chrF and likelihood of both test sets; BLEU of the first."""
    import undertow as ut
    from undertow.evaluation.pair_likelihood import pair_nats
    from undertow.evaluation.translation_scores import corpus_scores

    first = None
    for told, split in SPLITS.items():
        pairs = pairs_of(model, split)
        found = ut.translate(model, pairs.source_texts, **search)
        for metric, measured in corpus_scores(found.texts, pairs.target_texts).items():
            first = measured.value if first is None else first
            aimed = target if (metric, split) == ("bleu", "test") else ""
            how = f"beam {search['beam']}, length penalty {search['length_penalty']:g}"
            note = f"{how}, {len(pairs)} sentences; {measured.signature}; {trained}"
            unit = UNITS[metric]
            record("Q5", f"{name}: {unit}, {told}", measured.value, unit, target=aimed, note=note, **common)
        nats, number = pair_nats(model, pairs)
        unit = f"nats/{model.alphabet.unit}"
        note = f"{number} {model.alphabet.unit}s of the references, ends among them"
        record("Q5", f"{name}: likelihood, {told}", nats / number, unit, note=note, **common)
    assert first is not None
    return first


def widen(model: Any, name: str, search: dict[str, Any], common: dict[str, Any]) -> None:
    """Record the least gain of test 2016's mean score from one beam to the next."""
    import undertow as ut

    sources = pairs_of(model, "test").source_texts
    means = [ut.translate(model, sources, **{**search, "beam": beam}).mean_score for beam in range(1, 6)]
    gain = min(after - before for before, after in pairwise(means))
    note = "; ".join(f"beam {beam}: {mean:.4f}" for beam, mean in enumerate(means, start=1))
    record(
        "Q5", f"{name}: least gain of the mean score from beam to beam", gain, "nats", target="≥ 0", note=note, **common
    )


def speeds(model: Any, name: str, number: int, rounds: int, common: dict[str, Any]) -> None:
    """Record sentences a second, cached and uncached, at beams 1 and 5, on sentences spread over test 2016."""
    import undertow as ut

    every = pairs_of(model, "test").source_texts
    sources = every[:: max(1, len(every) // number)][:number]
    settings = [(beam, cached) for beam in (1, 5) for cached in (True, False)]
    taken: dict[tuple[int, bool], list[float]] = {setting: [] for setting in settings}
    for _ in range(rounds):
        for beam, cached in settings:
            found = ut.translate(model, sources, beam=beam, cached=cached, batch_size=number, long_lines="split")
            taken[beam, cached].append(found.seconds)
    for (beam, cached), seconds in taken.items():
        record(
            "Q5",
            f"{name}: beam {beam}, {'cached' if cached else 'uncached'}",
            len(sources) / statistics.median(seconds),
            "sentences/s",
            note=f"median of {rounds}, {len(sources)} sentences of test 2016 at once",
            **common,
        )


def ten(model: Any, search: dict[str, Any]) -> list[dict[str, Any]]:
    """Sentences that nobody chose, their references, and the model's translations."""
    import undertow as ut

    pairs = pairs_of(model, "test")
    chosen: Sequence[int] = [number for number in SHOWN if number < len(pairs)]
    made = ut.translate(model, [pairs.source_texts[number] for number in chosen], **search).texts
    return [
        {"number": number, "source": pairs.source_texts[number], "reference": pairs.target_texts[number], "made": text}
        for number, text in zip(chosen, made, strict=True)
    ]


def draw(model: Any, text: str, path: Path, title: str) -> None:
    """A picture of what each piece of a translation is made from."""
    from undertow.pictures.drawing import draw_translation
    from undertow.pictures.translation_map import map_translation

    found = map_translation(model, text)
    path.parent.mkdir(parents=True, exist_ok=True)
    draw_translation(found, path, f"{title}: {found.measure}")


if __name__ == "__main__":
    main()
