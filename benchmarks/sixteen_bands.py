"""A baseline for the 16 numbers of a WaveNet autoencoder: as many mel bands at the same rate, made sound again.

Encoding: 16 band amplitudes of a mel spectrum (Slaney's bands from 0 to half the rate), one frame every `hop` samples,
a Hann window of four hops. Decoding: the smallest non-negative spectrum that has these bands (multiplicative updates of
non-negative least squares), then phases by Griffin and Lim's algorithm with momentum 0.99 (Perraudin, Balazs and
Søndergaard, 2013). Nothing is learnt and nothing is quantised.

T samples, F frames, K frequencies, M bands.
"""

import numpy as np
import torch

from undertow.data.features import MelConfig, mel_filters
from undertow.vocoding.griffin_lim import nearest_spectrum

BANDS, WINDOW_HOPS = 16, 4
GRIFFIN_LIM_STEPS, MOMENTUM = 100, 0.99
TINY = 1e-9


def through_bands(wave: np.ndarray, sample_rate: int, hop: int, bands: int = BANDS) -> np.ndarray:
    """A (T,) float wave, encoded to mel bands and decoded: (T,) float32."""
    size = WINDOW_HOPS * hop
    settings = MelConfig(sample_rate=sample_rate, hop_length=hop, window_length=size, fft_size=size, num_channels=bands)
    filters = mel_filters(settings, bands)  # (M, K)
    window = torch.hann_window(size, dtype=torch.float64)
    x = torch.from_numpy(np.asarray(wave, np.float64))

    def spectrum(signal: torch.Tensor) -> torch.Tensor:
        return torch.stft(signal, size, hop, window=window, return_complex=True, pad_mode="constant")

    def sound(frames: torch.Tensor) -> torch.Tensor:
        return torch.istft(frames, size, hop, window=window, length=len(x))

    sent = filters @ spectrum(x).abs()  # (M, F)
    magnitudes = nearest_spectrum(filters, sent)
    angles = torch.exp(2j * torch.pi * torch.rand(magnitudes.shape, generator=torch.Generator().manual_seed(0)))
    before = torch.zeros_like(angles)
    for _ in range(GRIFFIN_LIM_STEPS):
        rebuilt = spectrum(sound(magnitudes * angles))
        ahead = rebuilt + MOMENTUM / (1 + MOMENTUM) * (rebuilt - before) if MOMENTUM else rebuilt
        before, angles = rebuilt, ahead / ahead.abs().clamp(min=TINY)
    return sound(magnitudes * angles).clamp(-1, 1).float().numpy()
