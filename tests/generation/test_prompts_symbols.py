"""Text, piano rolls and pixels: prompts as users have them, and what comes back."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.generation.models import build, frames
from tests.generation.symbol_models import CHARACTERS, pixel_model, roll_model, text_model
from tests.refusals import refuses
from undertow.alphabets import Bytes
from undertow.data.audio import Audio
from undertow.emissions import Sampling
from undertow.errors import DataError, UsageError
from undertow.generation import generate, resume, stream
from undertow.generation.prompts import read_prompt
from undertow.generation.stopping import NO_STOPS, TextRow
from undertow.state import load, save

BYTES = dict(kind="bytes")


def roll(num_steps: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 2, (num_steps, 88))


def test_a_str_is_the_text_and_a_path_a_file_of_it(tmp_path: Path) -> None:
    model, path = text_model(), tmp_path / "prompt.txt"
    path.write_bytes("the wéb\nis".encode())
    expected = model.alphabet.encode("the wéb\nis").tolist()
    for given in ("the wéb\nis", path, np.array(expected)):
        assert read_prompt(given, model)[0].tolist() == expected
    assert read_prompt("", model)[0].shape == (0,)


def test_text_comes_as_strings() -> None:
    model = text_model()
    made = generate(model, num_steps=25, prompt=["the cat is", "", None, "a"], seed=1)
    assert [type(text) for text in made.real] == [str] * 4 and made.symbols.shape == (4, 25)
    assert made.lengths == (25,) * 4 and made.ended == (False,) * 4
    for text, whole, before, row in zip(
        made.real, made.continued, ["the cat is", "", "", "a"], made.symbols, strict=True
    ):
        assert whole == before + text and np.array_equal(model.alphabet.encode(text), row)
    again = generate(model, num_steps=25, prompt="the cat is", rows=[0], seed=1)
    assert again.real[0] == made.real[0]
    assert made.samples_per_second == pytest.approx(100 / made.seconds) and made.real_time_factor is None


@pytest.mark.parametrize("chunk_steps", [1, 2, 7, 100])
@pytest.mark.parametrize("alphabet", [None, BYTES])
def test_streamed_text_is_generated_text(alphabet: dict | None, chunk_steps: int) -> None:
    """Random bytes are mostly no UTF-8: what is held back between chunks must come out as in one piece."""
    model = text_model(alphabet=alphabet)
    given: dict = dict(num_steps=40, prompt=["the", None], seed=1)
    chunks = list(stream(model, **given, chunk_steps=chunk_steps))
    assert ["".join(pieces) for pieces in zip(*chunks, strict=True)] == generate(model, **given).real
    assert len(chunks) == -(-40 // chunk_steps)


def test_half_a_character_waits_for_its_other_half() -> None:
    row = TextRow(NO_STOPS, Bytes(Bytes.Config()))
    fed = np.frombuffer("éé".encode(), np.uint8)[[0, 1, 2, 3, 0]]
    assert [row.feed(fed[at : at + 1], last=at == 4) for at in range(5)] == ["", "é", "", "é", "\ufffd"]


def test_text_is_paused_and_resumed(tmp_path: Path) -> None:
    for model in (text_model("lstm"), text_model("rotary")):
        first = stream(model, num_steps=40, prompt=["the", "a"], chunk_steps=15)
        begun = next(first)
        save(first.state, tmp_path / "state")
        rest = list(resume(model, load(tmp_path / "state"), num_steps=25))
        whole = generate(model, num_steps=40, prompt=["the", "a"]).real
        assert [a + "".join(b) for a, b in zip(begun, zip(*rest, strict=True), strict=True)] == whole


def test_rolls_go_in_and_come_out(tmp_path: Path) -> None:
    model, notes = roll_model(), roll(9)
    np.save(tmp_path / "a.npy", notes.astype(bool))
    np.savez(tmp_path / "a.npz", roll=notes.astype(np.uint8))
    made = generate(model, num_steps=12, prompt=[notes, None, notes[:2]], seed=4)
    assert made.symbols.shape == (3, 12, 88) and made.real.dtype == np.uint8 and made.lengths == (12,) * 3
    assert np.array_equal(made.continued[0][:9], notes) and np.array_equal(made.continued[0][9:], made.real[0])
    for given in (tmp_path / "a.npy", str(tmp_path / "a.npz"), notes.astype(np.float32), notes.astype(np.uint8)):
        assert np.array_equal(generate(model, num_steps=12, prompt=given, seed=4).symbols[0], made.symbols[0])


def test_rolls_stream_pause_and_share_a_prompt() -> None:
    model = roll_model("gru")
    whole = generate(model, num_steps=20, prompt=roll(5), count=2).real
    first = stream(model, num_steps=20, prompt=roll(5), count=2, chunk_steps=8)
    begun = next(first)
    rest = list(resume(model, first.state, num_steps=12, chunk_steps=5))
    assert np.array_equal(np.concatenate([begun, *rest], axis=1), whole)
    assert not np.array_equal(whole[0], whole[1])
    with refuses(DataError, "state", "model"):
        resume(text_model("gru"), first.state)


def test_rolls_take_a_temperature_and_no_filters() -> None:
    model = roll_model()
    cold = generate(model, num_steps=9, count=2, sampling=Sampling(temperature=0)).symbols
    assert np.array_equal(cold[0], cold[1])
    with refuses(UsageError, "top_k", "categorical"):
        generate(model, num_steps=3, sampling=Sampling(top_k=3))


@pytest.mark.native
def test_rolls_run_natively_by_default_and_draw_what_torch_draws() -> None:
    model = roll_model("tcn").float()
    made = generate(model, num_steps=20, prompt=roll(5), count=2)
    assert made.engine == "native" and not made.notes
    assert np.array_equal(made.symbols, generate(model, num_steps=20, prompt=roll(5), count=2, engine="torch").symbols)
    with refuses(UsageError, "top_k", "categorical"):
        generate(model, num_steps=3, sampling=Sampling(top_k=3))


def test_pixels() -> None:
    model = pixel_model()
    made = generate(model, num_steps=16, prompt=np.array([0, 255, 85, 170], np.uint8))
    assert made.real.dtype == np.uint8 and made.real.shape == (1, 16) and set(made.real.ravel()) <= {0, 85, 170, 255}
    assert made.continued[0][:4].tolist() == [0, 255, 85, 170]


def test_a_prompt_that_a_bounded_network_cannot_hold() -> None:
    model = text_model("transformer")  # of 64 inputs
    text = "the cat " * 8
    assert len(generate(model, num_steps=1, prompt=text[:63]).real[0]) == 1
    with refuses(UsageError, "prompt", "64 steps", "network"):
        generate(model, num_steps=1, prompt=text)
    with refuses(UsageError, "31 steps", 30):
        generate(model, num_steps=31, prompt=text[:34])
    assert sum(len(chunk[0]) for chunk in stream(model, prompt=text[:34])) == 30  # an endless one ends there


REFUSED: list[tuple[str, Any, type[ValueError], list[Any]]] = [
    ("text", "dog", DataError, ["character 'g' (U+0067)", "position 3", "alphabet"]),
    ("text", Path("nowhere.txt"), DataError, ["nowhere.txt", "No such file"]),
    ("text", Path("."), DataError, ["a folder"]),
    ("text", Path("latin.txt"), DataError, ["UTF-8", "byte 0xe9", "position 2"]),
    ("text", np.array([3, 99]), DataError, ["symbol 99", 17]),
    ("text", np.array([[3, 9]]), DataError, ["array", (1, 2), "(steps)"]),
    ("text", np.array([0.5]), UsageError, ["text", "str"]),
    ("text", Audio(np.zeros(3, np.float32), 9, 9), UsageError, ["text", "str"]),
    ("roll", np.zeros((3, 87)), DataError, [(3, 87), "(T, 88)"]),
    ("roll", np.zeros(88), DataError, [(88,), "2 axes"]),
    ("roll", np.full((3, 88), 2.0), DataError, ["2.0", "step 0", "key 0"]),
    ("roll", np.zeros((2, 3, 88), np.int64), DataError, ["(steps, 88)"]),
    ("roll", "nowhere.npy", DataError, ["nowhere.npy", "such file"]),
    ("roll", "latin.txt", DataError, ["latin.txt", "numpy"]),
    ("roll", "two.npz", DataError, ["two.npz", "2 arrays"]),
    ("roll", "pickled.npy", DataError, ["pickled.npy", "numbers"]),
    ("roll", Audio(np.zeros(3, np.float32), 9, 9), UsageError, ["music", "array"]),
    ("pixel", np.array([1.0]), DataError, ["0 to 255"]),
]


@pytest.mark.parametrize(("kind", "prompt", "error", "parts"), REFUSED)
def test_bad_prompts(
    kind: str, prompt: Any, error: type[ValueError], parts: list[Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("latin.txt").write_bytes("hé".encode("latin-1"))
    np.savez("two.npz", a=roll(2), b=roll(2))
    np.save("pickled.npy", np.array([{}]), allow_pickle=True)
    model = {"text": text_model, "roll": roll_model, "pixel": pixel_model}[kind]()
    with refuses(error, *parts):
        generate(model, num_steps=2, prompt=prompt)


def test_sound_still_takes_a_str_as_a_file() -> None:
    with refuses(DataError, "the cat", "such file"):
        read_prompt("the cat", build())


def test_the_alphabet_of_these_tests() -> None:
    assert text_model().alphabet.num_symbols == len(CHARACTERS)


def test_bad_prompts_are_left_out_if_asked_as_on_the_command_line(tmp_path: Path) -> None:
    model, missing = text_model(), tmp_path / "missing.txt"
    given: list[Any] = ["the", "☃", None, missing]
    whole = generate(model, num_steps=20, prompt=["the", "a", None, "is"], seed=3)
    with refuses(DataError, "☃"):
        generate(model, num_steps=20, prompt=given, seed=3)
    made = generate(model, num_steps=20, prompt=given, seed=3, skip_bad=True)
    assert made.numbers == (0, 2) and made.real == [whole.real[0], whole.real[2]]
    assert "prompt 2" in made.faults[0] and str(missing) in made.faults[1] and len(made.faults) == 2
    assert [path.name for path in made.save(tmp_path / "t.txt")] == ["t-1.txt", "t-3.txt"]
    assert whole.numbers == (0, 1, 2, 3) and whole.faults == ()
    with refuses(DataError, "none of 2 prompts", "☃"):
        generate(model, num_steps=20, prompt=["☃", missing], skip_bad=True)
    with refuses(UsageError, "2 prompts", "3 rows"):
        generate(model, num_steps=20, prompt=["☃", "a"], count=3, skip_bad=True)


def test_rows_without_bad_prompts_keep_their_labels_and_frames() -> None:
    labelled, bad = build("labels"), Path("missing.wav")
    speakers = {"speaker": ["lucas", "theo", None]}
    whole = generate(labelled, num_steps=20, count=3, labels=speakers)
    found = generate(labelled, num_steps=20, prompt=[None, bad, None], labels=speakers, skip_bad=True)
    assert np.array_equal(found.symbols, whole.symbols[[0, 2]])
    framed, each = build("features"), np.stack([frames(4, seed) for seed in range(3)])
    whole = generate(framed, num_steps=8, count=3, features=each)
    found = generate(framed, num_steps=8, prompt=[bad, None, None], features=each, skip_bad=True)
    assert np.array_equal(found.symbols, whole.symbols[1:])
