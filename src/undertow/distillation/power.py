"""The power loss: a student's sound has the loudness of the recording at each frequency and time.

Parallel WaveNet (arXiv 1711.10433, §3.3) and ClariNet (arXiv 1807.07281, §3.4). Density alone is content with a
whisper.

B batch, T samples, F frequencies, L frames.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from undertow.distillation.config import PowerConfig

QUIETEST = 10 ** (-50 / 20)  # of full scale: 50 dB below it


def power_loss(signal: Tensor, recording: Tensor, settings: PowerConfig, sample_rate: int) -> Tensor:
    """‖φ(signal) - φ(recording)‖² / ‖φ(recording)‖² of sounds (B, T) with φ = |STFT|^exponent: a scalar, 0 if equal.

    It is the mean over rows. Dividing makes its weight mean the same for loud and for quiet sounds; a sound of less
    than `QUIETEST` counts as one of that level of white noise, so that silence does not outweigh all others.
    """
    found, wanted = (spectra(one, settings, sample_rate) for one in (signal, recording))
    window_length = max(2, round(settings.window_ms * sample_rate / 1000))
    least = (QUIETEST * (3 / 8 * window_length) ** 0.5) ** (2 * settings.exponent) * wanted[0].numel()
    apart = (found - wanted).square().flatten(1).sum(dim=1)
    return (apart / wanted.square().flatten(1).sum(dim=1).clamp(min=least)).mean()


def spectra(signal: Tensor, settings: PowerConfig, sample_rate: int) -> Tensor:
    """φ of sounds (B, T): (B, F, L), or their means over time (B, F)."""
    window_length = max(2, round(settings.window_ms * sample_rate / 1000))
    hop_length = max(1, round(settings.hop_ms * sample_rate / 1000))
    fft_size = 2 ** (window_length - 1).bit_length()
    window = torch.hann_window(window_length, device=signal.device, dtype=torch.float32).to(signal.dtype)
    padded = F.pad(signal, (fft_size // 2, fft_size // 2))
    found = torch.stft(padded, fft_size, hop_length, window_length, window, center=False, return_complex=True)
    square = found.real.square() + found.imag.square()
    made = square if settings.exponent == 2 else (square + torch.finfo(square.dtype).eps).pow(settings.exponent / 2)
    return made.mean(dim=-1) if settings.over_time else made
