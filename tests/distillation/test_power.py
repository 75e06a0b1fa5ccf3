"""The power loss: nothing between equals, and a whisper costs."""

import torch

from undertow.distillation.config import PowerConfig
from undertow.distillation.power import power_loss, spectra


def test_equal_sounds_cost_nothing_and_a_whisper_does() -> None:
    torch.manual_seed(1)
    sound = 0.1 * torch.randn(2, 900)
    for settings in (PowerConfig(), PowerConfig(exponent=2), PowerConfig(over_time=True)):
        costs = [float(power_loss(scale * sound, sound, settings, 8000)) for scale in (1.0, 0.9, 0.1, 0.01)]
        assert costs[0] == 0.0 and costs == sorted(costs) and costs[-1] > 0.9


def test_it_forgets_the_phase_but_not_the_pitch() -> None:
    time = torch.arange(2000) / 8000
    sine, shifted, other = (
        torch.sin(6.2831853 * hz * time + phase)[None] for hz, phase in ((500, 0), (500, 1), (700, 0))
    )
    assert float(power_loss(shifted, sine, PowerConfig(), 8000)) < 0.02
    assert float(power_loss(other, sine, PowerConfig(), 8000)) > 0.5


def test_spectra_are_those_of_the_frames_one_by_one() -> None:
    torch.manual_seed(2)
    sound = torch.randn(1, 500).double()
    found = spectra(sound, PowerConfig(window_ms=8, hop_ms=4, exponent=2), 8000)
    window = torch.hann_window(64).double()
    frame = torch.nn.functional.pad(sound[0], (32, 32))[96:160]  # the fourth
    torch.testing.assert_close(found[0, :, 3], torch.fft.rfft(frame * window).abs().square())


def test_silence_is_a_number_and_has_gradients() -> None:
    sound = torch.zeros(1, 800).requires_grad_()
    power_loss(sound, torch.zeros(1, 800), PowerConfig(exponent=1), 8000).backward()
    assert sound.grad is not None and bool(sound.grad.isfinite().all())
