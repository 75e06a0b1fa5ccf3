"""The output of `undertow score` for a speech recogniser."""

from typing import Any

from undertow.errors import counted
from undertow.evaluation.word_error import Heard


def as_json(found: Heard) -> dict[str, Any]:
    """The `--json` output."""
    return {
        "split": found.split,
        "num_clips": found.num_clips,
        "word_error": found.words.rate,
        "wrong_words": found.words.wrong,
        "num_words": found.words.number,
        "character_error": found.characters.rate,
        "constant": found.constant,
        "nats_per_symbol": found.nats_per_symbol,
        "mistakes": [{"said": said, "written": written, "count": count} for said, written, count in found.mistakes],
        "beam": found.search.beam,
        "length_penalty": found.search.length_penalty,
        "has_learnt": found.has_learnt,
        "verdict": found.verdict,
        "seconds": found.seconds,
    }


def lines(what: str, found: Heard) -> list[str]:
    """The errors in words, and the most common mistakes."""
    words, characters = found.words, found.characters
    facts = [
        f"{what}: {counted(found.num_clips, 'clip')} with a beam of {found.search.beam} and a length penalty of "
        f"{found.search.length_penalty:g} in {found.seconds:.1f} s",
        f"word error {words.rate:.2%} ({words.wrong:,} of {counted(words.number, 'word')}), character error "
        f"{characters.rate:.2%}; {found.constant:.2%} of the words by always writing the most common text",
        f"{found.nats_per_symbol:.4f} nats per symbol of the true texts",
    ]
    if found.mistakes:
        shown = (f"{true!r} as {written!r} {count}x" for true, written, count in found.mistakes)
        facts.append(f"mistakes: {', '.join(shown)}")
    return [*facts, found.verdict]
