"""Models that learn sound without labels, from files to frames: train, resume with the same bits, score, represent."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.recipes.small_runs import BOOK, MEL, recipe
from tests.training.runs import assert_same, back_to
from undertow import checkpoint
from undertow.cli import main
from undertow.data.load import load_clips
from undertow.recipes import score
from undertow.recipes.run import train
from undertow.recipes.verdict import verdict
from undertow.representation import open_source

ENCODER = {"kind": "strided", "channels": 6, "kernels": [10, 8, 4, 4], "strides": [5, 4, 2, 2]}
MODELS: dict[str, dict[str, Any]] = {
    "cpc": {"kind": "cpc", "encoder": ENCODER, "context": {"channels": 6}, "num_ahead": 3, "negatives": "batch"},
    "masked": {
        "kind": "masked",
        "features": MEL,
        "encoder": {"kind": "speech", "channels": 6},
        "context": {"kind": "transformer", "num_layers": 1, "channels": 6, "num_heads": 2, "max_length": 200},
        "context_channels": 6,
        "spans": {"probability": 0.3},  # so that something of the one held-out digit is hidden
    },
}


@pytest.fixture(scope="module")
def digits(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nine spoken digits of three splits."""
    folder = tmp_path_factory.mktemp("digits")
    for number, split in enumerate(
        ("train", "train", "validation", "train", "train", "test", "train", "test", "train")
    ):
        (folder / split).mkdir(exist_ok=True)
        shutil.copy(real_data / f"fsdd/recordings/{number}_theo_1.wav", folder / split / f"{number}.wav")
    return folder


@pytest.mark.parametrize("kind", MODELS)
def test_from_files_to_frames(kind: str, digits: Path, tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    settings = {"steps": 4, "num_validations": 2, "keep_checkpoints": 9, "average": 0.9, "warmup_steps": 1}
    made = recipe({"kind": "audio", "sample_rate": 8000}, MODELS[kind], **settings)
    trained = train(made, tmp_path / "whole", data=digits)
    assert verdict(tmp_path / "whole") == ""  # there are no bits to compare with counts of samples
    back_to(tmp_path / "half", tmp_path / "whole", 2)
    train(made, tmp_path / "half", data=digits, resume=True)
    assert_same(tmp_path / "half", tmp_path / "whole")
    found = score(tmp_path / "whole", digits)
    assert found.split == "test" and trained.progress.best_loss is not None
    main(["score", str(tmp_path / "whole"), str(digits), "--json"])
    assert json.loads(capsys.readouterr().out)["verdict"] == found.verdict
    main(["score", str(tmp_path / "whole"), str(digits)])
    assert found.verdict in capsys.readouterr().out
    clip = load_clips(digits, "test")[0]
    model = checkpoint.load(tmp_path / "whole")
    for at, point in model.points.items():
        frames = open_source(model, at).of_clip(clip)
        assert frames.shape == (-(-len(clip) // point.hop), point.channels) and np.abs(frames).sum() > 0


def test_hidden_characters_of_a_text(tmp_path: Path) -> None:
    (tmp_path / "book.txt").write_text(BOOK)
    context = {"kind": "sequence_context", "channels": 6, "context": {"dilations": [1, 2]}}
    model = {"kind": "masked", "embedding_channels": 6, "context": context, "context_channels": 6}
    said: list[str] = []
    made = recipe({"kind": "text", "crop_steps": 40}, model)
    train(made, tmp_path / "run", data=tmp_path / "book.txt", say=said.append)
    found = score(tmp_path / "run", tmp_path / "book.txt")
    assert found.hidden == "symbol" and found.num_hidden > 0 and found.accuracy is not None
    assert any("each frame sees 7 characters around it" in line for line in said)
