"""Linear prediction from a mel spectrum: the weights by which sound of this spectrum is best predicted from its past.

    log S      between the bands' middles, the logarithm of their mean amplitudes, in straight lines
    r = F⁻¹ S²                                     the autocorrelation of a frame with this spectrum
    Σ_j r_|i-j| a_j = r_i,  E = r_0 - Σ_i a_i r_i    by Levinson and Durbin's recursion

So x_t is about Σ_i a_i x_{t-i}, and what is left has a variance of E over the window's energy. It needs no wave: LPCNet
(arXiv 1810.11846) finds its prediction from bands in the same way. The filter 1 / A is stable for any spectrum.

F frames, M mel bands, N points of the transform, K = N / 2 + 1 frequencies, O order. There are two bands or more.
"""

from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from undertow.data.features import MelConfig, mel_filters

NOISE = 1e-5  # of r_0, added to it: bands without sound are not predicted to the last digit
NUM_KNOWN = 3  # beside the weights: 1 / σ, σ and log σ
TINY = 1e-9
LEAST_DEVIATION = 2.0**-15  # a step of 16 bits


def mel_prediction(mel: Tensor, config: MelConfig, order: int) -> Tensor:
    """(…, M) log mel frames -> (…, O + 3) float64: a_O … a_1, then 1 / σ, σ and log σ of what is left.

    σ is in units of the signal's range [-1, 1], and no less than a step of 16 bits.
    """
    lines, areas = (torch.from_numpy(one).to(mel.device) for one in _between_bands(config))
    log_bands = (mel.double() - areas) * (2 / config.power)  # of powers
    correlation = torch.fft.irfft(torch.exp(log_bands @ lines), config.fft_size, dim=-1)[..., : order + 1]
    scale = torch.cat([correlation.new_tensor([1 + NOISE]), correlation.new_ones(order)])
    weights, error = levinson_durbin(correlation * scale)
    deviation = (error / _window_energy(config)).sqrt().clamp(min=LEAST_DEVIATION)[..., None]
    return torch.cat([weights.flip(-1), 1 / deviation, deviation, deviation.log()], dim=-1)


def levinson_durbin(correlation: Tensor) -> tuple[Tensor, Tensor]:
    """Autocorrelations r_0 … r_O (…, O + 1) to the weights a_1 … a_O (…, O) and the variance E (…) of what is left."""
    weights, error = correlation[..., :0], correlation[..., :1]
    for number in range(1, correlation.shape[-1]):
        unexplained = correlation[..., number, None] - _dot(weights, correlation[..., 1:number].flip(-1))
        reflection = unexplained / error
        weights = torch.cat([weights - reflection * weights.flip(-1), reflection], dim=-1)
        error = error * (1 - reflection.square())
    return weights, error[..., 0]


def _dot(one: Tensor, other: Tensor) -> Tensor:
    return (one * other).sum(-1, keepdim=True)


@lru_cache(maxsize=8)
def _between_bands(config: MelConfig) -> tuple[np.ndarray, np.ndarray]:
    """Weights (M, K) of a value at each frequency between two bands' middles, and the log (M,) of the bands' areas."""
    filters = mel_filters(config, config.num_channels)
    areas = filters.sum(1)
    places = torch.arange(filters.shape[1], dtype=filters.dtype)
    middles = (filters @ places / areas).contiguous()
    upper = torch.searchsorted(middles, places).clamp(1, len(middles) - 1)
    lower = upper - 1
    apart = (middles[upper] - middles[lower]).clamp(min=TINY)  # two narrow bands may hold one and the same frequency
    share = ((places - middles[lower]) / apart).clamp(0, 1)
    every, lines = torch.arange(len(places)), torch.zeros_like(filters)
    lines[lower, every], lines[upper, every] = 1 - share, share
    return lines.numpy(), areas.log().numpy()


def _window_energy(config: MelConfig) -> float:
    return float(torch.hann_window(config.window_length, dtype=torch.float64).square().sum())
