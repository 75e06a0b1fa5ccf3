"""`undertow info`: what a model says of itself."""

import json


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


def test_json(command, trained):
    found = json.loads(command("info", trained, "--json").out)
    assert found["receptive_field"] == 1024 and found["receptive_field_ms"] == 128 and found["sample_rate"] == 8000
    assert found["config"]["network"]["residual_channels"] == 6 and found["card"]["data"]["source"] == "plucked"
    assert found["num_parameters"] > 1000 and found["num_symbols"] == 256


def test_a_checkpoint_that_says_little(command, trained, tmp_path):
    from undertow import checkpoint

    checkpoint.save(tmp_path / "bare", checkpoint.load(trained), {})
    outcome = command("info", tmp_path / "bare")
    assert outcome.status == 0 and "receptive field" in outcome.out and "scores" not in outcome.out
