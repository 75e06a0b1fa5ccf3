"""Every kind of data from a recipe to a score: two steps on a little of it; and what cannot be used is named."""

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.data.sounds import tone, write
from tests.data.speech import MEL, WORDS, sing
from tests.recipes.recipe_models import model_of
from tests.recipes.small_runs import (
    BOOK,
    BOUNDED,
    GRU,
    RUNS,
    WAVENET,
    labelled,
    recipe,
    write_all,
    write_rolls,
    write_table,
)
from tests.refusals import refuses
from undertow import checkpoint
from undertow.config import to_dict
from undertow.errors import DataError, UsageError
from undertow.evaluation import Score
from undertow.evaluation.prediction import PredictionScore
from undertow.evaluation.tag_scores import TagScore
from undertow.models import build
from undertow.recipes import read_recipe, recipe_names, score, train
from undertow.recipes.card_data import data_of_card
from undertow.recipes.feeding import context_steps
from undertow.recipes.recipe import parse_changes
from undertow.recipes.tasks import TASKS


@pytest.mark.parametrize("name", [name for name in RUNS if name != "sound"])  # tests/cli/test_train_classify.py
def test_from_a_recipe_to_a_score(name: str, tmp_path: Path) -> None:
    data, model, source = RUNS[name]
    given = None if source is None else write_all(tmp_path) / source
    if name == "permuted":
        model = {**model, "emission": {"kind": "categorical"}}
    said: list[str] = []
    trained = train(recipe(data, model), tmp_path / "run", data=given, say=said.append)
    assert trained.progress.step == 2 and trained.progress.best_loss is not None and len(said) >= 2
    loaded, card = checkpoint.load(tmp_path / "run"), checkpoint.read_card(tmp_path / "run")
    known = data_of_card(card)
    assert known == trained.recipe.data and type(loaded) is type(trained.model)
    assert {key: getattr(known, key) for key in data} == data
    split = "validation" if name in ("adding", "copy") else None
    found = score(loaded, known, split=split)
    kinds = {"autoregressive": Score, "tagger": TagScore}
    assert isinstance(found, kinds.get(loaded.config.kind, PredictionScore)) and found.split == (split or "test")
    on_validation = found if split else score(loaded, known, split="validation")
    if isinstance(on_validation, TagScore):
        nats = on_validation.nats
    else:
        nats = on_validation.loss if isinstance(on_validation, PredictionScore) else on_validation.nats_per_symbol
    if name not in ("characters", "bytes", "streams", "bounded", "frames"):  # those are validated in crops, or weighted
        assert nats == pytest.approx(trained.progress.best_loss, rel=1e-4)


def test_subwords(tmp_path: Path) -> None:
    pytest.importorskip("tokenizers")
    (tmp_path / "book.txt").write_text(BOOK)
    model = {"alphabet": {"kind": "subwords", "size": 270}, "network": GRU}
    train(recipe({"kind": "text", "crop_steps": 16}, model), tmp_path / "run", data=tmp_path / "book.txt")
    loaded: Any = checkpoint.load(tmp_path / "run")
    assert loaded.alphabet.decode(loaded.alphabet.encode("the cat")) == "the cat"
    assert score(loaded, tmp_path / "book.txt").num_symbols > 0


@pytest.mark.parametrize("name", [name for name in recipe_names() if name != "classify"])
def test_every_recipe_of_the_package_builds_its_model(name: str) -> None:
    with torch.device("meta"):
        model = build(model_of(name))
    made = read_recipe(name)
    network = made.model.get("network", {})
    reads = (made.model.get("conditioner", {}).get("features") or {}).get("kind")
    names = (
        "vocoder" if reads == "mel" else None,
        made.model.get("kind"),
        network.get("kind", "").partition("_")[0],
        network.get("cell"),
    )
    other = made.model.get("kind") in (
        "autoencoder",
        "denoiser",
        "phones_to_mel",
        "segmenter",
        "student",
        "tagger",
        "text_to_mel",
        "text_to_wave",
    )  # with names of their own
    assert made.description and (other or made.data.kind == "units" or name.partition("-")[0] in names)
    assert not network or model.config.network.kind == network["kind"]
    if made.data.kind == "text":
        context_steps(TASKS["text"](made.data).cut, model.needs)
        assert not made.data.carry_state or model.network.max_length is None


@pytest.mark.parametrize("is_folder", [False, True])
def test_fault_11_one_recording_trains_and_its_end_is_held_out(tmp_path: Path, is_folder: bool) -> None:
    folder = tmp_path / "songs"
    write(folder / "song.flac", np.concatenate([sing(word, 0.3) for word in WORDS]))
    given = folder if is_folder else folder / "song.flac"
    said: list[str] = []
    model = {"alphabet": {"kind": "mu_law"}, "network": GRU, "emission": {"kind": "categorical"}}
    trained = train(recipe({"kind": "audio"}, model), tmp_path / "run", data=given, say=said.append)
    assert trained.progress.best_loss is not None and any("validation 1 clip" in line for line in said)
    found = score(checkpoint.load(tmp_path / "run"), str(given))
    assert found.split == "test" and 0 < found.num_symbols < 0.06 * 2.1 * 8000


def say_nothing(line: str) -> None:
    pass


REFUSED: list[tuple[str, str, list[str]]] = [
    ("text", "fsdd", ["fsdd", "text", "tinyshakespeare"]),
    ("text", "nowhere.txt", ["'nowhere.txt'", "text"]),
    ("rolls", "tinyshakespeare", ["tinyshakespeare", "text", "rolls", "jsb, nottingham"]),
    ("rolls", "nowhere", ["'nowhere'", "rolls"]),
    ("labelled_text", "jsb", ["jsb", "rolls", "pairs"]),
    ("transcripts", "jsb", ["jsb", "rolls", "audio", "fsdd"]),
    ("transcripts", "nowhere", ["'nowhere'", "audio"]),
    ("speech", "jsb", ["jsb", "rolls", "audio", "fsdd"]),
    ("mnist", "book.txt", ["'book.txt'", "folder", "mnist"]),
    ("mnist", "jsb", ["'jsb'", "folder"]),
    ("adding", "book.txt", ["seed", "--data book.txt"]),
    ("copy_memory", "book.txt", ["seed", "--data book.txt"]),
]


@pytest.mark.parametrize(("kind", "given", "parts"), REFUSED, ids=[f"{one[0]}-{one[1]}" for one in REFUSED])
def test_data_of_another_kind_is_refused(kind, given, parts, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "book.txt").write_text(BOOK)
    with refuses(UsageError, *parts) as caught:
        TASKS[kind].choose(TASKS[kind].Config(), given)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["text", "rolls", "labelled_text", "transcripts", "speech"])
def test_a_source_must_be_given(kind):
    with refuses(UsageError, "--data"):
        TASKS[kind].choose(TASKS[kind].Config(), None)


def test_a_named_set_replaces_a_place_and_settings_stay():
    kind = TASKS["text"]
    made = kind.choose(kind.Config(source="x", path="/elsewhere", crop_steps=7), "tinyshakespeare")
    assert made == kind.Config(source="tinyshakespeare", crop_steps=7)


def test_digits_elsewhere_keep_their_settings(tmp_path):
    kind = TASKS["mnist"]
    made = kind.choose(kind.Config(permuted=True, num_validation=3), tmp_path)
    assert (made.permuted, made.num_validation, made.path) == (True, 3, str(tmp_path))


def run(data: dict[str, Any], model: dict[str, Any], out: Path, source: Path | None, *changes: str) -> Any:
    made = read_recipe(recipe(data, model), parse_changes(changes))
    return train(made, out, data=source)


BAD: dict[str, tuple[str, str, type[Exception], list[str]]] = {
    "no room for context": ("bounded", "data.crop_steps=20", UsageError, ["20 steps", "1 of context", "max_length"]),
    "no end of the state": ("bounded", "data.carry_state=true", UsageError, ["data.carry_state", "20", "max_length"]),
    "too few streams": ("streams", "training.batch_size=900", UsageError, ["900 streams"]),
    "a label that is not there": ("digits", "model.label=digits", DataError, ["'digits'", "'digit'"]),
    "a label for every step": ("digits", "model.reading=every", UsageError, ["'digit'", "sequence", "last"]),
    "a label for the whole": ("copy", "model.reading=last", UsageError, ["'target'", "step", "every"]),
    "too few classes": ("digits", "model.classes=[a,b]", DataError, ["6 classes", "'digit'"]),
    "another label": ("labelled", "model.label=mood", DataError, ["label 'mood'"]),
    "clips at every step": ("sound", "model.reading=every", UsageError, ["'pitch'", "sequence", "last"]),
    "sound for text": ("characters", "alphabet.kind=mu_law", UsageError, ["'mu_law'", "sound", "text"]),
    "text for pixels": ("digits", "alphabet={kind: bytes}", UsageError, ["'bytes'", "text", "images"]),
    "a text too long": ("labelled", f"network={BOUNDED | {'max_length': 12}}", UsageError,
                        ["12 steps", "11", "network.max_length", "data.longest"]),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_does_not_fit_is_refused_before_a_run_is_there(name: str, tmp_path: Path) -> None:
    base, change, error, parts = BAD[name]
    data, model, source = RUNS[base]
    place = None if source is None else write_all(tmp_path) / source
    with refuses(error, *parts) as caught:
        run(data, model, tmp_path / "run", place, change)
    assert "\n" not in str(caught.value) and not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("content", "changes", "parts"),
    [
        (b"", (), ["empty"]),
        (b"abc\xff\xfedef" * 9, (), ["UTF-8", "byte 0xff", "position 4", "alphabet.kind=bytes"]),
        (b"", ("alphabet.kind=bytes",), ["empty"]),
    ],
)
def test_a_file_that_is_no_text(content: bytes, changes: tuple[str, ...], parts: list[str], tmp_path: Path) -> None:
    (tmp_path / "bad.txt").write_bytes(content)
    data, model, _ = RUNS["characters"]
    with refuses(DataError, "bad.txt", *parts) as caught:
        run(data, model, tmp_path / "run", tmp_path / "bad.txt", *changes)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["ab", "abcabc", BOOK[:45]])
def test_a_text_shorter_than_a_crop_is_trained_on_whole(text: str, tmp_path: Path) -> None:
    (tmp_path / "short.txt").write_text(text)
    data, model, _ = RUNS["characters"]
    trained = run({**data, "crop_steps": 1000}, model, tmp_path / "run", tmp_path / "short.txt")
    assert trained.progress.step == 2 and score(trained.model, tmp_path / "short.txt", split="train").num_symbols > 0


def test_without_anything_held_out_a_run_ends_all_the_same(tmp_path: Path) -> None:
    data, model, _ = RUNS["bytes"]
    (tmp_path / "two").write_text("ab")
    trained = run(data, model, tmp_path / "run", tmp_path / "two")
    assert trained.progress.best_loss is None and trained.loss_text is None
    (tmp_path / "one").write_text("a")
    with refuses(DataError, "train", "test"):
        run(data, model, tmp_path / "none", tmp_path / "one")


def test_a_character_that_was_not_trained_on_is_named_when_scored(tmp_path: Path) -> None:
    (tmp_path / "book.txt").write_text(BOOK)
    (tmp_path / "other.txt").write_text(BOOK + "Zebra")
    data, model, _ = RUNS["characters"]
    trained = run(data, model, tmp_path / "run", tmp_path / "book.txt")
    with refuses(DataError, "other.txt", "'Z' (U+005A)", "position 1351"):
        score(trained.model, tmp_path / "other.txt")


def test_a_table_with_its_classes_in_another_order_is_scored_by_their_names(tmp_path: Path) -> None:
    data, model, _ = RUNS["labelled"]
    trained = run(data, model, tmp_path / "run", write_table(tmp_path / "a.csv", labelled("ant", "cat", "dog")))
    fewer = write_table(tmp_path / "b.csv", labelled("cat", "dog"))
    found = score(trained.model, fewer, split="test")
    assert isinstance(found, PredictionScore) and found.confusion is not None
    assert found.classes == ("ant", "cat", "dog") and found.confusion.sum(1).tolist() == [0, 3, 3]
    more = write_table(tmp_path / "c.csv", labelled("cat", "eel"))
    with refuses(DataError, "class 'eel'", "ant, cat, dog"):
        score(trained.model, more, split="test")


def test_a_table_that_is_only_scored_needs_no_class_to_train_on(tmp_path: Path) -> None:
    data, model, _ = RUNS["labelled"]
    trained = run(data, model, tmp_path / "run", write_table(tmp_path / "a.csv", labelled("ant", "cat", "dog")))
    rows = [("an ant", "ant", "test"), ("a dog", "dog", "test")]
    found = score(trained.model, write_table(tmp_path / "b.csv", rows))
    assert (
        isinstance(found, PredictionScore)
        and found.confusion is not None
        and found.confusion.sum(1).tolist() == [1, 0, 1]
    )
    assert isinstance(one := score(trained.model, write_table(tmp_path / "c.csv", rows[:1])), PredictionScore)
    assert one.num_labels == 1 and one.classes == ("ant", "cat", "dog")
    plain = tmp_path / "plain.csv"
    plain.write_text("text,label\n" + "".join(f"a dog{' ' * number}o,dog\n" for number in range(40)))
    assert isinstance(whole := score(trained.model, plain, split="all"), PredictionScore) and whole.num_labels == 40
    with refuses(DataError, "c.csv", "class 'ant'"):
        run(data, model, tmp_path / "none", tmp_path / "c.csv")
    unknown = write_table(tmp_path / "d.csv", [*rows, ("an eel", "eel", "test"), ("a cow", "cow", "train")])
    with refuses(DataError, "d.csv, line 4", "class 'eel'", "ant, cat, dog"):
        score(trained.model, unknown)


def test_a_recogniser_needs_frames_and_a_model_of_two_sequences():
    recipe = {"data": {"kind": "transcripts", "source": "fsdd"}, "training": {"steps": 1}}
    network = {"kind": "transformer", "channels": 8, "num_heads": 2}
    with refuses(UsageError, "seq2seq", "autoregressive"):
        read_recipe(recipe | {"model": {"network": network}})
    with refuses(UsageError, "model.features"):
        read_recipe(recipe | {"model": {"kind": "seq2seq", "network": network}})
    with refuses(UsageError, "hiden", "'hidden'"):
        read_recipe("transformer-fsdd", {"model.frames.hiden": 0.1})


def test_fault_4_a_folder_laid_out_as_lj_speech_trains_a_recogniser_and_a_model_of_sound(tmp_path: Path) -> None:
    rows = []
    for index, word in enumerate((*WORDS, *WORDS)):
        write(tmp_path / "lj" / "wavs" / f"rec-{index}.wav", sing(word, 0.1))
        rows.append(f"rec-{index}|{word}|{word}\n")
    (tmp_path / "lj" / "metadata.csv").write_text("".join(rows))
    network = {"kind": "rnn_attention", "channels": 4, "embedding_channels": 3, "encoder_layers": 1}
    speech = {"kind": "seq2seq", "features": to_dict(MEL), "network": network}
    sound = {"alphabet": {"kind": "mu_law"}, "network": WAVENET, "emission": {"kind": "categorical"}}
    for kind, model in (("transcripts", speech), ("audio", sound)):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a short receptive field
            trained = train(recipe({"kind": kind}, model), tmp_path / kind, data=tmp_path / "lj")
        assert trained.progress.step == 2 and trained.progress.best_loss is not None
    assert set(checkpoint.load(tmp_path / "transcripts").alphabet.config.characters) == set("".join(WORDS))


def test_fault_5_a_validation_split_of_damaged_files_alone_is_left_out_and_named(tmp_path: Path) -> None:
    folder = write_rolls(tmp_path / "rolls")
    for path in (folder / "validation").iterdir():
        path.write_bytes(b"damaged")
    said: list[str] = []
    data, model, _ = RUNS["rolls"]
    trained = train(recipe(data, model), tmp_path / "run", data=folder, say=said.append)
    assert trained.progress.step == 2
    assert any("no validation" in line and "3 validation files" in line for line in said)


@pytest.mark.parametrize("splits", [["validation"], ["train", "validation", "test"], ["test", "train"]])
def test_what_is_said_of_a_folder_is_said_once_and_of_each_split_by_itself(splits: list[str], tmp_path: Path) -> None:
    for split in ("train", "validation", "test"):
        write(tmp_path / split / "a.wav", tone())
        (tmp_path / split / "bad.wav").write_text("no sound")
    (tmp_path / "old.m4a").touch()
    said: list[str] = []
    task = TASKS["audio"](TASKS["audio"].choose(TASKS["audio"].Config(), tmp_path), said.append)
    needs = build(model_of("wavenet-fsdd")).needs
    for split in splits:
        task.read(split, replace(needs, classes={}))
    assert sum("1 .m4a" in line for line in said) == 1
    for split in splits:
        (line,) = [line for line in said if line.startswith(f"{split}: ")]
        assert line.splitlines()[0].endswith("1 of 2 files skipped:")
        assert line.splitlines()[1].startswith(f"  {split}/bad.wav: ")  # below the folder, wherever that is
