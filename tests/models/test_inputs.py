"""What a network is given: the start first, then symbols as they are or as values."""

import torch

from tests.generation.symbol_models import roll_model, text_model
from undertow.models.inputs import behind_start, network_inputs


def test_the_start_comes_first() -> None:
    alphabet = text_model().alphabet
    symbols = torch.tensor([[3, 1]])
    assert behind_start(symbols, alphabet).tolist() == [[alphabet.num_symbols, 3, 1]]


def test_a_vector_of_starts_comes_before_vectors() -> None:
    alphabet = roll_model().alphabet
    past = behind_start(torch.zeros(2, 3, 88, dtype=torch.int64), alphabet)
    assert past.shape == (2, 4, 88) and (past[:, 0] == alphabet.start_symbol).all()


def test_symbols_or_values_in_the_networks_precision() -> None:
    text, roll = text_model(), roll_model()
    symbols, notes = torch.tensor([[3, 1]]), torch.ones(1, 2, 88, dtype=torch.int64)
    assert network_inputs(symbols, text.alphabet, text.network) is symbols
    values = network_inputs(notes, roll.alphabet, roll.network)
    assert values.shape == (1, 2, 88) and values.dtype == torch.float64
