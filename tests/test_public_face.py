"""What the verbs of the public face are given: wrong arguments, one item for several, and a path for a model."""

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import undertow as ut
from tests.cli.translators import translator
from tests.coding.fake_autoencoder import Fake
from tests.data.sounds import tone, write
from tests.evaluation.test_word_error import recogniser
from tests.generation.models import build
from tests.generation.symbol_models import text_model
from tests.models.readers import ALPHABET, TCN
from tests.models.test_segmenter import segmenter
from tests.models.test_tagger import OF_FRAMES, tagger
from tests.reconstruction.echo import Echo
from tests.refusals import refuses
from tests.speaking.voice import Voice
from tests.vocoding.vocoders import vocoder
from undertow import checkpoint
from undertow.config import parse
from undertow.data.audio import Audio
from undertow.models import Classifier, Model


def classifier(**changes: Any) -> Model:
    values = {"alphabet": ALPHABET, "network": TCN, "label": "kind", "classes": ("bad", "good"), "reading": "mean"}
    return Classifier(parse(Classifier.Config, {**values, **changes}))


MODELS = {
    "text": lambda: text_model().float(),
    "sound": lambda: build("labels").float(),
    "pair": translator,
    "speech": recogniser,
    "classifier": classifier,
    "segmenter": segmenter,
    "listener": lambda: tagger(**OF_FRAMES).float(),
    "coder": Fake,
    "echo": Echo,
    "voice": Voice,
    "vocoder": vocoder,
    "speaker": lambda: classifier(alphabet={"kind": "mu_law", "num_levels": 16}, sample_rate=8000),
}
JUNK: dict[str, tuple[Any, ...]] = {  # by argument: values that it cannot be
    "model": (None, 3, "nowhere", Path("nowhere"), ["nowhere"], np.zeros(3)),
    "path": (None, 3, "nowhere", ["nowhere"], b"x"),
    "device": (3, "gpu", "cuda:x", None),
    "recipe": (None, 3, "wavenest", ["wavenet"], {"data": 3}, {"modle": {}}),
    "recipes": (None, 3, [], [3], "wavenest"),
    "out": (3, None, ["a"]),
    "init": (3, "nowhere"),
    "changes": (3, "training.steps=3", ["training.steps"], {3: 4}, {"training.batch_size": "x"}, {"nothing": 1}),
    "steps": ("3", 1.5, True, -1),
    "minutes": ("3", True, -1),
    "seed": ("3", 1.5, -1, None, 2**70),
    "resume": ("yes", 3),
    "checkpoints": (None, 3, "nowhere", [], ["nowhere", "nowhere"], [3]),
    "last": ("5", 1.5, 0),
    "source": (None, 3, "nowhere", ["a"], {"kind": "audio"}),
    "split": (3, "tset"),
    "label_pattern": (3, "no braces", "{digit"),
    "protocol": (3, "x"),
    "collar": ("3", -1, True, 2.5),
    "token_column": ("1", 0, 1.5),
    "metrics": (3, "blue", [3], ["blue"]),
    "precision": (3, "int4", None),
    "labels": (3, {"digit": 3}, {3: "3"}, "4", ["4"], {"speaker": "x"}, {"digit": ["3", 3]}),
    "prompt": (3, b"ab", [3], "nowhere.wav", np.zeros((2, 2)), np.array(["a"]), {"a": 1}),
    "features": (3, "nowhere.npy", np.zeros(3), [[0.0]]),
    "draw": (3, None, {"seconds": 1}),
    "chunk_steps": ("3", 0, 1.5),
    "chunk_ms": ("3", 0),
    "output": ("x", 3),
    "state": (None, 3, {}, {"places": torch.zeros(1, 4)}),
    "seconds": ("1", -1, float("nan"), True, [1]),
    "num_steps": ("1", 0, 1.5, True),
    "count": ("1", 0, 1.5, -3),
    "stop": (1.5, ["a", 1.5], "", {"a": 1}),
    "sampling": (3, "greedy", {"temperature": 1}),
    "rows": (3, "12", ["1"], [-1], []),
    "engine": (3, "tensorrt", None),
    "threads": ("2", 0, 1.5),
    "sounds": (None, 3, "nowhere.wav", ["nowhere.wav"], [3], np.zeros((2, 2)), np.zeros(0), b"x"),
    "one": (None, 3, "nowhere.wav", ["clip.wav"], np.zeros((2, 2)), np.zeros(0), b"x"),
    "other": (None, 3, "nowhere.wav", ["clip.wav"], np.zeros((2, 2)), np.zeros(0), b"x"),
    "lines": (None, 3, [3], [None], b"x", {"a": "b"}, np.zeros(3)),
    "items": (None, 3, [3], "nowhere.wav", b"x", {"a": "b"}),
    "search": (3, None, {"beam": 3}),
    "beam": ("3", 0, 1.5),
    "length_penalty": ("a", -1),
    "n_best": ("1", 0, 9),
    "batch_size": ("1", 0),
    "max_length": ("x", 0, 1.5),
    "long_lines": (3, "cut"),
    "skip_bad": ("yes", 3),
    "allow_code": ("yes", 3),
    "images": (None, 3, [3], "nowhere.png", b"x", {"a": "b"}),
    "tile": ("3", 0, 1.5),
    "sentences": ("yes", 3),
    "ignore_labels": ("yes", 3),
    "skip_unknown": ("yes", 3),
    "num_symbols": ("3", 0, 1.5),
    "progress": (3, "bar"),
    "say": (3, "loud"),
    "downloads": (3, None),
    "data": (3, ["a"]),
    "target": (3, None, ["a"]),
    "at": (3, [3], "p_no"),
    "probes": (3, "linaer", [3]),
    "seeds": ("3", 0, 1.5, None),
    "held_out": (3, None, ["a"]),
    "tier": (3, ["a"]),
    "frequency": ("3", True, 5.0),
    "sound": (None, 3, "nowhere.wav", np.zeros((2, 2)), np.zeros(0), b"x"),
    "file": (None, 3, "nowhere.utk", b"x"),
    "prior": (3, "nowhere", ["a"]),
    "force": ("yes", 3),
    "format": (3, None, "csv"),
    "deduplicate": ("yes", 3),
    "score": ("yes", 3),
    "item": (3, None, "nowhere.item", ["a.item"]),
    "max_size_group": ("3", 1.5, None, 0, True),
    "max_x_across": ("3", 1.5, True),
    "speaker": (3, "both", None),
    "context": (3, "none"),
    "distance": (3, "cosinus"),
    "libri_light": ("yes", 3),
    "label": (3, "digti"),
    "min_seconds": ("1", -1, True),
    "text": (None, 3, "", "…", "seven", b"x", ["one", 3], ["seven"], []),
    "vocoder": (3, "nowhere", ["a"]),
    "dictionary": (3, "nowhere.dict", ["a"], {"one": 3}),
    "manner": (3, None, {"speed": 1}),
    "given": (None, 3, "nowhere.wav", "nowhere.npy", np.zeros((2, 2)), np.zeros(0), b"x"),
    "blocks": (None, 3, [3], [np.zeros((2, 3))], []),
    "teacher": (3, "nowhere", ["a"]),
    "nothing": (1,),
}
GOOD: dict[str, list[tuple[str | None, dict[str, Any]]]] = {  # by verb: a model and what else a right call has
    "load": [(None, {"path": "text"})],
    "train": [(None, {"recipe": "tcn-copy-memory", "out": "out", "steps": 1})],
    "distil": [(None, {"teacher": "sound", "recipe": "clarinet-fsdd", "out": "out", "steps": 1})],
    "average": [(None, {"checkpoints": ["text", "sound"], "out": "mean"})],
    "compare": [(None, {"recipes": ["tcn-jsb", "gru-jsb"], "out": "runs", "minutes": 0.1, "data": "nowhere"})],
    "score": [("text", {"source": "nowhere"}), ("pair", {"source": "nowhere"})],
    "quantise": [("text", {"source": "nowhere"})],
    "generate": [("text", {"num_steps": 2}), ("sound", {"num_steps": 2})],
    "stream": [("text", {"num_steps": 2}), ("sound", {"num_steps": 2})],
    "resume": [("text", {"state": {}, "num_steps": 2})],
    "translate": [("pair", {"lines": ["ab"]})],
    "transcribe": [("speech", {"sounds": ["clip.wav"]})],
    "abx": [(None, {"item": "words.item", "features": "mfcc", "data": "sounds", "max_size_group": 5})],
    "make_items": [(None, {"source": "sounds", "out": "new.item", "label_pattern": "{digit}_{take}"})],
    "segment": [("segmenter", {"images": ["image.png"]})],
    "tag": [("listener", {"items": ["clip.wav"]})],
    "reconstruct": [("echo", {"sound": "clip.wav"})],
    "interpolate": [("echo", {"one": "clip.wav", "other": "clip.wav"})],
    "speak": [("voice", {"text": "one"})],
    "stream_speak": [("voice", {"text": "one"})],
    "vocode": [("vocoder", {"given": "clip.wav"})],
    "stream_vocode": [("vocoder", {"blocks": [np.zeros((3, 12))]})],
    "probe": [("text", {"source": "nowhere", "target": "label"})],
    "units": [("coder", {"data": "nowhere"})],
    "encode": [("coder", {"sound": "clip.wav", "out": "a.utk"})],
    "decode": [("coder", {"file": "nowhere.utk"})],
    "predict": [("classifier", {"items": ["ab"]}), ("speaker", {"items": ["clip.wav"]})],
}
OTHER = {  # by verb: models that do something else
    "generate": ("pair", "speech", "classifier"),
    "stream": ("pair", "speech", "classifier"),
    "resume": ("pair", "speech", "classifier"),
    "quantise": ("pair", "speech", "classifier"),
    "translate": ("text", "sound", "speech", "classifier"),
    "transcribe": ("text", "sound", "pair", "classifier"),
    "predict": ("text", "sound", "pair", "speech", "listener"),
    "segment": ("text", "sound", "pair", "speech", "classifier"),
    "tag": ("text", "speech", "classifier"),
    "units": ("text", "classifier"),
    "encode": ("text", "classifier"),
    "reconstruct": ("text", "sound", "classifier"),
    "interpolate": ("text", "sound", "classifier"),
    "speak": ("text", "sound", "classifier"),
    "stream_speak": ("text", "sound"),
    "vocode": ("text", "sound", "classifier"),
    "stream_vocode": ("text", "classifier"),
}
VERBS = [name for name in ut.__all__ if name != "Sampling" and not name.endswith("Error")]
OF_DRAW = ("seconds", "num_steps", "count", "stop", "sampling", "seed", "rows", "engine", "threads")
OF_SEARCH = ("beam", "length_penalty", "n_best", "batch_size", "max_length", "sampling", "seed")
OPTIONS = {"generate": OF_DRAW, "stream": OF_DRAW, "resume": OF_DRAW, "translate": OF_SEARCH, "transcribe": OF_SEARCH}


@pytest.fixture(scope="module")
def models() -> dict[str, Model]:
    return {name: make().eval() for name, make in MODELS.items()}


@pytest.fixture
def folder(models, tmp_path, monkeypatch) -> Path:
    """A working folder with a checkpoint of each model and a sound."""
    monkeypatch.chdir(tmp_path)
    for name in ("text", "sound"):
        checkpoint.save(tmp_path / name, models[name], {})
    write(tmp_path / "clip.wav", tone(0.1))
    return tmp_path


def arguments(verb: str) -> list[str]:
    """The names of a verb's arguments and options."""
    parameters = inspect.signature(getattr(ut, verb)).parameters.values()
    return [one.name for one in parameters if one.kind is not one.VAR_KEYWORD] + [*OPTIONS.get(verb, ()), "nothing"]


def wrong_calls(verb: str, models: dict[str, Model]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Calls with one wrong argument each, and what is wrong."""
    for name, values in GOOD[verb]:
        right = values if name is None else {"model": models[name], **values}
        for argument in arguments(verb):
            without = {key: value for key, value in right.items() if (key, argument) != ("num_steps", "seconds")}
            for value in JUNK[argument]:
                if value is None and argument in ("seed", "data", "device") and verb in ("train", "compare"):
                    continue  # None is the usual value of an optional argument
                yield f"{verb} of {name}: {argument}={value!r}", {**without, argument: value}
    for other in OTHER.get(verb, ()):
        yield f"{verb} of {other}", {**GOOD[verb][0][1], "model": models[other]}


@pytest.mark.parametrize("verb", VERBS)
def test_fault_8_a_wrong_argument_gives_one_clear_line(verb, models, folder):
    """Only errors of the package, or the TypeError of an unknown argument: nothing from the depth, and no success."""
    before = sorted(folder.iterdir())
    for what, call in wrong_calls(verb, models):
        try:
            found = getattr(ut, verb)(**call)
            if verb in ("stream", "stream_speak", "stream_vocode"):
                next(found)
        except (ut.UsageError, ut.DataError) as error:
            assert "\n" not in str(error) and len(str(error)) > 10, what
        except TypeError as error:
            assert "unexpected keyword argument 'nothing'" in str(error), f"{what}: {error}"
        except Exception as error:
            raise AssertionError(f"{what}: {type(error).__name__}: {error}") from error
        else:
            raise AssertionError(f"{what}: nothing was refused")
    assert sorted(folder.iterdir()) == before


def test_every_argument_of_every_verb_is_in_the_table():
    assert set(VERBS) == set(GOOD)
    assert {name for verb in VERBS for name in arguments(verb)} <= set(JUNK)


@pytest.mark.parametrize(
    ("verb", "call", "parts"),
    [
        ("generate", {"model": "pair", "num_steps": 3}, ["seq2seq", "cannot generate", "`undertow translate`"]),
        ("stream", {"model": "pair"}, ["seq2seq", "cannot generate"]),
        ("generate", {"model": "classifier", "num_steps": 3}, ["classifier", "cannot generate"]),
        ("generate", {"model": "sound", "num_steps": 3, "labels": {"digit": 3}}, ["labels", "3", "text"]),
        ("score", {"model": "text", "source": "x", "protocol": "x"}, ["protocol", "'x'", "'windows'"]),
    ],
)
def test_fault_8_the_given_calls(models, verb, call, parts):
    with refuses(ut.UsageError, *parts):
        getattr(ut, verb)(**{**call, "model": models[call["model"]]})


def test_fault_8_the_version_and_a_path_for_a_model(models, folder):
    assert isinstance(ut.__version__, str) and "__version__" in dir(ut)
    made = ut.generate("text", num_steps=5, seed=1)
    assert made.real == ut.generate(models["text"], num_steps=5, seed=1).real
    with refuses(ut.UsageError, folder / "text", "cannot translate"):
        ut.translate(folder / "text", "ab")


def test_fault_2_one_string_is_one_item(models, folder):
    line = "der dachs malt rote blumen"[:20]
    one, several = ut.translate(models["pair"], line, beam=1), ut.translate(models["pair"], [line, "ab"], beam=1)
    assert one.text == several.texts[0] and one.notes == several.lines[0].notes
    assert one.scores == pytest.approx(several.lines[0].scores)
    one, several = (ut.transcribe(models["speech"], files, beam=1) for files in ("clip.wav", [Path("clip.wav")]))
    assert one == several.transcripts[0] and one.text == several.texts[0] and one.name == "clip.wav"
    prompts = [ut.generate(models["text"], prompt=prompt, num_steps=2).continued for prompt in ("the", ["the"])]
    assert prompts[0] == prompts[1] and len(prompts[0]) == 1
    with refuses(ut.UsageError, "'wavenest'"):  # not 'w'
        ut.compare("wavenest", minutes=1)
    with refuses(ut.UsageError, "'blue'"):
        ut.score(models["pair"], "nowhere", metrics="blue")


def test_fault_27_arrays_are_transcribed(models, folder):
    wave = tone(0.1)
    file, array, audio = (
        ut.transcribe(models["speech"], sound, beam=1) for sound in ("clip.wav", wave, Audio(wave, 8000, 8000))
    )
    assert array.text == audio.text and array.seconds == file.seconds == pytest.approx(0.1) and array.name == "sound 1"
    with refuses(ut.DataError, "sound 2", "NaN"):
        ut.transcribe(models["speech"], [wave, wave * np.float32("nan")])
