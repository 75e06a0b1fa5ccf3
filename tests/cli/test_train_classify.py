"""`undertow train classify --init`: from a model of sound or text to a classifier, its score, and what is refused."""

import csv
import json
from pathlib import Path

import pytest

from tests.data.sounds import tone, write
from tests.refusals import assert_says
from undertow import checkpoint

SHORT = ["training.num_validations=1", "training.tensorboard=false", "training.precision=fp32", "training.batch_size=2"]
STEPS = ["--steps", "1"]
BOOK = "the cat sat on the mat; the dog ate the log.\nein hund und eine katze.\n" * 20
RNN = "model={network: {kind: rnn, cell: gru, num_layers: 1, channels: 4}, alphabet: {kind: characters}}"
RECIPE = f"data: {{kind: text, crop_steps: 16}}\n{RNN.replace('=', ': ', 1)}\ntraining: {{warmup_steps: 1}}\n"


@pytest.fixture(scope="module")
def language_model(command, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("classify")
    (folder / "book.txt").write_text(BOOK)
    (folder / "mine.yaml").write_text(RECIPE)
    words = ["train", folder / "mine.yaml", "--data", folder / "book.txt", "--out", folder / "run", *STEPS]
    outcome = command(*words, "--set", *SHORT)
    assert outcome.status == 0, outcome.err
    return folder / "run"


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("tables") / "table.csv"
    splits = ("train", "validation", "test")
    rows = [(f"{word} the {index}"[:-2], word[:1], split) for index in range(3) for split in splits
            for word in ("cat", "dog")]  # fmt: skip
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([("text", "label", "split"), *rows])
    return path


def classify(command, init, out, data, *changes):
    return command("train", "classify", "--init", init, "--data", data, "--out", out, *STEPS, "--set", *SHORT, *changes)


def same_but_outputs(init: Path, run: Path) -> bool:
    """Whether a classifier whose rate was as good as nought has the weights of the model that it was begun from."""
    source, model = checkpoint.load(init).network, checkpoint.load(run).network
    own = {id(parameter) for parameter in model.output.parameters()}
    there = dict(source.named_parameters())
    kept = [(one, there[name]) for name, one in model.named_parameters() if id(one) not in own]
    return bool(kept) and all(abs(a - b).max() < 1e-6 for a, b in kept)


def test_the_class_of_a_text(command, language_model, table, tmp_path):
    run = tmp_path / "run"
    outcome = classify(command, language_model, run, table, "training.learning_rate=1e-30")
    assert outcome.status == 0 and str(language_model) in outcome.err, outcome.err
    assert "nats/label" in outcome.out and same_but_outputs(language_model, run)
    outcome = command("score", run)
    lines = outcome.out.splitlines()
    assert outcome.status == 0 and f"{table}, test: label of 6 in " in lines[0], outcome.out
    assert_says(lines[1], "accuracy", "50.00%", "most common class")
    assert lines[2].split() == ["true", "/", "predicted", "c", "d"] and [line.split()[0] for line in lines[3:5]] == [
        "c",
        "d",
    ]
    counts = [[int(one) for one in line.split()[1:]] for line in lines[3:5]]
    assert [sum(row) for row in counts] == [3, 3] and "always predicting" in lines[5]
    found = json.loads(command("score", run, "--split", "train", "--json").out)
    assert found["label"] == "label" and found["classes"] == ["c", "d"] and found["num_labels"] == 6
    assert sum(map(sum, found["confusion"])) == 6 and found["split"] == "train" and found["data"] == str(table)
    outcome = classify(command, run, tmp_path / "again", table)
    assert outcome.status == 2
    assert_says(outcome.line, "classifier", "generate")


def test_any_recipe_starts_from_what_fits(command, language_model, tmp_path):
    """A deeper model takes the layer that both have; the same one takes all, and only a little is learnt upon it."""
    book, recipe = language_model.parent / "book.txt", language_model.parent / "mine.yaml"
    for layers, new in ((1, ""), (2, "; new: ")):
        out = tmp_path / str(layers)
        words = ["train", recipe, "--data", book, "--init", language_model, "--out", out, *STEPS, "--set", *SHORT]
        outcome = command(*words, f"network.num_layers={layers}", "training.learning_rate=1e-30")
        assert outcome.status == 0 and f"{language_model}: " in outcome.err, outcome.err
        assert ("; new: " in outcome.err) == bool(new)
        source, model = (checkpoint.load(run).state_dict() for run in (language_model, out))
        same = {name for name in source if name in model and source[name].shape == model[name].shape}
        assert same and all(abs(source[name] - model[name]).max() < 1e-6 for name in same)
        assert checkpoint.read_card(out)["training"]["started_from"] == str(language_model)
    outcome = command("train", "tcn-copy-memory", "--init", language_model, "--out", tmp_path / "none", *STEPS)
    assert outcome.status == 2
    assert_says(outcome.line, "weight", "name", "shape")


@pytest.mark.slow
def test_the_language_of_a_sentence(command, language_model, tmp_path, real_data, monkeypatch):
    monkeypatch.setenv("UNDERTOW_DATA", str(real_data))
    folder, run = language_model.parent, tmp_path / "run"
    words = ["train", folder / "mine.yaml", "--data", folder / "book.txt", "--out", tmp_path / "bytes", *STEPS]
    assert command(*words, "--set", *SHORT, "model.alphabet={kind: bytes}").status == 0
    outcome = classify(command, tmp_path / "bytes", run, "multi30k", "data.longest=12")
    assert outcome.status == 0, outcome.err
    assert_says(outcome.err, "texts", "12 symbols", "cut")
    found = json.loads(command("score", run, "--json").out)
    assert (found["label"], found["classes"], found["num_labels"]) == ("language", ["de", "en"], 2000)
    assert found["constant"] == 0.5 and [sum(row) for row in found["confusion"]] == [1000, 1000]


def test_a_character_that_the_language_model_does_not_know(command, language_model, table, tmp_path):
    (tmp_path / "table.csv").write_text(table.read_text() + "Zoo,c,train\n")
    outcome = classify(command, language_model, tmp_path / "run", tmp_path / "table.csv")
    assert outcome.status == 1
    assert_says(outcome.line, "table.csv, line 20", "'Z' (U+005A)", "position 1")


def test_a_regressors_score(command, tmp_path):
    run = tmp_path / "run"
    small = ["data.length=5", "data.num_train=4", "network.channels=4", "training.steps=1", "training.minutes=null"]
    assert command("train", "gru-adding", "--out", run, "--set", *SHORT, *small).status == 0
    outcome = command("score", run)
    assert outcome.status == 0
    assert_says(outcome.out, "the adding problem, test: sum of 1,000", "mean squared error", "the mean")
    found = json.loads(command("score", run, "--json").out)
    assert (
        found["accuracy"] is None and found["confusion"] is None and found["constant"] == pytest.approx(1 / 6, abs=0.03)
    )
    outcome = command("score", run, "jsb")
    assert outcome.status == 2
    assert_says(outcome.line, "seed", "--data jsb")


def test_the_digit_of_a_sound_at_the_models_rate(command, trained, tmp_path):
    """Two labels sort the clips, so one is to be chosen; sound of another rate is heard at the model's."""
    for digit in "01":
        for speaker in ("ann", "ben"):
            for take in range(6):
                write(tmp_path / "clips" / f"{digit}_{speaker}_{take}.wav", tone(0.05), 16000)
    pattern = "data.label_pattern={digit}_{speaker}_{take}"
    outcome = classify(command, trained, tmp_path / "run", tmp_path / "clips", pattern)
    assert outcome.status == 2
    assert_says(outcome.line, "--set model.label=digit", "digit, speaker")
    assert not (tmp_path / "run").exists()
    changes = [pattern, "model.label=digit", "training.learning_rate=1e-30"]
    outcome = classify(command, trained, tmp_path / "run", tmp_path / "clips", *changes)
    assert outcome.status == 0 and "weights taken; new: " in outcome.err and "; not used: " in outcome.err, outcome.err
    model = checkpoint.load(tmp_path / "run")
    assert model.config.sample_rate == 8000 and model.config.classes == ("0", "1")
    assert same_but_outputs(trained, tmp_path / "run")
    found = json.loads(command("score", tmp_path / "run", "--split", "train", "--json").out)
    assert found["label"] == "digit" and found["num_labels"] == sum(map(sum, found["confusion"])) > 10
    outcome = classify(command, trained, tmp_path / "other", tmp_path / "clips", pattern, "model.label=dgit")
    assert outcome.status == 1
    assert_says(outcome.line, "label 'dgit'", "'digit'")


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ("train classify --data x --out run", "--init"),
        ("train classify --init nowhere --data x --out run", "nowhere"),
        ("train tcn-jsb --init nowhere --out run", "nowhere"),
        ("train classify --init nowhere --out run --set data=3", "nowhere"),
    ],
)
def test_what_a_wrong_request_gets(command, tmp_path, monkeypatch, words, part):
    monkeypatch.chdir(tmp_path)
    outcome = command(*words.split())
    assert outcome.status in (1, 2) and part in outcome.line and not (tmp_path / "run").exists()


def test_a_model_of_notes_is_refused(command, tmp_path):
    from tests.recipes.small_runs import RUNS, recipe, write_rolls
    from undertow.recipes import train

    data, model, _ = RUNS["rolls"]
    train(recipe(data, model), tmp_path / "run", data=write_rolls(tmp_path / "rolls"), steps=1)
    outcome = classify(command, tmp_path / "run", tmp_path / "out", tmp_path / "rolls")
    assert outcome.status == 2
    assert_says(outcome.line, tmp_path / "run", "notes", "sound or text")


def test_fault_15_unknown_characters_in_scoring_and_in_training(command, language_model, tmp_path):
    (tmp_path / "new.txt").write_bytes(b"the cat sat on the mat.\n" * 40 + b"\x1a")
    given = ("score", language_model, tmp_path / "new.txt", "--split", "test")
    outcome = command(*given)
    assert outcome.status == 1
    assert_says(outcome.line, "new.txt", "U+001A", "position 961", "alphabet.kind=bytes", "--skip-unknown")
    outcome = command(*given, "--skip-unknown")
    assert outcome.status == 0, outcome.err
    assert_says(outcome.err, "1 unknown character:", "U+001A")
    rows = [f"{word}\x07 the {word},{word[0]},{split}" for split in ("train", "validation") for word in ("cat", "dog")]
    (tmp_path / "table.csv").write_text("\n".join(["text,label,split", *rows]))
    outcome = classify(command, language_model, tmp_path / "run", tmp_path / "table.csv")
    assert outcome.status == 1 and not (tmp_path / "run/last").exists()
    assert_says(outcome.line, "table.csv", "U+0007", "--skip-unknown")
    changes = [*SHORT, "--skip-unknown"]
    given = ("train", "classify", "--init", language_model, "--data", tmp_path / "table.csv", "--out", tmp_path / "run")
    outcome = command(*given, *STEPS, "--set", *changes)
    assert outcome.status == 0, outcome.err
    assert_says(outcome.err, "4 unknown characters:", "U+0007")
