"""The sound of frames that come piece by piece: memory does not grow with its length.

L frames, D channels of a frame, T samples.
"""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
import torch

from undertow.callbacks import OnProgress
from undertow.errors import DataError, UsageError
from undertow.generation.labels import Labels, resolve_labels
from undertow.models.generating import Generating
from undertow.options import PLAIN, Sampling
from undertow.session import Known, make_session
from undertow.session.noise import Philox

PIECE_SAMPLES = 2048  # drawn together; always the same pieces, so that the sound does not depend on who asks


@dataclass(frozen=True, kw_only=True)
class Voice:
    """How sound is drawn.

    Attributes:
        labels: such as another speaker's; see `undertow.generation.labels.resolve_labels`.
        sampling: temperature and the like.
        seed: of the noise.
        engine, threads: see `undertow.session.make_session`.
    """

    labels: Labels = None
    sampling: Sampling = PLAIN
    seed: int = 0
    engine: str = "auto"
    threads: int | None = None


class Sounding:
    """Draws sound with a model that is conditioned on frames, such as the decoder of an autoencoder.

    Attributes:
        hop: samples a frame.
        notes: on the choice of the engine.
        engine: that draws.

    Raises:
        UsageError: a model without features, an unknown engine, or a sampling that the model does not support.
        DataError: an unknown label.
    """

    def __init__(self, decoder: Generating, voice: Voice) -> None:
        settings = decoder.config.conditioner
        if settings.features is None:
            raise UsageError("this model is not conditioned on features, so frames have no sound")
        self._decoder, self._voice, self._channels = decoder, voice, settings.features.num_channels
        self._labels = {
            name: index.to(decoder.device) for name, index in resolve_labels(voice.labels, settings.labels, 1).items()
        }
        self.hop = settings.features.hop_length
        self._before = decoder.conditioner.past_steps // self.hop
        self._ahead = settings.upsampling.look_ahead
        emission = decoder.emission
        emission.sample(
            torch.zeros(1, 1, emission.num_params), torch.zeros(1, 1, emission.num_uniforms), voice.sampling
        )
        self._session = make_session(decoder, voice.engine, voice.threads)
        self.notes, self.engine = self._session.notes, self._session.engine

    def play(self, blocks: Iterable[np.ndarray], num_samples: int | None = None) -> Iterator[np.ndarray]:
        """Waves (T,) float32 in [-1, 1], one after another, of frames (L, D) that come in blocks of any sizes.

        Args:
            num_samples: length of the whole; None: as long as the frames last.

        Raises:
            DataError: the model's output is not a number.
        """
        noise = Philox([self._voice.seed], [0], [0], self._decoder.emission.num_uniforms)
        self._session.prime([torch.zeros(0, dtype=torch.int64)], self._known(np.zeros((1, self._channels), np.float32)))
        piece = max(1, PIECE_SAMPLES // self.hop)
        num_frames = sys.maxsize if num_samples is None else -(-num_samples // self.hop)
        first = start = 0  # frames that are drawn, and before those that are held
        held = np.zeros((0, self._channels), np.float32)
        for block in chain(blocks, [None]):
            if block is None:
                if num_samples is None:
                    num_frames = start + len(held)
            else:
                held = np.concatenate([held, block])
            while first < num_frames:
                stop = min(first + piece, num_frames)
                if start + len(held) < min(stop + self._ahead, num_frames):
                    break
                last = stop * self.hop if num_samples is None else min(stop * self.hop, num_samples)
                yield self._draw(noise, self._known(held), (first - start) * self.hop, last - start * self.hop)
                first, kept = stop, max(start, stop - self._before)
                held, start = held[kept - start :], kept

    def _known(self, frames: np.ndarray) -> Known:
        like = next(self._decoder.parameters())
        return Known(self._decoder, 1, self._labels, torch.from_numpy(frames)[None].to(like.device, like.dtype))

    def _draw(self, noise: Philox, known: Known, start: int, stop: int) -> np.ndarray:
        symbols = self._session.draw(noise, stop - start, self._voice.sampling, known.steps(start, stop)).numpy()
        if symbols.max() >= self._decoder.alphabet.num_symbols:
            raise DataError("the model's output is not a number: its weights are damaged")
        wave: np.ndarray = self._decoder.alphabet.decode(symbols[0])
        return wave


def watched(waves: Iterable[np.ndarray], num_samples: int, progress: OnProgress | None) -> Iterator[np.ndarray]:
    """The waves (T,), with a call of `progress` after each."""
    done = 0
    for wave in waves:
        done += len(wave)
        if progress is not None:
            progress(done, num_samples)
        yield wave
