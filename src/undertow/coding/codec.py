"""Sound to code files of a few hundred bits a second, and back.

L latents, G groups of codes a latent, T samples.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from undertow.arguments import checked
from undertow.callbacks import OnProgress, unwatched
from undertow.checkpoint import AnyModel, model_given
from undertow.coding.coders import Coder, Plain
from undertow.coding.container import (
    NO_PRIOR,
    Header,
    Writer,
    block_latents,
    read_blocks,
    read_header,
)
from undertow.coding.prior import Prior, digest
from undertow.data.audio import Audio, audio_writer, check_format
from undertow.data.clips import Clip
from undertow.door import opened
from undertow.errors import DataError, UsageError
from undertow.files import atomic_write
from undertow.generation.labels import Labels, labels_for
from undertow.generation.sounding import Sounding, Voice, watched
from undertow.media.paths import check_place
from undertow.media.sound_clip import read_sound
from undertow.models import require_probabilities
from undertow.options import PLAIN, Sampling
from undertow.representation.sources import ModelFrames
from undertow.session.inference import inference

PART_SECONDS = 300  # of a sound that are encoded together


@dataclass(frozen=True)
class Encoded:
    """A code file that was written, and its size.

    Attributes:
        file: its path.
        header: what it says before its codes.
        num_bytes: of the file.
        message_bytes: of its codes alone, without the header and the heads of the blocks.
        codes: (L, G) int64.
        notes: how the sound was changed, for the user.
    """

    file: Path
    header: Header
    num_bytes: int
    message_bytes: int
    codes: np.ndarray
    notes: tuple[str, ...] = ()

    @property
    def bits_per_second(self) -> float:
        """Of the whole file."""
        return 8 * self.num_bytes / self.header.seconds

    @property
    def code_bits_per_second(self) -> float:
        """Of the codes alone."""
        return 8 * self.message_bytes / self.header.seconds


@checked
def encode(
    model: AnyModel,
    sound: str | Path | Audio | np.ndarray,
    out: str | Path,
    *,
    prior: AnyModel | None = None,
    force: bool = False,
    progress: OnProgress | None = None,
) -> Encoded:
    """Write a sound as a code file, whole or not at all.

    Args:
        model: an autoencoder with codes, or the folder of a checkpoint or of a run.
        sound: a file, an `Audio`, or a float wave (T,) in [-1, 1] at the model's rate; other rates are resampled.
        out: the code file, of any suffix.
        prior: a model of the codes, which makes the file smaller; the same one is needed to decode.
        force: replace a file that exists.
        progress: called now and then with the samples read and the samples in all.

    Raises:
        UsageError: the model has no codes, the prior is of others, or there is no engine for it; or `out` exists.
        DataError: the sound is missing, damaged or empty, or the file cannot be written.
    """
    out = Path(out)
    check_out(out, [sound], force)
    ready = model_given(model, "reconstruct")
    coder = coder_of(
        ready, None if prior is None else require_probabilities(model_given(prior, "generate"), "the prior is")
    )
    clip, notes = read_sound(sound, ready.needs.sample_rate)
    source = ModelFrames(ready, code_point(ready))
    codes = _codes_of(source, clip, progress or unwatched)
    header = Header(
        coder=coder.name,
        sample_rate=ready.needs.sample_rate,
        hop=source.hop,
        num_samples=len(clip),
        num_codes=coder.num_codes,
        model=digest(ready),
        prior=coder.digest if isinstance(coder, Prior) else NO_PRIOR,
    )
    assert len(codes) == header.num_latents, "a latent for every hop"
    size, message_bytes = block_latents(len(coder.num_codes), coder.most_latents), 0
    with atomic_write(out) as temporary, temporary.open("wb") as file:
        writer = Writer(file, header)
        for start in range(0, len(codes), size):
            message = coder.encode(codes[start : start + size])
            writer.add(len(codes[start : start + size]), message)
            message_bytes += len(message)
    return Encoded(out, header, writer.num_bytes, message_bytes, codes, notes)


@dataclass(frozen=True)
class Decoded:
    """The sound of a code file.

    Attributes:
        header: what the file says before its codes.
        wave: (T,) float32 in [-1, 1]; None if it was written to a file.
        engine: that drew it.
        notes: on labels that were left open, and on the choice of the engine.
    """

    header: Header
    wave: np.ndarray | None
    engine: str
    notes: tuple[str, ...] = ()


@checked
def decode(
    model: AnyModel,
    file: str | Path,
    out: str | Path | None = None,
    *,
    prior: AnyModel | None = None,
    labels: Labels = None,
    sampling: Sampling = PLAIN,
    seed: int = 0,
    engine: str = "auto",
    threads: int | None = None,
    force: bool = False,
    progress: OnProgress | None = None,
) -> Decoded:
    """Decode a code file to sound.

    Args:
        model: the one that encoded it, or the folder of it.
        out: a .wav, .flac or .mp3 file to write, piece by piece; None: return the whole wave.
        prior: the one it was encoded with, if any.
        labels: of the voice to speak with, such as "speaker=theo"; see `undertow.generate`.
        force: replace a file that exists.
        progress: called now and then with the samples done and the samples in all.

    Raises:
        UsageError: options that do not fit, a prior that is missing or of no use, or `out` exists.
        DataError: the file is missing, cut, altered, no code file, of a newer version or of another model or prior; or
            a label is unknown. Nothing is written then.
    """
    out = None if out is None else Path(out)
    ready = model_given(model, "reconstruct")
    if out is not None:
        check_out(out, [file], force)
        check_format(out, ready.needs.sample_rate)
    chosen, left = labels_for(ready.decoder.config.conditioner.labels, labels, {})
    voice = Voice(labels=chosen, sampling=sampling, seed=seed, engine=engine, threads=threads)
    opening = CodeFile(
        ready,
        Path(file),
        None if prior is None else require_probabilities(model_given(prior, "generate"), "the prior is"),
    )
    sounding = Sounding(ready.decoder, voice)
    notes = (*left, *sounding.notes)
    waves = watched(opening.play(sounding), opening.header.num_samples, progress)
    if out is None:
        return Decoded(opening.header, np.concatenate(list(waves)), sounding.engine, notes)
    with audio_writer(out, opening.header.sample_rate) as write:
        for wave in waves:
            write(wave)
    return Decoded(opening.header, None, sounding.engine, notes)


class CodeFile:
    """A code file of a model, whose header is read; `codes` and `play` read the rest block by block.

    Raises:
        UsageError: the prior is missing or of no use.
        DataError: see `decode`.
    """

    def __init__(self, model: Any, path: Path, prior: Any = None) -> None:
        self.path, self._model = path, model
        with opened(path) as file:
            self.header = read_header(file, str(path))
        if (own := digest(model)) != self.header.model:
            raise DataError(f"{path} was made by model {self.header.model.hex()}; this is {own.hex()}")
        if self.header.coder != Prior.name:
            prior = None  # of no use, and of no harm
        elif prior is None:
            raise UsageError(f"{path} was encoded with prior {self.header.prior.hex()}; give it as --prior")
        self._coder = coder_of(model, prior)
        if isinstance(self._coder, Prior) and self._coder.digest != self.header.prior:
            found = self._coder.digest.hex()
            raise DataError(f"{path} was encoded with prior {self.header.prior.hex()}; this is {found}")
        point = model.points[code_point(model)]
        told = (self.header.num_codes, self.header.hop, self.header.sample_rate)
        if told != (tuple(point.num_codes), point.hop, model.needs.sample_rate):
            raise DataError(f"{path} is damaged: its header names this model, but not its codes, hop and rate")

    def codes(self) -> Iterator[np.ndarray]:
        """The codes (L, G) of each block.

        Raises:
            DataError: (at the end, too) the file is cut, damaged or altered.
        """
        with opened(self.path) as file:
            if read_header(file, str(self.path)) != self.header:
                raise DataError(f"{self.path} changed while it was read")
            for num_latents, message in read_blocks(file, self.header, str(self.path)):
                try:
                    yield self._coder.decode(message, num_latents)
                except DataError as error:
                    raise DataError(f"{self.path} is damaged: {error}") from None

    def play(self, sounding: Sounding) -> Iterator[np.ndarray]:
        """Its sound, piece by piece, after all of it is checked: waves (T,) float32 in [-1, 1]."""
        with opened(self.path) as file:
            for _ in read_blocks(file, read_header(file, str(self.path)), str(self.path)):
                pass
        return sounding.play(map(self._frames, self.codes()), self.header.num_samples)

    def _frames(self, codes: np.ndarray) -> np.ndarray:
        """What the decoder reads of codes (L, G): (L, D) float32."""
        with inference(self._model):
            frames = self._model.decode(torch.from_numpy(codes)[None].to(self._model.device))
        return frames[0].float().cpu().numpy()


def code_point(model: Any) -> str:
    """The last point of a model whose vectors are codes.

    Raises:
        UsageError: it has none.
    """
    names = [name for name, one in model.points.items() if one.num_codes]
    if not names:
        raise UsageError("this model has no codes, only real numbers; use one with a bottleneck of kind vq")
    return names[-1]


def coder_of(model: Any, prior: Any = None) -> Coder:
    """The coder of a model's codes: with its prior, or plain."""
    num_codes = tuple(model.points[code_point(model)].num_codes)
    return Plain(num_codes) if prior is None else Prior(prior, num_codes)


def check_out(out: Path, read: list[Any], force: bool) -> None:
    """Refuse a file that cannot be written, is an input, or exists.

    Raises:
        UsageError: it is one.
    """
    if out.is_dir():
        raise UsageError(f"out is {out}, which is a folder; give a file")
    check_place(out)
    if out.exists() and any(isinstance(one, str | Path) and Path(one).exists() and out.samefile(one) for one in read):
        raise UsageError(f"{out} would overwrite the input; write to another file")
    if out.exists() and not force:
        raise UsageError(f"out is {out}, which exists; give --force to replace it, or another name")


def _codes_of(source: ModelFrames, clip: Clip, progress: OnProgress) -> np.ndarray:
    """(L, G) int64 codes of a clip: of a long one in parts, so that memory does not grow with it.

    A part has margins of a second more than the model sees, for the windows of its features. A model that sees all of a
    sound reads it whole.
    """
    model, rate = source.model, source.model.needs.sample_rate
    features, reach = model.needs.features, tuple(model.reach or (None, None))
    if None in reach or len(clip) <= 2 * PART_SECONDS * rate:
        codes = source.codes_of_clip(clip)
        progress(len(clip), len(clip))
        return codes
    unit = math.lcm(source.hop, model.needs.period, 1 if features is None else features.hop_length)
    before, step, after = (
        -(-round(size) // unit) * unit for size in (reach[0] + rate, PART_SECONDS * rate, reach[1] + rate)
    )
    parts = []
    for start in range(0, len(clip), step):
        first = max(0, start - before)
        codes = source.codes_of_clip(Clip(clip.name, clip.wave[first : start + step + after], {}))
        parts.append(codes[(start - first) // source.hop :][: step // source.hop])
        progress(min(start + step, len(clip)), len(clip))
    return np.concatenate(parts)
