"""What Q5 records and shows, on a tiny translator."""

import json
import sys
from functools import partial
from itertools import pairwise

import pytest

from benchmarks import q5_multi30k, report, runs, translations
from tests.cli.translators import translator
from undertow import checkpoint
from undertow.data.pairs import encode_pairs
from undertow.data.parallel_text import Pair

NAME = "transformer-multi30k de-en"


@pytest.fixture
def results(tmp_path, monkeypatch):
    """The figures and translations of one run of the script, of four sentences."""
    model = translator()
    checkpoint.save(tmp_path / "run", model, {})
    texts = [("ein hund", "a dab"), ("der rote ball", "rote ball"), ("am see", "at se"), ("rot", "red")]
    pairs = encode_pairs([Pair(*both, "a", "b") for both in texts], model.source_alphabet, model.alphabet, 99, "keep")
    asked = []
    training = {"seconds": 60.0, "steps": 7, "num_processes": 1, "num_threads": 1, "device": "cpu"}
    monkeypatch.setattr(q5_multi30k, "ensure", lambda *given: asked.append(given) or training)
    monkeypatch.setattr(q5_multi30k, "pairs_of", lambda model, split: pairs)
    monkeypatch.setattr(q5_multi30k, "SHOWN", range(0, 400, 3))
    for module, name in ((q5_multi30k, "record"), (q5_multi30k, "save")):
        monkeypatch.setattr(module, name, partial(getattr(module, name), results=tmp_path / "results"))
    words = ["transformer-multi30k", "--to", "en", "--out", str(tmp_path / "run"), "--timed", "2", "--rounds", "1"]
    monkeypatch.setattr(sys, "argv", ["q5", *words, "--picture", str(tmp_path / "docs" / "images" / "alignment.png")])
    q5_multi30k.main()
    assert asked[0][3] == ["data.source_language=de", "data.target_language=en"]
    return tmp_path / "results"


def test_figures_translations_and_picture(results):
    lines = {line["figure"]: line for line in report.read(results)}
    assert len(lines) == 11 and all(line["id"] == "Q5" for line in lines.values())
    bleu = lines[f"{NAME}: BLEU, test 2016"]
    assert 0 <= bleu["value"] <= 100 and "version:" in bleu["note"] and "7 updates in 1 minute" in bleu["note"]
    assert bleu["note"].startswith("beam 5, length penalty 0.6, 4 sentences; ")
    assert lines[f"{NAME}: likelihood, test 2017"]["unit"] == "nats/character"
    gain = lines[f"{NAME}: least gain of the mean score from beam to beam"]
    means = [float(part.partition(": ")[2]) for part in gain["note"].split("; ")]
    assert len(means) == 5 and gain["value"] == pytest.approx(min(b - a for a, b in pairwise(means)), abs=1e-3)
    assert all(lines[f"{NAME}: beam {beam}, {how}"]["value"] > 0 for beam in (1, 5) for how in ("cached", "uncached"))
    table = translations.figures(list(lines.values()))
    quality, _, rest = table.partition("\n\n")
    speed, _, how = rest.partition("\n- ")
    how = f"- {how}"
    assert len(quality.splitlines()) == 3 and f"| {NAME} | {bleu['value']:.4g} | " in quality
    assert f"| {NAME} | {lines[f'{NAME}: beam 1, cached']['value']:.4g} | " in speed
    assert f"- {NAME}: " in how and "7 updates in 1 minute on 1 thread" in how and "`nrefs:1|" in how
    ten = translations.ten(results, results.parent / "docs")
    assert ten.startswith("![") and "(images/alignment.png)" in ten and "| 0 | ein hund | a dab | " in ten
    assert "| 3 | rot | red | " in ten and "| number | de | reference | translation |" in ten


def test_the_best_model_of_each_direction_is_shown(tmp_path):
    said = {"number": 0, "source": "a|b", "reference": "c", "made": "d"}
    for name, bleu in (("one en-de", 3.0), ("two en-de", 30.0), ("three de-en", 1.0)):
        translations.save(name, [said], bleu, "a note", tmp_path)
    ten = translations.ten(tmp_path, tmp_path)
    assert "two en-de, a note:" in ten and "three de-en" in ten and "one en-de" not in ten and "a\\|b" in ten
    assert "![" not in ten and json.loads((tmp_path / "translations" / "two.en-de.json").read_text())["bleu"] == 30


def test_nothing_recorded(tmp_path):
    assert translations.ten(tmp_path, tmp_path) == translations.figures([]) == "Nothing has been recorded yet.\n"


def test_changes_go_to_the_command_that_trains(tmp_path, monkeypatch):
    commands = []
    monkeypatch.setattr(runs.subprocess, "run", lambda command, **more: commands.append(command))
    monkeypatch.setattr(runs, "read_card", lambda path: {"training": {}})
    runs.ensure("transformer-multi30k", tmp_path, 1, ["data.target_language=en"])
    runs.ensure("transformer-multi30k", tmp_path, 2, ["data.target_language=en"])
    runs.ensure("transformer-multi30k", tmp_path)
    assert commands[0][-2:] == ["--set", "data.target_language=en"] and "--set" not in commands[2]
    assert commands[1][-3] == "--set" and commands[1][-2].startswith("training.batch_size=")
