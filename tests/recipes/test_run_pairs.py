"""Translators from a recipe: alphabets fitted, the best by BLEU, scores, the other direction, and what is refused."""

from pathlib import Path

import pytest

from tests.data.parallel import WORDS, write_lines, write_parallel
from tests.recipes.pair_recipes import NETS, NETWORK, config_of, read, recipe
from tests.refusals import assert_says, refuses
from undertow import checkpoint
from undertow.errors import DataError, UsageError
from undertow.evaluation.translation_scores import Translated
from undertow.options import Search
from undertow.recipes import score, train
from undertow.recipes.recipe import parse_changes
from undertow.recipes.tasks import TASKS

RECIPES = [f"{name}-multi30k" for name in ("transformer", "rnn-attention", "rnn", "bytenet")]


@pytest.fixture(scope="module")
def toy(tmp_path_factory) -> Path:
    return write_parallel(tmp_path_factory.mktemp("toy"))


@pytest.mark.parametrize("network", NETS, ids=lambda network: network["kind"])
def test_from_a_recipe_to_a_score(toy, tmp_path, network):
    lines: list[str] = []
    values = recipe(toy, network) | {"samples": {"count": 2}}
    trained = train(values, tmp_path / "run", device="cpu", say=lines.append)
    assert lines[0] == f"{toy}: train 60 pairs; validation 12 pairs"
    assert lines[1].startswith(f"{network['kind']} of ") and lines[1].endswith("it reads en and writes de")
    assert trained.loss_text is not None and "BLEU" in trained.loss_text
    written = (tmp_path / "run" / "samples" / "step-2" / "2.txt").read_text().splitlines()
    assert len(written) == 2 and set(written[0].split()) <= set(WORDS)
    found = score(trained.load(), str(toy), split="validation", beam=1)
    assert isinstance(found, Translated) and found.num_sentences == 12 and set(found.metrics) == {"bleu", "chrf"}
    assert found.search == Search(beam=1)
    with refuses(UsageError, "'bean'", "'beam'"):
        score(trained.load(), str(toy), bean=1)
    card = checkpoint.read_card(tmp_path / "run")
    nats = found.nats_per_symbol
    assert nats is not None and nats == pytest.approx(card["scores"]["best_validation_loss"], rel=1e-5)
    assert card["data"]["splits"]["train"]["num_sequences"] == 60
    assert card["baselines"]["validation_unigram_bits"] < 5


@pytest.mark.slow
def test_it_learns_a_toy_language_and_stops_by_bleu(tmp_path):
    toy = write_parallel(tmp_path / "toy", {"train": 400, "validation": 30, "test": 30})
    training = {"training__steps": 240, "training__num_validations": 12, "training__learning_rate": 0.01}
    training |= {"training__warmup_steps": 20, "training__patience": 3, "data__tokens_per_batch": 2000}
    words = {"kind": "subwords", "size": 300}
    network = NETWORK | {"embeddings": "shared"}
    values = recipe(toy, network, **training, model__alphabet=words, model__source="shared")
    trained = train(values, tmp_path / "run", device="cpu")
    found = score(trained.load(), str(toy), metrics=["bleu"])
    assert isinstance(found, Translated) and found.metrics["bleu"].value > 60, found
    assert trained.progress.best_cost is not None and trained.progress.best_cost < -60


def test_both_sides_share_one_alphabet_or_have_their_own(toy):
    subwords = {"kind": "subwords", "size": 290}
    shared = config_of(toy, model__alphabet=subwords, model__source="shared")
    assert shared.source == shared.alphabet and shared.alphabet.size == 290
    own = config_of(toy, model__alphabet=subwords)
    assert own.source.tokenizer != own.alphabet.tokenizer
    mixed = config_of(toy, model__source={"kind": "bytes"})
    assert (mixed.source.kind, mixed.alphabet.kind) == ("bytes", "characters") and "ß" in mixed.alphabet.characters


def test_lengths_of_a_bytenet_are_fitted_where_none_are_given(toy):
    bytenet = NETS[-1]
    fitted = config_of(toy, model__network=bytenet).network
    assert 1.0 < fitted.length_ratio < 1.4 and fitted.length_offset > 0
    pairs = read(toy)
    room = fitted.length_ratio * (pairs.source_lengths + 1) + fitted.length_offset
    assert (pairs.target_lengths + 1 <= room).mean() > 0.98
    given = config_of(toy, model__network=bytenet | {"length_ratio": 1.2}).network
    assert (given.length_ratio, given.length_offset) == (1.2, 0.0)


def test_a_model_translates_in_its_own_direction_alone(toy, tmp_path):
    changes = {"data__source_language": "de", "data__target_language": "en"}
    model = train(recipe(toy, **changes), tmp_path / "run", device="cpu").load()
    assert model.config.direction == ("de", "en")
    assert score(model, str(toy), metrics=["nll"]).direction == ("de", "en")
    with refuses(UsageError, "de to en", "en to de"):
        score(model, TASKS["pairs"].Config(source=str(toy)))


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_of_multi30k(name, toy, tmp_path):
    small = ["network.channels=8", "alphabet.size=280", "samples.count=0", "data.num_translated=2"]
    small += ["training.tensorboard=false", "training.num_validations=1"]
    small += ["network.num_heads=2"] if name.startswith("transformer") else ["model.source.size=280"]
    trained = train(name, tmp_path / "run", data=str(toy), changes=parse_changes(small), steps=1, device="cpu")
    assert trained.recipe.data.source == str(toy.resolve()) and trained.progress.step == 1


def test_long_lines_are_told_of(toy):
    lines: list[str] = []
    kept = len(read(toy, say=lines.append, data__longest=20))
    assert kept < 60
    assert_says("\n".join(lines), "train", f"{60 - kept} pairs", "20 symbols", "skipped")


@pytest.mark.parametrize(("split", "long_lines"), [("train", "skip"), ("validation", "skip"), ("validation", "split")])
def test_a_split_of_nothing_but_long_lines(split, long_lines, tmp_path):
    toy = write_parallel(tmp_path / "toy")
    for language in ("en", "de"):
        write_lines(toy / f"{split}.{language}", ["x" * 40])
    with refuses(DataError, split, "pairs", "30 symbols", "data.long_lines"):
        train(recipe(toy, data__longest=30, data__long_lines=long_lines), tmp_path / "run", device="cpu")
    assert not (tmp_path / "run").exists()


def test_pieces_are_to_learn_from_and_not_to_be_judged_by(toy, tmp_path):
    split = recipe(toy, data__longest=15, data__long_lines="split")
    changes = {"data__longest": 15, "data__long_lines": "split"}
    assert len(read(toy, **changes)) > 60 and len(read(toy, "validation", **changes)) < 12
    trained = train(split, tmp_path / "run", device="cpu")
    assert score(trained.load(), trained.recipe.data, split="test").num_sentences == 8


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"data__source_language": "fr"}, ["language", "'fr'", "de, en"]),
        ({"data__validate": "blue"}, ["data.validate"]),
        ({"data__long_lines": "cut"}, ["data.long_lines"]),
        ({"model__kind": "autoregressive"}, ["seq2seq", "autoregressive"]),
        ({"model__network": NETWORK | {"embeddings": "shared"}}, ["shared", "alphabets"]),
        ({"model__source": {"kind": "mu_law"}}, ["model.source", "'mu_law'", "sound", "text"]),
    ],
)
def test_what_a_recipe_cannot_ask_for(toy, tmp_path, changes, parts):
    with refuses(UsageError, *parts):
        train(recipe(toy, **changes), tmp_path / "run", device="cpu")


def test_lines_that_the_network_cannot_hold(toy, tmp_path):
    with refuses(UsageError, "max_length", 16, "data.longest"):
        train(recipe(toy, NETWORK | {"max_length": 16}), tmp_path / "run", device="cpu")


def test_what_cannot_be_scored(toy, tmp_path):
    model = train(recipe(toy), tmp_path / "run", device="cpu").load()
    with refuses(UsageError, "split 'tset'", "'test'"):
        score(model, str(toy), split="tset")
    with refuses(UsageError, "metric 'blue'"):
        score(model, str(toy), metrics=["blue"])
    with refuses(UsageError, "protocol"):
        score(model, str(toy), protocol="windows")
    other = write_parallel(tmp_path / "other")
    write_lines(other / "test.en", ["a dog"] * 7 + ["a dög"])
    with refuses(DataError, "test.en, line 8", "'ö'", "alphabet"):
        score(model, str(other))


@pytest.mark.slow
def test_all_of_multi30k(real_data, tmp_path, monkeypatch):
    monkeypatch.setenv("UNDERTOW_DATA", str(real_data))
    changes = parse_changes(["network.channels=16", "network.encoder_layers=1", "network.decoder_layers=1"])
    changes |= parse_changes(["training.num_validations=1", "training.tensorboard=false", "data.validate=nats"])
    changes |= parse_changes(["alphabet.size=500", "samples.count=0", "network.feed_forward_channels=16"])
    trained = train("transformer-multi30k", tmp_path / "run", changes=changes, steps=3, device="cpu")
    found = score(trained.load(), "multi30k", split="test_2017", metrics=["nll"])
    assert isinstance(found, Translated) and found.num_sentences == 1000
    assert found.nats_per_symbol is not None and 5 < found.nats_per_symbol < 9
