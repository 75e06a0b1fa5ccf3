"""Frame features of a clip: log mel spectra and cepstra computed from its wave, or frames that the user provides.

T samples, F frames, N points of the transform, K = N / 2 + 1 frequencies, M mel bands, C channels.

Alignment: frame f goes with samples f·hop to (f + 1)·hop - 1, and F = ceil(T / hop), so every sample has a frame. The
window of a computed one is centred on its samples: it spans `fft_size` samples from f·hop - (fft_size - hop) // 2
on, and its peak is at sample f·hop + hop / 2; or, with `centre: start`, from f·hop - fft_size // 2 on, with its peak at
sample f·hop. `padding` fills the wave beyond its ends. The hop need not divide the sample rate.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Annotated, Any, Literal

import numpy as np
import torch
from pydantic import BeforeValidator
from torch import Tensor

from undertow.config import NonNegative, Positive, Rate, Width, choice, config, nearest
from undertow.data.audio import to_float
from undertow.data.clips import Clip
from undertow.errors import DataError, UsageError, counted
from undertow.memory_room import refuse_beyond

DECIBELS = 20 / math.log(10)  # of a nat of amplitude
DELTA_WIDTH = 9  # frames that a delta is fitted to
BLOCK = 1 << 20  # samples of a long clip whose frames are computed at once


@config
class SpectrumConfig(ABC):
    """Settings that mel and MFCC share. Rates in Hz, lengths in samples; `high_hz` None is half the sample rate.

    `scale` places the bands (slaney: linear below 1 kHz and logarithmic above; htk: 2595·log10(1 + f / 700)); `norm`
    slaney gives each band the same area, None the same height. `padding` fills the wave beyond its ends. `centre` is
    the place in a frame's samples on which its window is centred: their middle, or their start (as in librosa).
    """

    sample_rate: Rate
    hop_length: Width
    window_length: Width
    fft_size: Width
    low_hz: NonNegative = 0.0
    high_hz: Positive | None = None
    scale: Literal["slaney", "htk"] = "slaney"
    norm: Literal["slaney"] | None = "slaney"
    padding: Literal["reflect", "zero"] = "reflect"
    centre: Literal["middle", "start"] = "middle"

    def __post_init__(self) -> None:
        if not self.hop_length <= self.window_length <= self.fft_size:
            raise UsageError(
                f"hop_length {self.hop_length}, window_length {self.window_length}, fft_size {self.fft_size}: "
                "each must be at most the next"
            )
        if not 0 <= self.low_hz < self.top_hz <= self.sample_rate / 2:
            raise UsageError(
                f"low_hz {self.low_hz:g}, high_hz {self.top_hz:g}: they must rise from 0 to at most half the sample "
                f"rate, {self.sample_rate / 2:g}"
            )

    @property
    @abstractmethod
    def num_channels(self) -> int:
        """Number of output channels."""

    @property
    def top_hz(self) -> float:
        """Upper end of the highest band, Hz."""
        return self.sample_rate / 2 if self.high_hz is None else self.high_hz


@config
class MelConfig(SpectrumConfig):
    """Settings of `Mel`: natural logarithm of band amplitudes (power 1) or powers (2), no lower than `floor`."""

    kind: Literal["mel"] = "mel"
    num_channels: Width = 80
    power: Literal[1, 2] = 1
    floor: Positive = 1e-5


@config
class MFCCConfig(SpectrumConfig):
    """Settings of `MFCC`: cosine transform of band powers in dB no lower than `floor`; `deltas` derivatives follow."""

    kind: Literal["mfcc"] = "mfcc"
    num_coefficients: Width = 13
    num_bands: Width = 40
    deltas: Literal[0, 1, 2] = 2
    floor: Positive = 1e-10

    @property
    def num_channels(self) -> int:
        """Number of output channels: the coefficients and each of their derivatives."""
        return self.num_coefficients * (1 + self.deltas)


@config
class FramesConfig:
    """Settings of `Frames`: `num_channels` numbers for every `hop_length` samples at `sample_rate` Hz."""

    kind: Literal["frames"] = "frames"
    sample_rate: Rate
    hop_length: Width
    num_channels: Width


def hifi_gan() -> MelConfig:
    """The mel spectrum of HiFi-GAN (Kong et al., arXiv 2010.05646): `mel_spectrogram` of its published code, V1 to V3.

    At 22,050 Hz: FFT and window of 1024 samples, hop 256; 80 bands from 0 to 8000 Hz on Slaney's scale, with his norm;
    the natural logarithm of amplitudes no lower than 1e-5. (That code adds 1e-9 to each power, against a gradient of
    infinity: in bands near the floor its numbers are higher, by at most 0.04.)
    """
    return _vocoder_mel("middle")


def tacotron2() -> MelConfig:
    """The mel spectrum of NVIDIA's Tacotron 2 and WaveGlow, in their published code (`TacotronSTFT`).

    Its settings are those of `hifi_gan`, but a window is centred on the first of a frame's samples. (The paper's,
    arXiv 1712.05884, has other settings: 24,000 Hz, windows of 50 ms every 12.5 ms, 125 to 7600 Hz, floor 0.01.)
    """
    return _vocoder_mel("start")


def _vocoder_mel(centre: Literal["middle", "start"]) -> MelConfig:
    return MelConfig(
        sample_rate=22050,
        hop_length=256,
        window_length=1024,
        fft_size=1024,
        num_channels=80,
        high_hz=8000.0,
        centre=centre,
    )


class Features(ABC):
    """A source of (F, C) float32 frames, F = ceil(T / hop)."""

    @abstractmethod
    def of_wave(self, wave: np.ndarray) -> np.ndarray:
        """The frames of a (T,) float wave in [-1, 1].

        Raises:
            UsageError: they cannot be computed from a wave.
        """

    def of_clip(self, clip: Clip) -> np.ndarray:
        """The frames of a clip.

        Raises:
            DataError: the clip should come with frames, and has none that fit.
        """
        return self.of_wave(clip.samples)

    def blocks(self, clip: Clip) -> Iterator[np.ndarray]:
        """The frames of a clip in order; those of a long one in blocks of about a million samples."""
        yield self.of_clip(clip)


class Computed(Features):
    """Features that are computed from the wave.

    Attributes:
        config: hop and size of their windows.
        reach: frames before and after a frame whose samples it depends on, those of its window aside.
    """

    config: SpectrumConfig
    reach = 0

    def of_clip(self, clip: Clip) -> np.ndarray:
        return np.concatenate(list(self.blocks(clip)))

    def blocks(self, clip: Clip) -> Iterator[np.ndarray]:
        hop, num_frames = self.config.hop_length, -(-len(clip) // self.config.hop_length)
        step, margin = max(1, BLOCK // hop), self.reach + -(-self.config.fft_size // hop)
        if num_frames <= 2 * step:
            yield self.of_wave(clip.samples)
            return
        for first in range(0, num_frames, step):
            before, last = min(margin, first), min(first + step, num_frames)
            wave = clip.wave[(first - before) * hop : (last + margin) * hop]
            yield self.of_wave(to_float(wave))[before : before + last - first]


class Mel(Computed):
    """Log mel spectrum: log(max(floor, filterbank · |STFT|^power)), Hann window."""

    Config = MelConfig
    config: MelConfig

    def __init__(self, config: MelConfig) -> None:
        self.config = config
        self.filters = mel_filters(config, config.num_channels)

    def of_wave(self, wave: np.ndarray) -> np.ndarray:
        bands = self.filters @ magnitudes(self.config, wave) ** self.config.power  # (M, F)
        return bands.clamp_min(self.config.floor).log().T.float().numpy()


class MFCC(Computed):
    """Cepstra: the first rows of the orthonormal DCT-II of 10·log10(max(floor, filterbank · |STFT|²)), then deltas."""

    Config = MFCCConfig
    config: MFCCConfig

    def __init__(self, config: MFCCConfig) -> None:
        self.config = config
        self.filters = mel_filters(config, config.num_bands)
        self.reach = config.deltas * (DELTA_WIDTH // 2)
        self.cosines = _cosine_transform(config.num_coefficients, config.num_bands)

    def of_wave(self, wave: np.ndarray) -> np.ndarray:
        bands = self.filters @ magnitudes(self.config, wave) ** 2  # (M, F)
        cepstra = self.cosines @ (10 * bands.clamp_min(self.config.floor).log10())
        parts = [cepstra] + [_delta(cepstra, order) for order in range(1, self.config.deltas + 1)]
        return torch.cat(parts).T.float().numpy()


class Frames(Features):
    """Frames that the user provides (linguistic features, pitch, another model's codes); see `undertow.data.frames`."""

    Config = FramesConfig

    def __init__(self, config: FramesConfig) -> None:
        self.config = config

    def of_wave(self, wave: np.ndarray) -> np.ndarray:
        raise UsageError("features of kind 'frames' are not computed from sound; give them as an array or a .npy file")

    def of_clip(self, clip: Clip) -> np.ndarray:
        needed = (-(-len(clip) // self.config.hop_length), self.config.num_channels)
        if clip.frames is None or clip.frames.shape != needed:
            found = "no frames" if clip.frames is None else f"frames {clip.frames.shape}"
            raise DataError(f"clip '{clip.name}' has {found}; {needed} are needed (load_clips reads them)")
        return clip.frames


def _without_preset(value: Any) -> Any:
    """The settings that stand for a preset, if `value` names one as its kind; otherwise the value."""
    kind = value.get("kind") if isinstance(value, Mapping) else None
    if not isinstance(kind, str) or kind in FEATURES:
        return value
    if kind not in PRESETS:
        raise ValueError(f"unknown kind '{kind}'{nearest(kind, {**FEATURES, **PRESETS})}")
    settings, others = PRESETS[kind](), [key for key in value if key not in ("kind", "sample_rate")]
    if others:
        raise ValueError(f"{kind} has settings of its own; leave out {', '.join(others)}, or use kind mel")
    if (rate := value.get("sample_rate", settings.sample_rate)) != settings.sample_rate:
        raise ValueError(
            f"{kind} is for {settings.sample_rate} Hz, not {rate}; set data.sample_rate={settings.sample_rate}"
        )
    return settings


FEATURES = {"mel": Mel, "mfcc": MFCC, "frames": Frames}
PRESETS: dict[str, Callable[[], MelConfig]] = {"hifi-gan": hifi_gan, "tacotron2": tacotron2}
FeatureConfig = Annotated[Any, choice(FEATURES), BeforeValidator(_without_preset)]


@lru_cache(maxsize=8)
def build(config: MelConfig | MFCCConfig | FramesConfig) -> Features:
    """The features a config describes."""
    return FEATURES[config.kind](config)


def extract(config: MelConfig | MFCCConfig | FramesConfig, wave: np.ndarray) -> np.ndarray:
    """(T,) float wave at the config's sample rate to (ceil(T / hop), C) float32 frames; see `Features.of_wave`.

    Raises:
        DataError: the wave is empty.
    """
    if not len(wave):
        raise DataError("the wave is empty; it has no frames")
    return build(config).of_wave(wave)


def mel_filters(config: SpectrumConfig, num_bands: int) -> Tensor:
    """(M, K) float64 triangles, evenly spaced on the mel scale from `low_hz` to `top_hz`."""
    refuse_beyond(
        8 * num_bands * config.fft_size,
        f"{counted(num_bands, 'band')} of fft_size {config.fft_size:,} need",
        "lower them",
    )
    ends = band_edges(config, num_bands)[:, None]
    bins = np.linspace(0, config.sample_rate / 2, config.fft_size // 2 + 1)
    low, centre, high = ends[:-2], ends[1:-1], ends[2:]
    triangles = np.minimum((bins - low) / (centre - low), (high - bins) / (high - centre)).clip(0)
    if config.norm == "slaney":
        triangles *= 2 / (high - low)
    if not (triangles.max(axis=1) > 0).all():
        raise UsageError(
            f"{num_bands} mel bands are too many for fft_size {config.fft_size} from {config.low_hz:g} to "
            f"{config.top_hz:g} Hz: some hold no frequency; use fewer bands or a larger fft_size"
        )
    return torch.from_numpy(triangles)


def band_edges(config: SpectrumConfig, num_bands: int) -> np.ndarray:
    """(M + 2,) Hz: band m rises from number m to number m + 1 and falls to number m + 2."""
    to_mel, to_hz = (_htk_mel, _htk_hz) if config.scale == "htk" else (_slaney_mel, _slaney_hz)
    return to_hz(np.linspace(to_mel(config.low_hz), to_mel(config.top_hz), num_bands + 2))


def magnitudes(config: SpectrumConfig, wave: np.ndarray) -> Tensor:
    """(T,) wave to (K, F) float64 magnitudes of its short-time spectrum."""
    num_frames = -(-len(wave) // config.hop_length)
    left = (config.fft_size - (config.hop_length if config.centre == "middle" else 0)) // 2
    right = max(0, (num_frames - 1) * config.hop_length + config.fft_size - left - len(wave))
    wave = wave.astype(np.float64)
    padded = np.pad(wave, (left, right), mode="reflect") if config.padding == "reflect" else np.pad(wave, (left, right))
    window = torch.hann_window(config.window_length, periodic=True, dtype=torch.float64)
    spectrum = torch.stft(
        torch.from_numpy(padded),
        config.fft_size,
        config.hop_length,
        config.window_length,
        window,
        center=False,
        return_complex=True,
    )
    return spectrum.abs()


def _cosine_transform(num_coefficients: int, num_bands: int) -> Tensor:
    """(coefficients, M) first rows of the orthonormal DCT-II."""
    if num_coefficients > num_bands:
        raise UsageError(f"num_coefficients {num_coefficients} is more than num_bands {num_bands}")
    row = torch.arange(num_coefficients, dtype=torch.float64)[:, None]
    column = torch.arange(num_bands, dtype=torch.float64)
    matrix = torch.cos(math.pi / num_bands * row * (column + 0.5)) * math.sqrt(2 / num_bands)
    matrix[0] /= math.sqrt(2)
    return matrix


def _delta(x: Tensor, order: int) -> Tensor:
    """Derivative of each row of (C, F): from a polynomial of that order fitted to nine frames; ends are repeated."""
    half = DELTA_WIDTH // 2
    powers = np.vander(np.arange(-half, half + 1.0), order + 1, increasing=True)
    taps = torch.from_numpy(np.linalg.pinv(powers)[order] * math.factorial(order))
    padded = torch.nn.functional.pad(x[:, None], (half, half), mode="replicate")
    return torch.nn.functional.conv1d(padded, taps[None, None])[:, 0]


def _htk_mel(hz: float) -> float:
    return 2595 * math.log10(1 + hz / 700)


def _htk_hz(mel: np.ndarray) -> np.ndarray:
    return 700 * (10 ** (mel / 2595) - 1)


def _slaney_mel(hz: float) -> float:
    """Slaney's Auditory Toolbox: 200/3 Hz a mel up to 1 kHz, then 27 mels for each factor of 6.4."""
    return hz * 3 / 200 if hz < 1000 else 15 + 27 * math.log(hz / 1000) / math.log(6.4)


def _slaney_hz(mel: np.ndarray) -> np.ndarray:
    return np.where(mel < 15, mel * 200 / 3, 1000 * 6.4 ** ((mel - 15) / 27))
