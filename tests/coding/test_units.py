"""Recordings as units: files for other tools, and what is measured."""

import json

import numpy as np
import pytest

from tests.coding.fake_autoencoder import HOP, NUM_CODES, RATE, Fake
from tests.coding.test_prior import prior
from tests.data.sounds import tone, write
from tests.refusals import refuses
from undertow.coding.units import units
from undertow.data.unit_files import read_units
from undertow.errors import DataError, UsageError


@pytest.fixture
def folder(tmp_path):
    """Tones of two pitches in folders of two splits, with a file of their labels."""
    lines = []
    for split in ("train", "test"):
        for number, name in enumerate(("low", "high")):
            wave = tone(0.2 + 0.01 * number) * (0.2 + 0.8 * number)
            write(tmp_path / "in" / split / f"{name}.wav", wave)
            lines += [f"{split}/{name} 1 0.0 0.1 {name}", f"{split}/{name} 1 0.1 0.05 rest"]
    (tmp_path / "in" / "phones.ctm").write_text("\n".join(lines) + "\n")
    return tmp_path / "in"


def test_units_are_written_and_read_again(folder, tmp_path):
    model = Fake()
    found = units(model, folder, out=tmp_path / "out")
    assert [row.name for row in found.rows] == ["test/high.wav", "test/low.wav", "train/high.wav", "train/low.wav"]
    assert [len(row.codes) for row in found.rows] == [21, 20, 21, 20] and found.seconds == pytest.approx(0.82)
    assert found.about.num_codes == NUM_CODES and found.about.rate == RATE / HOP and found.quality is None
    rows, about = read_units(tmp_path / "out")
    assert [row.split for row in rows] == [row.split for row in found.rows] and about.num_codes == NUM_CODES
    assert [row.split for row in rows][:2] == ["test", "test"] and {row.split for row in rows} >= {"train"}
    assert all(np.array_equal(one.codes, row.codes) for one, row in zip(rows, found.rows, strict=True))
    units(model, folder, out=tmp_path / "out", format="km", split="test", deduplicate=True)
    manifest = (tmp_path / "out/test.tsv").read_text().splitlines()
    assert manifest == [str(folder), "test/high.wav\t1680", "test/low.wav\t1600"]
    assert len((tmp_path / "out/test.km").read_text().splitlines()) == 2
    assert json.loads((tmp_path / "out/test.json").read_text())["deduplicated"] is True


def test_the_validation_split_has_the_name_that_fairseq_gives_it(folder, tmp_path):
    (folder / "train").rename(folder / "validation")
    found = units(Fake(), folder, out=tmp_path / "out", format="km", split="validation")
    assert [one.name for one in found.files] == ["valid.tsv", "valid.km", "dict.km.txt", "valid.json"]


def test_units_are_measured(folder):
    model = Fake()
    found = units(model, folder, score=True, labels="phones.ctm").quality
    assert found is not None and found.target == "phone" and found.purity is not None
    assert found.purity.num_frames == 60 and found.purity.num_labels == 3
    assert found.rates.fixed == 600 and found.rates.coder == "adaptive"
    assert 0 < found.rates.coded < found.rates.fixed and found.usage.num_units == 64
    plain = units(model, folder, score=True, split="test").quality
    assert plain is not None and plain.purity is None and plain.seconds == pytest.approx(0.41)


@pytest.mark.native
def test_a_prior_gives_the_coded_bits(folder):
    found = units(Fake(), folder, score=True, prior=prior(sum(NUM_CODES))).quality
    assert found is not None and found.rates.coder == "prior" and found.rates.coded > 0


def test_what_is_refused(folder, tmp_path):
    model = Fake()
    with refuses(UsageError, "score"):
        units(model, folder, target="digit")
    with refuses(UsageError, "mel", "classes"):
        units(model, folder, out=tmp_path / "out", score=True, target="mel")
    with refuses(UsageError, "tsv", "runs", "deduplicate"):
        units(model, folder, out=tmp_path / "out", format="tsv", deduplicate=True)
    table = "file,split,digit\ntrain/low.wav,train,1\ntrain/high.wav,train,2\ntest/low.wav,test,\n"
    (folder / "metadata.csv").write_text(table)
    with refuses(DataError, "'digit'", "split"):
        units(model, folder, out=tmp_path / "out", split="test", score=True, target="digit")
    assert not (tmp_path / "out").exists()
    with refuses(UsageError, "p_enc", "p_bn"):
        units(model, folder, at="p_enc")
    with refuses(UsageError, "p_x", "p_bn"):
        units(model, folder, at="p_x")
    with refuses(DataError, "nowhere"):
        units(model, tmp_path / "nowhere")
