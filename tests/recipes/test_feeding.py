"""Held-out batches: all of a small split, and of a large one a sample, drawn once."""

from typing import Any

import numpy as np
import pytest

from tests.refusals import assert_says
from undertow.alphabets import Bytes, MuLaw
from undertow.data.clip_examples import ClipExamples
from undertow.data.clips import Clip, ClipSet
from undertow.data.needs import Needs
from undertow.data.pairs import PairSet
from undertow.data.sequences import SequenceSet
from undertow.recipes import feeding
from undertow.recipes.tasks.task import Cut
from undertow.training.config import TrainingConfig

MU_LAW = MuLaw(MuLaw.Config(num_levels=256))
SOUND = Cut(crop_steps=400, is_exact=True, validation_steps=1000)


def clips(*lengths: int) -> ClipSet:
    random = np.random.default_rng(0)
    return ClipSet([Clip(str(n), random.integers(-999, 999, n).astype(np.int16)) for n in lengths], 8000)


def batches(examples: Any, cut: Cut, needs: Needs, lines: list[str] | None = None, **settings: Any) -> list[Any]:
    training = TrainingConfig(steps=1, **settings)
    return list(feeding.validation_batches({"validation": examples}, cut, needs, training, (lines or []).append))


def places(found: list[Any]) -> list[str]:
    return [name for batch in found for name in batch.names]


def counted(found: list[Any]) -> int:
    return sum(batch.num_counted for batch in found)


def test_fault_10_a_large_split_of_sound_is_sampled_once() -> None:
    needs = Needs(alphabet=MU_LAW, sample_rate=8000, context_steps=50)
    examples, lines = ClipExamples(clips(30_000, 500, 70_000), needs), []
    found = list(
        feeding.validation_batches(
            {"validation": examples}, SOUND, needs, TrainingConfig(steps=1, validation_symbols=9_000), lines.append
        )
    )
    assert 8_000 <= counted(found) <= 9_000
    assert_says(lines[0], "9,000", "100,500", "samples", "training.validation_symbols")
    assert places(found) == places(batches(examples, SOUND, needs, validation_symbols=9_000))
    assert places(found) != places(batches(examples, SOUND, needs, validation_symbols=9_000, seed=1))
    assert len({name.split("[")[0] for name in places(found)}) > 1


@pytest.mark.parametrize(("num_params", "most"), [(256, 32_768), (55_264, 2_428), (10**9, 64)])
def test_an_output_of_many_numbers_is_validated_in_small_batches(num_params: int, most: int) -> None:
    alphabet = Bytes(Bytes.Config())
    text = SequenceSet([np.zeros(50_000, np.uint8)])
    found = batches(text, Cut(crop_steps=64), Needs(alphabet=alphabet, context_steps=1, num_params=num_params))
    steps = [batch.symbols.numel() for batch in found]
    assert 0.8 * most <= max(steps) <= most and counted(found) == 50_000


def test_a_small_split_is_read_whole() -> None:
    needs = Needs(alphabet=MU_LAW, sample_rate=8000, context_steps=50)
    examples = ClipExamples(clips(3_000, 500, 700), needs)
    assert counted(batches(examples, SOUND, needs)) == 4_200
    assert places(batches(examples, SOUND, needs, validation_symbols=4_200)) == places(batches(examples, SOUND, needs))


def test_fault_10_usual_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeding, "VALIDATION_SAMPLES", 2_000)
    monkeypatch.setattr(feeding, "VALIDATION_SYMBOLS", 3_000)
    needs = Needs(alphabet=MU_LAW, sample_rate=8000, context_steps=50)
    assert counted(batches(ClipExamples(clips(9_000), needs), SOUND, needs)) == 2_000
    text = SequenceSet([np.arange(9_000) % 256])
    assert counted(batches(text, Cut(crop_steps=100), Needs(alphabet=Bytes(Bytes.Config()), max_length=200))) == 3_000


def test_fault_10_pairs_are_sampled_too() -> None:
    sides = [np.arange(1 + index % 9) for index in range(400)]
    pairs = PairSet(sides, sides, [str(number) for number in range(400)], target_end=99)
    needs, cut = Needs(alphabet=Bytes(Bytes.Config())), Cut(tokens_per_batch=40)
    whole = batches(pairs, cut, needs)
    some = batches(pairs, cut, needs, validation_symbols=1_000)
    assert len(places(whole)) == 400 and 0 < len(places(some)) < 150
    assert set(places(some)) <= set(places(whole))


def test_fault_10_a_long_clip_is_cut_for_a_network_that_sees_all_of_the_past(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeding, "LONGEST_WHOLE", 5_000)
    needs = Needs(alphabet=MU_LAW, sample_rate=8000)
    found = batches(ClipExamples(clips(20_000, 4_000), needs), SOUND, needs, validation_symbols=9_000)
    assert counted(found) <= 9_000 and max(batch.symbols.shape[1] for batch in found) < 5_200
