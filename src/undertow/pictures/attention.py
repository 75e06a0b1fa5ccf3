"""What a model attends to in a text.

T inputs, H heads.
"""

import numpy as np
import torch

from undertow.alphabets import TextAlphabet
from undertow.errors import UsageError
from undertow.models.autoregressive import Autoregressive
from undertow.models.inputs import network_inputs
from undertow.session.inference import inference

START = "⊢"
CONTROLS = {" ": "␣", "\n": "↵", "\t": "⇥"}


def attention_of(model: Autoregressive, text: str) -> tuple[list[np.ndarray], list[str]]:
    """The attention of each input to each, (H, T, T) for every layer, and the T inputs as text.

    The inputs are the start symbol and the text's symbols; row t is for the model's output after input t.

    Raises:
        UsageError: the model has no attention, or is not of text; or the text is empty, or too long for the model.
        DataError: a character is not in the model's alphabet.
    """
    network, alphabet = model.network, model.alphabet
    if not isinstance(alphabet, TextAlphabet):
        raise UsageError(f"this is a model of {alphabet.real}; attention is drawn over a text")
    if not text:
        raise UsageError("the text is empty; give some text to attend to")
    symbols = alphabet.encode(text)
    with inference(model):
        past = model.past(torch.from_numpy(symbols)[None].to(next(model.parameters()).device))
        condition = model.condition({}, None, past.shape[1], 1)
        weights = network.attention_weights(network_inputs(past, alphabet, network), condition)
    if weights is None:
        kind = model.config.network.kind
        raise UsageError(f"a {kind} has no attention to draw; a transformer or an rnn_attention has")
    return [layer[0].float().cpu().numpy() for layer in weights], [START, *map(visible, _texts(alphabet, symbols))]


def _texts(alphabet: TextAlphabet, symbols: np.ndarray) -> list[str]:
    """The text of each symbol by itself."""
    return [alphabet.pieces[symbol].decode("utf-8", "replace") for symbol in symbols.tolist()]


def visible(text: str) -> str:
    """Text with visible control characters."""
    return "".join(CONTROLS.get(character, character) for character in text)
