"""What the benchmark of notes draws and records, on one real note."""

import pytest

from benchmarks import q9_notes, report
from tests.reconstruction.echo import Echo
from tests.reconstruction.test_reconstructing_notes import few_notes

pytestmark = pytest.mark.native
TRAINED = {"steps": 2, "seconds": 60.0, "num_processes": 1, "num_threads": 1}


def test_an_autoencoder_is_recorded_beside_bands(real_data, tmp_path, monkeypatch):
    root = few_notes(real_data / "gm_notes", tmp_path / "notes")
    monkeypatch.setattr(q9_notes, "ensure", lambda *_, **__: TRAINED)
    monkeypatch.setattr("undertow.checkpoint.load", lambda *_: Echo({"pitch": ["36", "60"]}).eval())
    monkeypatch.setattr("undertow.recipes.run.describe", lambda _: "echo")
    monkeypatch.setattr("benchmarks.sixteen_bands.GRIFFIN_LIM_STEPS", 2)
    places = ["--out", str(tmp_path), "--data", str(root), "--results", str(tmp_path), "--every", "1"]
    q9_notes.main([*places, "--pictures", str(tmp_path / "p")])
    lines = {line["figure"]: line for line in report.read(tmp_path)}
    own = lines["nsynth-notes, log-spectral distance"]
    assert own["unit"] == "dB" and own["value"] > 0 and "1 notes" in own["note"] and "2 updates" in own["note"]
    assert {name.partition(",")[0] for name in lines} == {"nsynth-notes", *q9_notes.WAYS}
    assert (tmp_path / "p/notes.png").is_file() and (tmp_path / "p/interpolation.png").is_file()
