"""Each sequence has a score of its own, and what stands out is named."""

import numpy as np
import pytest

from tests.generation.symbol_models import pixel_model, text_model
from undertow.data.sequences import SequenceSet
from undertow.evaluation import score
from undertow.evaluation.sequence_scores import SequenceScore, outliers, ranked, write_scores


def test_their_sum_is_the_whole():
    random = np.random.default_rng(0)
    sequences = [random.integers(0, 17, length).astype(np.uint8) for length in (30, 7, 19)]
    found = score(text_model(), SequenceSet(sequences, names=["a", "b", "c"]))
    assert {one.name: one.num_symbols for one in found.sequences} == {"a": 30, "b": 7, "c": 19}
    assert sum(one.nats for one in found.sequences) == pytest.approx(found.nats_per_symbol * 56)
    alone = score(text_model(), SequenceSet(sequences[1:2]))
    assert next(one for one in found.sequences if one.name == "b").nats == pytest.approx(alone.nats_per_symbol * 7)
    assert not score(text_model(), SequenceSet(sequences), protocol="windows", window_steps=5, num_windows=3).sequences


def test_images_have_their_nats():
    images = SequenceSet(list(np.random.default_rng(0).integers(0, 4, (3, 36)).astype(np.uint8)))
    found = score(pixel_model(), images)
    assert np.mean([one.nats for one in found.sequences]) == pytest.approx(found.nats_per_image)


def test_what_stands_out_comes_first(tmp_path):
    scores = [SequenceScore(f"{number}.png", 10, 5.0 + 0.01 * number) for number in range(20)]
    odd = SequenceScore("odd,\n.png", 10, 60.0)
    assert outliers([*scores, odd]) == [odd] and outliers(scores) == [] and outliers([odd, odd]) == []
    assert outliers([*scores, odd, odd, odd]) == [odd] * 3 and outliers([]) == []
    assert ranked([scores[0], odd]) == [odd, scores[0]]
    write_scores(tmp_path / "scores.csv", [scores[3], odd])
    lines = (tmp_path / "scores.csv").read_text().splitlines()
    assert lines[0] == "name,num_symbols,nats,bits_per_symbol" and lines[1].startswith('"odd,')
    assert lines[3].startswith("3.png,10,5.03")


def test_a_small_difference_does_not_stand_out():
    alike = [SequenceScore(f"{number}.png", 100, 67.5) for number in range(30)]
    assert outliers([*alike, SequenceScore("odd.png", 100, 68.4)]) == []
