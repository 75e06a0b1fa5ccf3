"""`undertow quantise` of a trained translator, and `translate` and `score` with the result."""

import pytest

from tests.data.parallel import write_parallel
from tests.recipes.pair_recipes import NETS, recipe
from undertow.recipes import train


@pytest.mark.native
@pytest.mark.parametrize("network", NETS[::2], ids=lambda network: network["kind"])
def test_from_a_run_to_translations_in_int8(command, tmp_path, network):
    toy = write_parallel(tmp_path / "toy")
    train(recipe(toy, network), tmp_path / "run", device="cpu")
    outcome = command("quantise", tmp_path / "run", "--out", tmp_path / "small")
    assert outcome.status == 0, outcome.err
    assert "int8" in outcome.out and "60 pieces" in outcome.out and "bits/" in outcome.out
    line = (toy / "test.en").read_text(encoding="utf-8").splitlines()[0]
    first, second = (command("translate", tmp_path / name, line, "--beam", "1") for name in ("small", "run"))
    assert first.status == second.status == 0, first.err + second.err
    assert "int8" in command("info", tmp_path / "small").out
    assert command("score", tmp_path / "small", toy, "--beam", "1").status == 0
