"""Does a decoder use its latents, and do they differ? Figures over a whole held-out set, and the likely cause in words.

The decoder scores the same sound with its own latents, with those of another item, and with none (zeros). If it does
not matter whose latents it gets, it does not use them. Codes are counted over the whole set, never over a batch.

B batch, T samples, L latents, D channels of a latent, G codes a latent, K values of a code.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from undertow.batch import Batch
from undertow.bottlenecks.codebook import Codebook
from undertow.data.batches import recording_of
from undertow.errors import counted
from undertow.models.examined import Examined

UNUSED_BITS = 0.01  # bits a sample: so little is lost with another item's latents
CONSTANT = 1e-3  # standard deviation of latents as a share of their size
FEW_CODES = 0.1  # perplexity as a share of the codes
DEAD_CODES = 0.5  # share of the codes that no latent has
FEWEST = 2.0  # perplexity, at least; of two or three codes a smaller one, as two may differ in size
FEWEST_SHARE = 0.6


def examine(model: Any, batch: Batch) -> dict[str, Tensor]:
    """Sums over a held-out batch of an autoencoder, by name, for `judge`; float64.

    In "other_", only rows count that are in a batch with a row of another recording.
    """
    coded, latents = model.coded(batch)
    present = model.present(batch)
    own, none = (model.log_prob(batch, one) for one in (latents, torch.zeros_like(latents)))
    others, has_other = exchanged(latents, present, batch.names)
    exchange = model.log_prob(batch, others)
    counts = batch.counted & has_other[:, None]
    sums = {
        "num": batch.counted.sum(),
        "nats": -own.sum(dtype=torch.float64),
        "none_nats": -none.sum(dtype=torch.float64),
        "other_num": counts.sum(),
        "other_own_nats": -torch.where(counts, own, 0.0).sum(dtype=torch.float64),
        "other_nats": -torch.where(counts, exchange, 0.0).sum(dtype=torch.float64),
    }
    here = model.counted(batch)
    heard = latents[here].double()
    sums |= {"latents": here.sum(), "latent_sum": heard.sum(dim=0), "latent_squares": heard.square().sum(dim=0)}
    if coded.codes is not None:
        codes, sizes = model.codes(batch)[here], model.bottleneck.num_codes
        for group, number in enumerate(sizes):
            sums[f"codes.{group}"] = torch.bincount(codes[:, group], minlength=number)[:number]
        if model.points[model.best_point].num_codes != sizes:  # one more, for nothing
            sums["left_out"] = (codes[:, 0] == sizes[0]).sum()
    elif coded.nats is not None:
        sums["sent_nats"] = coded.nats[here].sum(dtype=torch.float64)
    return {name: one.double() for name, one in sums.items()}


def exchanged(latents: Tensor, present: Tensor, names: Sequence[str]) -> tuple[Tensor, Tensor]:
    """For each row the latents of the next row of another recording, repeated as often as needed; and which have one.

    The names say which rows are crops of one recording.
    """
    number, recordings = len(latents), [*map(recording_of, names)] or list(map(str, range(len(latents))))
    partner = [
        next((row + k) % number for k in range(number + 1) if k == number or recordings[(row + k) % number] != one)
        for row, one in enumerate(recordings)
    ]
    rows = torch.tensor(partner, device=latents.device)
    lengths = present.sum(dim=1).clamp(min=1)[rows]
    places = torch.arange(latents.shape[1], device=latents.device) % lengths[:, None]
    taken = latents[rows].gather(1, places[..., None].expand_as(latents))
    return taken, rows != torch.arange(number, device=latents.device)


def judge(sums: Mapping[str, Tensor], latents_per_second: float, unset: str | None = None) -> Examined:
    """Figures and words from the sums over a held-out set.

    Args:
        unset: why there are no codes yet, in words; then no cause is looked for.
    """
    num = float(sums["num"])
    figures = {"own_latents_bits": _bits(sums["nats"], num), "no_latents_bits": _bits(sums["none_nats"], num)}
    told = f"{figures['own_latents_bits']:.4f} bits/sample with an item's own latents"
    gain: float | None = None
    if other_num := float(sums["other_num"]):
        figures["other_latents_bits"] = _bits(sums["other_nats"], other_num)
        gain = figures["other_latents_bits"] - _bits(sums["other_own_nats"], other_num)
        told += f", {figures['other_latents_bits']:.4f} with another item's ({gain:+.4f})"
    else:
        told += ", no second recording in a batch to take others from"
    lines = [f"{told}, {figures['no_latents_bits']:.4f} with none"]
    if latents := float(sums["latents"]):
        codes = [one for name, one in sorted(sums.items()) if name.startswith("codes.")]
        if codes:
            sent = [torch.cat([one, sums["left_out"][None]]) for one in codes] if "left_out" in sums else codes
            figures |= code_figures(sent, latents_per_second)
            total = sum(map(len, sent))
            nothing = " ('nothing' is one more in each codebook)" if "left_out" in sums else ""
            lines.append(
                f"codes over the whole set: perplexity {figures['perplexity']:.1f}, {figures['active_codes']:.0f} of "
                f"{total} in use{nothing}, {figures['code_bits']:.2f} bits a latent"
            )
        elif "sent_nats" in sums:
            figures["latent_bits"] = _bits(sums["sent_nats"], latents)
            figures["latent_bits_per_second"] = figures["latent_bits"] * latents_per_second
            figures["elbo_bits"] = _bits(sums["nats"] + sums["sent_nats"], num)
            lines.append(
                f"latents send {figures['latent_bits']:.2f} bits each, {figures['latent_bits_per_second']:.1f} bits a "
                f"second (KL divergence); at most {figures['elbo_bits']:.4f} bits/sample for sound and latents (ELBO)"
            )
        found = causes(figures, gain, _spread(sums, latents), codes) if unset is None else [unset]
        lines += [f"warning: {cause}" for cause in found]
    return Examined(figures, tuple(lines))


def code_figures(codes: Sequence[Tensor], latents_per_second: float) -> dict[str, float]:
    """From the counts (K,) of what is sent in each group: entropy in bits, summed over groups, and perplexity, their
    mean; and how many codes are in use. Where latents may be left out, nothing is one more code.
    """
    entropies = [_entropy(one) for one in codes]
    bits = sum(entropies) / math.log(2)
    return {
        "perplexity": sum(map(math.exp, entropies)) / len(entropies),
        "active_codes": float(sum((one > 0).sum() for one in codes)),
        "code_bits": bits,
        "code_bits_per_second": bits * latents_per_second,
    }


def causes(figures: Mapping[str, float], gain: float | None, spread: float, codes: Sequence[Tensor]) -> list[str]:
    """The likely causes of a collapse, in words; empty if there is none.

    Args:
        codes: how many latents have each code (K,) of each group. Each group is judged alone, by as many codes as its
            latents could have.
    """
    found = []
    whole = [(math.exp(_entropy(one)), min(len(one), int(one.sum())), one) for one in codes]
    few = [one for perplexity, most, one in whole if perplexity < _fewest(most)]
    dead = [one for _, most, one in whole if float((one > 0).sum()) < (1 - DEAD_CODES) * most]
    if spread < CONSTANT:
        found.append("the encoder gives nearly the same latent everywhere; lower the learning rate or start afresh")
    elif few:
        least = min(math.exp(_entropy(one)) for one in few)
        which = "the codebook has collapsed"
        if len(codes) > 1:
            which = f"{len(few)} of {len(codes)} codebooks have collapsed, one"
        found.append(
            f"{which} to about {least:.0f} of {len(few[0])} codes; revive codes (codebook.dead_share), lower the "
            "learning rate, or use fewer codes"
        )
    elif dead:
        where = "" if len(codes) == 1 else f" in {len(dead)} of {len(codes)} codebooks"
        found.append(f"more than half of the codes are dead{where}; raise codebook.dead_share, or use fewer codes")
    if gain is not None and gain < UNUSED_BITS:
        found.append(
            "the decoder does not use its latents: it does as well with those of another item; train for longer, make "
            "the decoder's receptive field smaller, or let the bottleneck send more"
        )
    if figures.get("latent_bits", math.inf) < UNUSED_BITS:
        found.append("the latents say nothing (posterior collapse); lower the weight, give free bits, or anneal longer")
    return found


def unset(model: Any) -> str | None:
    """In words, why a model has no codes yet; None if it has them or needs none."""
    books = [one for one in model.bottleneck.modules() if isinstance(one, Codebook) and not one.started]
    if not books:
        return None
    return (
        f"codes are not set yet: k-means sets them after {counted(books[0].config.first_update, 'update')}, from "
        f"{len(books[0].recent):,} latents"
    )


def _fewest(most: int) -> float:
    """The perplexity below which so many codes have collapsed."""
    return max(min(FEWEST, FEWEST_SHARE * most), FEW_CODES * most)


def _bits(nats: Tensor, number: float) -> float:
    return float(nats) / max(number, 1.0) / math.log(2)


def _entropy(counts: Tensor) -> float:
    """Nats of the distribution that counts (K,) have."""
    share = counts.double() / counts.sum().clamp(min=1)
    return float(torch.special.entr(share).sum())


def _spread(sums: Mapping[str, Tensor], number: float) -> float:
    """The standard deviation of latents over the set, as a share of their root mean square."""
    mean, squares = sums["latent_sum"] / number, sums["latent_squares"] / number
    size = float(squares.sum())
    return math.sqrt(max(0.0, size - float(mean.square().sum())) / size) if size > 0 else 0.0
