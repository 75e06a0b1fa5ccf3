"""Read lines to translate, and print or write their translations."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from undertow.cli.standard_input import Groups, grouped, standard_input
from undertow.cli.terminal import print_json, show, step_bar, tell
from undertow.data.lines import read_lines
from undertow.decoding.sources import Reading
from undertow.decoding.translating import Translation, Translations, translate_lines
from undertow.errors import UsageError, counted
from undertow.files import atomic_write
from undertow.models import Seq2Seq
from undertow.options import Search

SORTED_BATCHES = 4  # batches of a file sorted together, so that lines of similar length share a batch


class Read:
    """Groups of lines, read when they are asked for.

    Attributes:
        lines: the lines read so far.
        seconds: time spent waiting for them, as at a terminal.
    """

    def __init__(self, groups: Groups) -> None:
        self._groups = groups
        self.lines: list[str] = []
        self.seconds = 0.0

    def __iter__(self) -> Groups:
        began = time.perf_counter()
        for group in self._groups:
            self.seconds += time.perf_counter() - began
            self.lines += group
            yield group
            began = time.perf_counter()
        self.seconds += time.perf_counter() - began


@dataclass(frozen=True)
class Work:
    """A model, its options, and where the translations go.

    Attributes:
        out: a file, written at the end; None prints.
        json: print one object at the end.
        num_lines: number of lines to translate; None if it is not known before they are read.
    """

    path: Path
    model: Seq2Seq
    search: Search
    how: Reading
    out: Path | None
    json: bool
    num_lines: int | None

    def run(self, groups: Groups) -> None:
        """Translate groups of lines, and print or write the translations."""
        began, read = time.perf_counter(), Read(groups)
        made = translate_lines(self.model, read, self.search, self.how)
        lines = tuple(self._shown(made) if self.out is None and not self.json else self._counted(made))
        found = Translations(lines, time.perf_counter() - began - read.seconds)
        if self.out is not None:
            with atomic_write(self.out) as temporary:
                temporary.write_text("".join(map(self._text, lines)), encoding="utf-8", newline="")
        for note in found.notes:
            tell(note)
        print_json(self._as_json(read.lines, found)) if self.json else tell(self._summary(found))

    def _shown(self, made: Iterator[Translation]) -> Iterator[Translation]:
        """The same lines, each printed as soon as its group is done."""
        for line in made:
            show(self._text(line))
            yield line

    def _counted(self, made: Iterator[Translation]) -> Iterator[Translation]:
        """The same lines, counted by a bar if their number is known."""
        with step_bar("translating") as bar:
            for number, line in enumerate(made, start=1):
                if self.num_lines is not None:
                    bar(number, self.num_lines)
                yield line

    def _text(self, line: Translation) -> str:
        """The output for a line: its translation; with several results, a score, a tab and a translation for each."""
        texts = [" ".join(text.splitlines()) for text in line.texts]
        if self.search.n_best == 1 or line.kind in ("empty", "skipped"):
            return texts[0] + "\n"
        return "".join(f"{score:.4f}\t{text}\n" for score, text in zip(line.scores, texts, strict=True))

    def _summary(self, found: Translations) -> str:
        count = len(found.lines)
        where = f", in {self.out}" if self.out is not None else ""
        return (
            f"{counted(count, 'line')} in {found.seconds:.2f} s ({count / found.seconds:,.1f} a second), "
            f"{self._how}{where}"
        )

    @property
    def _how(self) -> str:
        search = f"a beam of {self.search.beam}" if self.search.sampling is None else "sampling"
        return f"{search}, {'cached' if self.search.cached else 'uncached'}"

    def _as_json(self, sources: list[str], found: Translations) -> dict[str, Any]:
        """What `--json` prints."""
        return {
            "model": str(self.path),
            "direction": list(self.model.config.direction),
            "out": None if self.out is None else str(self.out),
            "translations": [
                {
                    "source": source,
                    "kind": line.kind,
                    "num_sentences": line.num_sentences,
                    "texts": list(line.texts),
                    "scores": list(line.scores),
                    "log_probs": list(line.log_probs),
                    "ended": list(line.ended),
                }
                for source, line in zip(sources, found.lines, strict=True)
            ],
            "beam": self.search.beam if self.search.sampling is None else None,
            "length_penalty": self.search.length_penalty if self.search.sampling is None else None,
            "cached": self.search.cached,
            "seconds": found.seconds,
            "notes": list(found.notes),
        }


def lines_of(text: str | None, file: Path | None, batch: int) -> tuple[Groups, int | None]:
    """The lines to translate in groups, without surrounding white space, and their number if it is known.

    Raises:
        UsageError: both a text and a file are given.
        DataError: the file or standard input is not UTF-8, or cannot be read.
    """
    if text is not None and file is not None:
        raise UsageError("give a text or --file, not both")
    if text is not None:
        lines = [line.strip() for line in text.split("\n")]
    elif file is not None:
        lines = read_lines(file)
    else:
        return standard_input(batch), None
    return grouped(lines, SORTED_BATCHES * batch), len(lines)
