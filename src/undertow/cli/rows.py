"""Rows of a stream as they are generated, and their speed.

B rows.
"""

import time
from collections.abc import Callable
from typing import Any

from undertow.cli.growing import Watch
from undertow.cli.terminal import step_bar
from undertow.errors import counted
from undertow.generation import Stream
from undertow.media import Medium

Show = Callable[[str], None]


class Rows:
    """The output of a stream, row by row.

    Attributes:
        prompts: each row's prompt, decoded.
        results: each row's generated part, decoded.
        nums_given: steps of each row's prompt.
        numbers: each row's number, from 0; some are missing if their prompts could not be used.
        faults: why those could not.
        notes: notes for the user on the prompts and the engine.
        prime_seconds: wall-clock seconds spent on the prompts.
        seconds: wall-clock seconds spent on the steps.
        interrupted: whether Ctrl-C ended it; the results hold what was generated before.
    """

    def __init__(
        self,
        chunks: Stream,
        medium: Medium,
        *,
        notes: tuple[str, ...] = (),
        faults: tuple[str, ...] = (),
        prime_seconds: float = 0.0,
        show: Show | None = None,
        watch: Watch | None = None,
    ) -> None:
        """Draw all chunks; `show` prints those of the first row as they come, `watch` is called after each.

        Raises:
            KeyboardInterrupt: Ctrl-C before the first chunk, or in a medium whose results must be whole.
        """
        self.chunks, self.medium, self.notes, self.prime_seconds = chunks, medium, notes, prime_seconds
        self.prompts = [medium.alphabet.decode(prompt.numpy()) for prompt in chunks.start.prompts]
        self.nums_given, self.faults = [len(prompt) for prompt in chunks.start.prompts], faults
        self.numbers = [place.row for place in chunks.start.places]
        self._pieces = [medium.pile() for _ in self.prompts]
        self._watch = watch
        self.interrupted, began = False, time.perf_counter()
        try:
            self._show(show) if show is not None else self._collect()
        except KeyboardInterrupt:
            if medium.whole_steps is not None or not all(self._pieces):
                raise
            self.interrupted = True
        self.seconds = time.perf_counter() - began
        self.results = [medium.join(pieces) for pieces in self._pieces]

    @property
    def num_drawn(self) -> int:
        """Steps of each row."""
        return self.chunks.num_drawn

    @property
    def continued(self) -> list[Any]:
        """Each row with its prompt."""
        return [self.medium.join(parts) for parts in zip(self.prompts, self.results, strict=True)]

    @property
    def begun(self) -> list[Any]:
        """What is drawn so far of each row, with its prompt."""
        return [self.medium.join([prompt, *pieces]) for prompt, pieces in zip(self.prompts, self._pieces, strict=True)]

    @property
    def symbols_per_second(self) -> float:
        """Steps of all rows a second of wall clock."""
        return len(self.prompts) * self.num_drawn / self.seconds

    @property
    def real_time_factor(self) -> float | None:
        """Seconds of work for a second of sound, all rows counted; None if steps are not timed."""
        rate = self.medium.sample_rate
        return None if rate is None else rate / self.symbols_per_second

    @property
    def speed(self) -> str:
        """One line: the size of the output, the engine and the speed."""
        session, unit = self.chunks.start.session, self.medium.alphabet.unit
        threads = counted(session.num_threads, "thread")
        factor = "" if self.real_time_factor is None else f", real-time factor {self.real_time_factor:.2f}"
        calls = "" if session.num_calls is None else f", {counted(session.num_calls, 'model call')}"
        return (
            f"{len(self.prompts)} x {counted(self.num_drawn, unit)} with {session.engine}, {session.precision}, "
            f"{threads}: {self.symbols_per_second:,.0f} {unit}s/s{factor}{calls}"
        )

    @property
    def facts(self) -> dict[str, Any]:
        """What `--json` prints about the stream."""
        session, unit = self.chunks.start.session, self.medium.alphabet.unit
        return {
            "unit": unit,
            "num_symbols": self.num_drawn,
            "symbols_per_second": self.symbols_per_second,
            f"{unit}s_per_second": self.symbols_per_second,
            "sample_rate": self.medium.sample_rate,
            "real_time_factor": self.real_time_factor,
            "engine": session.engine,
            "precision": session.precision,
            "num_threads": session.num_threads,
            **({} if session.num_calls is None else {"model_calls": session.num_calls}),
            "prime_seconds": self.prime_seconds,
            "seconds": self.seconds,
            "notes": list(self.notes),
        }

    def _show(self, show: Show) -> None:
        show(self.prompts[0])
        for pieces in self.chunks:
            self._add(pieces)
            show(pieces[0])

    def _collect(self) -> None:
        with step_bar("generating") as bar:
            for pieces in self.chunks:
                self._add(pieces)
                bar(self.num_drawn, self.chunks.num_steps or 0)
                if self._watch is not None:
                    self._watch(lambda: self.begun)

    def _add(self, pieces: Any) -> None:
        for row, piece in zip(self._pieces, pieces, strict=True):
            row.append(piece)
