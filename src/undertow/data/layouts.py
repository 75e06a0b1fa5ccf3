"""Folders of audio in the layouts of well-known sets: VCTK, Common Voice, LibriSpeech, voices as LJ Speech has one.

Their files are taken as published: texts, speakers and splits are theirs. A layout is known by its files' names alone.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from undertow.data.nsynth import read_nsynth
from undertow.data.tables import LJ_SPEECH, TABLE, WAVS, Arranged, Rows, read_table
from undertow.door import MOST_CARD, MOST_TABLE, read_text
from undertow.errors import DataError, counted

VCTK_TEXTS, VCTK_SOUND = "txt", "wav48"
CLIPS = "clips"
COMMON_VOICE_SPLITS = {"train.tsv": "train", "dev.tsv": "validation", "test.tsv": "test"}
VALIDATED = "validated.tsv"
COLUMNS = ("client_id", "path", "sentence")
LIBRI_TEXTS = ".trans.txt"
LIBRI_SPLITS = {"train": "train", "dev": "validation", "test": "test"}  # of folders train-clean-100, dev-other …


def read_vctk(root: Path, names: Sequence[str]) -> Arranged | None:
    """CSTR VCTK: wav48*/p225/p225_001*.flac or .wav, and txt/p225/p225_001.txt. None if it is not laid out so.

    Labels: `speaker`, `text`. In version 0.92 two microphones record each take, in files p225_001_mic1.flac and
    p225_001_mic2.flac: the second is left out where the first is there. A take without a text has none.

    Raises:
        DataError: a text is not UTF-8.
    """
    takes: dict[tuple[str, str], str] = {}  # speaker and take to file
    if not (root / VCTK_TEXTS).is_dir():
        return None
    num_others = 0
    for name in names:  # sorted, so that mic1 comes before mic2
        parts = name.split("/")
        if len(parts) != 3 or not parts[0].startswith(VCTK_SOUND):
            return None
        speaker, take = parts[1], parts[2].rpartition(".")[0].removesuffix("_mic1").removesuffix("_mic2")
        num_others += (speaker, take) in takes
        takes.setdefault((speaker, take), name)
    labels = {}
    for (speaker, take), name in takes.items():
        text = root / VCTK_TEXTS / speaker / f"{take}.txt"
        said = " ".join(read_text(text, MOST_CARD).split()) if text.is_file() else ""
        labels[name] = {"speaker": speaker, **({"text": said} if said else {})}
    notes = (
        () if not num_others else (f"{counted(num_others, 'file')} left out: a second microphone recorded the same",)
    )
    return Arranged("VCTK: wav48*/ and txt/ with a folder for each speaker", labels, notes=notes)


def read_common_voice(root: Path, names: Sequence[str]) -> Arranged | None:
    """Mozilla Common Voice: clips/ beside train.tsv, dev.tsv and test.tsv, or validated.tsv alone. None if not.

    Labels: `speaker` (the client), `text`. The splits are those of the tables; clips in none of them are left out.

    Raises:
        DataError: a table is not UTF-8 or lacks a column; a row has too few or too many cells, or its clip is missing;
            or a clip has two rows.
    """
    tables = [file for file in COMMON_VOICE_SPLITS if (root / file).is_file()]
    if not tables and (root / VALIDATED).is_file():
        tables = [VALIDATED]
    if not tables or not all(name.startswith(CLIPS + "/") for name in names):
        return None
    rows = {file: read_text(root / file).split("\n") for file in tables}
    heads = {file: lines[0].rstrip("\r").split("\t") for file, lines in rows.items()}
    if not all(set(COLUMNS) <= set(head) for head in heads.values()):
        return None
    files, seen = {PurePosixPath(name).name: name for name in names}, Rows()
    files |= {PurePosixPath(name).stem: name for name in names}
    labels, told = {}, {}
    for file in tables:
        for line, row in enumerate(rows[file][1:], start=2):
            place, cells = f"{root / file}, line {line}", row.rstrip("\r").split("\t")
            if cells == [""]:
                continue
            if len(cells) != len(heads[file]):
                raise DataError(f"{place}: it has {counted(len(cells), 'cell')}; the first line has {len(heads[file])}")
            client, path, sentence = (cells[heads[file].index(column)] for column in COLUMNS)
            name = files.get(path)
            if name is None:
                raise DataError(f"{place}: there is no clip '{path[:200]}' in {root / CLIPS}")
            seen.add(name, place)
            labels[name] = {"speaker": client, **({"text": sentence.strip()} if sentence.strip() else {})}
            if file in COMMON_VOICE_SPLITS:
                told[name] = COMMON_VOICE_SPLITS[file]
    if not labels:
        raise DataError(f"{root}: {', '.join(tables)} have no rows")
    others = len(names) - len(labels)
    notes = () if not others else (f"{counted(others, 'clip')} left out: they are in none of {', '.join(tables)}",)
    ordered = {name: labels[name] for name in names if name in labels}
    return Arranged(f"Common Voice: {CLIPS}/ and {', '.join(tables)}", ordered, told, notes)


def read_librispeech(root: Path, names: Sequence[str]) -> Arranged | None:
    """LibriSpeech: 84/121123/84-121123-0000.flac beside 84-121123.trans.txt, perhaps in folders such as dev-clean.

    None if a folder with audio has no such text file. Labels: `speaker` (the reader), `text`. Folders train-*, dev-*
    and test-* are splits.

    Raises:
        DataError: a text file is not UTF-8, or has a line without a text or two lines for a recording.
    """
    found: dict[str, list[Path]] = {}
    for folder in sorted({str(PurePosixPath(name).parent) for name in names}):
        found[folder] = sorted((root / folder).glob("*" + LIBRI_TEXTS))
        if not found[folder]:
            return None
    texts, seen = {}, Rows()
    for folder, files in found.items():
        for file in files:
            for line, row in enumerate(read_text(file, MOST_TABLE).split("\n"), start=1):
                recording, _, text = row.strip().partition(" ")
                if not recording:
                    continue
                if not text.strip():
                    raise DataError(f"{file}, line {line}: it must be the name of a recording, a space and its text")
                key = str(PurePosixPath(folder) / recording)
                seen.add(key, f"{file}, line {line}")
                texts[key] = text.strip()
    labels, told = {}, {}
    for name in names:
        path = PurePosixPath(name)
        text = texts.get(str(path.with_suffix("")), "")
        labels[name] = {"speaker": path.stem.split("-")[0], **({"text": text} if text else {})}
        if (split := LIBRI_SPLITS.get(path.parts[0].split("-")[0])) and len(path.parts) > 1:
            told[name] = split
    return Arranged(f"LibriSpeech: recordings beside *{LIBRI_TEXTS}", labels, told)


def read_voices(root: Path, names: Sequence[str]) -> Arranged | None:
    """Folders laid out as LJ Speech is, one for each voice: en/wavs/*.wav, it/wavs/*.wav, perhaps with metadata.csv.

    None if a file is not in a folder wavs/ of a folder, or no folder has such a table. Labels: `voice` (the folder),
    and those of its table, such as `text`.

    Raises:
        DataError: a table is not one; see `undertow.data.tables.read_table`.
    """
    voices: dict[str, list[str]] = {}
    for name in names:
        voice, _, rest = name.partition("/")
        if not rest.startswith(WAVS) or rest.count("/") != 1:
            return None
        voices.setdefault(voice, []).append(rest)
    if not any((root / voice / TABLE).is_file() for voice in voices):
        return None
    labels: dict[str, Mapping[str, str]] = {}
    told: dict[str, str] = {}
    for voice, files in voices.items():
        table = read_table(root / voice, files) or Arranged("", dict.fromkeys(files, {}))
        labels |= {f"{voice}/{file}": {"voice": voice, **table.labels[file]} for file in files}
        told |= {f"{voice}/{file}": split for file, split in table.told.items()}
    return Arranged(f"voices: a folder for each with {WAVS}, laid out as {LJ_SPEECH}", labels, told)


READERS: Mapping[str, Callable[[Path, Sequence[str]], Arranged | None]] = {
    "VCTK": read_vctk,
    "Common Voice": read_common_voice,
    "LibriSpeech": read_librispeech,
    "NSynth": read_nsynth,
    "voices": read_voices,
}
