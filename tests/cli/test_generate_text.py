"""`undertow generate` with models of text: shown as it is written, ended by stops, and kept when it is stopped."""

import json

from tests.cli.generators import written
from undertow.cli import generating
from undertow.generation import streaming


def test_one_text_is_printed_with_its_prompt(command, runs):
    outcome = command("generate", runs / "text", "--prompt", "the cat", "--num-symbols", "60", "--seed", "3")
    expected = written(runs, "text", prompt="the cat", num_steps=60, seed=3).continued[0]
    assert outcome.status == 0 and outcome.out == expected + "\n"
    assert "1 x 60 characters with " in outcome.err and "characters/s" in outcome.err


def test_it_is_shown_as_it_is_written(runs, monkeypatch, command):
    seen = []
    monkeypatch.setattr(generating, "show", seen.append)
    monkeypatch.setattr(generating, "SHOWN_STEPS", 10)
    command("generate", runs / "text", "--prompt", "the cat", "--num-symbols", "60")
    expected = written(runs, "text", prompt="the cat", num_steps=60).real[0]
    assert seen == ["the cat", *(expected[at : at + 10] for at in range(0, 60, 10)), "\n"]


def test_stops_and_filters(command, runs):
    given = ("generate", runs / "text", "--num-symbols", "200", "--stop", "\n", "--stop", "e ", "--top-k", "9")
    found = json.loads(command(*given, "--count", "3", "--json").out)
    assert len(found["texts"]) == 3 and all("\n" not in text and "e " not in text for text in found["texts"])
    assert found["stopped"] == [True] * 3 and found["unit"] == "character" and found["prompt"] == ""
    assert found["num_symbols"] <= 200 and found["symbols_per_second"] > 0 and found["files"] == []
    cold = [command(*given, "--temperature", "0", "--seed", seed).out for seed in ("1", "2")]
    assert cold[0] == cold[1]


def test_several_texts_have_headings(command, runs):
    lines = command("generate", runs / "text", "--count", "2", "--num-symbols", "9", "--stop", "\n").out.split("\n")
    assert lines[0] == "--- 1 of 2" and lines[2] == "--- 2 of 2"


def test_ctrl_c_keeps_what_was_written(command, runs, tmp_path, monkeypatch):
    plain = streaming.Stream.__next__

    def interrupted(self):
        if self.num_drawn >= 64:
            raise KeyboardInterrupt
        return plain(self)

    monkeypatch.setattr(streaming.Stream, "__next__", interrupted)
    outcome = command("generate", runs / "text", "--num-symbols", "200")
    assert outcome.status == 130 and len(outcome.out) == 65 and outcome.out.endswith("\n")
    assert "stopped after 64 characters" in outcome.err and "Traceback" not in outcome.err
    assert command("generate", runs / "text", "--num-symbols", "200", "--out", tmp_path / "a.txt").status == 130
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == outcome.out[:-1]


def test_a_pipe_gets_every_character(command, runs):
    expected = written(runs, "byte", num_steps=80).real[0]
    assert command("generate", runs / "byte", "--num-symbols", "80").out == expected + "\n"
