"""Training an autoencoder: a run resumes exactly, with averages and revival; two processes are one."""

from pathlib import Path

import torch
from safetensors.torch import load_file

from tests.training.coder import train, trainer
from tests.training.forked import as_torchrun
from tests.training.runs import assert_same, back_to
from undertow.training.distributed import world


def test_a_resumed_run_is_the_unbroken_one(tmp_path: Path) -> None:
    unbroken, out = tmp_path / "unbroken", tmp_path / "run"
    settings = {"keep_checkpoints": 3, "steps": 8}
    train(unbroken, **settings)
    back_to(out, unbroken, 5)
    train(out, resume=True, **settings)
    assert_same(out, unbroken)


def test_codes_start_by_k_means_and_dead_ones_are_revived(tmp_path: Path) -> None:
    with world("cpu") as alone:
        run = trainer(tmp_path / "run", alone)
        book, revived = run.model.bottleneck.codebooks[0], []
        put = book._put
        book._put = lambda places, *rest: revived.append((bool(book.started), len(places))) or put(places, *rest)
        run.fit()
    assert revived[0] == (False, 12), "k-means sets all codes, once"
    assert len(revived) > 1 and all(started and count < 12 for started, count in revived[1:])


def test_two_processes_are_one_with_twice_the_batch(tmp_path: Path) -> None:
    both, single = tmp_path / "both", tmp_path / "single"
    words = ["gradient_clip=null", "num_validations=1", "is_fresh=false", "steps=6"]
    as_torchrun("coder", both, "batch_size=1", *words)
    train(single, batch_size=2, gradient_clip=None, num_validations=1, is_fresh=False, steps=6)
    together, alone = (load_file(out / "last" / "model.safetensors") for out in (both, single))
    for name in alone:
        torch.testing.assert_close(together[name], alone[name], rtol=0, atol=1e-8)
