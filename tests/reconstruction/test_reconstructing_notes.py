"""A few real notes, end to end: train an autoencoder for two updates, draw notes again at other pitches, mix two."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from undertow.checkpoint import load
from undertow.data.audio import read_audio
from undertow.data.load import load_clips
from undertow.recipes import train
from undertow.reconstruction import interpolate, reconstruct

pytestmark = pytest.mark.native
NOTES = {
    "train": ["bass_acoustic_000-036-100", "organ_acoustic_000-060-100", "organ_acoustic_000-036-050"],
    "valid": ["bass_acoustic_002-036-100"],
    "test": ["organ_acoustic_003-060-100"],
}
CHANGES = {
    **{"data.sample_rate": 4000, "data.crop_steps": 256},
    **{"model.encoder.channels": 4, "model.encoder.layers_per_cycle": 3, "model.encoder.stride": 64},
    **{"network.layers_per_cycle": 4, "network.residual_channels": 4, "network.gate_channels": 4},
    **{"network.skip_channels": 4, "conditioner.upsampling.strides": []},
    **{"training.minutes": None, "training.steps": 2, "training.num_validations": 1},
    **{"training.validation_symbols": 1000, "training.tensorboard": False, "training.precision": "fp32"},
}


def few_notes(gm_notes: Path, root: Path) -> Path:
    for part, notes in NOTES.items():
        published, few = gm_notes / f"gm-{part}", root / f"few-{part}"
        (few / "audio").mkdir(parents=True)
        entries = json.loads((published / "examples.json").read_text())
        (few / "examples.json").write_text(json.dumps({note: entries[note] for note in notes}))
        for note in notes:
            shutil.copy(published / f"audio/{note}.flac", few / f"audio/{note}.flac")
    return root


def test_train_reconstruct_and_interpolate(real_data, tmp_path):
    notes = few_notes(real_data / "gm_notes", tmp_path / "notes")
    assert [clip.labels["pitch"] for clip in load_clips(notes, "train")] == ["36", "36", "60"]
    train("nsynth-notes", tmp_path / "run", data=notes, changes=CHANGES)
    model = load(tmp_path / "run")
    assert model.decoder.config.conditioner.labels == {"pitch": ("36", "60")}
    note = tmp_path / f"notes/few-test/audio/{NOTES['test'][0]}.flac"
    drawn = {pitch: reconstruct(model, note, labels=f"pitch={pitch}", seed=1) for pitch in ("36", "60")}
    assert all(len(one.wave) == 2 * 4000 and one.engine == "native" for one in drawn.values())
    assert not np.array_equal(drawn["36"].drawn, drawn["60"].drawn)
    found = interpolate(model, note, tmp_path / f"notes/few-valid/audio/{NOTES['valid'][0]}.flac", steps=3)
    assert found.latents.shape == (3, 125, 16)
    assert len(read_audio(found.save(tmp_path / "o.flac")).wave) == 3 * 8000
