"""The autoencoder: alignment, rows alone, its points, its parts of the loss, and its refusals."""

import math
from dataclasses import replace

import pytest
import torch

from tests.contract import assert_close
from tests.contract_model import check_model
from tests.models.coders import BOTTLENECKS, FRAME, HOP, batch, coder_of_waves, make
from tests.refusals import refuses
from undertow.batch import Batch
from undertow.config import parse, to_dict
from undertow.data.told import Label, Told
from undertow.errors import DataError, UsageError
from undertow.models import Autoencoder, complete

every_bottleneck = pytest.mark.parametrize("kind", BOTTLENECKS)


def alone(one: Batch, row: int) -> Batch:
    length = int(one.counted[row].sum())
    return Batch(
        one.symbols[[row], :length],
        one.counted[[row], :length],
        {name: label[[row]] for name, label in one.labels.items()},
        None if one.features is None else one.features[[row], : -(-length // FRAME)],
        (one.names[row],),
    )


@every_bottleneck
def test_a_row_gives_the_same_alone_and_in_a_batch(kind: str) -> None:
    model, given = make(kind).eval(), batch()
    assert given.features is not None
    garbage = replace(given, features=given.features.clone())
    assert garbage.features is not None
    garbage.features[1, -(-43 // FRAME) :] = math.nan
    _, latents = model.coded(garbage)
    whole = model.log_prob(garbage, latents)
    for row, length in enumerate([80, 43, 61]):
        one = alone(given, row)
        assert_close(model.log_prob(one, model.coded(one)[1])[0], whole[row, :length])
        for at in model.points:
            number = -(-length // HOP)
            assert_close(model.represent(one, at)[0], model.represent(garbage, at)[row, :number])
            assert not model.represent(garbage, at)[row, number:].any()


@every_bottleneck
def test_every_parameter_learns_and_the_loss_has_its_parts(kind: str) -> None:
    model, given = make(kind, jitter=0.2).train(), batch()
    loss = model(given)
    loss.value.backward()
    assert all(one.grad is not None for one in model.parameters())
    assert loss.num_terms == 80 + 43 + 61
    model.eval()
    loss, coded = model(given), model.coded(given)[0]
    bits = float(loss.figures["reconstruction_bits"])
    assert_close(loss.value.detach(), bits * math.log(2) + coded.penalty.detach() / loss.num_terms)
    assert_close(loss.value, model(given).value)


def test_latents_lie_where_they_are_declared() -> None:
    """Moving the samples of latent 5 moves it, and no latent farther away than `reach`."""
    model = coder_of_waves("linear").eval()
    given, point = batch((160,), wave=True), 9
    for at in model.points:
        before = model.represent(given, at)
        symbols = given.symbols.clone()
        symbols[0, point * HOP : (point + 1) * HOP] = 5 - symbols[0, point * HOP : (point + 1) * HOP]
        moved = (model.represent(replace(given, symbols=symbols), at) != before).any(dim=-1)[0].nonzero()[:, 0]
        assert point in moved
        assert model.reach.before is not None
        first, last = int(moved.min()), int(moved.max())
        assert (last - point) * HOP <= model.reach.before + HOP - 1 and (point - first) * HOP <= model.reach.after + HOP


def test_blocks_with_margins_give_the_same_numbers() -> None:
    model, whole = make("vq").eval(), batch((320,))
    assert whole.features is not None and model.reach.before is not None
    first, last = 15, 20
    start, stop = first * HOP - model.reach.before, last * HOP + model.reach.after
    start -= start % HOP
    block = Batch(
        whole.symbols[:, start:stop],
        whole.counted[:, start:stop],
        {},
        whole.features[:, start // FRAME : stop // FRAME],
    )
    skipped = first - start // HOP
    for at in model.points:
        part = model.represent(block, at)[:, skipped : skipped + last - first]
        assert_close(part, model.represent(whole, at)[:, first:last])


def test_the_decoder_is_an_autoregressive_model_of_its_own() -> None:
    model = make("vq").eval()
    given = batch((16, 16))
    latents = model.represent(given, "p_bn")
    assert_close(model.decode(model.codes(given)), latents)
    check_model(model.decoder, replace(given, features=latents, labels={"speaker": torch.tensor([0, 1])}))


def test_the_strongest_quarter_stays() -> None:
    model = make("linear", kept_share=0.25).eval()
    latents = model.represent(batch((80,)), "p_bn")
    assert int(latents.any(dim=-1).sum()) == math.ceil(10 * 0.25)
    assert model.facts["bits_per_second"] is None and model.reach == (None, None)
    coded, given = make("vq", kept_share=0.25).eval(), batch()
    assert coded.points["p_bn"].num_codes == (6,) and int((coded.codes(given) == 5).sum()) == 7 + 4 + 6
    assert_close(coded.decode(coded.codes(given))[0], coded.represent(given, "p_bn")[0])
    assert make("vq", kept_share=0.25).facts["bits_per_second"] == pytest.approx(100 * math.log2(6))


def test_latents_that_are_left_out_cost_nothing() -> None:
    model, given = make("vq", kept_share=0.25).eval(), batch((80,))
    z = model.projection(model.encode(given))
    stays = model.codes(given)[0, :, 0] < 5
    distance = (z - model.bottleneck.represent(z)).square().sum(dim=-1)[0]
    assert_close(model.coded(given)[0].penalty, 0.25 * distance[stays].sum())


def test_what_the_data_must_give() -> None:
    model = make("vq")
    assert model.needs.period == HOP and model.needs.context_steps is not None
    assert model.needs.context_steps >= (model.decoder.receptive_field or 0)
    assert model.abilities == {"represent", "reconstruct"} and model.scorer == "reconstruction"


def test_every_latent_of_a_vae_is_sent_and_each_sample_sees_its_own() -> None:
    with refuses(UsageError, "kept_share", "0.5", "vae", "1"):
        make("vae", kept_share=0.5)
    with refuses(UsageError, "conditioner.upsampling.kernel_size", "1", "look_ahead"):
        make("vq", conditioner={})
    values = {**to_dict(make("vq").config), "features": None, "conditioner": {}}
    assert complete(values, Told(real="sound", sample_rate=800), print).conditioner.upsampling.kernel_size == 3


def test_the_config_survives_a_file() -> None:
    config = make("vq").config
    assert parse(Autoencoder.Config, to_dict(config)) == config


def test_a_latent_hop_that_does_not_divide_is_one_line() -> None:
    with refuses(UsageError, "strides", "(3, 3)", "9", "8 samples of a latent"):
        make("vq", conditioner={"upsampling": {"strides": [3, 3], "kernel_size": 3}})
    with refuses(UsageError, "num_groups", "3", "4 channels"):
        make({"kind": "vq", "num_groups": 3})


def test_one_speaker_where_two_are_needed_is_one_line() -> None:
    told = Told(real="sound", sample_rate=800, labels={"speaker": Label(("theo",))})
    values = {**to_dict(make("vq").config), "features": None, "conditioner": {"labels": ["speaker"]}}
    del values["sample_rate"]
    with refuses(DataError, "one speaker", "theo", "two"):
        complete(values, told, print)


def test_other_refusals() -> None:
    model = make("linear").eval()
    with refuses(DataError, "frames"):
        model(replace(batch(), features=None))
    with refuses(UsageError, "linear", "vq"):
        model.codes(batch())
    with refuses(UsageError, "p_what", "p_enc, p_proj, p_bn, p_cond"):
        model.represent(batch(), "p_what")
    with refuses(UsageError, "carry_state"):
        model(replace(batch(), continues=torch.zeros(3, dtype=torch.bool)))
    with refuses(UsageError, "conditioner.features"):
        features = {"kind": "frames", "sample_rate": 800, "hop_length": 8, "num_channels": 4}
        make("vq", conditioner={"features": features})
