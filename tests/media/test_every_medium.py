"""What every medium keeps: a real thing comes back from symbols and files as it was, and wrong input is refused."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.media.png_reader import pixels_of
from tests.refusals import refuses
from undertow import alphabets
from undertow.config import parse
from undertow.data.audio import Audio, read_audio
from undertow.data.image_files import read_image
from undertow.data.midi import read_midi
from undertow.errors import DataError, UsageError
from undertow.media import MEDIA, Medium, medium_of
from undertow.media.paths import result_paths
from undertow.media.png import write_png
from undertow.media.sound import read_wave

RATE = 8000
WAVE = np.rint(8191 * np.sin(np.arange(400) / 9)).astype(np.float32) / 32768
ROLL = (np.random.default_rng(3).random((9, 88)) < 0.1).astype(np.uint8)
GREY = np.random.default_rng(4).integers(0, 256, (4, 6)).astype(np.uint8)
COLOUR = np.random.default_rng(5).integers(0, 256, (4, 6, 3)).astype(np.uint8)


def roll_of(path: Path) -> np.ndarray:
    return read_midi(path) if path.suffix == ".mid" else np.load(path)["roll"]


def small(path: Path) -> np.ndarray:
    """An image without the enlargement of its pixels."""
    return pixels_of(path)[::46, ::46]


def near(path: Path) -> np.ndarray:
    """The image that was written, if a JPEG is near it, without the enlargement of its pixels."""
    found = read_image(path).pixels.astype(int).reshape(4, 46, 6, 46, -1).mean((1, 3))
    wanted = COLOUR if found.shape[2] == 3 else GREY[..., None]
    return wanted.squeeze() if np.abs(found - wanted).mean() < 6 else found


def exact(path: Path) -> np.ndarray:
    pixels = read_image(path).pixels[::46, ::46]
    return pixels if (pixels[..., :1] != pixels).any() else pixels[..., 0]


def lossy(path: Path) -> np.ndarray:
    """The wave that was written, if that of the file is near it, beside what the codec adds at the ends."""
    found = read_audio(path).wave
    near = [np.abs(found[shift : shift + len(WAVE)] - WAVE).mean() for shift in range(len(found) - len(WAVE) + 1)]
    return WAVE if min(near) < 0.02 else found


@dataclass(frozen=True)
class Case:
    """An alphabet that loses nothing, a real thing, how it comes back from each kind of file, and what is no such."""

    alphabet: dict[str, Any]
    real: Any
    readers: dict[str, Any]
    report: str
    usual: int
    wrong: list[tuple[Any, type[Exception], tuple[Any, ...]]]
    rate: int | None = None

    @property
    def medium(self) -> Medium:
        kind = alphabets.ALPHABETS[self.alphabet["kind"]]
        return medium_of(alphabets.build(parse(kind.Config, self.alphabet)), self.rate)


IMAGES = {".png": small, ".jpg": near, ".jpeg": near, ".webp": exact}
NOWHERE = (Path("nowhere.npy"), DataError, ("nowhere.npy",))
SOUND = (Audio(WAVE, RATE, RATE), UsageError, ("array",))
IMAGE_WRONG = [NOWHERE, SOUND, (np.zeros((2, 5), np.uint8), DataError, ((2, 5), 6))]
CASES = {
    "sound": Case(
        dict(kind="linear_pcm", bits=16),
        WAVE,
        {".wav": lambda path: read_audio(path).wave, ".flac": lambda path: read_audio(path).wave, ".mp3": lossy},
        "0.05 s",
        RATE,
        [
            (Path("nowhere.wav"), DataError, ("nowhere.wav",)),
            (np.zeros(3, np.int16), DataError, ("int16",)),
            (np.zeros((3, 2)), DataError, ((3, 2),)),
        ],
        RATE,
    ),
    "text": Case(
        dict(kind="bytes"),
        "a wéb\r\n",
        {".txt": lambda path: path.read_bytes().decode()},
        "7 characters",
        500,
        [(Path("nowhere.txt"), DataError, ("nowhere.txt",)), (WAVE, UsageError, ("text",))],
    ),
    "notes": Case(
        dict(kind="piano_roll"),
        ROLL,
        {".npz": roll_of, ".mid": roll_of},
        "9 steps",
        128,
        [NOWHERE, SOUND, (np.zeros(88), DataError, ((88,), 2)), (Path("nowhere.mid"), DataError, ("nowhere.mid",))],
    ),
    "images": Case(dict(kind="pixels", shape=[4, 6, 1]), GREY, IMAGES, "6 x 4", 24, IMAGE_WRONG),
    "colour": Case(dict(kind="pixels", shape=[4, 6, 3]), COLOUR, IMAGES, "6 x 4", 24, IMAGE_WRONG),
    "colour, ordered": Case(
        dict(kind="pixels", shape=[4, 6, 3], ordered=True), COLOUR, IMAGES, "6 x 4", 72, IMAGE_WRONG
    ),
}
FILES = [(name, suffix) for name, case in CASES.items() for suffix in case.readers]


def test_every_medium_has_a_row() -> None:
    assert set(MEDIA) == {case.medium.alphabet.real for case in CASES.values()}
    assert {type(case.medium) for case in CASES.values()} == set(MEDIA.values())
    assert all(set(case.readers) == set(case.medium.suffixes) for case in CASES.values())


@pytest.mark.parametrize(("name", "suffix"), FILES)
def test_what_is_read_comes_back_from_its_file(name: str, suffix: str, tmp_path: Path) -> None:
    pytest.importorskip("mido") if suffix == ".mid" else None
    case = CASES[name]
    medium, path = case.medium, tmp_path / f"x{suffix}"
    symbols = medium.alphabet.encode(medium.read(case.real).real)
    assert medium.suffix_of(path, 1) == suffix
    medium.write(path, medium.alphabet.decode(symbols))
    again = case.readers[suffix](path)
    assert np.array_equal(again, case.real) and [one.name for one in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_parts_join(case: Case) -> None:
    medium = case.medium
    whole = medium.alphabet.decode(medium.alphabet.encode(medium.read(case.real).real))
    assert np.array_equal(medium.join([whole[:5], whole[5:]]), whole)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_report_is_of_what_was_made(case: Case) -> None:
    medium = case.medium
    whole = medium.alphabet.decode(medium.alphabet.encode(medium.read(case.real).real))
    found = medium.report(whole, 0)
    assert case.report in found.line and found.facts
    assert medium.usual_steps(0) == case.usual


@pytest.mark.parametrize("case", [case for case in CASES.values() if case.medium.draws], ids=lambda case: case.report)
def test_a_picture_goes_beside_it(case: Case, tmp_path: Path) -> None:
    case.medium.draw(tmp_path / "x.png", case.real, "title", 3)
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("name", "given", "kind", "parts"),
    [(name, *wrong) for name, case in CASES.items() for wrong in case.wrong],
)
def test_what_is_none_of_it(name: str, given: Any, kind: type[Exception], parts: tuple[Any, ...]) -> None:
    with refuses(kind, *parts):
        CASES[name].medium.read(given)


def test_a_word_is_a_file_and_of_text_itself() -> None:
    meant = {name: case.medium.prompt("a.txt") for name, case in CASES.items()}
    assert meant.pop("text") == "a.txt" and set(meant.values()) == {Path("a.txt")}


@pytest.mark.parametrize("axes", [(12,), (2, 6), (2, 6, 1)])
def test_the_top_of_an_image_is_rows_or_pixels(axes: tuple[int, ...]) -> None:
    assert np.array_equal(CASES["images"].medium.read(GREY[:2].reshape(axes)).real, GREY[:2].reshape(-1))


def test_images_are_whole() -> None:
    images = CASES["images"].medium
    assert images.whole_steps == 24 and images.usual_steps(18) == 6
    assert all(case.medium.whole_steps is None for name, case in CASES.items() if name in ("sound", "text", "notes"))


def test_several_images_are_a_grid(tmp_path: Path) -> None:
    images = CASES["colour"].medium
    images.write_all(tmp_path / "x.png", [COLOUR.reshape(-1, 3)] * 3)
    found = pixels_of(tmp_path / "x.png")
    assert found.shape == (2 * 4 * 46 + 2, 2 * 6 * 46 + 2, 3)
    assert np.array_equal(found[: 4 * 46 : 46, 6 * 46 + 2 :: 46], COLOUR) and (found[-1, -1] == 128).all()
    assert [one.name for one in result_paths(tmp_path / "y.png", 3, images)] == ["y.png"]
    assert len(result_paths(tmp_path / "folder", 3, images)) == 3


@pytest.mark.parametrize("name", ["images", "colour", "colour, ordered"])
def test_an_image_file_is_a_prompt(name: str, tmp_path: Path) -> None:
    medium = CASES[name].medium
    for real in (GREY, COLOUR):
        write_png(tmp_path / "x.png", real[:2])
        found = medium.read(tmp_path / "x.png")
        assert len(medium.alphabet.encode(found.real)) * 2 == medium.whole_steps
        assert bool(found.notes) == ((real.ndim == 3) != (name != "images"))
    write_png(tmp_path / "x.png", GREY[:, :5])
    with refuses(DataError, "x.png", "5 x 4 pixels", "6 x 4"):
        medium.read(tmp_path / "x.png")
    with refuses(DataError, "x.gif", "webp", "npy"):
        medium.read(tmp_path / "x.gif")


def test_pixels_without_rows_make_no_image(tmp_path: Path) -> None:
    loose = Case(dict(kind="pixels"), GREY, {}, "", 0, []).medium
    assert np.array_equal(loose.read(GREY.reshape(-1)).real, GREY.reshape(-1))
    with refuses(UsageError, "shape"):
        loose.write(tmp_path / "x.png", GREY.reshape(-1))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["symbols", "numbers"])
def test_what_no_medium_holds_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(MEDIA, name, raising=False)
    values = {"kind": name, **({"num_symbols": 10} if name == "symbols" else {})}
    with refuses(UsageError, name):
        _ = Case(values, None, {}, "", 0, []).medium


def test_sound_needs_a_rate() -> None:
    silent = Case(CASES["sound"].alphabet, WAVE, {}, "", 0, []).medium
    assert np.array_equal(silent.read(WAVE).real, WAVE)
    for use in (lambda: silent.usual_steps(0), lambda: silent.read(Path("a.wav")), lambda: silent.report(WAVE, 0)):
        with refuses(UsageError, "sample rate"):
            use()


def test_fault_5_a_tune_with_notes_outside_of_the_piano_is_a_prompt_with_a_note(tmp_path):
    mido = pytest.importorskip("mido")
    track = [mido.Message("note_on", note=10, time=0), mido.Message("note_off", note=10, time=480)]
    mido.MidiFile(type=0, tracks=[mido.MidiTrack(track)]).save(tmp_path / "low.mid")
    found = CASES["notes"].medium.read(tmp_path / "low.mid")
    assert np.argwhere(found.real).tolist() == [[0, 0], [1, 0]]
    assert any("outside of the piano" in note for note in found.notes)


@pytest.mark.parametrize("rate", [1, 2**31])
def test_fault_44_a_sound_of_an_impossible_rate_is_refused(rate):
    with refuses(DataError, f"{rate:,} Hz", "768,000"):
        read_wave(Audio(WAVE, rate, rate), RATE)
