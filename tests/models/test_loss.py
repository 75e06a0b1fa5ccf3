"""The mean loss over counted terms, and figures beside it."""

import torch

from undertow.models.loss import mean_loss


def test_only_terms_that_count_divide() -> None:
    total = torch.tensor(6.0, requires_grad=True)
    figure = torch.tensor(3.0, requires_grad=True)
    loss = mean_loss(total, torch.tensor([[True, True], [True, False]]), {"kl": figure})
    assert (loss.value.item(), loss.num_terms.item(), loss.figures["kl"].item()) == (2.0, 3, 1.0)
    assert loss.value.requires_grad and not loss.figures["kl"].requires_grad and loss.carried is None


def test_without_terms_the_loss_is_zero() -> None:
    loss = mean_loss(torch.tensor(0.0), torch.zeros(2, dtype=torch.bool))
    assert loss.value == 0 and loss.num_terms == 0
