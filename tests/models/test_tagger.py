"""The tagger: rows do not mix, padding is not seen, and what it refuses."""

from typing import Any

import numpy as np
import pytest
import torch

from tests.refusals import refuses
from undertow.alphabets.tokens import Tokens, collect_tokens
from undertow.batch import Batch
from undertow.config import parse
from undertow.data.told import Label, Told
from undertow.errors import DataError, UsageError
from undertow.models import Tagger, complete

CONTEXT = {"kind": "sequence_context", "channels": 4, "context": {"dilations": [1, 2]}}
FEATURES = {
    "kind": "mel",
    "sample_rate": 8000,
    "hop_length": 80,
    "window_length": 200,
    "fft_size": 256,
    "num_channels": 3,
}
COMMON: dict[str, Any] = {"network": CONTEXT, "label": "tag", "classes": ["O", "B", "I"]}
OF_TOKENS = {"alphabet": collect_tokens(Tokens.Config(), [["a", "a", "b", "b"]])}
OF_FRAMES = {"alphabet": {"kind": "numbers", "num_elements": 3}, "features": FEATURES}


def tagger(**values: Any) -> Tagger:
    torch.manual_seed(0)
    return Tagger(parse(Tagger.Config, {**COMMON, **values})).double().eval()


def batch(model: Tagger) -> Batch:
    counted = torch.ones(2, 9, dtype=torch.bool)
    counted[1, 5:] = False
    words = [["a", "b", "c"] * 3, ["b"] * 9]
    symbols: Any = np.stack([model.alphabet.encode(one) for one in words]) if model.alphabet.num_symbols else None
    generator = torch.Generator().manual_seed(1)
    frames = torch.rand(2, 9, 3, generator=generator, dtype=torch.float64)
    labels = torch.randint(0, 3, (2, 9), generator=generator)
    labels[0, 3] = -1
    return Batch(frames if symbols is None else torch.from_numpy(symbols), counted, {"tag": labels})


@pytest.mark.parametrize("values", [OF_TOKENS, OF_FRAMES, {**OF_FRAMES, "network": {"kind": "bilstm", "channels": 3}}])
def test_padding_is_not_seen_and_rows_do_not_mix(values: dict[str, Any]) -> None:
    model = tagger(**values)
    full = batch(model)
    whole = model.log_prob(full)
    torch.testing.assert_close(whole[full.counted].logsumexp(-1), torch.zeros(14).double())
    alone = Batch(full.symbols[1:, :5], full.counted[1:, :5])
    torch.testing.assert_close(model.log_prob(alone)[0], whole[1, :5])
    symbols = full.symbols.clone()
    symbols[1, 5:] = 1
    assert torch.equal(model.log_prob(Batch(symbols, full.counted))[full.counted], whole[full.counted])


def test_the_loss_is_the_mean_over_labelled_steps() -> None:
    model = tagger(**OF_TOKENS, class_weights=[1.0, 2.0, 1.0])
    full = batch(model)
    labels, log_prob, found = full.labels["tag"], model.log_prob(full), model(full)
    terms = [
        -log_prob[row, t, labels[row, t]] * (1 + (labels[row, t] == 1))
        for row in range(2) for t in range(9) if full.counted[row, t] and labels[row, t] >= 0
    ]  # fmt: skip
    assert found.num_terms == 13
    torch.testing.assert_close(found.value, torch.stack(terms).mean())
    assert model.facts == {"num_symbols": model.alphabet.num_symbols, "unit": "token", "num_classes": 3, "sees": 7}


def test_completed_from_the_data() -> None:
    label = Label(("high", "low"), of_steps=True)
    told = Told(real="sound", labels={"label": label})
    made = complete({"kind": "tagger", "network": CONTEXT, "features": FEATURES}, told, str)
    assert made.alphabet.num_elements == 3 and made.classes == ("high", "low") and made.label == "label"
    with refuses(UsageError, "model.features", "sound"):
        complete({"kind": "tagger", "network": CONTEXT}, told, str)
    tokens = Told(real="tokens", alphabet={"kind": "tokens"}, labels={"tag": label})
    with refuses(DataError, "no label 'tga'", "'tag'"):
        complete({"kind": "tagger", "network": CONTEXT, "label": "tga"}, tokens, str)


def test_what_does_not_go_together() -> None:
    with refuses(UsageError, "image_context", "images"):
        tagger(**OF_TOKENS, network={"kind": "image_context", "front": {"kind": "vgg"}})
    with refuses(UsageError, "'tag'", "1 class"):
        tagger(**OF_TOKENS, classes=["O"])
