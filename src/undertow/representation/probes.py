"""Probes: small models that find a target in frozen frames. Linear or of one hidden layer, of classes or of numbers.

A row is what has one target: a frame, or all frames of a clip. A row's scores are the mean of the scores of its frames,
so of clips a linear probe is one of the mean frame, and the other sees each frame before it takes the mean.

Channels are standardised by the training rows. A linear probe of classes is a logistic regression by L-BFGS from zero,
of numbers a ridge regression in closed form; a few rows, set aside, choose how much weights are held to zero. The other
probe has 128 rectified units, trained by Adam; the rows set aside choose the best of 30 stages.

N frames, M rows, C channels, K classes or numbers, H hidden units.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

DECAYS = (1e-1, 1e-2, 1e-3, 1e-4)  # half the squared weights count so much beside a row's mean loss
ITERATIONS = 100  # of L-BFGS at each of them, from where the one before ended
UNITS, RATE, STAGES, LEAST_UPDATES = 128, 2e-3, 30, 600
BATCH_FRAMES, LEAST_ROWS = 2048, 32  # of an update
AT_ONCE = 1 << 16  # frames
SMALLEST = 1e-6  # of a standard deviation: a channel without any stays as it is

Predict = Callable[["Rows"], Tensor]  # (M, K): of each row the logits, or the numbers


@dataclass(frozen=True, eq=False)
class Rows:
    """Frames of rows, one after the other, and a target for each row.

    Attributes:
        x: (N, C) float32.
        counts: (M,) int64 frames of each row, at least one.
        y: (M,) int64 classes, or (M, K) float32 numbers.
    """

    x: Tensor
    counts: Tensor
    y: Tensor

    def __len__(self) -> int:
        return len(self.counts)

    def pick(self, rows: Tensor) -> "Rows":
        """Some rows, by their numbers."""
        counts = self.counts[rows]
        if len(self.x) == len(self):
            return Rows(self.x[rows], counts, self.y[rows])
        skipped = (self.counts.cumsum(0) - self.counts)[rows] - (counts.cumsum(0) - counts)
        return Rows(self.x[skipped.repeat_interleave(counts) + torch.arange(int(counts.sum()))], counts, self.y[rows])

    def means(self, values: Tensor) -> Tensor:
        """(M, …): of (N, …) values of frames the mean of each row."""
        if len(values) == len(self):
            return values
        owner = torch.arange(len(self)).repeat_interleave(self.counts)
        return torch.zeros(len(self), values.shape[1]).index_add_(0, owner, values) / self.counts[:, None]


def fit(kind: str, train: Rows, aside: Rows, num_classes: int, seed: int) -> Predict:
    """A probe trained on some rows.

    Args:
        kind: a name in `PROBES`.
        aside: rows that choose among the probes on the way, and are not trained on.
        num_classes: K; 0 for numbers.
        seed: of the weights and the order of the rows; the linear probe has neither.
    """
    return PROBES[kind](train, aside, num_classes, seed)


def loss_of(outputs: Tensor, y: Tensor) -> Tensor:
    """The mean loss of rows: cross-entropy of classes in nats, or the squared error of numbers."""
    return F.mse_loss(outputs, y) if y.is_floating_point() else F.cross_entropy(outputs, y)


def _linear(train: Rows, aside: Rows, num_classes: int, seed: int) -> Predict:
    x, held = train.means(train.x), aside.means(aside.x)
    mean, scale = _spread(x)
    x, held = (x - mean) / scale, (held - mean) / scale
    solved = _ridges(x, train.y) if not num_classes else _logistic(x, train.y, num_classes)
    weight, bias = min(solved, key=lambda one: float(loss_of(held @ one[0] + one[1], aside.y)))
    return lambda rows: (rows.means(rows.x) - mean) / scale @ weight + bias


def _logistic(x: Tensor, y: Tensor, num_classes: int) -> list[tuple[Tensor, Tensor]]:
    """Weights (C, K) and biases (K,) for each decay."""
    weight = torch.zeros(x.shape[1], num_classes, requires_grad=True)
    bias = torch.zeros(num_classes, requires_grad=True)
    found = []
    for decay in DECAYS:
        optimizer = torch.optim.LBFGS(
            [weight, bias], max_iter=ITERATIONS, history_size=10, tolerance_grad=1e-5, line_search_fn="strong_wolfe"
        )

        def closure(decay: float = decay, optimizer: torch.optim.Optimizer = optimizer) -> Tensor:
            optimizer.zero_grad()
            loss = loss_of(x @ weight + bias, y) + decay / 2 * weight.square().sum()
            loss.backward()
            return loss

        optimizer.step(closure)
        found.append((weight.detach().clone(), bias.detach().clone()))
    return found


def _ridges(x: Tensor, y: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Weights (C, K) and biases (K,) for each decay, of standardised x."""
    bias = y.double().mean(dim=0)
    products = (x.T @ x).double() / len(x)
    target = x.double().T @ (y - bias) / len(x)
    unit = torch.eye(x.shape[1], dtype=torch.float64)
    return [(torch.linalg.solve(products + decay * unit, target).float(), bias.float()) for decay in DECAYS]


def _hidden(train: Rows, aside: Rows, num_classes: int, seed: int) -> Predict:
    draw = torch.Generator().manual_seed(seed)
    mean, scale = _spread(train.x)
    offset, unit = (torch.zeros(()), torch.ones(())) if num_classes else _spread(train.y)
    num_outputs, num_channels = num_classes or train.y.shape[1], train.x.shape[1]
    weights = [
        torch.randn(num_channels, UNITS, generator=draw) * (2 / num_channels) ** 0.5,
        torch.zeros(UNITS),
        torch.randn(UNITS, num_outputs, generator=draw) * (1 / UNITS) ** 0.5,
        torch.zeros(num_outputs),
    ]
    best, best_loss = [one.clone() for one in weights], float("inf")

    def outputs(rows: Rows, values: list[Tensor]) -> Tensor:
        hidden = F.relu((rows.x - mean) / scale @ values[0] + values[1])
        return rows.means(hidden) @ values[2] + values[3]

    def predict(rows: Rows, values: list[Tensor]) -> Tensor:
        with torch.no_grad():
            step = max(1, AT_ONCE * len(rows) // len(rows.x))
            parts = [
                rows.pick(torch.arange(first, min(first + step, len(rows)))) for first in range(0, len(rows), step)
            ]
            return torch.cat([outputs(one, values) for one in parts]) * unit + offset

    for one in weights:
        one.requires_grad_()
    num_rows = min(len(train), max(LEAST_ROWS, BATCH_FRAMES * len(train) // len(train.x)))
    every = max(-(-len(train) // num_rows), LEAST_UPDATES // STAGES)
    optimizer = torch.optim.Adam(weights, lr=RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, STAGES * every)
    order, place = torch.randperm(len(train), generator=draw), 0
    for update in range(1, STAGES * every + 1):
        if place + num_rows > len(order):
            order, place = torch.randperm(len(train), generator=draw), 0
        part = train.pick(order[place : place + num_rows])
        place += num_rows
        wanted = part.y if num_classes else (part.y - offset) / unit
        optimizer.zero_grad()
        loss_of(outputs(part, weights), wanted).backward()
        optimizer.step()
        schedule.step()
        if update % every == 0 and (loss := float(loss_of(predict(aside, weights), aside.y))) < best_loss:
            best, best_loss = [one.detach().clone() for one in weights], loss
    return lambda rows: predict(rows, best)


def _spread(x: Tensor) -> tuple[Tensor, Tensor]:
    """(C,) mean and standard deviation of each channel."""
    scale, mean = torch.std_mean(x.double(), dim=0, correction=0)
    return mean.float(), torch.where(scale > SMALLEST, scale, 1.0).float()


PROBES: dict[str, Callable[[Rows, Rows, int, int], Predict]] = {"linear": _linear, "mlp": _hidden}
