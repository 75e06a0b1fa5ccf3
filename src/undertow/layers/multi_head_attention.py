"""Attention to a memory that is known as a whole: another sequence's, or a sequence's own in both directions.

Attention Is All You Need (arXiv 1706.03762, §3.2.2).

B batch, T queries, S steps of the memory, H heads, D channels of a head, C = H · D channels.
"""

from torch import Tensor, nn

from undertow.layers.attention import attention_weights, fast_attention
from undertow.layers.sharing import OWN, by_row, by_source
from undertow.layers.stacked import Stacked
from undertow.state import State


class MultiHeadAttention(nn.Module, Stacked):
    """Each query (B, T, C) looks at all of a memory (B, S, M) that the mask lets it see: (B, T, C)."""

    def __init__(
        self, channels: int, num_heads: int, memory_channels: int | None = None, dropout: float = 0.0, bias: bool = True
    ) -> None:
        super().__init__()
        assert channels % num_heads == 0
        self.num_heads, self.dropout = num_heads, dropout
        self.query = nn.Linear(channels, channels, bias)
        self.keys_values = nn.Linear(memory_channels or channels, 2 * channels, bias)
        self.stacked = {"keys_values.weight": 2}
        self.output = nn.Linear(channels, channels, bias)

    def read(self, memory: Tensor) -> dict[str, Tensor]:
        """ "keys" and "values" (B, S, H, D) of a memory (B, S, M): what stays the same whatever the queries."""
        keys, values = self.keys_values(memory).unflatten(-1, (2, self.num_heads, -1)).unbind(2)
        return {"keys": keys, "values": values}

    def forward(self, x: Tensor, keys: Tensor, values: Tensor, seen: Tensor, readers: State = OWN) -> Tensor:
        """Attention of queries x (B, T, C) to keys and values (B, S, H, D) where `seen` (B, S) is true.

        `readers`, where given, says which rows read which of fewer keys and values (`undertow.layers.sharing`).
        """
        query, dropout = by_source(self._queries(x), readers), self.dropout if self.training else 0.0
        y = fast_attention(query, keys.to(query.dtype), values.to(query.dtype), seen[:, None], dropout)
        return self.output(by_row(y, readers).flatten(2))

    def weights(self, x: Tensor, keys: Tensor, seen: Tensor) -> Tensor:
        """How much each query looks at each step of the memory: (B, H, T, S), rows summing to one."""
        return attention_weights(self._queries(x).transpose(1, 2), keys.transpose(1, 2), seen[:, None, None])

    def _queries(self, x: Tensor) -> Tensor:
        return self.query(x).unflatten(-1, (self.num_heads, -1))
