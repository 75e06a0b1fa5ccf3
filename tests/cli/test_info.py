"""`undertow info`: what a model says of itself."""

import json
import shutil
import zlib
from pathlib import Path

import pytest

from tests.models.test_text_to_mel import make as reader
from tests.models.voices import mel_voice
from tests.refusals import assert_says
from undertow import checkpoint

GOLDEN = Path(__file__).parents[1] / "golden/checkpoint-v1"


def test_it_tells_all_of_a_model(command, trained):
    outcome = command("info", trained)
    facts = dict(line.split("  ", 1) for line in outcome.out.splitlines())
    facts = {name.strip(): fact.strip() for name, fact in facts.items()}
    assert outcome.status == 0
    assert facts["receptive field"] == "1,024 samples, 128.0 ms" and facts["sample rate"] == "8000 Hz"
    assert facts["alphabet"].endswith("256 symbols") and facts["label pitch"].startswith("A2, A#2")
    assert "residual_channels 6" in facts["network"] and "parameters" in facts["model"]
    assert "plucked; train 240 clips" in facts["data"] and "of 40 steps" in facts["training"]
    assert facts["scores"].endswith("bits/sample") and "torch" in facts["versions"]


def test_fault_18_a_run_on_other_data_is_not_called_by_the_recipes(command, trained):
    (about,) = (line for line in command("info", trained).out.splitlines() if line.startswith("about"))
    assert_says(about, "recipe wavenet, on other data", "network.residual_channels", "training.steps")
    assert "folder of recordings" not in about


def test_json(command, trained):
    found = json.loads(command("info", trained, "--json").out)
    assert found["receptive_field"] == 1024 and found["receptive_field_ms"] == 128 and found["sample_rate"] == 8000
    assert found["config"]["network"]["residual_channels"] == 6 and found["card"]["data"]["source"] == "plucked"
    assert found["num_parameters"] > 1000 and found["num_symbols"] == 256


def test_a_checkpoint_that_says_little(command, trained, tmp_path):
    checkpoint.save(tmp_path / "bare", checkpoint.load(trained), {})
    outcome = command("info", tmp_path / "bare")
    assert outcome.status == 0 and "receptive field" in outcome.out and "scores" not in outcome.out


@pytest.mark.parametrize("make, reads", [(mel_voice, "4 phones, and the pronunciations of 2 words"), (reader, "3 ")])
def test_a_voice_of_mel_frames_has_no_alphabet_and_says_what_it_reads(command, tmp_path, make, reads):
    checkpoint.save(tmp_path / "voice", make(), {})
    outcome = command("info", tmp_path / "voice")
    facts = dict(line.split("  ", 1) for line in outcome.out.splitlines())
    assert outcome.status == 0 and "alphabet" not in {name.strip() for name in facts}
    assert next(fact for name, fact in facts.items() if name.strip() == "reads").strip().startswith(reads)


def test_the_golden_checkpoint(command):
    outcome = command("info", GOLDEN)
    facts = dict(line.split("  ", 1) for line in outcome.out.splitlines())
    assert outcome.status == 0, outcome.err
    assert facts["training"].strip() == "0 steps" and "label speaker" in facts


@pytest.mark.parametrize("section", ["3", "[1, a]", "2026-01-01", "{splits: [1], steps: true, seconds: a}", "null"])
def test_a_card_may_say_anything(command, tmp_path, section):
    folder = tmp_path / "checkpoint"
    shutil.copytree(GOLDEN, folder)
    names = ("description", "data", "training", "scores", "versions")
    (folder / "card.md").write_text("---\n" + "".join(f"{name}: {section}\n" for name in names) + "---\n")
    for words in ([], ["--json"]):
        outcome = command("info", folder, *words)
        assert outcome.status == 0 and "parameters" in outcome.out, outcome.err


def test_what_a_translator_was_judged_by(command, tmp_path):
    folder = tmp_path / "checkpoint"
    shutil.copytree(GOLDEN, folder)
    card = "data: {source: talks, tokens_per_batch: 4096}\ntraining: {batch_size: 4}\n"
    card += "scores: {validation: 1.7 nats/token, validation_loss: 1.7, validation_bleu: 33.941}\n"
    (folder / "card.md").write_text(f"---\n{card}---\n")
    outcome = command("info", folder)
    assert "batch_size of 4096 tokens" in outcome.out and "validation 1.7 nats/token, bleu 33.94" in outcome.out


def test_fault_43_it_checks_every_file(command, trained):
    outcome = command("info", trained, "--check")
    assert outcome.status == 0 and "as they were saved" in outcome.out, outcome.err
    assert json.loads(command("info", trained, "--check", "--json").out)["digests"] == {"num_files": 5, "checked": True}
    assert json.loads(command("info", trained, "--json").out)["digests"]["checked"] is False


def test_fault_43_it_names_the_file_that_changed_and_says_where_there_are_no_digests(command, trained, tmp_path):
    folder = Path(shutil.copytree(Path(trained) / "last", tmp_path / "run"))
    state = folder / "training.safetensors"
    content = bytearray(state.read_bytes())
    content[len(content) // 2] ^= 4
    state.write_bytes(content)
    assert command("info", folder).status == 0
    outcome = command("info", folder, "--check")
    assert outcome.status == 1 and str(state) in outcome.line and "damaged" in outcome.line
    (folder / "digests.json").unlink()
    for words in ([], ["--check"]):
        outcome = command("info", folder, *words)
        assert outcome.status == 0 and "none" in next(line for line in outcome.out.splitlines() if "digests" in line)


@pytest.mark.parametrize("length", [0, 1, 11, 50, 143, 144, 600])
def test_fault_47_a_short_engine_file_is_refused_in_one_line(command, tmp_path, length):
    from undertow import checkpoint
    from undertow.native import export

    folder = tmp_path / "exported"
    checkpoint.save(folder, export(checkpoint.load(GOLDEN), "float32"), {})
    engine_file = (folder / "model.engine").read_bytes()
    (folder / "digests.json").unlink()
    cut = engine_file[:length]
    (folder / "model.engine").write_bytes(cut)
    config = (folder / "config.yaml").read_text()
    config = config.replace(f" crc32: {zlib.crc32(engine_file)}", f" crc32: {zlib.crc32(cut)}")
    (folder / "config.yaml").write_text(config)
    outcome = command("info", folder)
    assert outcome.status == 1 and str(folder / "model.engine") in outcome.line and "checksum" not in outcome.line
