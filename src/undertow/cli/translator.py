"""A model that translates text, for the verbs that want one."""

from pathlib import Path

from undertow.alphabets import TextAlphabet
from undertow.checkpoint import load
from undertow.errors import UsageError
from undertow.models import Seq2Seq


def load_translator(run: Path, device: str) -> Seq2Seq:
    """The model of a run or checkpoint; see `undertow.checkpoint.load`.

    Raises:
        UsageError: it does not make text of text.
    """
    model = load(run, device)
    if not isinstance(model, Seq2Seq):
        raise UsageError(f"{run} is of kind {model.config.kind}, not one that translates (seq2seq)")
    for alphabet, does in ((model.source_alphabet, "reads"), (model.alphabet, "writes")):
        if not isinstance(alphabet, TextAlphabet):
            real = "sound" if alphabet is None else alphabet.real
            raise UsageError(f"{run} {does} {real}; a model is wanted here that translates text")
    return model


def check_direction(run: Path, model: Seq2Seq, source: str | None, target: str | None) -> None:
    """Hold what is asked for to what the model was trained for; None asks for nothing.

    Raises:
        UsageError: the model translates from or to another language.
    """
    own_source, own_target = model.config.direction
    asked = (source or own_source, target or own_target)
    if asked != (own_source, own_target):
        raise UsageError(
            f"{run} translates from {own_source} to {own_target}, and was not trained for {' to '.join(asked)}"
        )
