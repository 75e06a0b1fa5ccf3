"""The ABX error against the definition, one triple at a time; caps; and what is refused."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import undertow as ut
from tests.discrimination import reference
from tests.discrimination.small import in_order, sounds, write
from tests.refusals import refuses
from undertow.discrimination import Discrimination
from undertow.discrimination.distances import DISTANCES
from undertow.errors import DataError, UsageError

NO_CAPS = {"max_size_group": -1}
OF_SPEAKER: dict[str, dict] = {"within": NO_CAPS, "across": {**NO_CAPS, "max_x_across": -1}}


@pytest.mark.parametrize("kind", DISTANCES)
def test_it_is_the_definition(kind: str, tmp_path: Path) -> None:
    made = sounds(kind)
    item = write(tmp_path, made, is_codes=kind == "identical")
    for speaker in ("within", "across"):
        for context in ("within", "any"):
            found = ut.abx(
                *(item, tmp_path / "frames"),
                **{**OF_SPEAKER[speaker], "frequency": 50, "speaker": speaker, "context": context, "distance": kind},
            )
            right = reference.cells(in_order(made), kind, speaker == "across", context == "any")
            own = {
                (one.phone, one.other, one.before, one.after, one.speaker, one.x_speaker): one.error
                for one in found.cells
            }
            assert own == pytest.approx(right, abs=1e-12), (speaker, context)
            assert found.error == pytest.approx(reference.collapsed(right), abs=1e-12)
            assert found.num_items == len(made) and found.num_triples == sum(one.size for one in found.cells)


def test_caps_take_fewer_and_follow_from_the_seed(tmp_path: Path) -> None:
    item = write(tmp_path, sounds("euclidean", count=80))

    def run(seed: int = 0, **caps: int) -> Discrimination:
        options = {"frequency": 50, "speaker": "across", "context": "any", "distance": "euclidean"}
        return ut.abx(item, tmp_path / "frames", **{**OF_SPEAKER["across"], **caps}, **options, seed=seed)

    whole, few = run(), run(max_size_group=2, max_x_across=1)
    assert max(cell.size for cell in few.cells) == 8 < max(cell.size for cell in whole.cells)
    pairs = [(cell.phone, cell.other, cell.speaker) for cell in few.cells]
    assert len(set(pairs)) == len(pairs) == len(whole.cells) / 2  # one of two other speakers
    assert few.cells == run(max_size_group=2, max_x_across=1).cells
    others = [run(seed, max_size_group=2, max_x_across=1).error for seed in range(1, 5)]
    assert len({few.error, *others}) > 1
    assert run(max_size_group=1000, max_x_across=2).cells == whole.cells
    lines = item.read_text().splitlines(keepends=True)
    item.write_text("".join([lines[0], *reversed(lines[1:])]))
    again = run(max_size_group=2, max_x_across=1)
    assert again.error == pytest.approx(few.error, abs=1e-12)  # whatever the order of lines


def test_the_last_frame_that_libri_light_leaves_out(tmp_path: Path) -> None:
    frames = np.array([[1, 0], [0, 1], [1, 0], [0, -1], [1, 0.1], [0, 1]], np.float32)
    (tmp_path / "frames").mkdir()
    np.save(tmp_path / "frames/f.npy", frames)
    rows = ["f 0 0.04 a", "f 0.04 0.08 a", "f 0.08 0.12 b"]
    text = "#file onset offset #phone prev-phone next-phone speaker\n"
    (tmp_path / "x.item").write_text(text + "".join(f"{row} - - s\n" for row in rows))
    whole, less = (
        ut.abx(tmp_path / "x.item", tmp_path / "frames", max_size_group=-1, frequency=50, libri_light=flag)
        for flag in (False, True)
    )
    assert (whole.num_triples, whole.error) == (2, 0.5) and (less.num_triples, less.error) == (2, 0.0)


def test_frames_that_are_missing_at_the_end_are_told_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    item = write(tmp_path, sounds("angular"))
    frames, said = np.load(tmp_path / "frames/1.npy"), []
    whole = ut.abx(item, tmp_path / "frames", **NO_CAPS, frequency=50)
    last = item.read_text().splitlines()[20]
    item.write_text(item.read_text().replace(last, last.replace(last.split()[2], str(len(frames) / 50 + 0.04))))
    found = ut.abx(item, tmp_path / "frames", **NO_CAPS, frequency=50, say=said.append)
    assert found.error == whole.error and [one for one in said if "1 item of 40" in one]
    monkeypatch.setattr("undertow.door.memory", lambda: 1000)
    with refuses(UsageError, "frames", "memory"):
        ut.abx(item, tmp_path / "frames", **NO_CAPS, frequency=50)


def test_two_sounds_of_one_name_are_refused(tmp_path: Path) -> None:
    from tests.data.sounds import tone
    from tests.data.sounds import write as write_sound

    item = write(tmp_path, sounds("angular"))
    for name in ("1.wav", "1.flac"):
        write_sound(tmp_path / "here" / name, tone())
    with refuses(DataError, "'1.flac'", "'1.wav'"):
        ut.abx(item, "mfcc", data=tmp_path / "here", **NO_CAPS)


def test_real_words_are_told_apart_and_better_within_a_speaker(real_data: Path, tmp_path: Path) -> None:
    names = [f"{digit}_{who}_{take}.wav" for digit in (0, 4, 9) for who in ("theo", "jackson") for take in range(3)]
    (tmp_path / "few").mkdir()
    for name in names:
        shutil.copy(real_data / "fsdd/recordings" / name, tmp_path / "few")
    item = tmp_path / "words.item"
    ut.make_items(tmp_path / "few", item, label="digit", label_pattern="{digit}_{speaker}_{take}", split="all")
    within, across = (
        ut.abx(item, "mfcc", data=tmp_path / "few", **OF_SPEAKER[one], speaker=one).error
        for one in ("within", "across")
    )
    assert within < 0.1 and within < across < 0.5


@pytest.mark.parametrize(
    ("call", "kind", "parts"),
    [
        ({"speaker": "across"}, UsageError, ["max_x_across", "missing"]),
        ({"max_size_group": 0}, UsageError, ["max_size_group", 0, "at least 2"]),
        ({"max_size_group": 1}, UsageError, ["max_size_group", 1, "at least 2"]),
        ({"speaker": "across", "max_x_across": 0}, UsageError, ["max_x_across", 0]),
        ({"max_x_across": 5}, UsageError, ["max_x_across", "across"]),
        ({"distance": "cosinus"}, UsageError, ["distance", "'cosinus'", "angular"]),
        ({"speaker": "both"}, UsageError, ["speaker", "'both'", "across"]),
        ({"frequency": None}, UsageError, ["frames", "frequency"]),
        ({"frequency": 5}, DataError, ["small.item", "25 items", "hold no frame", "line 3", "5 frames a second"]),
        ({"frequency": 5000}, DataError, ["small.item, line 2", "ends at", "frames"]),
        ({"distance": "kl_symmetric"}, DataError, ["kl_symmetric", "probabilities", "sum"]),
        ({"distance": "identical"}, UsageError, ["real numbers", "codes"]),
        ({"features": "mfcc", "frequency": None}, UsageError, ["mfcc", "data"]),
        ({"features": "mfcc", "data": "here", "frequency": None}, DataError, ["line 2", "'1'", "2 files"]),
        ({"data": "here"}, UsageError, ["data", "here", "frames"]),
        ({"seed": -1}, UsageError, ["seed", -1]),
    ],
)
def test_what_is_refused(call: dict, kind: type, parts: list, tmp_path: Path, monkeypatch) -> None:
    from tests.data.sounds import tone
    from tests.data.sounds import write as write_sound

    item = write(tmp_path, sounds("angular"))
    write_sound(tmp_path / "here" / "other.wav", tone())
    monkeypatch.chdir(tmp_path)
    with refuses(kind, *parts):
        ut.abx(item, **{"features": "frames", "max_size_group": -1, "frequency": 50, **call})


def test_too_little_to_compare_is_refused(tmp_path: Path) -> None:
    made = sounds("angular", speakers="x")
    item = write(tmp_path, made)
    with refuses(DataError, item, "'x'", "two"):
        ut.abx(item, tmp_path / "frames", **OF_SPEAKER["across"], frequency=50, speaker="across")
    item = write(tmp_path, [one._replace(phone="a") for one in made])
    with refuses(DataError, item, "nothing to compare", "another phone", "context"):
        ut.abx(item, tmp_path / "frames", **NO_CAPS, frequency=50)
    np.save(tmp_path / "frames/1.npy", np.zeros((99, 1), np.float32))
    np.save(tmp_path / "frames/2.npy", np.zeros((99, 1), np.float32))
    with refuses(UsageError, "angular", "single number"):
        ut.abx(write_items(tmp_path, made), tmp_path / "frames", **NO_CAPS, frequency=50)
    (tmp_path / "frames/2.npy").unlink()
    with refuses(DataError, "small.item, line", "'2'"):
        ut.abx(write_items(tmp_path, made), tmp_path / "frames", **NO_CAPS, frequency=50)


def write_items(folder: Path, made: list) -> Path:
    """The item file alone."""
    item = write(folder / "elsewhere", made)
    (folder / "small.item").write_text(item.read_text())
    return folder / "small.item"
