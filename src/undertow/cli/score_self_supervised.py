"""The output of `undertow score` for models that learn without labels: contrastive and masked ones."""

from undertow.errors import counted
from undertow.evaluation.contrast_score import ContrastScore
from undertow.evaluation.masked_score import GUESSES, MaskedScore

SOURCES = {"within": "the same sound", "others": "other sounds of a batch", "batch": "all sounds of a batch"}


def contrast_lines(what: str, found: ContrastScore) -> list[str]:
    """The scores of a contrastive model in words."""
    ahead = []
    for place, share in enumerate(found.accuracy_ahead, start=1):
        step = f"{place}" if found.hop_seconds is None else f"{1000 * place * found.hop_seconds:.0f} ms"
        ahead.append(f"{step} -" if share is None else f"{step} {share:.1%}")
    return [
        f"{what}: {counted(found.num_predictions, 'prediction')} in {found.seconds:.1f} s, each among "
        f"{counted(found.num_negatives, 'negative')} from {SOURCES[found.negatives]}",
        f"accuracy {found.accuracy:.2%}, {found.chance_accuracy:.2%} by guessing",
        f"{found.nats:.4f} nats/prediction, {found.chance:.4f} by guessing",
        f"accuracy by distance: {', '.join(ahead)}",
        found.verdict,
    ]


def masked_lines(what: str, found: MaskedScore) -> list[str]:
    """The scores of a masked model in words."""
    guess, unit = GUESSES[found.hidden]
    accuracy = "" if found.accuracy is None else f"; accuracy {found.accuracy:.2%}"
    return [
        f"{what}: {counted(found.num_hidden, f'hidden {found.hidden}')} in {found.seconds:.1f} s",
        f"{found.error:.4f} {unit}, {found.baseline:.4f} by {guess}{accuracy}",
        found.verdict,
    ]
