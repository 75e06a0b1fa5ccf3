"""One case: damage the good file of a kind, read it, and say what happened."""

import os
import random
import resource
import shutil
import traceback
from pathlib import Path

from tests.fuzzing.kinds import Kind
from tests.fuzzing.mutations import mutated, spoiled
from undertow.errors import DataError, UsageError

SPOILED_SHARE = 0.08
LONGEST_MESSAGE = 2000
MOST_GROWN = 1 << 30  # bytes of memory that one case may add to the largest before


def run(name: str, kind: Kind, good: Path, scratch: Path, seed: int) -> tuple[str, str]:
    """ "read", "refused" or "fault", and what is wrong.

    Args:
        good: the folder of the kind's good file.
        scratch: a folder for damaged files; it is emptied.
    """
    chance = random.Random(f"{name} {seed}")
    folder = scratch / "case"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(good, folder, symlinks=True)
    path = folder / kind.name
    data = path.read_bytes()
    if chance.random() < SPOILED_SHARE:
        spoiled(path, data, chance)
    else:
        path.write_bytes(mutated(data, kind.is_text, chance))
    before = _peak()
    try:
        kind.read(path)
        outcome, why = "read", ""
    except (DataError, UsageError) as error:
        outcome, why = "refused", str(error)
        if len(why) > LONGEST_MESSAGE:
            return "fault", f"a message of {len(why):,} characters: {why[:300]}"
    except OSError as error:  # one line on the command line; what it says of names and kinds is right
        outcome, why = "refused", str(error)
    except BaseException as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        return "fault", f"{type(error).__name__}: {str(error)[:200]} ({Path(last.filename).name}, line {last.lineno})"
    if _peak() - before > MOST_GROWN:
        return "fault", f"{(_peak() - before) >> 20:,} MiB of memory more than before ({outcome})"
    return outcome, why


def _peak() -> int:
    """Bytes of memory that this process had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if os.uname().sysname == "Darwin" else 1024)
