"""From recordings to a table of probes: real digits by their cepstra, a model at its points, and wrong requests."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import undertow as ut
from tests.data.labelled_sounds import write_tones
from tests.data.sounds import tone, write
from tests.refusals import refuses
from tests.representation.listener import Listener
from undertow.errors import DataError, UsageError

PATTERN = "{digit}_{speaker}_{take}"


@pytest.fixture(scope="module")
def digits(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty recordings: ten digits, three speakers, two takes."""
    folder = tmp_path_factory.mktemp("digits")
    for digit in range(10):
        for speaker in ("theo", "jackson", "nicolas"):
            for take in (0, 20):
                name = f"{digit}_{speaker}_{take}.wav"
                shutil.copy(real_data / "fsdd/recordings" / name, folder / name)
    return folder


def test_digits_by_cepstra(digits: Path) -> None:
    found = ut.probe("mfcc", digits, target="digit", held_out="take", label_pattern=PATTERN, seeds=2)
    (row,) = found.rows
    assert row.chance == 10 and row.mean > 50 and (row.num_train, row.num_test) == (30, 30)
    assert row.mean == np.mean(row.scores) and row.spread > 0 and row.measure == "% right"
    again = ut.probe("mfcc", digits, target="digit", held_out="take", label_pattern=PATTERN, seeds=2)
    assert again.rows == found.rows


def test_a_model_at_its_points_and_a_folder(digits: Path, tmp_path: Path) -> None:
    asked = {"target": "speaker", "held_out": "digit", "label_pattern": PATTERN, "seeds": 1}
    found = ut.probe(Listener().eval(), digits, **asked)
    assert [row.point or row.features for row in found.rows] == ["p_enc", "p_bn", "mfcc"]
    assert found.row("mfcc").mean > 60 and found.row("p_bn").chance < 40 and found.rows[0].spread == 0
    with refuses(UsageError, "'p_cond'", "p_enc, p_bn"):
        ut.probe(Listener().eval(), digits, at="p_cond", **asked)
    for path in digits.iterdir():
        np.save(tmp_path / f"{path.stem}.npy", np.ones((round(path.stat().st_size / 320), 2), np.float32))
    row = ut.probe(tmp_path, digits, frequency=50.0, **asked).rows[0]
    assert row.mean == row.chance
    with refuses(DataError, "100 frames a second"):
        ut.probe(tmp_path, digits, frequency=100.0, **asked)


def test_intervals_and_the_spectrum_in_frames(tmp_path: Path) -> None:
    folder = write_tones(tmp_path / "tones", 12)
    rows = ut.probe("mfcc", folder, target="phone", probes=["linear", "mlp"], seeds=1).rows
    assert [(row.features, row.probe) for row in rows] == [("mfcc", "linear"), ("mfcc", "mlp")]
    assert all(row.mean > 80 > row.chance for row in rows)
    (cepstra,) = ut.probe("mfcc", folder, target="mel", seeds=1).rows
    assert cepstra.measure == "dB off" and cepstra.mean < cepstra.chance


def test_what_is_set_aside_has_labels_and_all_is_told(tmp_path: Path) -> None:
    folder = write_tones(tmp_path / "tones", 12)
    lines = (folder / "labels.ctm").read_text().splitlines(keepends=True)
    few = [line for line in lines if not line.startswith(("train/take0", "train/take6"))]
    (folder / "labels.ctm").write_text("".join([*few, "train/take0 1 0.0 0.001 low\n"]))
    (folder / "test" / "bad.wav").write_bytes(b"no sound")
    found = ut.probe("mfcc", folder, target="phone", probes=["linear", "linear"], seeds=3)
    assert len(found.rows) == 1 and len(found.rows[0].scores) == 3
    assert [note for note in found.notes if "bad.wav" in note]


def test_what_cannot_be_probed(digits: Path, tmp_path: Path) -> None:
    for take in range(2):
        write(tmp_path / "two" / f"{take}_theo_{take}.wav", tone(0.1))
    with refuses(UsageError, "'speaker'", "held_out"):
        ut.probe("mfcc", digits, target="speaker", held_out="speaker", label_pattern=PATTERN)
    with refuses(UsageError, "'age'", "digit, speaker, take, phone, mel"):
        ut.probe("mfcc", digits, target="age", label_pattern=PATTERN)
    with refuses(DataError, "digit", "take", "held out"):
        ut.probe("mfcc", tmp_path / "two", target="digit", held_out="take", label_pattern=PATTERN, seeds=1)
    with refuses(UsageError, "'linaer'", "'linear'"):
        ut.probe("mfcc", digits, target="digit", probes="linaer")
    for number in range(30):
        write(tmp_path / "one" / f"{number}_theo_{number % 3}.wav", tone(0.1, frequency=200.0 + 10 * number))
    with refuses(DataError, "one speaker", "'theo'"):
        ut.probe("mfcc", tmp_path / "one", target="digit", held_out="speaker", label_pattern=PATTERN)
    with refuses(DataError, "speaker", "'theo'"):
        ut.probe("mfcc", tmp_path / "one", target="speaker", label_pattern=PATTERN)
