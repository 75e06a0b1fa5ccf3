"""`undertow score` and `undertow average` of a translator: figures with signatures, and one line for what is wrong."""

import json

import pytest

from tests.data.parallel import sentences, write_lines, write_parallel
from tests.refusals import assert_says
from undertow.cli.score_lines import translated_lines
from undertow.evaluation.translation_scores import Translated
from undertow.recipes import train

NETWORK = {"kind": "rnn", "num_layers": 1, "channels": 8}
TRAINING = {"steps": 4, "num_validations": 2, "tensorboard": False, "precision": "fp32", "keep_checkpoints": 2}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("translator")
    data = {"kind": "pairs", "source": str(write_parallel(folder / "toy")), "validate": "nats"}
    model = {"kind": "seq2seq", "alphabet": {"kind": "characters"}, "network": NETWORK}
    train({"data": data, "model": model, "training": TRAINING}, folder / "run", device="cpu")
    return folder / "run"


def test_all_figures_with_their_signatures(command, run):
    outcome = command("score", run, "--beam", "2", "--length-penalty", "0")
    lines = outcome.out.splitlines()
    assert outcome.status == 0
    assert_says(lines[0], "toy, test", "8 sentences", "en to de", "beam 2", "length penalty 0")
    assert lines[1].startswith("BLEU ") and "tok:13a" in lines[1] and lines[2].startswith("chrF ")
    assert "nats/character" in lines[3] and "bits/character" in lines[3]
    assert "not learnt" in lines[4]


def test_one_metric_in_json(command, run):
    found = json.loads(command("score", run, "--metric", "chrF,NLL", "--split", "validation", "--json").out)
    assert set(found["metrics"]) == {"chrf"} and set(found["metrics"]["chrf"]) == {"value", "signature"}
    assert found["num_sentences"] == 12 and found["direction"] == ["en", "de"] and found["beam"] == 5
    assert found["length_penalty"] == 0.6
    assert 0 < found["nats_per_symbol"] < 5 and found["has_learnt"] is None


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        (["--metric", "blue"], ["metric 'blue'", "'bleu'"]),
        (["--metric", ""], ["metric ''"]),
        (["--metric", "nll", "--beam", "5"], ["search", "metric", "nll"]),
        (["--metric", "nll", "--length-penalty", "1"], ["search", "metric", "nll"]),
        (["--beam", "0"], ["--beam", 0, 1]),
        (["--length-penalty", "-1"], ["--length-penalty", -1, 10]),
        (["--split", "tset"], ["'tset'", "'test'"]),
        (["--protocol", "windows"], ["protocol", "likelihood"]),
        (["fsdd"], ["fsdd", "audio", "pairs", "multi30k"]),
    ],
)
def test_what_is_wrong(command, run, options, parts):
    outcome = command("score", run, *options)
    assert outcome.status == 2 and not outcome.out
    assert_says(outcome.line, *parts)


def test_two_files_of_ones_own(command, run, tmp_path):
    pairs = sentences(80, longest=12)
    write_lines(tmp_path / "mine.en", [one for one, _ in pairs])
    write_lines(tmp_path / "mine.de", [other for _, other in pairs])
    options = ("score", run, tmp_path / "mine.en", "--metric", "nll", "--json")
    held_out, whole = command(*options), command(*options, "--split", "all")
    count = json.loads(held_out.out)["num_sentences"]
    assert 0 < count < 20 and json.loads(whole.out)["num_sentences"] == 80
    assert_says(held_out.err, "test", f"{count} of 80 pairs", "--split all")
    assert "--split" not in whole.err


def test_a_test_set_alone(command, run, tmp_path):
    folder = write_parallel(tmp_path / "mine", {"test": 9})
    outcome = command("score", run, folder, "--metric", "nll")
    assert outcome.status == 0 and "9 sentences" in outcome.out and "--split" not in outcome.err
    refused = command("train", "rnn-multi30k", "--data", folder, "--out", tmp_path / "run")
    assert refused.status == 1
    assert_says(refused.line, folder, "train", "test")
    assert not (tmp_path / "run").exists()


def test_one_sentence_is_one():
    found = Translated("test", ("en", "de"), 1, {}, 1.0, 1.0, "character", None, 1.0)
    assert translated_lines("run", found)[0] == "run: 1 sentence, en to de, in 1.0 s"


def test_metrics_of_what_is_no_translator(command, trained):
    outcome = command("score", trained, "--metric", "bleu")
    assert outcome.status == 2
    assert_says(outcome.line, "--metric is", "translation", "autoregressive")
    for flag in ("--beam", "--length-penalty"):
        outcome = command("score", trained, flag, "5")  # of the beam, the default
        assert outcome.status == 2
        assert_says(outcome.line, "search", "translation or words", "autoregressive")


def test_checkpoints_are_averaged(command, run, tmp_path):
    outcome = command("average", run, "--last", "2", "--out", tmp_path / "mean")
    assert outcome.out == f"{tmp_path / 'mean'} is the mean of step-00000002, step-00000004\n"
    assert command("score", tmp_path / "mean", "--metric", "nll").status == 0
    two = [run / "checkpoints" / f"step-{step:08}" for step in (2, 4)]
    found = json.loads(command("average", *two, "--out", tmp_path / "two", "--json").out)
    assert found["out"] == str(tmp_path / "two") and len(found["mean_of"]) == 2


def test_too_few_checkpoints(command, run, tmp_path):
    outcome = command("average", run)
    assert outcome.status == 1
    assert_says(outcome.line, "2 checkpoints", "training.keep_checkpoints=5")
    outcome = command("average", run, "--last", "1")
    assert outcome.status == 2
    assert_says(outcome.line, "last", 1, 2)
    outcome = command("average", tmp_path)
    assert outcome.status == 1
    assert_says(outcome.line, tmp_path, "checkpoints", "run")


def test_what_is_for_autoregressive_models_says_what_is_for_translators(command, run):
    outcome = command("generate", run)
    assert outcome.status == 2
    assert_says(outcome.line, "seq2seq", "generate", "`undertow translate`")


def test_translators_are_not_compared(command, tmp_path):
    words = ("compare", "transformer-multi30k", "rnn-multi30k", "--minutes", "1", "--out", tmp_path / "compare")
    outcome = command(*words)
    assert outcome.status == 2
    assert_says(outcome.line, "transformer-multi30k", "seq2seq", "likelihood")
    assert not (tmp_path / "compare").exists()
