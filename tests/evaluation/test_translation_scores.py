"""Scores of translations: sacreBLEU's, with its signature, and the likelihood of the references."""

import math

import pytest

from tests.cli.translators import translator
from tests.refusals import refuses
from undertow.data.pairs import encode_pairs
from undertow.data.parallel_text import Pair
from undertow.errors import DataError, UsageError
from undertow.evaluation.pair_likelihood import pair_nats
from undertow.evaluation.translation_scores import corpus_scores, score_translations, write_targets
from undertow.options import Search

TEXTS = [("ein hund", "a dose"), ("der hund ist da", "the dose is here"), ("lamm", "lamb")]


def pairs(model):
    rows = [Pair(source, target, "a", "b") for source, target in TEXTS]
    return encode_pairs(rows, model.source_alphabet, model.alphabet, 20, "keep")


def test_scores_are_sacrebleus():
    sacrebleu = pytest.importorskip("sacrebleu")
    written = ["the cat sat on the mat", "a dog runs fast here"]
    references = ["the cat sat on a mat", "a dog ran fast here"]
    found = corpus_scores(written, references)
    assert found["bleu"].value == pytest.approx(sacrebleu.corpus_bleu(written, [references]).score)
    assert found["chrf"].value == pytest.approx(sacrebleu.corpus_chrf(written, [references]).score)
    assert "tok:13a" in found["bleu"].signature and "nrefs:1" in found["chrf"].signature
    assert corpus_scores(references, references, ["bleu"])["bleu"].value == pytest.approx(100)


def test_the_likelihood_is_that_of_each_reference_alone():
    model = translator()
    both = pairs(model)
    total, number = pair_nats(model, both)
    assert number == sum(len(text) + 1 for _, text in TEXTS)
    alone = [pair_nats(model, encode_pairs([Pair(*one, "a", "b")], model.source_alphabet, model.alphabet, 20, "keep"))
             for one in TEXTS]  # fmt: skip
    assert total == pytest.approx(sum(nats for nats, _ in alone), rel=1e-6)
    found = score_translations(model, both, metrics=["nll"])
    assert found.nats_per_symbol == pytest.approx(total / number)
    assert found.bits_per_character == pytest.approx(total / math.log(2) / number)  # a symbol is a character here
    assert found.search is None and found.metrics == {} and found.verdict == ""


def test_translations_are_those_of_the_search_in_their_order():
    model = translator()
    both = pairs(model)
    together = write_targets(model, both.sources, Search(beam=2, batch_size=2))
    alone = [write_targets(model, [source], Search(beam=2))[0] for source in both.sources]
    assert together == alone
    found = score_translations(model, both, metrics=["bleu", "chrf"], beam=2)
    assert found.metrics == corpus_scores(together, both.target_texts)
    assert found.num_sentences == 3 and found.search == Search(beam=2) and found.nats_per_symbol is None
    assert found.direction == ("de", "en") and "has not learnt yet" in found.verdict


def test_what_cannot_be_scored():
    model = translator()
    with refuses(UsageError, "metric 'blue'", "'bleu'"):
        score_translations(model, pairs(model), metrics=["blue"])
    with refuses(UsageError, "metric", "bleu, chrf, nll"):
        score_translations(model, pairs(model), metrics=[])
    with refuses(UsageError, "beam is 0"):
        score_translations(model, pairs(model), beam=0)
    with refuses(DataError, "1 translation ", "2 references"):
        corpus_scores(["a"], ["a", "b"])
    with refuses(DataError, "0 translations", "0 references"):
        corpus_scores([], [])
