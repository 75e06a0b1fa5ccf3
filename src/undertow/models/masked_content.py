"""What a masked model hides and predicts: frames of sound, or symbols.

B batch, T steps, L latents, s frames a latent, F frames, C channels, M channels of a frame, N symbols.
"""

from abc import ABC, abstractmethod
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from undertow import networks
from undertow.alphabets import Alphabet
from undertow.batch import Batch
from undertow.layers import Embedding
from undertow.models.loss import Loss, mean_loss
from undertow.models.masking import Picks, Spans
from undertow.models.sound_frames import SoundFrames, counted_latents, row_lengths
from undertow.networks.encoder_decoder import within
from undertow.networks.frame_encoder import shorter

STD = 0.1  # of the fresh vector in place of what is hidden


class Content(nn.Module, ABC):
    """One kind of content.

    Attributes:
        hop: steps of a vector.
        channels: C, of the vectors that the context reads.
        num_outputs: numbers that the context must give for each vector.
        reach: steps before and after its own that a vector depends on.
        unit: the name of what is predicted.
    """

    hop: int
    channels: int
    num_outputs: int
    reach: tuple[int, int]
    unit: str

    def begin(self, batch: Batch) -> None:
        """Take statistics of a first batch. By default do nothing."""

    @abstractmethod
    def vectors(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """The vectors (B, L, C) of a batch with nothing hidden, and their number in each row (B,)."""

    @abstractmethod
    def hide(self, batch: Batch, generator: torch.Generator | None) -> tuple[Tensor, Tensor, Tensor]:
        """Vectors (B, L, C) with hidden places, lengths (B,), and which are to be predicted, (B, L) bool."""

    @abstractmethod
    def loss(self, outputs: Tensor, batch: Batch, chosen: Tensor) -> Loss:
        """The mean over what is chosen, of the context's outputs (B, L, num_outputs).

        The figure "baseline" is what a guess from the visible part costs.
        """


class FrameContent(Content):
    """Frames of features, standardised: the mean absolute error of those whose latents are hidden (as in Mockingjay,
    Liu et al., arXiv 1910.12638). The baseline is the mean of the row's visible frames.

    The encoder reads the frames themselves, or the wave; one latent then covers whole frames.
    """

    unit = "frame"

    def __init__(self, features: Any, of_wave: bool, alphabet: Alphabet, encoder: Any, spans: Spans) -> None:
        super().__init__()
        self.spans = spans
        self.target = SoundFrames(features, alphabet)
        self.source = SoundFrames(None, alphabet) if of_wave else self.target
        self.encoder = networks.build_frame_encoder(encoder, self.source.channels)
        self.hop, self.channels = self.source.hop * self.encoder.stride, self.encoder.out_channels
        self.num_outputs = self.hop // self.target.hop * self.target.channels
        before, after = self.encoder.receptive_field
        self.reach = before * self.source.hop, after * self.source.hop
        self.mask = nn.Parameter(torch.empty(self.channels).normal_(std=STD))

    def begin(self, batch: Batch) -> None:
        self.target.begin(batch)
        if self.source is not self.target:
            self.source.begin(batch)

    def vectors(self, batch: Batch) -> tuple[Tensor, Tensor]:
        frames, lengths = self.source(batch)
        return self.encoder(frames, lengths), shorter(lengths, self.encoder.stride)

    def hide(self, batch: Batch, generator: torch.Generator | None) -> tuple[Tensor, Tensor, Tensor]:
        vectors, lengths = self.vectors(batch)
        there = within(lengths, vectors.shape[1]) & counted_latents(batch.counted, self.hop)[:, : vectors.shape[1]]
        hidden = self.spans.draw(there, generator)  # context stays: it counts in another crop
        return torch.where(hidden[..., None], self.mask, vectors), lengths, hidden

    def loss(self, outputs: Tensor, batch: Batch, chosen: Tensor) -> Loss:
        frames, lengths = self.target(batch)
        each = self.hop // self.target.hop
        beyond = outputs.shape[1] * each - frames.shape[1]
        frames = F.pad(frames, (0, 0, 0, beyond))
        there = within(lengths, frames.shape[1])
        hidden = chosen.repeat_interleave(each, dim=1) & there
        found = outputs.reshape(len(frames), -1, self.target.channels).to(frames.dtype)
        seen = (there & ~hidden)[..., None]
        guess = torch.where(seen, frames, 0.0).sum(dim=1, keepdim=True) / seen.sum(dim=1, keepdim=True).clamp(min=1)
        errors, usual = ((one - frames).abs().mean(dim=2) for one in (found, guess))
        baseline = torch.where(hidden, usual, 0.0).sum()
        return mean_loss(torch.where(hidden, errors, 0.0).sum(), hidden, {"baseline": baseline})


class SymbolContent(Content):
    """Symbols: the cross-entropy in nats of those that are picked (BERT). The baseline is the cross-entropy by counts
    of the batch's visible symbols, each one higher.
    """

    hop, reach = 1, (0, 0)

    def __init__(self, alphabet: Alphabet, channels: int, picks: Picks) -> None:
        super().__init__()
        self.alphabet, self.picks, self.channels = alphabet, picks, channels
        self.num_outputs, self.unit = alphabet.num_symbols, alphabet.unit
        self.embedding = Embedding(alphabet.num_symbols, channels)  # the start symbol's row is the learned vector

    def vectors(self, batch: Batch) -> tuple[Tensor, Tensor]:
        return self.embedding(batch.symbols), row_lengths(batch.counted)

    def hide(self, batch: Batch, generator: torch.Generator | None) -> tuple[Tensor, Tensor, Tensor]:
        symbols, lengths = batch.symbols, row_lengths(batch.counted)
        chosen = self.picks.draw(within(lengths, symbols.shape[1]) & batch.counted, generator)
        most, device = self.alphabet.num_symbols, symbols.device
        others = torch.randint(most, symbols.shape, generator=generator, device=device)
        symbols = torch.where(chosen.replaced, others, symbols)
        symbols = torch.where(chosen.hidden, self.alphabet.start_symbol, symbols)
        return self.embedding(symbols), lengths, chosen.predicted

    def loss(self, outputs: Tensor, batch: Batch, chosen: Tensor) -> Loss:
        symbols = torch.where(chosen, batch.symbols, 0)
        log_prob = F.log_softmax(outputs.to(torch.promote_types(outputs.dtype, torch.float32)), dim=-1)
        nats = -log_prob.gather(2, symbols[..., None])[..., 0]
        right = (log_prob.argmax(dim=2) == symbols) & chosen
        counts = torch.bincount(batch.symbols[batch.counted & ~chosen], minlength=self.alphabet.num_symbols) + 1.0
        usual = (counts.sum() / counts).log()[symbols]
        figures = {"baseline": torch.where(chosen, usual, 0.0).sum(), "accuracy": right.sum()}
        return mean_loss(torch.where(chosen, nats, 0.0).sum(), chosen, figures)
