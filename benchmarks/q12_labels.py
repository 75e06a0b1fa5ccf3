"""Q12: labels of every step in one dimension: chunks of English, words of Chinese, phones of speech.

By a context module of dilated convolutions, a plain convolution of the same size, and a BiLSTM, each trained by the
same recipe on one core, with the same updates.

OMP_NUM_THREADS=1 python -m benchmarks.q12_labels chunker-ewt plain --out runs/chunker-plain    # trains if need be
"""

import argparse
from pathlib import Path

from benchmarks.record import record
from benchmarks.runs import budget, ensure

PLAIN = "network.context.dilations=[1,1,1,1,1,1,1]"
NETWORKS = {
    "dilated": [],
    "plain": [PLAIN],
    "bilstm": ["network.kind=bilstm", "network.channels=96"],
}
OTHERS = {"plain": "plain convolution, ", "bilstm": "BiLSTM, "}
UNITS = {"chunker-ewt": "% F1 of chunks", "words-gsd": "% F1 of words", "phones-prompts": "% frames right"}


def main() -> None:
    """Train if needed, score, and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", choices=list(UNITS))
    parser.add_argument("network", choices=list(NETWORKS))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--above", default="", help="the figure of the plain convolution, which it should exceed")
    options = parser.parse_args()
    training = ensure(options.recipe, options.out, changes=NETWORKS[options.network])

    import undertow as ut
    from undertow.checkpoint import read_card
    from undertow.evaluation.tag_scores import TagScore
    from undertow.recipes.card_data import data_of_card
    from undertow.recipes.run import describe

    model = ut.load(options.out)
    found = ut.score(model, data_of_card(read_card(options.out)), split="test")
    assert isinstance(found, TagScore)
    others = {name: f"{name} {100 * one.value:.2f} %" for name, one in found.metrics.items()}
    name = "accuracy" if options.recipe == "phones-prompts" else "f1"
    others.pop(name)
    record(
        "Q12",
        f"{OTHERS.get(options.network, '')}{options.recipe}, test",
        100 * found.metrics[name].value,
        UNITS[options.recipe],
        model=describe(model),
        seconds=training["seconds"],
        target=f"≥ {options.above}" if options.above else "",
        note="; ".join([*others.values(), budget(training)]),
    )


if __name__ == "__main__":
    main()
