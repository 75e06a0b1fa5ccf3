"""The digests of a checkpoint: every changed file is found, but for what a card says to people."""

from pathlib import Path
from random import Random

import pytest

from tests.checkpoints import CARD, fresh_model, refusal
from tests.golden.make_checkpoint import FOLDER
from tests.refusals import assert_says
from undertow import checkpoint
from undertow.native import export

TRAINING = {"training.safetensors": b"moments", "training.json": b"{}"}


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    """A checkpoint of a run, of an exported model, with every file that there can be."""
    (tmp_path / "whole").mkdir()
    checkpoint.write(tmp_path / "whole", export(fresh_model(), "bfloat16"), CARD, training=TRAINING)
    assert checkpoint.check(tmp_path / "whole") == len(list((tmp_path / "whole").iterdir())) - 1 == 6
    return tmp_path / "whole"


def test_fault_43_every_flipped_bit_of_a_checkpoint_is_found(whole: Path) -> None:
    random = Random(43)
    for file in sorted(whole.iterdir()):
        content = file.read_bytes()
        covered = content.index(b"---\n", 4) + 4 if file.name == "card.md" else len(content)
        for _ in range(12):
            place, bit = random.randrange(covered), 1 << random.randrange(8)
            file.write_bytes(content[:place] + bytes([content[place] ^ bit]) + content[place + 1 :])
            reads_all = file.name.startswith(("training", "card", "digests"))
            read = checkpoint.check if reads_all else checkpoint.load
            assert_says(refusal(whole, read), file.name)
        file.write_bytes(content)
    assert checkpoint.check(whole) == 6 and checkpoint.load(whole)


def test_fault_43_a_longer_a_shorter_and_a_missing_file_are_found_before_any_is_read(whole: Path) -> None:
    for name in ("config.yaml", "model.safetensors", "model.engine", "training.json"):
        content = (whole / name).read_bytes()
        for other in (content + b" ", content[:-1]):
            (whole / name).write_bytes(other)
            assert_says(refusal(whole, checkpoint.check), whole / name, f"{len(other):,} bytes")
        (whole / name).write_bytes(content)
    for name in TRAINING:
        (whole / name).unlink()
    assert checkpoint.load(whole)  # as it is published
    (whole / "model.engine").unlink()
    assert_says(refusal(whole), "model.engine", "missing")


def test_fault_43_people_may_edit_what_a_card_says_to_people(whole: Path) -> None:
    card = (whole / "card.md").read_text(encoding="utf-8")
    (whole / "card.md").write_text(card + "\n## Ours\n\nIt sings.\n", encoding="utf-8")
    assert checkpoint.check(whole) == 6 and checkpoint.read_card(whole)["data"]["name"] == "fsdd"
    (whole / "card.md").write_text(card.replace("fsdd", "ljspeech"), encoding="utf-8")
    assert_says(refusal(whole, checkpoint.read_card), "card.md", "changed", "digests.json")
    assert checkpoint.load(whole)


def test_fault_43_a_folder_without_digests_is_read(whole: Path) -> None:
    (whole / "digests.json").unlink()
    assert checkpoint.load(whole) and checkpoint.check(whole) == checkpoint.num_digests(whole) == 0
    assert checkpoint.num_digests(FOLDER) == 0
