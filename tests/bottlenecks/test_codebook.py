"""Codebooks: the running averages are those of a plain loop; k-means starts the codes; dead ones are revived."""

from typing import Any

import torch
from torch import Tensor

from tests.contract import assert_close
from tests.refusals import refuses
from undertow.bottlenecks import VectorQuantiser
from undertow.bottlenecks.codebook import Codebook, k_means
from undertow.config import parse
from undertow.errors import UsageError


def alone(tensor: Tensor) -> Tensor:
    return tensor.clone()


def make(channels: int = 2, **config: Any) -> Codebook:
    torch.manual_seed(0)
    return (
        Codebook(parse(Codebook.Config, {"num_codes": 3, "num_recent": 6, "first_update": 0, **config}), channels)
        .double()
        .train()
    )


def clusters(number: int, seed: int = 0) -> Tensor:
    """(N, 2) vectors near three places."""
    generator = torch.Generator().manual_seed(seed)
    places = torch.tensor([[5.0, 0.0], [0.0, 5.0], [-5.0, -5.0]], dtype=torch.float64)
    return places.repeat(number // 3, 1) + 0.1 * torch.randn(number, 2, generator=generator, dtype=torch.float64)


def started(**config: Any) -> Codebook:
    book = make(**config)
    book.collect(clusters(6), torch.zeros(6, dtype=torch.int64))
    assert not book.started
    book.after_update(1, alone)
    assert book.started
    return book


def test_k_means_starts_the_codes_where_the_vectors_are() -> None:
    book = started()
    found = book.codes[book.nearest(clusters(30, seed=1))]
    assert (found - clusters(30, seed=1)).norm(dim=1).max() < 1.0
    assert len(book.nearest(clusters(3)).unique()) == 3


def test_k_means_moves_a_centre_that_loses_its_vectors() -> None:
    vectors = torch.tensor([[0.0], [0.0], [0.0], [10.0]])
    assert k_means(vectors, 2).flatten().sort().values.tolist() == [0.0, 10.0]


def test_averages_are_those_of_a_plain_loop() -> None:
    book = started(decay=0.7, dead_share=0.0)
    sizes, sums = book.sizes.tolist(), book.sums.tolist()
    for update in range(4):
        counts, totals = [0.0] * 3, [[0.0, 0.0] for _ in range(3)]
        for part in clusters(12, seed=2 + update).split(5):  # micro-batches of one update
            nearest = book.nearest(part)
            book.collect(part, nearest)
            for vector, code in zip(part.tolist(), nearest.tolist(), strict=True):
                counts[code] += 1
                totals[code] = [old + new for old, new in zip(totals[code], vector, strict=True)]
        book.after_update(1, alone)
        for code in range(3):
            sizes[code] = 0.7 * sizes[code] + 0.3 * counts[code]
            sums[code] = [0.7 * old + 0.3 * new for old, new in zip(sums[code], totals[code], strict=True)]
        total = sum(sizes)
        for code in range(3):
            smooth = (sizes[code] + 1e-5) / (total + 3e-5) * total
            assert_close(book.codes[code], torch.tensor([one / smooth for one in sums[code]], dtype=torch.float64))
    assert not book.new_sizes.any() and not book.new_sums.any()


def test_a_dead_code_is_put_on_a_recent_vector_and_its_averages_start_afresh() -> None:
    for moves in ("average", "gradient"):
        book = started(decay=0.5, dead_share=0.5, moves=moves)
        if book.offset is not None:
            book.offset.data.fill_(0.25)
        away = torch.full((6, 2), 50.0, dtype=torch.float64)  # all vectors fall to one code
        for _ in range(40):
            book.collect(away, book.nearest(away))
            book.after_update(1, alone)
        assert ((book.codes - 50.0).abs() < 1e-3).all()
        assert (book.sizes > 0.5).all()
        if moves == "average":
            assert_close(book.sums[1:], book.sizes[1:, None].expand(-1, 2) * 50.0)


def test_fewer_recent_vectors_than_codes_are_refused() -> None:
    with refuses(UsageError, "num_recent", "2", "3 codes"):
        make(num_recent=2)


def test_without_vectors_nothing_breaks() -> None:
    book = started()
    before = book.codes.clone()
    book.collect(clusters(0), torch.zeros(0, dtype=torch.int64))
    book.after_update(1, alone)
    assert_close(book.codes, before)


def test_mixed_precision_finds_the_same_codes() -> None:
    torch.manual_seed(0)
    config = parse(VectorQuantiser.Config, {"codebook": {"num_codes": 64}})
    quantiser, z = VectorQuantiser(config, 8).eval(), torch.randn(2, 100, 8)
    with torch.autocast("cpu", torch.bfloat16):
        found = quantiser.encode(z)
    assert torch.equal(found, quantiser.encode(z))
