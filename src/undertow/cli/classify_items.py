"""Read items to label, and print or write their labels."""

import csv
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from undertow.cli.faults import raise_faults
from undertow.cli.parsing import HYPHEN
from undertow.cli.standard_input import Groups, grouped, standard_input
from undertow.cli.terminal import print_json, show, step_bar, tell
from undertow.data.needs import Predicted
from undertow.errors import UsageError
from undertow.files import atomic_write
from undertow.media import Given
from undertow.models import Model
from undertow.prediction import Prediction
from undertow.prediction.predicting import predict_rows

GROUP = 256  # items read together
TEXT_FILE = ".txt"


def groups_of(items: Sequence[str]) -> Groups:
    """The items in groups, from the command line or from standard input.

    Raises:
        UsageError: there is no item, or - among other items.
        DataError: standard input is not UTF-8; raised as it is read.
    """
    if not items:
        raise UsageError("give texts or files to label, or - to read them from standard input, one on a line")
    if HYPHEN not in items:
        return grouped(list(items), GROUP)
    if len(items) > 1:
        raise UsageError("- reads all items from standard input; give it alone")
    return standard_input(GROUP)


@dataclass(frozen=True)
class Work:
    """A model, its options, and where the labels go.

    Attributes:
        top: classes to print for each item.
        out: a table, written at the end; None prints.
        json: print one object at the end.
        num_items: number of items; None if it is not known before they are read.
        skip_unknown: skip characters that the model does not know.
    """

    path: Path
    model: Model
    top: int
    out: Path | None
    json: bool
    num_items: int | None
    skip_unknown: bool = False

    def run(self, groups: Groups) -> None:
        """Label groups of items, and print or write the labels.

        Raises:
            UsageError: the model predicts a class for each step.
            DataError: an item could not be used; the others are done.
        """
        if self._wanted.of_steps:
            raise UsageError(f"{self.path} predicts a class for each step; use undertow.predict in Python")
        began = time.perf_counter()
        rows = list(self._shown(groups) if self.out is None and not self.json else self._counted(groups))
        seconds = time.perf_counter() - began
        faults = [row.fault for row in rows if row.fault is not None]
        if self.out is not None and len(faults) < len(rows):
            self._write(self.out, rows)
        for row in rows:
            for note in row.notes:
                tell(f"{_one_line(row.name)}: {note}")
        if self.json:
            print_json(self._as_json(rows, seconds))
        elif self.out is not None and len(faults) < len(rows):
            tell(f"{len(rows)} item{'s' * (len(rows) != 1)} in {seconds:.2f} s, in {self.out}")
        raise_faults(faults, len(rows), "items")

    def _shown(self, groups: Groups) -> Iterator[Prediction]:
        """The predictions, each printed as soon as its group is done."""
        for row in self._predicted(groups):
            show(self._text(row) + "\n")
            yield row

    def _counted(self, groups: Groups) -> Iterator[Prediction]:
        """The predictions, with a bar."""
        with step_bar("classifying") as bar:
            for number, row in enumerate(self._predicted(groups), start=1):
                if self.num_items is not None:
                    bar(number, self.num_items)
                yield row

    def _predicted(self, groups: Groups) -> Iterator[Prediction]:
        first = 1
        for group in groups:
            yield from predict_rows(
                self.model, [self._given(word) for word in group], first, skip_bad=True, skip_unknown=self.skip_unknown
            )
            first += len(group)

    def _given(self, word: str) -> Given:
        """What a word stands for: a file, or, for a model of text, the text itself. An empty word is no path."""
        is_text = self.model.needs.alphabet.real == "text"
        is_file = len(word.split()) == 1 and word.lower().endswith(TEXT_FILE)
        return word if not word or (is_text and not is_file) else Path(word)

    def _text(self, row: Prediction) -> str:
        """An item's line: its classes and their probabilities, or its number; and the item."""
        best = list(row.probabilities.items())[: self.top]
        cells = [cell for name, share in best for cell in (name, f"{share:.4f}")]
        if row.fault is not None:
            cells = [""] * (1 if self._classes == () else 2 * min(self.top, len(self._classes)))
        elif not best:
            cells = [f"{row.value:.6g}"]
        return "\t".join([*cells, _one_line(row.name)])

    @property
    def _wanted(self) -> Predicted:
        wanted = self.model.needs.predicted
        assert wanted is not None, "the model can predict"
        return wanted

    @property
    def _classes(self) -> tuple[str, ...]:
        return self._wanted.classes or ()

    def _write(self, out: Path, rows: Sequence[Prediction]) -> None:
        head = ["item", self._wanted.name, *(["probability"] if self._classes else [])]
        with atomic_write(out) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file, delimiter="\t" if out.suffix.lower() == ".tsv" else ",")
            table.writerow([*head, *(f"p({name})" for name in self._classes)])
            for row in rows:
                shares = [row.probabilities.get(name, "") for name in self._classes]
                best = [max(row.probabilities.values(), default="")] if self._classes else []
                table.writerow([row.name, "" if row.value is None else row.value, *best, *shares])

    def _as_json(self, rows: Sequence[Prediction], seconds: float) -> dict[str, Any]:
        """What `--json` prints; `--top` does not shorten it."""
        return {
            "model": str(self.path),
            "label": self._wanted.name,
            "classes": list(self._classes),
            "out": None if self.out is None else str(self.out),
            "items": [
                {
                    "item": row.name,
                    "value": row.value,
                    "probabilities": dict(row.probabilities),
                    "notes": list(row.notes),
                    "fault": row.fault,
                }
                for row in rows
            ],
            "seconds": seconds,
        }


def _one_line(text: str) -> str:
    return " ".join(text.split())
