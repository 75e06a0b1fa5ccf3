"""`undertow vocode`: the sound of mel spectra."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from undertow.cli.options import Device, Json, Seed
from undertow.options import PLAIN, Flat, Sampling

if TYPE_CHECKING:
    import numpy as np

    from undertow.data.clips import Clip
    from undertow.data.folder import Item
    from undertow.generation.sounding import Voice
    from undertow.vocoding import Vocoded

STANDARD_INPUT = Path("-")
NUMPY_START = b"\x93NUMPY"
FLOAT_BYTES = 4
READ_BYTES = 65_536


@dataclass(frozen=True)
class Work:
    """A file to read and the file to write; `item` is what a folder says of a sound, None of frames."""

    path: Path
    out: Path
    name: str
    item: "Item | None"


def vocode(
    run: Path,
    given: Annotated[Path, Parameter(allow_leading_hyphen=True)],
    /,
    *,
    out: Path | None = None,
    labels: Annotated[tuple[str, ...], Parameter(name="--label")] = (),
    label_pattern: str | None = None,
    stream: bool = False,
    sampling: Annotated[Sampling, Flat] = PLAIN,
    seed: Seed = 0,
    engine: str = "auto",
    threads: int | None = None,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Draw the sound of mel spectra with a vocoder, a model conditioned on mel frames.

    The spectrum is computed from a sound, or read from a .npy file of frames (frames, bands) or (bands, frames). One
    from elsewhere is checked first: another logarithm, floor, power, normalisation or hop is refused and named, or
    warned about. A file that cannot be used is named on stderr, and the exit status is 1. With --stream the sound goes
    to stdout as it is drawn, 16-bit little-endian samples without a header; it is the one that --out writes, sample for
    sample.

    Args:
        run: Folder of a run or a checkpoint.
        given: Sound file, .npy file of mel frames, or a folder of them; - reads frames from standard input as they
            arrive, float32, little-endian, band after band and frame after frame, without a header.
        out: Sound file to write, wav, flac or mp3; for a folder a folder of wav files with the same names.
        labels: Class to draw with, such as theo or speaker=theo; repeat for another label.
        label_pattern: Labels in the names of a folder's sounds, such as {digit}_{speaker}_{take}.
        stream: Write samples to stdout instead of a file.
        engine: Engine that draws: native, torch or auto; see `undertow generate`.
        threads: Most threads to use; by default as many as help.
    """
    from undertow.checkpoint import load
    from undertow.cli.terminal import print_json, put
    from undertow.data.audio import check_format
    from undertow.device import pick_device
    from undertow.generation.labels import labels_for
    from undertow.generation.sounding import Voice
    from undertow.vocoding.vocoding import vocoder_given

    _check(given, out, stream, json)
    work = [] if out is None else _work(given, out, label_pattern)
    model = vocoder_given(load(run, pick_device(device)))
    labels_for(model.needs.classes, labels, {})
    if out is not None and not given.is_dir():
        check_format(out, model.needs.sample_rate)
    voice = Voice(labels=labels, sampling=sampling, seed=seed, engine=engine, threads=threads)
    if stream or given == STANDARD_INPUT:
        _as_it_comes(model, given, out, voice, label_pattern)
        return
    done, faults = _each(model, work, voice, quiet=json)
    if json:
        print_json({"model": str(run), "files": [_as_json(path, found) for path, found in done], "faults": faults})
    elif len(done) > 1:
        put(_summary([found for _, found in done]))
    from undertow.cli.faults import raise_faults

    raise_faults(faults, len(work))


def _check(given: Path, out: Path | None, stream: bool, json: bool) -> None:
    """Refuse options that do not go together, before anything is read.

    Raises:
        UsageError: they do not.
    """
    from undertow.errors import UsageError

    if stream == (out is not None):
        raise UsageError("give --out for sound files, or --stream for samples on stdout" + ", not both" * stream)
    if json and (stream or given == STANDARD_INPUT):
        raise UsageError("--json is for files, not for --stream or frames from standard input")
    if stream and given.is_dir():
        raise UsageError(f"--stream draws one sound, and {given} is a folder; give a file, or --out")


def _work(given: Path, out: Path, label_pattern: str | None) -> list[Work]:
    """The files to read, each with the file to write.

    Raises:
        UsageError: `out` does not go with what is given, or would overwrite it; or two files would be written as one.
        DataError: there is nothing to read.
    """
    from undertow.cli.outputs import check_file, check_not_read
    from undertow.data.audio import FORMATS
    from undertow.data.frames import SUFFIX
    from undertow.data.load import read_source
    from undertow.errors import UsageError, one_of

    if not given.is_dir():
        check_file(out, [given])
        if out.suffix.lower() not in FORMATS:
            raise UsageError(f"out is {out}; sound is written as {one_of(list(FORMATS))}")
        if given == STANDARD_INPUT or given.suffix.lower() == SUFFIX:
            return [Work(given, out, str(given), None)]
        (item,) = read_source(given, label_pattern=label_pattern).items
        return [Work(given, out, item.name, item)]
    if out.exists() and not out.is_dir() or out.suffix.lower() in FORMATS:
        raise UsageError(f"out is {out}; {given} is a folder, so give a folder")
    found = _in_folder(given, out, label_pattern)
    seen: dict[Path, str] = {}
    for one in found:
        if one.out in seen:
            raise UsageError(f"'{seen[one.out]}' and '{one.name}' would both be written as {one.out}; move one of them")
        seen[one.out] = one.name
    check_not_read(seen, [one.path for one in found])
    return found


def _in_folder(given: Path, out: Path, label_pattern: str | None) -> list[Work]:
    """The sounds and the files of frames of a folder, in the order of their names."""
    from undertow.data.folder import EVERYWHERE, Layout, read_layout
    from undertow.data.frames import SUFFIX
    from undertow.data.sound_formats import is_sound
    from undertow.data.walk import files_below

    names = files_below(given).names
    frames = [name for name in names if name.lower().endswith(SUFFIX)]
    reads = not frames or any(map(is_sound, names))
    items = read_layout(given, Layout(EVERYWHERE, label_pattern)).items if reads else []
    works = [Work(item.path, (out / item.name).with_suffix(".wav"), item.name, item) for item in items]
    for name in frames:
        works.append(Work(given / name, (out / name).with_suffix(".wav"), name, None))
    return sorted(works, key=lambda work: work.name)


def _each(model: Any, work: list[Work], voice: "Voice", quiet: bool) -> "tuple[list[tuple[Path, Vocoded]], list[str]]":
    """Draw each file's sound and write it: the results, and why others cannot be used."""
    from undertow.cli.terminal import put, step_bar, tell
    from undertow.errors import DataError
    from undertow.vocoding.vocoding import drawn, source_of

    done: list[tuple[Path, Vocoded]] = []
    faults: list[str] = []
    for one in work:
        try:
            clip, notes = _clip(one, model)
            with step_bar(one.name) as bar:
                found = drawn(model, source_of(one.path, model, clip), voice, bar)
        except DataError as error:
            faults.append(str(error))
            continue
        one.out.parent.mkdir(parents=True, exist_ok=True)
        found.save(one.out)
        done.append((one.out, found))
        for note in dict.fromkeys([*notes, *found.notes]):
            tell(note if note.startswith(str(one.path)) else f"{one.name}: {note}")
        if not quiet:
            put(_line(one.out, found))
    return done, faults


def _clip(work: Work, model: Any) -> "tuple[Clip | None, tuple[str, ...]]":
    """A sound with the labels that its folder gives it, and notes on it; None for frames."""
    from undertow.reconstruction.latents import read_item

    return (None, ()) if work.item is None else read_item(work.item, model.needs.sample_rate)


def _as_it_comes(model: Any, given: Path, out: Path | None, voice: "Voice", label_pattern: str | None) -> None:
    """Draw one sound piece by piece, to stdout or to a file, with its own labels where `voice` has none."""
    from dataclasses import replace

    from undertow.cli.speak import write_samples
    from undertow.cli.terminal import tell
    from undertow.data.audio import audio_writer
    from undertow.data.frames import SUFFIX
    from undertow.data.load import read_source
    from undertow.generation.labels import labels_for
    from undertow.generation.sounding import Sounding
    from undertow.vocoding.vocoding import as_they_come, source_of

    own: dict[str, str] = {}
    notes: tuple[str, ...] = ()
    if given == STANDARD_INPUT:
        frames, length = as_they_come(standard_frames(model.needs.features.num_channels), model, "standard input"), None
    else:
        is_mel = given.suffix.lower() == SUFFIX
        item = None if is_mel else read_source(given, label_pattern=label_pattern).items[0]
        clip, read = _clip(Work(given, given, str(given), item), model)
        source = source_of(given, model, clip)
        frames, length, own, notes = iter(source.blocks), source.num_samples, source.labels, (*read, *source.notes)
    labels, left = labels_for(model.needs.classes, voice.labels, own)
    sounding = Sounding(model, replace(voice, labels=labels))
    for note in dict.fromkeys([*notes, *left, *sounding.notes]):
        tell(note)
    waves = sounding.play(frames, length)
    if out is None:
        write_samples(waves)
        return
    with audio_writer(out, model.needs.sample_rate) as write:
        for wave in waves:
            write(wave)


def standard_frames(num_channels: int, given: IO[bytes] | None = None) -> "Iterator[np.ndarray]":
    """Frames (F, M) of float32 from standard input, or another stream, as many at a time as are there.

    Raises:
        DataError: it is a .npy file, or ends within a frame.
    """
    import numpy as np

    from undertow.errors import DataError, counted

    file: Any = sys.stdin.buffer if given is None else given
    size, rest, is_first = FLOAT_BYTES * num_channels, b"", True
    while piece := file.read1(READ_BYTES):
        rest += piece
        if is_first and len(rest) >= len(NUMPY_START):
            is_first = False
            if rest.startswith(NUMPY_START):
                raise DataError(
                    "standard input is a .npy file; give its name, or send float32 numbers without a header"
                )
        whole = len(rest) // size * size
        if whole:
            yield np.frombuffer(rest[:whole], "<f4").reshape(-1, num_channels).astype(np.float32)
            rest = rest[whole:]
    if rest:
        raise DataError(
            f"standard input ends within a frame: {counted(len(rest), 'byte')} are left of frames of {num_channels} "
            f"float32 numbers, {size} bytes"
        )


def _line(path: Path, found: "Vocoded") -> str:
    from undertow.media.audio_report import audio_report

    labels = "".join(f" {name}={value}" for name, value in found.labels.items())
    return (
        f"{path} {labels} {audio_report(found.wave, found.sample_rate)}; drawn by {found.engine}, "
        f"{found.realtime_factor:.2f} s of work for a second of sound"
    )


def _summary(found: "list[Vocoded]") -> str:
    from undertow.errors import counted

    seconds, spent = sum(len(one.drawn) / one.sample_rate for one in found), sum(one.seconds for one in found)
    speed = f"{spent / seconds:.2f} s of work for a second of sound"
    return f"{counted(len(found), 'sound')}, {seconds:.2f} s, drawn by {found[0].engine} in {spent:.1f} s: {speed}"


def _as_json(path: Path, found: "Vocoded") -> dict[str, Any]:
    """What `--json` prints of a file."""
    return {
        "file": str(path),
        "of": found.name,
        "seconds": len(found.drawn) / found.sample_rate,
        "labels": found.labels,
        "engine": found.engine,
        "seconds_of_work": found.seconds,
        "realtime_factor": found.realtime_factor,
        "notes": list(found.notes),
    }
