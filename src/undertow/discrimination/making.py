"""Item files from labelled recordings: a word for each recording, or the phones that are marked in them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import ROUND_FLOOR, Decimal
from pathlib import Path

from undertow.arguments import checked
from undertow.callbacks import Say, silent
from undertow.config import check_number, nearest
from undertow.data.audio import SoundFile
from undertow.data.folder import ALL, SPLITS
from undertow.data.folder import Item as Recording
from undertow.data.frame_labels import FrameLabels, Labelled
from undertow.data.intervals import Interval, check_end
from undertow.data.load import list_source
from undertow.discrimination.items import NOTHING, Item, item_text, phones_of, word
from undertow.errors import DataError, UsageError, counted
from undertow.files import atomic_write

SPEAKER = "speaker"
MOST_OVER = 0.01  # seconds by which marks may end behind the sound
TENTH_OF_MS = Decimal("0.0001")


@checked
def make_items(
    source: str | Path,
    out: str | Path,
    *,
    split: str = "test",
    label: str | None = None,
    labels: str | None = None,
    speaker: str = SPEAKER,
    label_pattern: str | None = None,
    min_seconds: float | int = 0.0,
    say: Say = silent,
) -> list[Item]:
    """Write an item file for `undertow.abx` of labelled recordings.

    Args:
        source: a named set, or a folder of sounds.
        out: the file to write, such as words.item.
        split: "test", "validation", "train" or "all".
        label: a label of the recordings, such as "digit": each recording is one item, without context. None: the
            intervals that a file marks, such as phones, are the items, and their neighbours the context; silence is
            none.
        labels: a CTM, RTTM or MLF file of all recordings, as a path from the folder; None: what is found (a file beside
            each recording, or the only one in the folder).
        speaker: the label that says who speaks; recordings without it have one speaker, "-".
        label_pattern: labels in the names of files, such as "{digit}_{speaker}_{take}".
        min_seconds: leave out shorter intervals; an item as long as a frame of a representation has a frame of it.
        say: called with a line on what was left out.

    Returns:
        the items.

    Raises:
        UsageError: an unknown split or label, or `labels` for whole recordings.
        DataError: the recordings or their labels cannot be read, or there is no item.
    """
    check_number("min_seconds", min_seconds, 0)
    if split not in (*SPLITS, ALL):
        raise UsageError(f"unknown split '{split}'{nearest(split, [*SPLITS, ALL])}")
    if label is not None and labels is not None:
        raise UsageError(f"labels is {labels}, of intervals; label '{label}' is of whole recordings: give one of them")
    recordings = list_source(source, label_pattern=label_pattern)
    files = _files(recordings)
    names = sorted({name for one in recordings for name in one.labels})
    chosen = [one for one in recordings if split in (one.split, ALL)]
    if not chosen:
        raise DataError(f"{source} has no {split} recordings")
    if label is not None and label not in names:
        there = f"they have {', '.join(names)}" if names else "they have none; give a label pattern"
        raise UsageError(f"the recordings have no label '{label}'; {there}")
    if speaker not in names:
        say(f"the recordings have no label '{speaker}': the speaker of all is '{NOTHING}'")
    if label is None:
        items = _phones(FrameLabels(str(source), labels).read(recordings), chosen, files, speaker, say)
    else:
        items = [_whole(one, files[one.name], label, speaker) for one in chosen if label in one.labels]
    kept = [one for one in items if one.offset - one.onset >= Decimal(str(min_seconds))]
    if len(kept) < len(items):
        say(f"{counted(len(items) - len(kept), 'item')} left out: shorter than {min_seconds:g} s")
    if not kept:
        raise DataError(f"{source} has no {split} item")
    with atomic_write(Path(out)) as temporary:
        temporary.write_text(item_text(kept), encoding="utf-8", newline="")
    return kept


def _whole(recording: Recording, file: str, label: str, speaker: str) -> Item:
    """A recording as one item."""
    kind = word(recording.labels[label])
    return Item(file, Decimal("0.00"), _length(recording), kind, NOTHING, NOTHING, _speaker(recording, speaker))


def _phones(
    marked: tuple[Mapping[str, Labelled], Sequence[str]],
    recordings: Sequence[Recording],
    files: Mapping[str, str],
    speaker: str,
    say: Say,
) -> list[Item]:
    """The marked intervals of recordings that have any."""
    found, notes = marked
    for note in notes:
        say(note)
    having = [one for one in recordings if one.name in found]
    if len(having) < len(recordings):
        say(f"{counted(len(recordings) - len(having), 'recording')} left out: no intervals are marked in them")
    intervals = {}
    for one in having:
        length = float(_length(one))
        check_end(found[one.name].intervals, length, MOST_OVER, found[one.name].file)
        intervals[files[one.name]] = [
            _within(part, length) for part in found[one.name].intervals if part.start < length
        ]
    return phones_of(intervals, {files[one.name]: _speaker(one, speaker) for one in having})


def _within(interval: Interval, length: float) -> Interval:
    return interval._replace(stop=min(interval.stop, length))


def _files(recordings: Sequence[Recording]) -> dict[str, str]:
    """What items call each recording: its name without folders and suffix, or with folders if two are the same."""
    stems = Counter(word(one.path.stem) for one in recordings)
    return {
        one.name: stem if stems[stem := word(one.path.stem)] == 1 else word(one.name.rpartition(".")[0])
        for one in recordings
    }


def _speaker(recording: Recording, label: str) -> str:
    return word(recording.labels.get(label, NOTHING))


def _length(recording: Recording) -> Decimal:
    """Seconds, to a tenth of a millisecond; never more than there are."""
    sound = SoundFile(recording.path)
    exact = Decimal(sound.num_frames) / sound.source_rate
    return exact.quantize(TENTH_OF_MS, ROUND_FLOOR)
