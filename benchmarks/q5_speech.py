"""Q5: word error of spoken digits written letter by letter, on held-out takes and on a speaker who was left out.

    python -m benchmarks.q5_speech rnn-attention-fsdd --out runs/rnn-attention-fsdd     # trains if there is no run

Two runs of one recipe: of all six speakers, scored on takes 0 to 4 of each digit; and of five, in `OUT-without-theo`,
scored on all clips of the sixth. The speaker was named before anything was trained, and no setting was chosen by their
clips.
"""

import argparse
from pathlib import Path

from benchmarks.record import record
from benchmarks.runs import budget, ensure

RECIPES = ("rnn-attention-fsdd", "transformer-fsdd")
SPEAKER = "theo"
BEAM = 5


def main() -> None:
    """Train if needed, score, and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipe", choices=RECIPES)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    without = options.out.with_name(f"{options.out.name}-without-{SPEAKER}")
    ensure(options.recipe, options.out)
    ensure(options.recipe, without, changes=[f"data.held_out_speaker={SPEAKER}"])
    tell(options.recipe, options.out, "test", "takes that were held out")
    tell(options.recipe, without, "speaker", f"{SPEAKER}, who was left out")


def tell(recipe: str, out: Path, split: str, what: str) -> None:
    """Score one split of a run, and record its word error."""
    from undertow.checkpoint import load, read_card
    from undertow.evaluation.word_error import Heard
    from undertow.recipes.card_data import data_for
    from undertow.recipes.run import describe
    from undertow.recipes.scoring import score

    model, card = load(out), read_card(out)
    found = score(model, data_for(model, card, None), split=split, beam=BEAM)
    assert isinstance(found, Heard)
    training = read_card(out / "last")["training"]
    errors = f"{found.words.wrong} of {found.words.number} words, character error {found.characters.rate:.2%}"
    record(
        "Q5",
        f"{recipe}, word error, {what}",
        100 * found.words.rate,
        "%",
        model=describe(model),
        seconds=training["seconds"],
        note=f"{errors}, {found.nats_per_symbol:.4f} nats/character; beam {BEAM}; {budget(training)}",
    )


if __name__ == "__main__":
    main()
