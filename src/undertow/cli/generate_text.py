"""`undertow generate` with a model of text: one text is shown as it is written, several when they are done."""

import sys
import time
from pathlib import Path
from typing import Any

from undertow.cli.request import Request
from undertow.cli.terminal import print_json, step_bar, tell
from undertow.files import atomic_write
from undertow.generation import Stream, stream
from undertow.generation.prompts import Prompt, read_prompt

TXT = ".txt"
USUAL_SYMBOLS = 500
CHUNK_STEPS = 4  # of a text that is shown as it is written
HIDDEN_CHUNK_STEPS = 64
CONTROLS = {code: "\ufffd" for code in [*range(0x20), *range(0x7F, 0xA0)] if chr(code) not in "\n\t"}


class Writing:
    """Texts as they grow.

    Attributes:
        texts: what each row has come to, without its prompt.
        seconds: wall-clock seconds spent on the steps.
        interrupted: whether Ctrl-C ended it; the texts hold what came before.
    """

    def __init__(self, chunks: Stream, count: int, shows: bool) -> None:
        self.chunks, self.texts = chunks, [""] * count
        self.seconds, self.interrupted = 0.0, False
        began = time.perf_counter()
        try:
            self._show() if shows else self._collect()
        except KeyboardInterrupt:
            self.interrupted = True
        self.seconds = time.perf_counter() - began

    @property
    def symbols_per_second(self) -> float:
        """Steps of all rows a second of wall clock."""
        return len(self.texts) * self.chunks.num_drawn / self.seconds

    def _show(self) -> None:
        for pieces in self.chunks:
            self._add(pieces)
            show(pieces[0])

    def _collect(self) -> None:
        with step_bar("generating") as bar:
            for pieces in self.chunks:
                self._add(pieces)
                bar(self.chunks.num_drawn, self.chunks.num_steps or 0)

    def _add(self, pieces: list[str]) -> None:
        self.texts = [text + piece for text, piece in zip(self.texts, pieces, strict=True)]


def run(request: Request) -> None:
    """Generate, and print or write what came out; what was written before Ctrl-C is kept."""
    request.refuse("this model writes text, which has no clock; --num-symbols says how much", "seconds")
    paths = [] if request.out is None else _paths(request, request.out)
    asked: Prompt = request.prompt if request.prompt_file is None else request.file
    prompt = None if asked is None else read_prompt(asked, request.model)[0].numpy()  # once: it may be a pipe
    shows = request.count == 1 and not paths and not request.json
    chunks = stream(
        request.model,
        **request.options,
        prompt=prompt,
        num_steps=request.steps(prompt, USUAL_SYMBOLS),
        stop=request.stop or None,
        chunk_steps=CHUNK_STEPS if shows else HIDDEN_CHUNK_STEPS,
    )
    request.tell_notes(chunks.start.notes)
    given: str = request.model.alphabet.decode(chunks.start.prompts[0].numpy())
    if shows:
        show(given)
    writing = Writing(chunks, request.count, shows)
    for path, text in zip(paths, writing.texts, strict=bool(paths)):
        with atomic_write(path) as temporary:
            temporary.write_text(given + text, encoding="utf-8", newline="")
    if request.json:
        print_json(_as_json(writing, given, paths))
    else:
        _print(writing, given, paths, shows)
    if writing.interrupted:
        raise KeyboardInterrupt(f"stopped after {chunks.num_drawn} {request.model.alphabet.unit}s; they are kept")


def show(text: str) -> None:
    """Text on stdout at once: in its encoding, and on a terminal without codes that would control it."""
    encoding = sys.stdout.encoding or "utf-8"
    if sys.stdout.isatty():
        text = text.translate(CONTROLS)
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
    sys.stdout.flush()


def _print(writing: Writing, given: str, paths: list[Path], shows: bool) -> None:
    """The texts where they were not shown before, or their files; then how fast it went, on stderr beside texts."""
    unit = f"{writing.chunks.start.runner.model.alphabet.unit}s"
    if shows:
        show("\n")
    elif paths:
        for path, text in zip(paths, writing.texts, strict=True):
            print(f"{path}  {len(given) + len(text):,} characters")
    else:
        for row, text in enumerate(writing.texts, start=1):
            show(f"--- {row} of {len(writing.texts)}\n{given}{text}\n")
    runner = writing.chunks.start.runner
    line = (
        f"{len(writing.texts)} x {writing.chunks.num_drawn:,} {unit} with {runner.engine}, {runner.precision}: "
        f"{writing.symbols_per_second:,.0f} {unit}/s"
    )
    print(line) if paths else tell(line)


def _as_json(writing: Writing, given: str, paths: list[Path]) -> dict[str, Any]:
    """What `--json` prints."""
    runner = writing.chunks.start.runner
    return {
        "prompt": given,
        "texts": writing.texts,
        "stopped": list(writing.chunks.ended),
        "files": [str(path) for path in paths],
        "unit": runner.model.alphabet.unit,
        "num_symbols": writing.chunks.num_drawn,
        "symbols_per_second": writing.symbols_per_second,
        "engine": runner.engine,
        "precision": runner.precision,
        "num_threads": runner.num_threads,
        "seconds": writing.seconds,
        "notes": list(writing.chunks.start.notes),
    }


def _paths(request: Request, out: Path) -> list[Path]:
    """The files of the texts: of any kind that is named, or numbered .txt ones in a folder."""
    is_file = request.count == 1 and out.suffix and not out.is_dir()
    return request.paths(out, out.suffix.lower() if is_file else TXT, frozenset(), "text")
