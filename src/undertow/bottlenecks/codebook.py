"""A codebook: vectors that stand for others, found by k-means, moved by running averages or by a gradient.

N vectors, K codes, C channels, R recent vectors.
"""

from typing import Annotated, Literal

import torch
import torch.distributed as dist
from pydantic import Field
from torch import Tensor, nn

from undertow.bottlenecks.bottleneck import Total
from undertow.config import Natural, Number, Probability, Width, config
from undertow.errors import UsageError

FRESH_ROWS = 64  # recent vectors of one batch, at most
FRESH_BATCHES = 16  # of one update, whose vectors are taken
SWEEPS = 10  # of k-means
LEAST_SIZE = 1e-2  # vectors of a code at the start
SMOOTHING = 1e-5  # share of a vector that each code counts, so that no size is 0
BLOCK = 4096  # vectors that are compared with all codes at once


class Codebook(nn.Module):
    """K vectors of C channels, (K, C).

    It has `started` once R recent vectors are known and `first_update` is reached: then k-means over them sets the
    codes. Until then its user lets vectors pass. Afterwards, with `moves: average`, code k is the running average of
    the vectors that fell to it (van den Oord et al., arXiv 1711.00937, appendix A.1), summed over all micro-batches and
    processes:

        n_k = γ n_k + (1 - γ) (number of its vectors),  m_k = γ m_k + (1 - γ) Σ (its vectors),  e_k = m_k / n_k

    with `moves: gradient`, it has an offset that the optimiser trains. A code that gets less than `dead_share` of an
    average code's vectors is dead: it is put on a recent vector, and its averages start afresh, as large as an average
    code's. All of this is in buffers, so that a run resumes exactly.
    """

    base: Tensor
    sizes: Tensor
    sums: Tensor
    recent: Tensor
    cursor: Tensor
    started: Tensor
    new_sizes: Tensor
    new_sums: Tensor
    fresh: Tensor
    num_fresh: Tensor

    @config
    class Config:
        """How codes move.

        Attributes:
            num_codes: K.
            moves: "average", running averages; "gradient", the optimiser. With "gradient" and `training.average`, the
                averaged model has the averaged offsets: a code that was just revived lies beside its vector there,
                until the average has caught up.
            decay: γ of the averages, and of the sizes by which dead codes are found.
            dead_share: a code is dead if it gets less than this share of an average code's vectors; 0 for never.
            num_recent: R, at least K; by default 8 for each code.
            first_update: number of the update after which k-means may set the codes. Until then the model trains
                without codes, so that its vectors differ.
        """

        num_codes: Annotated[Width, Field(ge=2, le=2**14)] = 256
        moves: Literal["average", "gradient"] = "average"
        decay: Probability = 0.99
        dead_share: Annotated[float, Field(ge=0, lt=1), Number] = 0.05
        num_recent: Width | None = None
        first_update: Natural = 100

        def __post_init__(self) -> None:
            if self.num_recent is not None and self.num_recent < self.num_codes:
                raise UsageError(
                    f"codebook.num_recent is {self.num_recent:,}, and k-means sets {self.num_codes:,} codes from so "
                    f"many vectors; it must be {self.num_codes:,} or more"
                )

    def __init__(self, config: Config, channels: int) -> None:
        super().__init__()
        self.config = config
        count, most = config.num_codes, config.num_recent or 8 * config.num_codes
        self.offset = nn.Parameter(torch.zeros(count, channels)) if config.moves == "gradient" else None
        first = torch.randn(count, channels) / channels**0.5
        self.register_buffer("base", first)
        self.register_buffer("sizes", torch.ones(count))
        self.register_buffer("sums", first.clone())
        self.register_buffer("recent", torch.zeros(most, channels))
        self.register_buffer("cursor", torch.zeros((), dtype=torch.int64))  # vectors that `recent` has got in all
        self.register_buffer("started", torch.zeros((), dtype=torch.bool))
        self.register_buffer("new_sizes", torch.zeros(count), persistent=False)
        self.register_buffer("new_sums", torch.zeros(count, channels), persistent=False)
        room = FRESH_ROWS * FRESH_BATCHES
        self.register_buffer("fresh", torch.zeros(room, channels), persistent=False)
        self.register_buffer("num_fresh", torch.zeros((), dtype=torch.int64), persistent=False)

    @property
    def codes(self) -> Tensor:
        """(K, C)."""
        return self.base if self.offset is None else self.base + self.offset

    def nearest(self, vectors: Tensor) -> Tensor:
        """The nearest code of each vector: (…, C) -> (…) int64."""
        codes, flat = self.codes.detach(), vectors.detach().to(self.base.dtype).reshape(-1, vectors.shape[-1])
        half = codes.square().sum(dim=1) / 2
        found = [(half - part @ codes.T).argmin(dim=1) for part in flat.split(BLOCK)]
        return (torch.cat(found) if found else flat.new_zeros(0, dtype=torch.int64)).reshape(vectors.shape[:-1])

    def collect(self, vectors: Tensor, codes: Tensor) -> None:
        """Note what fell to which code: (N, C) and (N,). For `after_update`."""
        vectors = vectors.detach().to(self.base.dtype)
        self.new_sizes += torch.bincount(codes, minlength=len(self.base)).to(self.new_sizes.dtype)
        self.new_sums.index_add_(0, codes, vectors)
        begun = int(self.num_fresh)
        number = min(FRESH_ROWS, len(vectors), len(self.fresh) - begun)
        if number:
            taken = torch.linspace(0, len(vectors) - 1, number).round().long()
            self.fresh[begun : begun + number] = vectors[taken.to(vectors.device)]
            self.num_fresh += number

    @torch.no_grad()
    def after_update(self, step: int, total: Total) -> None:
        """Start or move the codes by what was collected since the last update, over all processes."""
        new_sizes, new_sums, fresh = total(self.new_sizes), total(self.new_sums), self._gathered(total)
        self.new_sizes.zero_()
        self.new_sums.zero_()
        self._remember(fresh)
        if not self.started:
            if step >= self.config.first_update and self.cursor >= len(self.recent):
                every = torch.arange(len(self.base), device=self.base.device)
                self._put(every, k_means(self.recent, len(self.base)), new_sizes.mean().clamp(min=LEAST_SIZE))
                self.started.fill_(True)
            return
        decay = self.config.decay
        self.sizes.mul_(decay).add_(new_sizes, alpha=1 - decay)
        if self.offset is None:
            self.sums.mul_(decay).add_(new_sums, alpha=1 - decay)
            self.base.copy_(self.sums / self._smooth(self.sizes)[:, None])
        self._revive()

    def _smooth(self, sizes: Tensor) -> Tensor:
        """Sizes above 0 with the same sum."""
        number = sizes.sum()
        return (sizes + SMOOTHING) / (number + len(sizes) * SMOOTHING) * number

    def _revive(self) -> None:
        """Put dead codes on recent vectors."""
        average = self.sizes.mean()
        dead = (self.sizes < self.config.dead_share * average).nonzero()[:, 0]
        if len(dead):
            spread = torch.arange(len(dead), device=dead.device) * len(self.recent) // len(dead)
            self._put(dead, self.recent[(self.cursor + spread) % len(self.recent)], average)

    def _put(self, places: Tensor, vectors: Tensor, size: Tensor) -> None:
        """Set codes, and their averages as if `size` such vectors had fallen to each."""
        self.base[places] = vectors if self.offset is None else vectors - self.offset.detach()[places]
        self.sizes[places] = size
        self.sums[places] = vectors * size

    def _remember(self, fresh: Tensor) -> None:
        """Write the newest vectors over the oldest."""
        size = len(self.recent)
        fresh = fresh[-size:]
        places = (self.cursor + torch.arange(len(fresh), device=self.cursor.device)) % size
        self.recent[places] = fresh
        self.cursor += len(fresh)

    def _gathered(self, total: Total) -> Tensor:
        """The vectors that every process collected, the same in all of them."""
        own = self.fresh[: int(self.num_fresh)].clone()
        self.num_fresh.zero_()
        if not (dist.is_available() and dist.is_initialized()):
            return own
        counts = torch.zeros(dist.get_world_size(), dtype=torch.int64, device=own.device)
        counts[dist.get_rank()] = len(own)
        counts = total(counts)
        first = int(counts[: dist.get_rank()].sum())
        every = own.new_zeros(int(counts.sum()), own.shape[1])
        every[first : first + len(own)] = own
        return total(every)


def k_means(vectors: Tensor, number: int) -> Tensor:
    """The centres (number, C) of N vectors by Lloyd's algorithm.

    It begins with vectors that are drawn one by one, in proportion to their squared distance from those before
    (k-means++: Arthur & Vassilvitskii, 2007), always the same ones. A centre that loses all of its vectors moves to one
    of those that are farthest from their centres.
    """
    centres = vectors[_first_centres(vectors, number)]
    for _ in range(SWEEPS):
        distance, nearest = _distances(vectors, centres)
        sizes = torch.bincount(nearest, minlength=number)
        sums = torch.zeros_like(centres).index_add_(0, nearest, vectors)
        empty = (sizes == 0).nonzero()[:, 0]
        centres = sums / sizes.clamp(min=1)[:, None].to(sums.dtype)
        if len(empty):
            centres[empty] = vectors[distance.topk(len(empty)).indices]
    return centres


def _first_centres(vectors: Tensor, number: int) -> list[int]:
    generator = torch.Generator().manual_seed(0)
    chosen, distance = [0], (vectors - vectors[0]).square().sum(dim=1)
    while len(chosen) < number:
        share = distance.cpu().double()
        weights = share if share.sum() > 0 else torch.ones_like(share)
        chosen.append(int(weights.multinomial(1, generator=generator)))
        distance = torch.minimum(distance, (vectors - vectors[chosen[-1]]).square().sum(dim=1))
    return chosen


def _distances(vectors: Tensor, centres: Tensor) -> tuple[Tensor, Tensor]:
    """The squared distance (N,) of each vector to its nearest centre, and which it is."""
    found = [torch.cdist(part, centres).min(dim=1) for part in vectors.split(BLOCK)]
    return torch.cat([one.values for one in found]).square(), torch.cat([one.indices for one in found])
