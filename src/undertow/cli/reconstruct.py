"""`undertow reconstruct`: encode sounds and draw them again from their latents."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from undertow.cli.options import Device, Json, Seed
from undertow.options import PLAIN, Flat, Sampling

if TYPE_CHECKING:
    from undertow.data.folder import Item
    from undertow.reconstruction import Reconstruction


def reconstruct(
    run: Path,
    sound: Path,
    /,
    *,
    out: Path,
    labels: Annotated[tuple[str, ...], Parameter(name="--label")] = (),
    label_pattern: str | None = None,
    sampling: Annotated[Sampling, Flat] = PLAIN,
    seed: Seed = 0,
    engine: str = "auto",
    threads: int | None = None,
    device: Device = "auto",
    json: Json = False,
) -> None:
    """Encode sounds with an autoencoder and draw them again from their latents, with other labels too.

    Each line has the log-spectral distance of the two sounds; the last says what the latents cost to send. Sounds of
    a folder are drawn with their own labels, where its layout gives them and the model knows them. With --label they
    are drawn with another: another speaker's voice, another pitch. A file that cannot be used is named on stderr, and
    the exit status is 1.

    Args:
        run: Folder of a run or a checkpoint.
        sound: A sound file, or a folder of them.
        out: Sound file to write, wav, flac or mp3; for a folder of sounds a folder of wav files with the same names.
        labels: Class to draw with, such as theo or speaker=theo; repeat for another label.
        label_pattern: Labels in the names of a folder's files, such as {digit}_{speaker}_{take}.
        engine: Engine that draws: native, torch or auto; see `undertow generate`.
        threads: Most threads to use; by default as many as help.
    """
    from undertow.checkpoint import load
    from undertow.cli.faults import raise_faults
    from undertow.cli.terminal import print_json, put, step_bar, tell
    from undertow.device import pick_device
    from undertow.errors import DataError
    from undertow.generation.labels import labels_for
    from undertow.generation.sounding import Voice
    from undertow.models import require
    from undertow.reconstruction.latents import read_item
    from undertow.reconstruction.reconstructing import drawn_again

    work = _work(sound, out, label_pattern)
    model = require(load(run, pick_device(device)), "reconstruct", f"{run} is")
    labels_for(model.decoder.config.conditioner.labels, labels, {})
    voice = Voice(labels=labels, sampling=sampling, seed=seed, engine=engine, threads=threads)
    done: list[tuple[Path, Reconstruction]] = []
    faults: list[str] = []
    for item, path in work:
        try:
            clip, notes = read_item(item, model.needs.sample_rate)
            with step_bar(item.name) as bar:
                found = drawn_again(model, clip, voice, notes, bar)
        except DataError as error:
            faults.append(str(error))
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        found.save(path)
        done.append((path, found))
        for note in found.notes:
            tell(f"{item.name}: {note}")
        if not json:
            put(_line(path, found))
    if json:
        print_json({"model": str(run), **_as_json(done), "faults": faults})
    elif done:
        put(_summary([found for _, found in done]))
    raise_faults(faults, len(work))


def _work(sound: Path, out: Path, label_pattern: str | None) -> "list[tuple[Item, Path]]":
    """The files to read, each with the file to write.

    Raises:
        UsageError: `out` does not go with `sound`, or would overwrite it; or two files would be written as one.
        DataError: there is no sound.
    """
    from undertow.cli.outputs import check_file, check_not_read
    from undertow.data.audio import FORMATS
    from undertow.data.folder import EVERYWHERE, Layout, read_layout
    from undertow.data.load import read_source
    from undertow.errors import UsageError, one_of

    if not sound.is_dir():
        (item,) = read_source(sound, label_pattern=label_pattern).items
        check_file(out, [sound])
        if out.suffix.lower() not in FORMATS:
            raise UsageError(f"out is {out}; sound is written as {one_of(list(FORMATS))}")
        return [(item, out)]
    if out.exists() and not out.is_dir() or out.suffix.lower() in FORMATS:
        raise UsageError(f"out is {out}; {sound} is a folder, so give a folder")
    items = read_layout(sound, Layout(EVERYWHERE, label_pattern)).items
    work = [(item, (out / item.name).with_suffix(".wav")) for item in items]
    seen: dict[Path, str] = {}
    for item, path in work:
        if path in seen:
            raise UsageError(f"'{seen[path]}' and '{item.name}' would both be written as {path}; rename one of them")
        seen[path] = item.name
    check_not_read(seen, [item.path for item in items])
    return work


def _line(path: Path, found: "Reconstruction") -> str:
    from undertow.media.audio_report import audio_report

    labels = "".join(f" {name}={value}" for name, value in found.labels.items())
    return (
        f"{path} {labels} {audio_report(found.wave, found.sample_rate)}; log-spectral distance "
        f"{found.log_spectral_distance:.2f} dB"
    )


def _summary(found: "Sequence[Reconstruction]") -> str:
    from undertow.errors import counted
    from undertow.evaluation.log_spectral import DEFINITION

    seconds, spent, distance = _totals(found)
    bits = f"{found[0].bits_per_second:,.1f} bits a second ({found[0].sent.words})"
    drawn = f"{counted(len(found), 'sound')}, {seconds:.2f} s, drawn by {found[0].engine} in {spent:.1f} s"
    return f"{drawn}: log-spectral distance {distance:.2f} dB; {bits}\n{DEFINITION}"


def _totals(found: "Sequence[Reconstruction]") -> tuple[float, float, float]:
    """Seconds of sound, seconds of work, and the mean distance of the sounds."""
    seconds = sum(len(one.drawn) / one.sample_rate for one in found)
    distance = sum(one.log_spectral_distance for one in found) / len(found)
    return seconds, sum(one.seconds for one in found), distance


def _as_json(done: "Sequence[tuple[Path, Reconstruction]]") -> dict[str, Any]:
    """What `--json` prints."""
    from undertow.evaluation.log_spectral import DEFINITION

    files = [
        {
            "file": str(path),
            "sound": one.name,
            "seconds": len(one.drawn) / one.sample_rate,
            "labels": dict(one.labels),
            "log_spectral_distance": one.log_spectral_distance,
            "engine": one.engine,
            "notes": list(one.notes),
        }
        for path, one in done
    ]
    if not done:
        return {"files": files}
    found = [one for _, one in done]
    seconds, spent, distance = _totals(found)
    return {
        "files": files,
        "seconds": seconds,
        "seconds_of_work": spent,
        "log_spectral_distance": distance,
        "definition": DEFINITION,
        "bits_per_second": found[0].bits_per_second,
        "bits_are": found[0].sent.words,
    }
