"""PESQ, STOI and DNSMOS: what is asked of the packages, and what is said without them; real values where installed."""

import sys
import types

import numpy as np
import pytest

from tests.refusals import assert_says, refuses
from undertow.data.audio import read_audio
from undertow.errors import DataError, UsageError
from undertow.evaluation import listening

WAVE = np.random.default_rng(0).normal(0, 0.1, 8000).astype(np.float32)


@pytest.mark.parametrize(
    ("module", "call"),
    [
        ("pesq", lambda: listening.pesq(WAVE, WAVE, 8000)),
        ("pystoi", lambda: listening.stoi(WAVE, WAVE, 8000)),
        ("speechmos", lambda: listening.mos(WAVE, 8000)),
    ],
)
def test_a_missing_package_is_named_with_what_to_install(monkeypatch, module, call):
    monkeypatch.setitem(sys.modules, module, None)
    for name in list(sys.modules):
        if name.startswith(f"{module}."):
            monkeypatch.delitem(sys.modules, name)
    with refuses(UsageError, module, "pip install", "undertow[listening]"):
        call()


def test_a_package_that_lacks_another_names_both(monkeypatch, tmp_path):
    (tmp_path / "speechmos").mkdir()
    (tmp_path / "speechmos" / "__init__.py").touch()
    (tmp_path / "speechmos" / "dnsmos.py").write_text("import no_such_package\n")
    for name in ("speechmos", "speechmos.dnsmos"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))  # what is there before comes back
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(tmp_path)
    with refuses(UsageError, "speechmos", "no_such_package", "undertow[listening]"):
        listening.mos(WAVE, 16000)


@pytest.mark.parametrize(("rate", "asked", "band"), [(8000, 8000, "nb"), (22050, 16000, "wb"), (11025, 8000, "nb")])
def test_pesq_is_asked_at_its_rates(monkeypatch, rate, asked, band):
    class TooShort(RuntimeError):
        pass

    def fake(there: int, one: np.ndarray, two: np.ndarray, mode: str) -> float:
        assert (there, mode) == (asked, band) and abs(len(one) - 8000 * asked / rate) < 2 and one.dtype == np.float32
        if two.max() < 0.01:
            raise TooShort
        return 3.0

    package = types.SimpleNamespace(pesq=fake, NoUtterancesError=TooShort, BufferTooShortError=TooShort)
    monkeypatch.setitem(sys.modules, "pesq", package)
    assert listening.pesq(WAVE, WAVE, rate) == 3.0 and listening.pesq(WAVE, WAVE / 1000, rate) is None
    assert listening.pesq(WAVE, 0 * WAVE, rate) is None
    said = listening.pesq_definition(rate)
    assert_says(said, asked, {"nb": "narrow", "wb": "wide"}[band])
    assert ("resampled" in said) == (rate != asked)


def test_real_values(real_data):
    """Noise lowers each; clips that are too short have none. Skipped where the packages are not installed."""
    for name in ("pesq", "pystoi", "speechmos.dnsmos"):
        pytest.importorskip(name, exc_type=ImportError)
    audio = read_audio(real_data / "prompts/en/wavs/agent-alreadyon.flac")
    clean, rate = audio.wave, audio.sample_rate
    noisy = clean + np.random.default_rng(0).normal(0, 0.02, len(clean)).astype(np.float32)
    assert listening.pesq(clean, clean, rate) == pytest.approx(4.644, abs=0.01)
    assert 1 < listening.pesq(clean, noisy, rate) < 2
    assert listening.stoi(clean, clean, rate) == pytest.approx(1, abs=1e-6)
    assert 0.8 < listening.stoi(clean, noisy, rate) < 0.99
    assert listening.mos(noisy, rate) + 0.5 < listening.mos(clean, rate)
    short, silent = clean[:1000], np.zeros(rate, np.float32)
    for wave in (short, silent):
        assert listening.pesq(wave, wave, rate) is None is listening.stoi(wave, wave, rate)
    assert listening.mos(silent, rate) is None
    with refuses(DataError, len(clean)):
        listening.stoi(clean, clean[1:], rate)
