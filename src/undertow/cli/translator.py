"""Load a model that translates or transcribes."""

from pathlib import Path

from undertow.checkpoint import load
from undertow.decoding.translating import check_translator
from undertow.errors import UsageError
from undertow.models import Seq2Seq, require


def load_translator(run: Path, device: str) -> Seq2Seq:
    """The model of a run or checkpoint; see `undertow.checkpoint.load`.

    Raises:
        UsageError: it does not translate text.
    """
    model = require(load(run, device), "translate", f"{run} is")
    check_translator(model)
    return model


def load_recogniser(run: Path, device: str) -> Seq2Seq:
    """The model of a run or checkpoint; see `undertow.checkpoint.load`.

    Raises:
        UsageError: it does not transcribe sound.
    """
    return require(load(run, device), "transcribe", f"{run} is")


def check_direction(run: Path, model: Seq2Seq, source: str | None, target: str | None) -> None:
    """Check the languages that are asked for against the model's; None asks for none.

    Raises:
        UsageError: the model translates from or to another language.
    """
    reads, writes = model.config.direction
    wrong = [f"from {source}"] if source not in (None, reads) else []
    wrong += [f"to {target}"] if target not in (None, writes) else []
    if wrong:
        raise UsageError(f"{run} translates from {reads} to {writes}, not {' '.join(wrong)}")
