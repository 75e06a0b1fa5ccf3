"""A run whose batches do not fit in memory is refused before its first update, and every recipe as it ships is not."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from tests.recipes.recipe_models import model_of
from tests.recipes.small_runs import GRU, WAVENET, recipe, write_table
from tests.refusals import refuses
from undertow import memory_room
from undertow.data.batches import CropBatches
from undertow.data.examples import Examples
from undertow.errors import UsageError
from undertow.models import MODELS, build
from undertow.recipes import read_recipe, recipe_names, train
from undertow.recipes.batch_room import bytes_per_token, check_room
from undertow.recipes.tasks import TASKS
from undertow.training.distributed import World

GRID = (4, 6)  # of an image of as many pixels as other sequences have steps
HERE = World(0, 1, torch.device("cpu"))
SOUND = {"kind": "audio", "source": "plucked", "crop_steps": 100}
WAVE = {
    "alphabet": {"kind": "mu_law"},
    "network": {**WAVENET, "layers_per_cycle": 10},
    "emission": {"kind": "categorical"},
}


class Blank(Examples):
    """Sequences of zeros for a model, with all that it needs."""

    def __init__(self, model: Any, length: int) -> None:
        self.needs, self.length = model.needs, length
        self.labels = dict.fromkeys(self.needs.classes or (), np.zeros(2, np.int64))
        if (found := self.needs.predicted) is not None:
            kind = np.float32 if found.classes is None else np.int64
            self.labels[found.name] = [np.zeros(length, kind)] * 2 if found.of_steps else np.zeros(2, kind)
        if getattr(getattr(model, "network", None), "dims", 1) == 2:
            self.grid = GRID
            if found is not None and found.classes is None:  # an image
                self.labels[found.name] = [np.zeros((length, *self.step_shape), np.uint8)] * 2
        if self.needs.features is not None and not self.writes_frames:
            self.hop = self.needs.features.hop_length
        if self.needs.source is not None:
            self.source_end = self.needs.source.end
            self.source_lengths = np.full(2, self.source_length)

    @property
    def lengths(self) -> np.ndarray:
        return np.full(2, self.length)

    @property
    def writes_frames(self) -> bool:
        """Whether steps are the frames that a voice on phones writes; a batch then has their numbers for frames."""
        return self.needs.script is not None and self.needs.source is None and self.needs.alphabet.real == "numbers"

    @property
    def source_length(self) -> int:
        """As many symbols as the sequence has frames, or steps."""
        return self.length if self.needs.features is None else -(-self.length // self.hop)

    @property
    def step_shape(self) -> tuple[int, ...]:
        number = self.needs.alphabet.num_elements
        return () if number is None else (number + (self.needs.source is not None),)  # a target has a flag, its end

    @property
    def dtype(self) -> Any:
        return np.int64 if self.needs.alphabet.num_symbols else np.float32

    def name(self, index: int) -> str:
        return "blank"

    def read(self, index: int, start: int, stop: int) -> np.ndarray:
        return np.zeros((stop - start, *self.step_shape), self.dtype)

    def frames(self, index: int) -> np.ndarray | None:
        found = self.needs.features
        if found is None:
            return None
        return np.zeros((-(-self.length // self.hop), 1 if self.writes_frames else found.num_channels), np.float32)

    def source(self, index: int) -> np.ndarray | None:
        found = self.needs.source
        if found is None and self.needs.script is not None:  # a voice on phones: the symbol, place and pitch of frames
            return np.zeros((self.source_length, 3), np.float32)
        if found is None:
            return None
        shape = (self.source_length,) if found.features is None else (self.source_length, found.features.num_channels)
        return np.zeros(shape, np.int64 if found.features is None else np.float32)


NOT_ALONE = ("classify", "bytenet-enwik8", "clarinet-fsdd", "parallel-wavenet-fsdd")  # need a trained model, or room


@pytest.mark.parametrize("name", [name for name in recipe_names() if name not in NOT_ALONE])
def test_every_recipe_has_room(name, monkeypatch):
    """As it ships, on sequences of a second of speech or of its longest, in eight gigabytes."""
    monkeypatch.setattr(memory_room, "memory_bytes", lambda device="cpu": 8 * 10**9)
    made, config = read_recipe(name), model_of(name)
    model = MODELS[config.kind](config)
    hop = model.needs.features.hop_length if model.needs.features is not None else 1
    examples = Blank(model, math.prod(GRID) * hop)
    cut = TASKS[made.data.kind](made.data).cut
    check_room(model, examples, cut, made.training, HERE)
    per_token = bytes_per_token(model, examples)
    tokens = cut.tokens_per_batch or made.training.batch_size * (cut.crop_steps or 1000)
    assert 0 < per_token * tokens < 8e9


@pytest.mark.parametrize("name", ["wavenet-fsdd-demo", "gru-tinyshakespeare", "tcn-jsb", "transformer-multi30k"])
def test_the_estimate_is_below_what_a_batch_keeps_and_near_it(name):
    """Below, as the probe has no dropout, whose masks are kept too."""
    config = model_of(name)
    model = build(config)
    examples = Blank(model, 200)
    batch = CropBatches(examples, 2, None, 0, 0, look_ahead=model.needs.look_ahead).batch(0)
    tokens = batch.counted.numel() + (0 if batch.source is None else batch.source.numel())
    kept = memory_room.kept_bytes(model, lambda: model(batch))
    assert 0.25 * kept < tokens * bytes_per_token(model, examples) <= kept


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"training.batch_size": 10**9}, ["1,000,000,000 sequences", "GB", "training.batch_size", "data.crop_steps"]),
        ({"training.batch_size": 10**6, "data.crop_steps": 10**8}, ["1,000,000 sequences", "data.crop_steps"]),
    ],
)
def test_fault_31_a_batch_beyond_memory_is_refused(changes, parts, tmp_path):
    with refuses(UsageError, *parts):
        train(recipe(SOUND, WAVE), tmp_path / "run", changes=changes)
    assert not (tmp_path / "run" / "last").exists()


def test_fault_31_a_batch_of_texts_beyond_memory_is_refused(tmp_path):
    table = write_table(tmp_path / "t.csv", [("a b", one, split) for one in "xy" for split in ("train", "test")])
    data = {"kind": "labelled_text", "source": str(table)}
    model = {"kind": "classifier", "alphabet": {"kind": "bytes"}, "network": GRU}
    with refuses(UsageError, "sequences of 3 steps", "training.batch_size"):
        train(recipe(data, model, batch_size=10**9), tmp_path / "run")


def test_the_weights_and_their_moments_count(monkeypatch):
    config = model_of("wavenet-fsdd-demo")
    model = build(config)
    made = read_recipe("wavenet-fsdd-demo")
    monkeypatch.setattr(memory_room, "memory_bytes", lambda device="cpu": 12 * model.num_parameters)
    with refuses(UsageError, f"{model.num_parameters:,} parameters", made.training.optimizer):
        check_room(model, Blank(model, 24), TASKS["audio"](made.data).cut, made.training, HERE)
