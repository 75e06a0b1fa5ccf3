"""Whoever is left with noise is told so, by the card of the checkpoint alone."""

import shutil
from pathlib import Path

import pytest

from undertow.recipes.verdict import verdict

GOLDEN = Path(__file__).parents[1] / "golden/checkpoint-v1"
UNIGRAM = "baselines: {validation_unigram_bits: 6.0}"


@pytest.mark.parametrize(
    ("card", "is_noise"),
    [
        (f"scores: {{validation_loss: 4.2}}\n{UNIGRAM}", True),  # 6.06 bits
        (f"scores: {{validation_loss: 4.1}}\n{UNIGRAM}", False),  # 5.92 bits
        (f"scores: {{validation_loss: .nan}}\n{UNIGRAM}", True),
        (f"scores: {{validation_loss: null}}\n{UNIGRAM}", False),
        ("scores: {validation_loss: 4.2}\nbaselines: {validation_unigram_bits: null}", False),
        ("scores: 3\nbaselines: [a]", False),
    ],
)
def test_a_model_no_better_than_counts_is_called_so(card, is_noise, tmp_path):
    shutil.copytree(GOLDEN, tmp_path / "run")
    (tmp_path / "run/card.md").write_text(f"---\n{card}\n---\n")
    assert ("has not learnt yet" in verdict(tmp_path / "run")) == is_noise
    (tmp_path / "run/card.md").unlink()
    assert verdict(tmp_path / "run") == ""
