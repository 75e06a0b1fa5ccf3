"""The output of `undertow score` for an autoencoder: in words, and for `--json`."""

from undertow.errors import counted
from undertow.evaluation.reconstruction import ReconstructionScore


def lines(what: str, found: ReconstructionScore) -> list[str]:
    """The scores in words, one line each."""
    size = f"{counted(found.num_recordings, 'recording')}, {counted(found.num_samples, 'sample')}"
    shown = [f"{what}: {size} in {found.seconds:.1f} s", f"{found.bits:.4f} bits/sample with its own latents"]
    if found.other_bits is not None:
        shown.append(f"{found.other_bits:.4f} bits/sample with the latents of another recording")
    shown.append(f"{found.none_bits:.4f} bits/sample with zeros for latents")
    if found.sent_bits_per_second is not None:
        shown.append(f"{found.sent_bits_per_second:,.1f} bits a second: latents a second times log2 of the codes")
    shown += [f"{name.replace('_', ' ')}: {value:,.4g}" for name, value in found.figures.items()]
    return [*shown, *found.lines]
