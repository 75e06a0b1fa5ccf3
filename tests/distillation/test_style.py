"""The style loss: Gram matrices of hidden channels, over the counted steps alone."""

import torch

from undertow.distillation.style import chosen, gram, style_loss


def test_a_gram_matrix_is_the_mean_of_products() -> None:
    torch.manual_seed(1)
    hidden, counted = torch.randn(1, 5, 3), torch.tensor([[True, True, False, True, False]])
    rows = hidden[0][counted[0]]
    torch.testing.assert_close(gram(hidden, counted)[0], rows.T @ rows / 3)


def test_it_forgets_the_time_and_sees_the_channels() -> None:
    torch.manual_seed(2)
    hidden, counted = torch.randn(2, 40, 6), torch.ones(2, 40, dtype=torch.bool)
    assert float(style_loss(hidden.flip(1), hidden, counted, 6)) < 1e-10
    assert float(style_loss(hidden.flip(2), hidden, counted, 6)) > 1e-3


def test_channels_are_evenly_spaced() -> None:
    hidden = torch.arange(9.0).expand(1, 1, 9)
    assert chosen(hidden, 3).flatten().tolist() == [0, 4, 8]
    assert chosen(hidden, 20) is hidden
