"""Which files are sound: those that libsndfile reads, and those that people also have and must convert first."""

import shlex
import struct
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from undertow.door import opened

SUFFIXES = tuple(
    ".wav .wave .w64 .rf64 .flac .ogg .oga .opus .mp3 .mp2 .aif .aiff .aifc .caf .au .snd .voc .sph".split()
)
FOREIGN = tuple(
    ".m4a .m4b .aac .alac .wma .mp4 .mov .mkv .mka .webm .3gp .amr .ape .wv .mpc .tta .dsf .dff .ra .rm .spx".split()
)  # sound, or video with sound, in formats that libsndfile does not read
KNOWN = "wav, flac, ogg, opus, mp3, aiff, caf, au or w64"  # for messages
UNKNOWN_LENGTH = 0x7FFFF000  # a wav size from here on was written by a pipe, which did not know the length


def is_sound(path: str | Path) -> bool:
    """Whether a file's suffix is that of sound that can be read."""
    return Path(path).suffix.lower() in SUFFIXES


def remedy(path: str | Path) -> str:
    """What to do about a file in a format that is not read; empty for other files."""
    path = Path(path)
    if path.suffix.lower() not in FOREIGN:
        return ""
    return f"; convert it first: {shlex.join(['ffmpeg', '-i', path.name, f'{path.stem}.flac'])}"


def foreign(paths: Iterable[str | Path]) -> dict[str, int]:
    """How many files there are of each suffix that must be converted first, the commonest first."""
    suffixes = (Path(path).suffix.lower() for path in paths)
    return dict(Counter(suffix for suffix in suffixes if suffix in FOREIGN).most_common())


def foreign_lines(counts: Mapping[str, int]) -> list[str]:
    """A line for the user on files that must be converted first; none without any."""
    if not counts:
        return []
    files = ", ".join(f"{count} {suffix}" for suffix, count in counts.items())
    noun = "file" if sum(counts.values()) == 1 else "files"
    first = next(iter(counts))
    return [f"{files} {noun} cannot be read; convert each first, such as: ffmpeg -i in{first} out.flac"]


def missing_bytes(path: Path) -> int:
    """Bytes by which a file is shorter than its header says (libsndfile ignores this); 0 where it does not say."""
    with opened(path) as file:
        size = file.seek(0, 2)
        file.seek(0)
        start = file.read(12)
        if start[:4] == b".snd" and len(start) == 12:
            offset, length = struct.unpack(">4xII", start)
            return max(0, offset + length - size) if length < UNKNOWN_LENGTH else 0
        for kind, (data, form, position, pads) in _CHUNKS.items():
            if not start.startswith(kind):
                continue
            head = struct.calcsize(form)
            while position + head <= size:
                file.seek(position)
                name, length = struct.unpack(form, file.read(head))
                if name == data:
                    known = 0 <= length < (UNKNOWN_LENGTH if head == 8 else 1 << 62)
                    return max(0, position + head + length - size) if known else 0
                if length < 0:
                    return 0
                position += head + length + (length % 2 if pads else 0)
    return 0


# By the first bytes of a file: the chunk of its samples, the form of a chunk's head (name, bytes of its content), the
# position of the first chunk, and whether chunks are padded to an even length.
_CHUNKS = {
    b"RIFF": (b"data", "<4sI", 12, True),
    b"FORM": (b"SSND", ">4sI", 12, True),
    b"caff": (b"data", ">4sq", 8, False),
}
