"""Vector quantisation: a latent is one of K codes (VQ-VAE: van den Oord et al., arXiv 1711.00937).

    k = argmin_k |z - e_k|²,  latent = z + sg(e_k - z)                the gradient passes straight through to z
    penalty = β |z - sg(e_k)|²  (+ |sg(z) - e_k|² if codes learn by gradient)

sg stops the gradient. Like the log-likelihood beside it, the penalty is summed over latents and channels.

B batch, L latents, C channels, G codes a latent, K values of a code.
"""

import math
from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from undertow.bottlenecks.bottleneck import Bottleneck, Coded, Total
from undertow.bottlenecks.codebook import Codebook
from undertow.config import NonNegative, Width, config
from undertow.errors import UsageError, counted


class VectorQuantiser(Bottleneck):
    """(B, L, C) to (B, L, C), each vector from a codebook. G · log2 K bits a latent.

    In training, vectors pass as they are, and cost nothing, until k-means has set the codes.
    """

    @config
    class Config:
        """The codes.

        Attributes:
            codebook: of each of the groups.
            commitment: β, the weight of the distance between a vector and its code.
            num_groups: G.
            grouping: "product", each code stands for its part of the channels; "residual", each stands for what the
                codes before it left over.
        """

        kind: Literal["vq"] = "vq"
        codebook: Codebook.Config = Codebook.Config()
        commitment: NonNegative = 0.25
        num_groups: Annotated[Width, Field(le=64)] = 1
        grouping: Literal["product", "residual"] = "product"

    def __init__(self, config: Config, in_channels: int) -> None:
        super().__init__()
        self.config, self.out_channels = config, in_channels
        channels, is_product = in_channels, config.grouping == "product"
        if is_product:
            if in_channels % config.num_groups:
                raise UsageError(
                    f"bottleneck.num_groups is {config.num_groups}, which does not divide "
                    f"{counted(in_channels, 'channel')} of a latent"
                )
            channels = in_channels // config.num_groups
        self.codebooks = nn.ModuleList(Codebook(config.codebook, channels) for _ in range(config.num_groups))
        self.num_codes = (config.codebook.num_codes,) * config.num_groups

    def forward(self, z: Tensor, present: Tensor) -> Coded:
        codes, commitment, learning = self._quantised(z, present)
        found = self.decode(codes)
        latents = z + (found - z).detach()
        if self.training:
            started = torch.stack([one.started for one in self._books]).all()
            latents = torch.where(started, latents, z)
            commitment, learning = commitment * started, learning * started
        nats = torch.full(z.shape[:2], sum(math.log(number) for number in self.num_codes), device=z.device)
        penalty = self.config.commitment * commitment + learning
        return Coded(latents, penalty, {"commitment": commitment.detach()}, codes, nats)

    def represent(self, z: Tensor) -> Tensor:
        return self.decode(self.encode(z))

    def encode(self, z: Tensor) -> Tensor:
        return self._quantised(z, None)[0]

    def decode(self, codes: Tensor) -> Tensor:
        parts = [book.codes[one] for book, one in zip(self._books, codes.unbind(-1), strict=True)]
        if self.config.grouping == "product":
            return torch.cat(parts, dim=-1)
        return torch.stack(parts).sum(dim=0)

    def after_update(self, step: int, total: Total) -> None:
        for book in self._books:
            book.after_update(step, total)

    @property
    def _books(self) -> list[Codebook]:
        return [book for book in self.codebooks if isinstance(book, Codebook)]

    def _quantised(self, z: Tensor, present: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Codes (B, L, G); and over the present vectors, Σ |z - sg(e)|² and what lets the codes learn by gradient.

        In training, the codebooks collect the present vectors.
        """
        z = z.to(torch.promote_types(z.dtype, self._books[0].base.dtype))
        with torch.autocast(z.device.type, enabled=False):  # the nearest code must be the same one everywhere
            return self._nearest(z, present)

    def _nearest(self, z: Tensor, present: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        is_product = self.config.grouping == "product"
        parts = z.chunk(self.config.num_groups, dim=-1) if is_product else [z] * self.config.num_groups
        codes, commitment, learning = [], z.new_zeros(()), z.new_zeros(())
        left: Tensor | None = None
        for part, book in zip(parts, self._books, strict=True):
            wanted = part if is_product or left is None else left
            nearest = book.nearest(wanted)
            found = book.codes[nearest]
            codes.append(nearest)
            left = wanted - found.detach()
            if present is not None:
                distance = torch.where(present, left.square().sum(dim=-1), 0.0).sum()
                commitment = commitment + distance
                if book.offset is not None:
                    own = (wanted.detach() - found).square().sum(dim=-1)
                    learning = learning + torch.where(present, own, 0.0).sum()
                if self.training:
                    book.collect(wanted[present], nearest[present])
        return torch.stack(codes, dim=-1), commitment, learning
