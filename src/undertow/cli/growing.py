"""Show results while they grow: what is drawn of them so far, in a file beside the one that they go into in the end."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from undertow.cli.terminal import tell
from undertow.media import Medium

EVERY_SECONDS = 2.0
LEAST_BETWEEN = 10  # times as long as writing takes
Beginnings = Callable[[], Sequence[Any]]
Watch = Callable[[Beginnings], None]


@contextmanager
def growing(medium: Medium, paths: Sequence[Path], captions: Sequence[str] = ()) -> Iterator[Watch]:
    """A function that is called with the beginnings of results now and then, and writes them every two seconds.

    They go into `grid.part.png` while `grid.png` is made, if the medium gathers results and there is one file; this is
    removed at the end, whatever ends it. A file that has this name already stays as it is, and nothing is written.
    """
    part = paths[0].with_stem(f"{paths[0].stem}.part") if len(paths) == 1 else None
    watched = part is not None and medium.gathers and not part.exists()
    due, told = time.perf_counter() + EVERY_SECONDS, False

    def watch(beginnings: Beginnings) -> None:
        nonlocal due, told
        began = time.perf_counter()
        if part is None or not watched or began < due:
            return
        medium.write_part(part, beginnings(), captions)
        if not told:
            tell(f"{part} shows what is drawn so far")
            told = True
        taken = time.perf_counter() - began
        due = began + max(EVERY_SECONDS, LEAST_BETWEEN * taken)

    try:
        yield watch
    finally:
        if part is not None and told:
            part.unlink(missing_ok=True)
