"""`import undertow as ut`: light to import, and the whole way from notes to sound."""

import subprocess
import sys

import numpy as np

import undertow as ut
from tests.cli.conftest import ENVIRONMENT, TINY
from tests.refusals import refuses
from undertow.recipes.recipe import parse_changes

LIGHT = """
import sys, time
import undertow
assert "load" in dir(undertow) and undertow.UsageError is not undertow.DataError
print(time.process_time(), *sorted({name.split(".")[0] for name in sys.modules}))
"""


def test_importing_it_loads_nothing_heavy():
    result = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True, env=ENVIRONMENT)
    seconds, *modules = result.stdout.split()
    assert float(seconds) < 0.5
    assert not {"torch", "numpy", "pydantic", "yaml", "rich", "cyclopts", "soundfile"} & set(modules)


def test_names():
    assert set(ut.__all__) <= set(dir(ut)) and all(callable(getattr(ut, name)) for name in ut.__all__)
    with refuses(AttributeError, "'laod'"):
        _ = ut.laod


def test_the_whole_way(tmp_path):
    changes = {**parse_changes(TINY), "network.layers_per_cycle": 10}
    trained = ut.train("wavenet", tmp_path / "run", data="plucked", changes=changes, steps=4, seed=1)
    assert trained.progress.step == 4 and 0 < trained.progress.best_loss < 7
    model = ut.load(tmp_path / "run")
    sound = ut.generate(model, seconds=0.02, count=2, labels={"pitch": "A2"}, seed=1)
    assert sound.real.shape == (2, 160) and sound.sample_rate == 8000
    chunks = list(ut.stream(model, seconds=0.02, count=2, labels="A2", seed=1, chunk_ms=5))
    assert np.array_equal(np.concatenate(chunks, axis=1), sound.real) and len(chunks) == 4
    cold = ut.generate(model, seconds=0.01, sampling=ut.Sampling(temperature=0.0))
    assert cold.symbols.shape == (1, 80)
    found = ut.score(model, "plucked", split="validation")
    assert found.split == "validation" and found.baselines["lpc"] > 0


def test_a_recipe_may_be_a_mapping(tmp_path):
    recipe = {
        "data": {"kind": "audio", "source": "plucked", "crop_steps": 100},
        "model": {
            "alphabet": {"kind": "linear_pcm", "bits": 8},
            "network": {"kind": "wavenet", "num_cycles": 1, "residual_channels": 4, "gate_channels": 4},
            "emission": {"kind": "mixture_of_logistics"},
        },
        "training": {"steps": 1, "num_validations": 1, "tensorboard": False},
    }
    model = ut.train(recipe, tmp_path / "run", changes={"network.skip_channels": 4}).load()
    assert model.config.alphabet.bits == 8 and not model.config.conditioner.labels
    assert "skip_channels" not in recipe["model"]["network"]
    with refuses(ut.UsageError, "'residual_channels'"):
        ut.train(recipe, tmp_path / "other", changes={"network.residual_chanels": 4})
    with refuses(ut.DataError, tmp_path / "run"):
        ut.train(recipe, tmp_path / "run", changes={"network.skip_channels": 4})


def test_errors_are_those_of_the_package(tmp_path):
    with refuses(ut.DataError, tmp_path / "nothing"):
        ut.load(tmp_path / "nothing")
    with refuses(ut.UsageError, "recipe", "'wavenest'"):
        ut.train("wavenest", tmp_path / "run")
