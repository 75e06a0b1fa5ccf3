"""Q9: the units of a VQ autoencoder on FSDD's test takes, and what they cost as code files, plain and under a prior.

    python -m benchmarks.q9_codec runs/vqvae-fsdd --prior runs/unit-prior     # trains the prior if there is none

The prior is trained by its recipe on the units of the training takes alone, and chosen by those of the validation
takes. Every test take is a code file of its own. With --recogniser, a run of a recogniser of digits, the word error of
decoded takes is measured beside that of the originals.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.record import record
from benchmarks.runs import budget, is_complete

DATA = "fsdd"
TARGETS = ("digit", "speaker")


def main() -> None:
    """Train the prior if needed, measure, and record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("--prior", type=Path, required=True)
    parser.add_argument("--recogniser", type=Path, help="a run of rnn-attention-fsdd or transformer-fsdd")
    parser.add_argument("--minutes", type=float, help="of the prior's training, if it is not the recipe's")
    options = parser.parse_args()

    import undertow as ut
    from undertow.checkpoint import read_card
    from undertow.recipes.run import describe

    model: Any = ut.load(options.run)
    train_prior(model, options.prior, options.minutes)
    prior: Any = ut.load(options.prior)
    training = read_card(options.run / "last")["training"]
    named = {"model": describe(model), "seconds": training["seconds"]}
    note = f"{DATA}, test takes; {budget(training)}"
    for target in TARGETS:
        found = ut.units(model, DATA, split="test", score=True, target=target, prior=prior).quality
        assert found is not None and found.purity is not None
        told = f"phone purity {found.purity.phone_purity:.3f}, cluster purity {found.purity.cluster_purity:.3f}"
        labels = f"{found.purity.num_labels} {target}s"
        record("Q9", f"VQ units, PNMI of {labels}", found.purity.pnmi, "", note=f"{told}; {note}", **named)
    assert found is not None
    used = f"{found.usage.active} of {found.usage.num_units} units in use"
    record("Q9", "VQ units, perplexity", found.usage.perplexity, "", note=f"{used}; {note}", **named)
    adaptive = ut.units(model, DATA, split="test", score=True).quality
    assert adaptive is not None
    for what, bits, how in (
        ("fixed", found.rates.fixed, "frames a second × log2 K"),
        ("deduplicated", found.rates.deduplicated, f"entropy of runs; their lengths {found.rates.durations:.1f} more"),
        ("coded, adaptive counts", adaptive.rates.coded, "order 2, learnt on the test takes as they come"),
        ("coded, prior", found.rates.coded, f"unit-prior, {budget(read_card(options.prior / 'last')['training'])}"),
    ):
        record("Q9", f"VQ units, bitrate, {what}", bits, "bits/s", note=f"{how}; {note}", **named)
    files(model, prior, options.recogniser, note, named)


def train_prior(model: Any, out: Path, minutes: float | None) -> None:
    """Train the prior on the units of the training takes, if it is not trained yet."""
    import undertow as ut

    if is_complete(out):
        return
    folder = out.with_name(f"{out.name}-units")
    ut.units(model, DATA, out=folder)
    ut.train("unit-prior", out, data=str(folder), minutes=minutes)


def files(model: Any, prior: Any, recogniser: Path | None, note: str, named: dict[str, Any]) -> None:
    """Encode every test take, alone and all together, and decode them for the recogniser."""
    import numpy as np

    import undertow as ut
    from undertow.data.audio import Audio
    from undertow.data.load import load_clips
    from undertow.data.transcripts import written

    clips = load_clips(DATA, "test", model.needs.sample_rate)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "one.utk"
        whole = np.concatenate([clip.samples for clip in clips])
        for name, chosen in (("plain", None), ("prior", prior)):
            done = [ut.encode(model, clip.samples, out, prior=chosen, force=True) for clip in clips]
            alone = 8 * sum(one.num_bytes for one in done) / clips.seconds
            joined = ut.encode(model, whole, out, prior=chosen, force=True)
            told = f"all takes in one file; each in its own {alone:.0f} bits/s; {note}"
            record("Q9", f"code file, {name}", joined.bits_per_second, "bits/s", note=told, **named)
        if recogniser is None:
            return
        spoken = [Audio(clip.samples, clips.sample_rate, clips.sample_rate) for clip in clips]
        sounds = []
        for clip in clips:
            ut.encode(model, clip.samples, out, prior=prior, force=True)
            wave = ut.decode(model, out, prior=prior, labels={"speaker": clip.labels["speaker"]}).wave
            assert wave is not None
            sounds.append(Audio(wave, clips.sample_rate, clips.sample_rate))
    words = [written(clip.labels["digit"]) for clip in clips]
    for what, heard in (("decoded", sounds), ("original", spoken)):
        texts = ut.transcribe(str(recogniser), heard).texts
        errors = 100 * sum(text != word for text, word in zip(texts, words, strict=True)) / len(words)
        record("Q9", f"codec, word error of {what} takes", errors, "%", note=f"{recogniser.name}; {note}", **named)


if __name__ == "__main__":
    main()
