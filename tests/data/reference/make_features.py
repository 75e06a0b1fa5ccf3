"""Makes features.npz with librosa 0.11.0, numpy 2.4, in an environment of its own (`pip install librosa==0.11.0`).

Run as `python make_features.py` in this folder. Nothing of undertow is imported: the padding that puts frame f's
window on the middle of samples f·hop … (f + 1)·hop - 1 is written out again below.
"""

import numpy as np

NUM_SAMPLES = 3333  # not a multiple of any hop here
MEL = {
    "mel_slaney": dict(sample_rate=16000, hop_length=160, window_length=400, fft_size=512, num_channels=40),
    "mel_htk": dict(
        sample_rate=8000, hop_length=80, window_length=200, fft_size=256, num_channels=24, low_hz=50.0, high_hz=3700.0,
        scale="htk", norm=None, padding="zero", power=2, floor=1e-7,
    ),
}  # fmt: skip
MFCC = {
    "mfcc_slaney": dict(sample_rate=16000, hop_length=160, window_length=400, fft_size=512),
    "mfcc_htk": dict(
        sample_rate=8000, hop_length=80, window_length=200, fft_size=256, num_coefficients=10, num_bands=23,
        scale="htk", norm=None, floor=1e-8, deltas=1,
    ),
}  # fmt: skip


def spectrum(wave, case, num_bands, power):
    import librosa

    hop, fft_size = case["hop_length"], case["fft_size"]
    num_frames = int(np.ceil(len(wave) / hop))
    left = (fft_size - hop) // 2
    right = (num_frames - 1) * hop + fft_size - left - len(wave)
    mode = {"reflect": "reflect", "zero": "constant"}[case.get("padding", "reflect")]
    bands = librosa.feature.melspectrogram(
        y=np.pad(wave, (left, right), mode=mode), sr=case["sample_rate"], n_fft=fft_size, hop_length=hop,
        win_length=case["window_length"], window="hann", center=False, power=power, n_mels=num_bands,
        fmin=case.get("low_hz", 0.0), fmax=case.get("high_hz"), htk=case.get("scale") == "htk",
        norm=case.get("norm", "slaney"), dtype=np.float64,
    )  # fmt: skip
    assert bands.shape == (num_bands, num_frames)
    return bands


def log_mel(wave, case):
    bands = spectrum(wave, case, case["num_channels"], case.get("power", 1))
    return np.log(np.maximum(bands, case.get("floor", 1e-5))).T


def mfcc(wave, case):
    import librosa

    bands = spectrum(wave, case, case.get("num_bands", 40), 2)
    decibels = librosa.power_to_db(bands, ref=1.0, amin=case.get("floor", 1e-10), top_db=None)
    cepstra = librosa.feature.mfcc(S=decibels, n_mfcc=case.get("num_coefficients", 13), dct_type=2, norm="ortho")
    orders = range(1, case.get("deltas", 2) + 1)
    deltas = [librosa.feature.delta(cepstra, width=9, order=order, mode="nearest") for order in orders]
    return np.concatenate([cepstra, *deltas]).T


def main():
    rng = np.random.default_rng(0)
    time = np.arange(NUM_SAMPLES) / 16000
    chirp = 0.5 * np.sin(2 * np.pi * (200 + 8000 * time) * time) * np.exp(-4 * time)
    wave = (chirp + 0.05 * rng.standard_normal(NUM_SAMPLES)).astype(np.float32)
    results = {name: log_mel(wave.astype(np.float64), case) for name, case in MEL.items()}
    results |= {name: mfcc(wave.astype(np.float64), case) for name, case in MFCC.items()}
    np.savez_compressed("features.npz", wave=wave, **results)


if __name__ == "__main__":
    main()
