"""Models that write text of text or of sound, for the verbs that want one."""

from pathlib import Path

from undertow.checkpoint import load
from undertow.errors import UsageError
from undertow.generation.transcribing import check_reads_sound
from undertow.generation.translating import check_translator
from undertow.models import Autoregressive, Model, Seq2Seq


def load_translator(run: Path, device: str) -> Seq2Seq:
    """The model of a run or checkpoint; see `undertow.checkpoint.load`.

    Raises:
        UsageError: it does not make text of text.
    """
    model = load(run, device)
    if isinstance(model, Seq2Seq) and model.source_alphabet is None:
        raise UsageError(f"{run} reads sound; `undertow transcribe` writes what is said in it")
    try:
        check_translator(model)
    except UsageError as error:
        raise _refused(run, model, error) from None
    assert isinstance(model, Seq2Seq)
    return model


def load_recogniser(run: Path, device: str) -> Seq2Seq:
    """The same of a model that makes text of sound.

    Raises:
        UsageError: it does not.
    """
    model = load(run, device)
    if isinstance(model, Seq2Seq) and model.source_alphabet is not None:
        raise UsageError(f"{run} reads {model.source_alphabet.real}; `undertow translate` is for such")
    try:
        check_reads_sound(model)
    except UsageError as error:
        raise _refused(run, model, error) from None
    assert isinstance(model, Seq2Seq)
    return model


def _refused(run: Path, model: Model, error: UsageError) -> UsageError:
    hint = "; `undertow generate` is for such" if isinstance(model, Autoregressive) else ""
    return UsageError(f"{run}: {error}{hint}")


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
