"""Sound from a mel spectrum without a model: Griffin and Lim's algorithm.

A mel spectrum lacks two things: frequencies finer than its bands, and phases.

    bands = filters · S^power                       S: the non-negative magnitudes whose bands are nearest
    t_n = A(A⁺(S ∠c_(n-1)))                         A: the short-time spectrum; A⁺: the wave of the least squared error
    c_n = t_n + α (t_n - t_(n-1))

S is found by multiplicative updates of non-negative least squares (Lee & Seung, Algorithms for Non-negative Matrix
Factorization, NIPS 2000). With α = 0 the phases are found as by Griffin & Lim (Signal Estimation from Modified
Short-Time Fourier Transform, 1984); α = 0.99 is the fast algorithm of Perraudin, Balazs & Søndergaard (2013). Phases
start at random, by the seed.

T samples, F frames, N points of the transform, K = N / 2 + 1 frequencies, M mel bands.
"""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from undertow.data.features import MelConfig, magnitudes, mel_filters
from undertow.errors import DataError, UsageError, counted
from undertow.memory_room import refuse_beyond

ITERATIONS, MOMENTUM = 60, 0.99
NON_NEGATIVE_STEPS = 200
LOUDEST = 20.0  # no sound in [-1, 1] has so high a logarithm of an amplitude or a power
TINY = 1e-9
BYTES = 40  # of each frequency of each frame, while phases are sought


def griffin_lim(mel: np.ndarray, config: Any, *, iterations: int = ITERATIONS, seed: int = 0) -> np.ndarray:
    """A wave with this log mel spectrum: (F, M) -> (F · hop,) float32 in [-1, 1], at the config's sample rate.

    Frame f goes with samples f·hop to (f + 1)·hop - 1, as in `undertow.data.features`.

    Args:
        mel: of `config`'s settings.
        config: a `MelConfig`.
        iterations: rounds of the search for phases.
        seed: of the phases that it starts from.

    Raises:
        UsageError: features other than mel, no iteration, or more frames than fit in memory.
        DataError: no frames, frames of another number of bands, or values that no sound has.
    """
    if not isinstance(config, MelConfig):
        raise UsageError(f"only features of kind mel become sound by Griffin-Lim, not {config.kind}")
    if iterations < 1:
        raise UsageError(f"iterations is {iterations}; it must be 1 or more")
    needed = BYTES * (config.fft_size // 2 + 1) * len(mel)
    refuse_beyond(needed, f"{counted(len(mel), 'frame')} need", "make the sound of shorter parts")
    _check(mel, config)
    return phased(magnitudes_of(mel, config), config, iterations=iterations, seed=seed).clamp(-1, 1).numpy()


def magnitudes_of(mel: np.ndarray, config: MelConfig) -> Tensor:
    """The magnitudes S whose bands are nearest to those of a log mel spectrum: (F, M) -> (K, F) float64."""
    bands = torch.from_numpy(np.asarray(mel, np.float64)).exp().T
    found = nearest_spectrum(mel_filters(config, config.num_channels), bands)
    return found if config.power == 1 else found.sqrt()


def nearest_spectrum(filters: Tensor, bands: Tensor) -> Tensor:
    """(K, F), none below 0, whose bands by filters (M, K) are nearest to (M, F)."""
    found = wanted = filters.T @ bands
    for _ in range(NON_NEGATIVE_STEPS):
        found = found * wanted / (filters.T @ (filters @ found)).clamp(min=TINY)
    return found


def phased(
    wanted: Tensor, config: Any, *, iterations: int = ITERATIONS, momentum: float = MOMENTUM, seed: int = 0
) -> Tensor:
    """The wave (F · hop,) float32 whose short-time spectrum is near to the magnitudes `wanted` (K, F).

    The wave beyond the ends, which a recording's spectrum sees mirrored or as zeros, is free here.

    Args:
        config: hop, window and size of the transform; a `SpectrumConfig`.
        momentum: α.
    """
    wanted = wanted.float()
    angles = torch.rand(wanted.shape, generator=torch.Generator().manual_seed(seed))
    sought = torch.polar(torch.ones_like(angles), 2 * torch.pi * angles)
    window = F.pad(torch.hann_window(config.window_length), _sides(config.fft_size - config.window_length))
    weights = _overlapped(window.square()[:, None].expand(-1, wanted.shape[1]), config.hop_length).clamp(min=TINY)
    before = None
    for _ in range(iterations):
        consistent = _spectrum(_wave(wanted, sought, window, weights, config), window, config)
        sought = consistent if before is None else consistent + momentum * (consistent - before)
        before = consistent
    wave = _wave(wanted, sought, window, weights, config)
    first = (config.fft_size - (config.hop_length if config.centre == "middle" else 0)) // 2
    needed = wanted.shape[1] * config.hop_length
    return F.pad(wave, (0, max(0, first + needed - len(wave))))[first : first + needed]


def convergence(wave: np.ndarray, wanted: Tensor, config: Any) -> float:
    """‖|spectrum of the wave| - S‖ / ‖S‖ of a wave (T,) and magnitudes S (K, F): 0 is the best."""
    return float((magnitudes(config, wave) - wanted).norm() / wanted.norm())


def _check(mel: np.ndarray, config: MelConfig) -> None:
    if mel.ndim != 2 or mel.shape[1] != config.num_channels or not len(mel):
        raise DataError(f"the mel spectrum has shape {mel.shape}; it must be (frames, {config.num_channels})")
    if not np.isfinite(mel).all():
        raise DataError("the mel spectrum has NaN or infinity in it")
    if (highest := float(mel.max())) > LOUDEST:
        raise DataError(f"the mel spectrum has values up to {highest:.3g}; natural logarithms of sound are lower")


def _spectrum(wave: Tensor, window: Tensor, config: Any) -> Tensor:
    """(T,) to (K, F), the first frame's window at its beginning."""
    return torch.stft(wave, config.fft_size, config.hop_length, window=window, center=False, return_complex=True)


def _wave(wanted: Tensor, sought: Tensor, window: Tensor, weights: Tensor, config: Any) -> Tensor:
    """The wave whose spectrum is nearest to these magnitudes with the phases of `sought`, both (K, F)."""
    parts = torch.view_as_real(sought)
    scale = wanted * parts.square().sum(-1).clamp(min=TINY**2).rsqrt()
    spectrum = torch.view_as_complex(parts * scale[..., None])
    frames = torch.fft.irfft(spectrum, config.fft_size, dim=0) * window[:, None]
    return _overlapped(frames, config.hop_length) / weights


def _overlapped(frames: Tensor, hop: int) -> Tensor:
    """The sum (T,) of frames (N, F), each `hop` samples after the one before."""
    size, num_frames = frames.shape
    length = (num_frames - 1) * hop + size
    return F.fold(frames[None], (1, length), (1, size), stride=(1, hop))[0, 0, 0]


def _sides(total: int) -> tuple[int, int]:
    return total // 2, total - total // 2
