"""The items that `undertow tag` reads, and what it writes: CoNLL's layout, spaced text, CTM, Audacity's labels."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from undertow.cli.outputs import check_file, check_not_read
from undertow.cli.parsing import HYPHEN
from undertow.cli.standard_input import standard_input
from undertow.data.audacity import audacity_text
from undertow.data.ctm import ctm_text
from undertow.data.sound_formats import is_sound
from undertow.data.tagged import TEXTS
from undertow.data.walk import files_below
from undertow.errors import DataError, UsageError
from undertow.files import atomic_write
from undertow.media.paths import check_place
from undertow.models import Model
from undertow.prediction.tagging import Tagged, Tagging

CTM, AUDACITY = ".ctm", ".txt"
LINES = 256  # of standard input at once
LONGEST_PATH = 4096  # characters; a text may be longer


def given_items(model: Model, words: Sequence[str]) -> list[str | Path]:
    """What the words of the command line stand for: files, those of folders, or texts themselves.

    Raises:
        UsageError: there is no item, - is among others, or a model of sound is to read standard input.
        DataError: a folder holds no file that the model could read, or standard input is not UTF-8.
    """
    of_sound = model.needs.features is not None
    if not words:
        raise UsageError(f"give {'sounds' if of_sound else 'texts or files'} to label, or a folder of them")
    if HYPHEN in words:
        if len(words) > 1 or of_sound:
            raise UsageError("- reads texts from standard input, for a model of text; give it alone")
        return ["\n".join(line for group in standard_input(LINES) for line in group)]
    found: list[str | Path] = []
    for number, word in enumerate(words, start=1):
        path = Path(word)
        if of_sound and not word:
            raise UsageError(f"item {number}: the name of its file is empty")
        if word and len(word) < LONGEST_PATH and path.is_dir():
            names = files_below(path).names
            those = [name for name in names if (is_sound(name) if of_sound else name.lower().endswith(TEXTS))]
            if not those:
                raise DataError(f"{path} holds no {'sound' if of_sound else 'text'} to label")
            found += [path / name for name in those]
        elif of_sound or _is_file(word):
            found.append(path)
        else:
            found.append(word)
    return found


def _is_file(word: str) -> bool:
    """Whether a word is the name of a file of text, and not a text: it has the suffix of one, or is there."""
    is_name = len(word.split()) == 1 and word.lower().endswith(TEXTS)
    return is_name or (len(word) < LONGEST_PATH and Path(word).is_file())


@dataclass(frozen=True)
class Written:
    """Where the labels of items go; `out` None: nowhere but to standard output.

    Raises:
        UsageError: `out` cannot be written, would overwrite an input, or is no kind of file for these labels.
    """

    model: Model
    out: Path | None
    given: Sequence[str | Path]

    def __post_init__(self) -> None:
        if self.out is None:
            return
        if not self._of_sound:
            check_file(self.out, self._read)
        elif self._is_folder:
            check_place(self.out / AUDACITY[1:] if self.out.is_dir() else self.out)
        elif self.out.suffix.lower() not in (CTM, AUDACITY):
            raise UsageError(f"out is {self.out}; give a file ending in {CTM}, in {AUDACITY} for Audacity, or a folder")
        elif self.out.suffix.lower() == AUDACITY and len(self.given) > 1:
            raise UsageError(f"out is {self.out}, for one sound; give a file ending in {CTM}, or an existing folder")
        else:
            check_file(self.out, self._read)

    def text(self, items: Sequence[Tagged]) -> str:
        """The labels of all items as text: CoNLL's layout, spaced lines, or a CTM."""
        if self._of_sound:
            return ctm_text({Path(one.name).stem: one.intervals for one in items if one.fault is None})
        if self.model.needs.alphabet.unit == "character":
            return "".join(f"{one.text}\n" for one in items if one.fault is None)
        return "\n".join(_conll(one) for one in items if one.fault is None)

    def write(self, items: Sequence[Tagged]) -> list[Path]:
        """Write the files, each whole or not at all; their paths."""
        if self.out is None:
            return []
        usable = [one for one in items if one.fault is None]
        if self._is_folder:
            texts = {self.out / f"{Path(one.name).stem}{AUDACITY}": audacity_text(one.intervals) for one in usable}
            if len(texts) < len(usable):
                raise DataError(f"two sounds have one name, and each would be a file in {self.out}; give a .ctm")
            check_not_read(texts, self._read)
        elif self._of_sound and self.out.suffix.lower() == AUDACITY:
            texts = {self.out: audacity_text(usable[0].intervals)}
        else:
            texts = {self.out: self.text(items)}
        for path, text in texts.items():
            with atomic_write(path) as temporary:
                temporary.write_text(text, encoding="utf-8", newline="")
        return list(texts)

    @property
    def _of_sound(self) -> bool:
        return self.model.needs.features is not None

    @property
    def _is_folder(self) -> bool:
        return self.out is not None and self._of_sound and self.out.is_dir()

    @property
    def _read(self) -> list[Path]:
        return [one for one in self.given if isinstance(one, Path)]


def as_json(found: Tagging) -> dict[str, Any]:
    """What `--json` prints."""
    return {
        "items": [
            {
                "item": one.name,
                "sentences": [{"tokens": list(part.tokens), "tags": list(part.tags)} for part in one.sentences],
                "intervals": [{"start": part.start, "stop": part.stop, "label": part.label} for part in one.intervals],
                "notes": list(one.notes),
                "fault": one.fault,
            }
            for one in found.items
        ],
        "seconds": found.seconds,
    }


def _conll(item: Tagged) -> str:
    """The sentences in CoNLL's layout: the columns of the input and the tag, divided by tabs if a token has a space."""
    rows = [[[*columns, tag] for columns, tag in zip(one.columns, one.tags, strict=True)] for one in item.sentences]
    spaced = any(" " in cell or not cell for part in rows for cells in part for cell in cells)
    divider = "\t" if spaced else " "
    return "\n".join("".join(f"{divider.join(cells)}\n" for cells in part) for part in rows)
