"""The score of a contrastive model is that of its predictions, all together and by distance."""

import numpy as np
import pytest
import torch

from tests.models.test_contrastive import contrastive, sounds
from tests.refusals import assert_says, refuses
from undertow.cli.score_self_supervised import contrast_lines
from undertow.data.sequences import SequenceSet
from undertow.errors import DataError
from undertow.evaluation.contrast_score import score_contrast


def waves(*lengths: int) -> SequenceSet:
    given = sounds(*lengths)
    return SequenceSet([row[:length].numpy() for row, length in zip(given.symbols, lengths, strict=True)], {})


def test_it_is_the_mean_over_predictions() -> None:
    model = contrastive(num_negatives=4)
    found = score_contrast(model, waves(200, 63))
    with torch.no_grad():
        loss, (each, _) = model(sounds(200, 63)), model.contrast(sounds(200, 63))
    assert found.num_predictions == loss.num_terms == 69
    assert found.nats == pytest.approx(float(loss.value)) and found.chance == pytest.approx(np.log(5))
    assert found.accuracy == pytest.approx(float(loss.figures["accuracy"])) and found.chance_accuracy == 0.2
    number = each.known[:, :, 2].sum()
    assert found.nats_ahead[2] == pytest.approx(float(each.nats[:, :, 2].sum() / number))
    assert found.accuracy_ahead[2] == pytest.approx(float(each.right[:, :, 2].sum() / number))
    assert found.hop_seconds == 10 / 8000 and found.has_learnt == (found.nats < found.chance)


def test_no_figure_is_given_of_distances_longer_than_every_sound() -> None:
    found = score_contrast(contrastive(), waves(30))
    assert found.nats_ahead[1] is not None and found.nats_ahead[2] is None and found.accuracy_ahead[2] is None
    assert_says("\n".join(contrast_lines("it", found)), "4 ms -")


def test_sounds_too_short_or_alone_are_refused() -> None:
    with refuses(DataError, "test", "20 samples"):
        score_contrast(contrastive(), waves(10, 3))
    with refuses(DataError, "two or more sounds"):
        score_contrast(contrastive(negatives="others"), waves(200))
