"""A checkpoint comes back as it was saved, across versions; what does not fit, or could run code, is refused."""

import errno
import json
import pickle
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.checkpoints import CARD, FIRST, edit_config, edit_weights, fresh_model, refusal
from tests.golden.make_checkpoint import FOLDER, NUMBERS, batch
from tests.refusals import assert_says
from undertow import checkpoint
from undertow.files import point
from undertow.models import Autoregressive, ShortReceptiveFieldWarning


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the golden checkpoint, to be damaged."""
    return Path(shutil.copytree(FOLDER, tmp_path / "model"))


def header(folder: Path) -> bytes:
    data = (folder / "model.safetensors").read_bytes()
    return data[: 8 + int.from_bytes(data[:8], "little")]


# --- what was saved comes back ---


def test_weights_config_and_card_come_back(tmp_path):
    model = fresh_model()
    checkpoint.save(tmp_path / "model", model, CARD)
    assert sorted(file.name for file in (tmp_path / "model").iterdir()) == [
        "card.md",
        "config.yaml",
        "digests.json",
        "model.safetensors",
    ]
    loaded = checkpoint.load(tmp_path / "model")
    assert type(loaded) is Autoregressive and loaded.config == model.config and not loaded.training
    torch.testing.assert_close(dict(loaded.state_dict()), dict(model.state_dict()), rtol=0, atol=0)
    assert checkpoint.read_config(tmp_path / "model") == model.config
    card = checkpoint.read_card(tmp_path / "model")
    assert {key: card[key] for key in CARD} == CARD and card["versions"]["torch"] == torch.__version__
    text = (tmp_path / "model/card.md").read_text()
    assert "\n# Autoregressive model\n" in text and "\n  - unigram: 7.19\n" in text and "\n- parameters: 642\n" in text


def test_given_weights_are_written_in_place_of_the_models_own(tmp_path):
    model = fresh_model()
    average = {name: torch.full_like(tensor, 0.5) for name, tensor in model.state_dict().items()}
    checkpoint.write(tmp_path, model, {}, average)
    assert all((tensor == 0.5).all() for tensor in checkpoint.load(tmp_path).state_dict().values())


def test_loading_leaves_the_random_state_alone_and_repeats_no_warning(folder):
    edit_config(folder, lambda values: values["model"].update(sample_rate=8000))
    edit_config(folder, lambda values: values["model"]["conditioner"]["features"].update(sample_rate=8000))
    with pytest.warns(ShortReceptiveFieldWarning):
        Autoregressive(checkpoint.read_config(folder))
    before = torch.get_rng_state()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        checkpoint.load(folder)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_weights_of_another_floating_type_are_converted(folder, dtype):
    edit_weights(folder, lambda weights: weights.update({name: t.to(dtype) for name, t in weights.items()}))
    loaded, original = checkpoint.load(folder).state_dict(), checkpoint.load(FOLDER).state_dict()
    assert all(torch.equal(tensor, original[name].to(dtype).float()) for name, tensor in loaded.items())


def test_a_run_folder_stands_for_its_best_else_its_last_checkpoint(tmp_path, folder):
    run = tmp_path / "run"
    for step in (1, 2):
        shutil.copytree(folder, run / f"checkpoints/step-{step}")
    point(run / "last", "checkpoints/step-2")
    assert checkpoint.resolve(run) == run / "checkpoints/step-2"
    point(run / "best", "checkpoints/step-1")
    assert checkpoint.resolve(run) == run / "checkpoints/step-1"
    assert checkpoint.resolve(run / "last") == run / "checkpoints/step-2" and checkpoint.resolve(folder) == folder
    assert checkpoint.load(run).config == checkpoint.read_config(str(run))
    shutil.rmtree(run / "checkpoints/step-1")
    assert_says(refusal(run), "step-1", "exist")


# --- a checkpoint of format version 1 is read for ever ---


def test_golden_checkpoint_gives_the_numbers_it_gave():
    numbers = json.loads(NUMBERS.read_text())
    log_prob = checkpoint.load(FOLDER).double().log_prob(batch(numbers))
    torch.testing.assert_close(log_prob, torch.tensor(numbers["log_prob"], dtype=torch.float64), rtol=0, atol=1e-6)
    assert checkpoint.read_card(FOLDER)["versions"]["undertow"] == "0.1.0"


# lines of config.yaml that the golden one lacks: settings with a default since then
NEWER = (
    b"      centre: middle\n",
    b"      kernel_size: 1\n",
    b"    linear_prediction: 0\n",
    b"    mel_statistics: null\n",
    b"    input_gain: 1.0\n",
)


def test_golden_checkpoint_is_written_again_byte_for_byte(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "version", lambda: "0.1.0")
    checkpoint.save(tmp_path / "again", checkpoint.load(FOLDER), {})
    again = (tmp_path / "again/config.yaml").read_bytes()
    for line in NEWER:
        assert again.count(line) == 1
        again = again.replace(line, b"")
    assert again == (FOLDER / "config.yaml").read_bytes()
    assert header(tmp_path / "again") == header(FOLDER)


# --- what does not fit is refused ---


CONFIG_FAULTS: dict[str, tuple[Callable[[dict], Any], list[str]]] = {
    "newer": (lambda v: v.update(format_version=2), ["format_version", "2; undertow "]),
    "a version of 5,000 digits": (lambda v: v.update(format_version=int("9" * 4_000)), ["format_version", "4,000"]),
    "no version": (lambda v: v.pop("format_version"), ["format_version", "None"]),
    "true is no version": (lambda v: v.update(format_version=True), ["format_version", "True"]),
    "kind": (lambda v: v["model"].update(kind="autoregresive"), ["model: ", "'autoregresive'", "'autoregressive'"]),
    "network kind": (
        lambda v: v["model"]["network"].update(kind="wavnet"),
        ["model.network: ", "'wavnet'", "'wavenet'"],
    ),
    "key": (
        lambda v: v["model"]["network"].update(skip_chanels=4),
        ["'model.network.skip_chanels'", "'skip_channels'"],
    ),
    "top key": (lambda v: v.update(modle=1), ["'modle'", "'model'"]),
    "no model": (lambda v: v.pop("model"), ["model: ", "missing"]),
    "model is a word": (lambda v: v.update(model="wavenet"), ["model: ", "kind", "'wavenet'"]),
    "network is a word": (lambda v: v["model"].update(network="wavenet"), ["model.network: ", "kind", "'wavenet'"]),
    "type": (lambda v: v["model"]["alphabet"].update(num_levels="many"), ["model.alphabet.num_levels: ", "integer"]),
    "rate of the features": (
        lambda v: v["model"].update(sample_rate=200),
        ["conditioner.features.sample_rate", "100", "200"],
    ),
    "hop and strides": (
        lambda v: v["model"]["conditioner"]["upsampling"].update(strides=[3]),
        ["upsampling", "strides (3,)", "3", "hop", "4"],
    ),
    "size beyond 64 bits": (lambda v: v["model"]["network"].update(residual_channels=10**25), ["config.yaml: "]),
    "size beyond memory": (
        lambda v: v["model"]["network"].update(residual_channels=10**6),
        ["(17, 4)", "config.yaml", "(17, 1000000)"],
    ),
}


@pytest.mark.parametrize("fault", CONFIG_FAULTS)
def test_a_config_that_does_not_fit_is_refused(folder, fault):
    change, parts = CONFIG_FAULTS[fault]
    edit_config(folder, change)
    message = refusal(folder)
    assert_says(message, folder, *parts)


WEIGHT_FAULTS: dict[str, tuple[Callable[[dict], Any], list[str]]] = {
    "missing": (lambda w: w.pop(FIRST), [f"'{FIRST}'", "missing"]),
    "extra": (lambda w: w.update(odd=torch.zeros(2)), ["'odd'", "not part"]),
    "shape": (
        lambda w: w.update({FIRST: torch.zeros(3, 5)}),
        [f"'{FIRST}'", "(3, 5)", "config.yaml", "(3, 2)"],
    ),
    "type": (
        lambda w: w.update({FIRST: torch.zeros(3, 2, dtype=torch.int64)}),
        [f"'{FIRST}'", "int64", "float32"],
    ),
    "NaN": (lambda w: w[FIRST].view(-1)[3:4].fill_(float("nan")), [f"'{FIRST}'", "NaN"]),
    "too large for float32": (lambda w: w.update({FIRST: w[FIRST].double() * 1e300}), [FIRST, "infinite"]),
}


@pytest.mark.parametrize("fault", WEIGHT_FAULTS)
def test_weights_that_do_not_fit_are_refused_when_read_and_when_written(folder, tmp_path, fault):
    change, parts = WEIGHT_FAULTS[fault]
    edit_weights(folder, change)
    message = refusal(folder)
    assert_says(message, folder / "model.safetensors", *parts)
    weights = load_file(folder / "model.safetensors")
    (tmp_path / "empty").mkdir()
    written = refusal(tmp_path / "empty", lambda empty: checkpoint.write(empty, fresh_model(), {}, weights))
    assert_says(written, *parts)
    assert not any((tmp_path / "empty").iterdir())


@pytest.mark.parametrize("length", [0, 5, 300, -1])
def test_a_truncated_weights_file_is_refused(folder, length):
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:length])
    assert_says(refusal(folder), file, "truncated", "damaged")


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "NoneType"),
        (b"- 1\n", "list"),
        (b"a: [1\n", "YAML: "),
        (b"a: 2020-13-45\n", "format_version"),
        (b"[" * 5000, "YAML: "),
        (b"a: \xff\n", "UTF-8"),
        (b"a: &x [1]\nb: *x\n", "line 2"),
    ],
)
def test_a_config_that_is_not_yaml_is_refused(folder, content, part):
    (folder / "config.yaml").write_bytes(content)
    assert_says(refusal(folder), "config.yaml", part)


def test_what_is_not_a_checkpoint_is_refused(folder, tmp_path):
    assert_says(refusal(tmp_path / "nowhere"), "nowhere", "exist")
    assert_says(refusal(folder / "config.yaml"), "config.yaml", "file", "folder")
    (folder / "card.md").write_text("# A model\n")
    assert_says(refusal(folder, checkpoint.read_card), "card.md", "YAML")
    (folder / "card.md").unlink()
    assert_says(refusal(folder, checkpoint.read_card), "card.md", "read")
    assert checkpoint.load(folder)
    (folder / "model.safetensors").unlink()
    assert_says(refusal(folder), folder / "model.safetensors", "missing")
    (folder / "config.yaml").unlink()
    assert_says(refusal(folder), folder, "checkpoint", "config.yaml")
    (folder / "best").symlink_to("best")
    assert_says(refusal(folder), folder, "checkpoint", "config.yaml")


# --- writing is whole or not at all ---


def test_an_existing_checkpoint_is_not_replaced(folder):
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert_says(refusal(folder, lambda path: checkpoint.save(path, fresh_model(), {})), folder, "exists")
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before


def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch):
    def write_to_full_disk(path: Path, content: bytes) -> None:
        path.write_text("half", encoding="utf-8")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", write_to_full_disk)
    assert "No space left" in refusal(tmp_path / "model", lambda path: checkpoint.save(path, fresh_model(), {}))
    assert not any(tmp_path.iterdir())


# --- loading executes nothing ---


class Attack:
    """Makes a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.target,)


def test_pickles_are_never_read(folder, tmp_path):
    target = tmp_path / "hacked"
    attack = pickle.dumps(Attack(target))
    (folder / "model.safetensors").write_bytes(attack)
    assert_says(refusal(folder), "model.safetensors", "damaged")
    (folder / "model.safetensors").rename(folder / "model.pt")
    words = "model.pt is a pickle"
    assert words in refusal(folder)
    assert words in refusal(folder / "model.pt")
    (folder / "config.yaml").unlink()
    assert words in refusal(folder)
    assert not target.exists()
    pickle.loads(attack)
    assert target.exists()


def test_loading_takes_no_way_through_pickle(monkeypatch):
    def trap(*arguments: Any, **options: Any) -> None:
        raise AssertionError("a pickle was read")

    for owner, name in [(pickle, "load"), (pickle, "loads"), (pickle, "Unpickler"), (torch, "load")]:
        monkeypatch.setattr(owner, name, trap)
    checkpoint.load(FOLDER)
    checkpoint.read_card(FOLDER)


@pytest.mark.parametrize("tag", ["!!python/object/apply:os.system ['touch hacked']", "!!timestamp no", "!mine 1"])
def test_yaml_tags_are_refused(folder, monkeypatch, tag):
    monkeypatch.chdir(folder)
    (folder / "config.yaml").write_text(f"format_version: 1\nmore: {tag}\n")
    assert_says(refusal(folder), "config.yaml", "tag", "line 2")
    (folder / "card.md").write_text(f"---\nmore: {tag}\n---\n")
    assert_says(refusal(folder, checkpoint.read_card), "card.md", "tag", "line 2")
    assert not (folder / "hacked").exists()
