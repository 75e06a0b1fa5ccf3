"""The "paper" WaveNet as most people would write it: `nn.Conv1d` on (B, C, T), a 1×1 skip convolution in each layer.

The comparison for training (S6) and one stream (S1). B batch, T time, C channels, N symbols.
"""

from collections import deque

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class PlainWaveNet(nn.Module):
    """(B, T) symbols to (B, N, T) logits; 30 layers in 3 cycles, k=2, 64 residual, 128 gate, 256 skip."""

    def __init__(self, num_symbols: int = 256, channels: int = 64, skip: int = 256, cycles: int = 3) -> None:
        super().__init__()
        self.dilations = [2**layer for _ in range(cycles) for layer in range(10)]
        self.embedding = nn.Embedding(num_symbols + 1, channels)
        self.gates = nn.ModuleList(nn.Conv1d(channels, 2 * channels, 2, dilation=d) for d in self.dilations)
        self.residuals = nn.ModuleList(nn.Conv1d(channels, channels, 1) for _ in self.dilations)
        self.skips = nn.ModuleList(nn.Conv1d(channels, skip, 1) for _ in self.dilations)
        self.head = nn.Sequential(nn.ReLU(), nn.Conv1d(skip, skip, 1), nn.ReLU(), nn.Conv1d(skip, num_symbols, 1))

    def forward(self, symbols: Tensor) -> Tensor:
        x = self.embedding(symbols).transpose(1, 2)
        total: Tensor | int = 0
        for gate, residual, skip, dilation in zip(self.gates, self.residuals, self.skips, self.dilations, strict=True):
            filtered, gated = gate(F.pad(x, (dilation, 0))).chunk(2, dim=1)
            z = torch.tanh(filtered) * torch.sigmoid(gated)
            x = x + residual(z)
            total = total + skip(z)
        return self.head(total)

    @torch.no_grad()
    def generate(self, num_steps: int) -> Tensor:
        """Symbols (T,) drawn one by one, each layer's past inputs in a queue (Fast WaveNet, arXiv 1611.09482)."""
        symbol = torch.tensor([[self.embedding.num_embeddings - 1]])
        channels = self.embedding.embedding_dim
        queues = [deque(torch.zeros(dilation, 1, channels, 1).unbind()) for dilation in self.dilations]
        made = []
        for _ in range(num_steps):
            x, total = self.embedding(symbol).transpose(1, 2), 0
            for gate, residual, skip, queue in zip(self.gates, self.residuals, self.skips, queues, strict=True):
                assert isinstance(gate, nn.Conv1d)
                queue.append(x)
                pair = torch.cat([queue.popleft(), x], dim=2)
                filtered, gated = F.conv1d(pair, gate.weight, gate.bias).chunk(2, dim=1)
                z = torch.tanh(filtered) * torch.sigmoid(gated)
                x = x + residual(z)
                total = total + skip(z)
            symbol = torch.multinomial(self.head(total)[:, :, 0].softmax(dim=1), 1)
            made.append(symbol[0, 0])
        return torch.stack(made)

    def loss(self, symbols: Tensor) -> Tensor:
        """Mean negative log-likelihood of symbols (B, T) in nats, the first input being the start symbol."""
        past = F.pad(symbols[:, :-1], (1, 0), value=self.embedding.num_embeddings - 1)
        return F.cross_entropy(self(past), symbols)
