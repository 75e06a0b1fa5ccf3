"""Notes of Standard MIDI files (The MIDI Association, RP-001): a reader that is bounded by the size of the file.

E notes.
"""

from array import array
from collections.abc import Iterator, MutableSequence
from typing import NamedTuple

import numpy as np

from undertow.errors import counted

PERCUSSION = 9  # the channel of drums, whose notes are not piano keys
NOTE_OFF, NOTE_ON = 0x8, 0x9
LENGTHS = {0x8: 2, 0x9: 2, 0xA: 2, 0xB: 2, 0xC: 1, 0xD: 1, 0xE: 2}  # bytes of a channel's message, by its kind
SYSTEM_LENGTHS = {0xF1: 1, 0xF2: 2, 0xF3: 1, 0xF6: 0, 0xF8: 0, 0xFA: 0, 0xFB: 0, 0xFC: 0, 0xFE: 0}
EXCLUSIVE, META = (0xF0, 0xF7), 0xFF
LONGEST_NUMBER = 4  # bytes of a number of variable length
HEADER = 6  # bytes of a header's contents


class NoMidi(ValueError):
    """Bytes that are not a MIDI file, or a damaged one; the message says what is wrong."""


class Tune(NamedTuple):
    """The notes of a file, in any order.

    Attributes:
        kind: 0, one track; 1, several that sound together; 2, several tunes.
        ticks_per_beat: ticks in a quarter note; negative if times are in frames of film.
        num_ticks: length of the longest track.
        notes: (E, 3) int64: key (0 to 127), first tick, and the tick at which it ends.
    """

    kind: int
    ticks_per_beat: int
    num_ticks: int
    notes: np.ndarray


def read_tune(data: bytes) -> Tune:
    """All notes of a MIDI file but those of percussion. A note without an end lasts until its track ends.

    Raises:
        NoMidi: it is not a MIDI file, or is damaged or truncated.
    """
    chunks = _chunks(data)
    name, header = next(chunks, (b"", memoryview(b"")))
    if name != b"MThd" or len(header) < HEADER:
        raise NoMidi("it does not begin with MThd")
    kind, num_tracks, ticks_per_beat = (int.from_bytes(header[at : at + 2], "big", signed=True) for at in (0, 2, 4))
    found = array("q")
    ends = [_add_notes(chunk, found) for name, chunk in chunks if name == b"MTrk"]
    if len(ends) < num_tracks:
        raise NoMidi(f"it has {len(ends)} of {counted(num_tracks, 'track')}")
    notes = np.array(found, np.int64).reshape(-1, 3)
    return Tune(kind, ticks_per_beat, max(ends, default=0), notes)


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """The name and the contents of each chunk."""
    view, at = memoryview(data), 0
    while at + 8 <= len(data):
        size = int.from_bytes(view[at + 4 : at + 8], "big")
        if at + 8 + size > len(data):
            raise NoMidi(f"it is truncated, or has a chunk of {size:,} bytes at byte {at:,}")
        yield bytes(view[at : at + 4]), view[at + 8 : at + 8 + size]
        at += 8 + size


def _add_notes(track: memoryview, notes: MutableSequence[int]) -> int:
    """Add key, start and end of the notes of a track; return its length in ticks."""
    now = at = status = 0
    sounding: dict[tuple[int, int], int] = {}
    while at < len(track):
        pause, at = _number(track, at)
        now += pause
        if at < len(track) and track[at] >= 0x80:
            event, at = track[at], at + 1
        elif status:
            event = status  # a running status
        else:
            raise NoMidi(f"byte {at:,} of a track is not the start of a message")
        if event < 0xF0:
            status, size = event, LENGTHS[event >> 4]
        elif event == META:
            size, at = _number(track, at + 1)
        elif event in EXCLUSIVE:
            size, at = _number(track, at)
        elif event in SYSTEM_LENGTHS:
            size = SYSTEM_LENGTHS[event]
        else:
            raise NoMidi(f"byte {at - 1:,} of a track is 0x{event:02x}, which starts no message")
        if at + size > len(track):
            raise NoMidi("a track ends within a message")
        kind, channel = event >> 4, event & 0xF
        if event < 0xF0 and max(track[at : at + size]) > 0x7F:
            raise NoMidi(f"a message of a track has a byte above 127 at byte {at:,}")
        if kind in (NOTE_ON, NOTE_OFF) and channel != PERCUSSION:
            which = channel, track[at]
            if kind == NOTE_ON and track[at + 1]:
                sounding.setdefault(which, now)
            elif which in sounding:
                notes.extend((which[1], sounding.pop(which), now))
        at += size
    for (_, key), start in sounding.items():
        notes.extend((key, start, now))
    return now


def _number(track: memoryview, at: int) -> tuple[int, int]:
    """A number of variable length, and the place after it."""
    value = 0
    for place in range(at, min(at + LONGEST_NUMBER, len(track))):
        value = value << 7 | track[place] & 0x7F
        if track[place] < 0x80:
            return value, place + 1
    raise NoMidi(f"a number at byte {at:,} of a track does not end within {LONGEST_NUMBER} bytes")
