"""Score an autoencoder: what its decoder needs for held-out sound with the sound's latents, with others, and with none.

The figures are those of the alarm at validations (`undertow.models.collapse`), over a whole split.
"""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from undertow.callbacks import OnProgress, unwatched
from undertow.data.batches import batches_in_order
from undertow.data.examples import Examples
from undertow.session.inference import inference

BATCH_STEPS = 32_768  # samples of a batch, about
DRAWS = 8  # of the importance-weighted bound
LONGEST = 2**18  # samples that are read at once; longer recordings are cut, with context


@dataclass(frozen=True)
class ReconstructionScore:
    """How well an autoencoder reconstructs held-out sound, and what its latents send.

    Attributes:
        split: the split that was scored.
        num_samples, num_recordings: how much.
        bits: bits a sample of the decoder, given the sound's own latents (teacher-forced: each sample given those
            before it).
        other_bits: the same with the latents of another recording; None if there is only one.
        none_bits: the same with zeros for latents.
        figures: further figures by name: of codes, `perplexity`, `active_codes`, `code_bits` (entropy, a latent) and
            `code_bits_per_second`; of a VAE, `latent_bits` and `latent_bits_per_second` (KL divergence), `elbo_bits` a
            sample, the same `elbo_nats` and in `elbo_bits_per_second`, and `importance_bits`, a tighter bound by eight
            draws.
        sent_bits_per_second: latents a second times log2 of the number of codes, where latents may be left out of one
            more; None if latents are floats.
        lines: what the figures mean.
        seconds: wall-clock seconds.
    """

    split: str
    num_samples: int
    num_recordings: int
    bits: float
    other_bits: float | None
    none_bits: float
    figures: Mapping[str, float] = field(repr=False)
    sent_bits_per_second: float | None
    lines: tuple[str, ...]
    seconds: float

    @property
    def has_learnt(self) -> bool:
        """Whether the decoder uses the latents."""
        return not any(line.startswith("warning") for line in self.lines)

    @property
    def verdict(self) -> str:
        """The result in one line."""
        return "; ".join(self.lines)


def score_reconstruction(
    model: Any, examples: Examples, *, split: str = "test", progress: OnProgress = unwatched
) -> ReconstructionScore:
    """Score an autoencoder on sequences, with their labels.

    Args:
        progress: called after each batch with the samples done and the samples in all.

    Raises:
        DataError: there is no sequence.
    """
    sums: dict[str, torch.Tensor] = {}
    began, done, bound = time.perf_counter(), 0, 0.0
    needs, longest = model.needs, int(examples.lengths.max(initial=1))
    rows = max(2, BATCH_STEPS // min(longest, LONGEST))
    context = 0 if longest <= LONGEST else needs.context_steps or 0
    for batch in batches_in_order(examples, rows, LONGEST, context, period=needs.period, look_ahead=needs.look_ahead):
        here = batch.to(model.device, next(model.parameters()).dtype)
        with inference(model):
            for name, one in model.examine(here).items():
                sums[name] = sums[name] + one if name in sums else one
            drawn = model.bound(here, DRAWS)
            bound -= 0.0 if drawn is None else float(drawn.sum())
        done += batch.num_counted
        progress(done, examples.num_symbols)
    found = model.examined(sums)
    figures = dict(found.figures)
    if "elbo_bits" in figures:
        figures["elbo_nats"] = figures["elbo_bits"] * math.log(2)
        figures["elbo_bits_per_second"] = figures["elbo_bits"] * (needs.sample_rate or 1)
        figures["importance_bits"] = bound / math.log(2) / max(done, 1)
    return ReconstructionScore(
        split=split,
        num_samples=done,
        num_recordings=len(examples),
        bits=figures.pop("own_latents_bits"),
        other_bits=figures.pop("other_latents_bits", None),
        none_bits=figures.pop("no_latents_bits"),
        figures=figures,
        sent_bits_per_second=model.facts["bits_per_second"],
        lines=found.lines,
        seconds=time.perf_counter() - began,
    )
