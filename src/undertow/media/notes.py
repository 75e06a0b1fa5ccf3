"""Music as piano rolls: arrays and MIDI files in; .npz or MIDI files out, each with a picture of its notes.

T steps, 88 keys.
"""

from pathlib import Path
from typing import Any

import numpy as np

from undertow.data.midi import STEPS_PER_BEAT, read_clipped_midi, write_midi
from undertow.data.midi import SUFFIXES as MIDI
from undertow.data.rolls import write_roll
from undertow.errors import DataError, counted
from undertow.media.arrays import read_array
from undertow.media.medium import Given, Medium, Reading, Report
from undertow.media.roll_picture import draw_roll

USUAL_STEPS = 128


class Notes(Medium):
    """A piano roll (T, 88) of 0 and 1."""

    product = "music"
    suffixes = (".npz", ".mid")
    refusals = {
        "seconds": "this model makes music whose steps are not timed; use --num-symbols",
        "stop": "this model makes music, not text",
    }
    draws = True

    def read(self, given: Given) -> Reading:
        """A MIDI file, a `.npy` or `.npz` file of one array, or an array."""
        if isinstance(given, str | Path) and Path(given).suffix.lower() in MIDI:
            roll, num_outside = read_clipped_midi(given)
            notes = [f"read at {STEPS_PER_BEAT} steps a beat, as MIDI files are written"]
            if num_outside:
                notes.append(f"{counted(num_outside, 'note')} outside of the piano, moved to its nearest key")
            return Reading(roll, tuple(notes))
        roll = read_array(given, self.product)
        if roll.ndim != 2:
            raise DataError(f"the array has shape {roll.shape}; a piano roll must have 2 axes, steps and keys")
        return Reading(roll)

    def usual_steps(self, num_given: int) -> int:
        return USUAL_STEPS

    def write(self, path: Path, real: Any) -> None:
        write = write_midi if path.suffix in MIDI else write_roll
        write(path, real)

    def draw(self, path: Path, real: Any, title: str, num_given: int) -> None:
        """The roll, with a line where the prompt ends."""
        draw_roll(real, path, title, num_given)

    def report(self, real: Any, num_given: int) -> Report:
        """Notes and silence in the steps after the prompt."""
        notes_of_steps = np.asarray(real[num_given:]).sum(1)
        facts = {
            "num_steps": len(notes_of_steps),
            "notes_per_step": float(notes_of_steps.mean()),
            "silent_share": float((notes_of_steps == 0).mean()),
        }
        line = (
            f"{counted(facts['num_steps'], 'step')}, {facts['notes_per_step']:.1f} notes a step, "
            f"{100 * facts['silent_share']:.0f} % silence"
        )
        return Report(line, facts)
