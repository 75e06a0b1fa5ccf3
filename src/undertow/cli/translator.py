"""Models that write text of text or of sound, for the verbs that want one."""

from pathlib import Path

from undertow.checkpoint import load
from undertow.decoding.translating import check_translator
from undertow.errors import UsageError
from undertow.models import Seq2Seq, require


def load_translator(run: Path, device: str) -> Seq2Seq:
    """The model of a run or checkpoint; see `undertow.checkpoint.load`.

    Raises:
        UsageError: it does not make text of text.
    """
    model = require(load(run, device), "translate", f"{run} is")
    check_translator(model)
    return model


def load_recogniser(run: Path, device: str) -> Seq2Seq:
    """The same of a model that makes text of sound.

    Raises:
        UsageError: it does not.
    """
    return require(load(run, device), "transcribe", f"{run} is")


def check_direction(run: Path, model: Seq2Seq, source: str | None, target: str | None) -> None:
    """Hold what is asked for to what the model was trained for; None asks for nothing.

    Raises:
        UsageError: the model translates from or to another language.
    """
    reads, writes = model.config.direction
    wrong = [f"--from {source} is not what it reads"] if source not in (None, reads) else []
    wrong += [f"--to {target} is not what it writes"] if target not in (None, writes) else []
    if wrong:
        raise UsageError(f"{run} translates from {reads} to {writes}; {', and '.join(wrong)}")
