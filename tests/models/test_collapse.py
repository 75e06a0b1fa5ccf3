"""The collapse alarm: exchanged latents, codes over a whole set, and the likely cause."""

import math
from dataclasses import replace

import torch
from torch import Tensor

from tests.contract import assert_close
from tests.models.coders import batch, make
from tests.refusals import assert_says
from undertow.models.collapse import exchanged, judge


def sums(**changes: float | list[float]) -> dict[str, Tensor]:
    usual = {
        "num": 1000.0,
        "nats": 1000.0,
        "none_nats": 1900.0,
        "other_num": 900.0,
        "other_own_nats": 900.0,
        "other_nats": 1500.0,
        "latents": 100.0,
        "latent_sum": [10.0, 0.0],
        "latent_squares": [90.0, 80.0],
        "codes.0": [25.0, 25.0, 25.0, 25.0],
    }
    return {name: torch.tensor(one, dtype=torch.float64) for name, one in (usual | changes).items()}


def test_figures_are_in_bits_over_the_whole_set() -> None:
    found = judge(sums(), 50.0)
    assert math.isclose(found.figures["own_latents_bits"], 1 / math.log(2))
    assert math.isclose(found.figures["other_latents_bits"], 15 / 9 / math.log(2))
    assert math.isclose(found.figures["no_latents_bits"], 1.9 / math.log(2))
    assert math.isclose(found.figures["perplexity"], 4.0) and found.figures["active_codes"] == 4
    assert math.isclose(found.figures["code_bits_per_second"], 100.0)
    assert len(found.lines) == 2 and "warning" not in "".join(found.lines)


def test_each_collapse_is_named() -> None:
    def said(**changes: float | list[float]) -> str:
        return "\n".join(judge(sums(**changes), 50.0).lines)

    assert_says(said(other_nats=901.0), "warning", "does not use its latents", "receptive field")
    assert_says(said(**{"codes.0": [100.0, 0.0, 0.0, 0.0]}), "warning", "collapsed", "1 of 4")
    assert_says(said(**{"codes.0": [50.0] * 2 + [0.0] * 6}), "warning", "dead")
    assert_says(said(latent_sum=[100.0, 0.0], latent_squares=[100.0, 0.0]), "warning", "same latent")
    changed = sums(sent_nats=0.1)
    del changed["codes.0"]
    assert_says("\n".join(judge(changed, 50.0).lines), "warning", "posterior collapse")


def test_each_group_of_codes_is_judged_alone_by_what_its_latents_could_have() -> None:
    def said(**changes: float | list[float]) -> str:
        return "\n".join(judge(sums(**changes), 50.0).lines)

    one_dead = {"codes.0": [10.0] * 10, "codes.1": [100.0] + [0.0] * 9}
    assert_says(said(**one_dead), "warning", "1 of 2 codebooks", "1 of 10 codes")
    half_dead = {"codes.0": [20.0] * 5, "codes.1": [50.0, 50.0, 0.0, 0.0, 0.0]}
    assert_says(said(**half_dead), "warning", "dead in 1 of 2 codebooks")
    assert "warning" not in said(**{"codes.0": [60.0, 40.0]})
    assert "warning" not in said(**{"codes.0": [1.0] * 20 + [0.0] * 236})
    assert_says(said(**{"codes.0": [99.0, 1.0]}), "warning", "1 of 2 codes")


def test_nothing_is_one_more_code_where_latents_may_be_left_out() -> None:
    found = judge(sums(left_out=300.0), 50.0)
    assert math.isclose(found.figures["code_bits"], 0.25 * math.log2(16) + 0.75 * math.log2(4 / 3))
    assert found.figures["active_codes"] == 5 and "warning" not in "".join(found.lines)
    assert_says("\n".join(found.lines), "5 of 5", "nothing")
    with torch.no_grad():
        thin = make("vq", kept_share=0.25).eval().examine(batch())
    assert thin["left_out"] == 7 + 4 + 6 and thin["codes.0"].sum() == 3 + 2 + 2


def test_codes_that_are_not_set_are_no_collapse() -> None:
    model = make("vq").eval()
    with torch.no_grad():
        found = model.examined(model.examine(batch())).lines
        assert_says("\n".join(found), "codes are not set yet", "100 updates", "12 latents")
        assert not any("collapsed" in line or "does not use" in line for line in found)
        for book in model.bottleneck.codebooks:
            book.started.fill_(True)
        assert "not set" not in "\n".join(model.examined(model.examine(batch())).lines)


def test_latents_come_from_another_recording_and_fill_the_row() -> None:
    latents = torch.arange(12.0).reshape(3, 4)[..., None]
    present = torch.arange(4) < torch.tensor([4, 2, 3])[:, None]
    taken, has_other = exchanged(latents, present, ("a[0:4]", "b", "a[4:7]"))
    assert has_other.tolist() == [True, True, True]
    assert taken[..., 0].tolist() == [[4.0, 5.0, 4.0, 5.0], [8.0, 9.0, 10.0, 8.0], [4.0, 5.0, 4.0, 5.0]]
    assert not exchanged(latents[:2], present[:2], ("a[0:4]", "a[4:6]"))[1].any()
    assert exchanged(latents[:2], present[:2], ("take[1].wav", "take[2].wav[0:4]"))[1].all()


def test_sums_of_parts_are_the_sums_of_the_whole_and_a_single_recording_is_told() -> None:
    model, given = make("vq").eval(), batch()
    with torch.no_grad():
        whole = model.examine(given)
        nats = -model.log_prob(given, model.coded(given)[1]).sum()
        assert_close(whole["nats"], nats)
        assert whole["codes.0"].sum() == whole["latents"] == 10 + 6 + 8
        same = model.examine(replace(given, names=("a[0:80]", "a[80:123]", "a[123:184]")))
    assert same["other_num"] == 0
    assert_says("\n".join(model.examined(same).lines), "no second recording")
