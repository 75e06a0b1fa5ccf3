"""Causal self-attention: parallel over a sequence, and step by step from a cache of past keys and values.

Attention Is All You Need (arXiv 1706.03762, §3.2).

B batch, T queries, S keys, H heads, D channels of a head, C = H · D channels, L capacity of a cache.
"""

import math
from abc import abstractmethod
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from undertow.layers.layer import Layer
from undertow.layers.positions import rotate
from undertow.layers.slots import resized, write_slots
from undertow.layers.stacked import Stacked
from undertow.state import State


def attention_weights(query: Tensor, keys: Tensor, mask: Tensor | None = None) -> Tensor:
    """softmax(Q Kᵀ / √D): how much each query looks at each key.

    Args:
        query: (…, T, D).
        keys: (…, S, D).
        mask: (…, T, S) bool, the keys that a query may look at; every query needs one. None for all.

    Returns:
        Weights (…, T, S), each row summing to one.
    """
    scores = query @ keys.transpose(-1, -2) / math.sqrt(query.shape[-1])
    return (scores if mask is None else scores.masked_fill(~mask, -math.inf)).softmax(dim=-1)


def attention(query: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None = None) -> Tensor:
    """The values (…, S, D), summed by `attention_weights`: (…, T, D)."""
    return attention_weights(query, keys, mask) @ values


def fast_attention(
    query: Tensor,
    keys: Tensor,
    values: Tensor,
    mask: Tensor | None = None,
    dropout: float = 0.0,
    causal: bool = False,
) -> Tensor:
    """`attention` by torch's own kernels, with dropout: (B, T, H, D) of each, mask (B or 1, T or 1, S)."""
    query, keys, values = (part.transpose(1, 2) for part in (query, keys, values))
    mask = None if mask is None else mask[:, None]
    if query.dtype == torch.bfloat16 and query.device.type == "cpu" and torch.is_grad_enabled():
        with torch.autocast("cpu", enabled=False):  # that kernel's gradient is up to four times as slow in bfloat16
            parts = query.float(), keys.float(), values.float()
            y = F.scaled_dot_product_attention(*parts, mask, dropout, causal).to(query.dtype)
    else:
        y = F.scaled_dot_product_attention(query, keys, values, mask, dropout, causal)
    return y.transpose(1, 2)


class Places(NamedTuple):
    """Where the next T steps go in a cache of L slots, and what each sees there; the same for every layer of a stack.

    Attributes:
        slots: (B, n), where their keys and values are written; n is T, or the ring's length if that is less.
        mask: (B, T, S) bool, what each looks at; None for all up to itself.
        after: (B,) int64, the position after them.
    """

    slots: Tensor
    mask: Tensor | None
    after: Tensor


class SelfAttention(Layer, Stacked):
    """Each step looks at steps up to its own: (B, T, C) -> (B, T, C).

    A step's query, key and value come of one product with a matrix (3 C, C). `rotation` (B or 1, T, 2, D), where it is
    given, turns queries and keys (`undertow.layers.positions.Rotary`).

    State: "keys" and "values" (B, L, H, D), and "position" (B,) int64, the steps so far; rows may be at different
    positions.
    """

    def __init__(self, channels: int, num_heads: int, capacity: int, dropout: float = 0.0, bias: bool = True) -> None:
        super().__init__()
        assert channels % num_heads == 0
        self.num_heads, self.capacity, self.dropout = num_heads, capacity, dropout
        self.inputs = nn.Linear(channels, 3 * channels, bias)
        self.stacked = {"inputs.weight": 3}
        self.output = nn.Linear(channels, channels, bias)

    def forward(self, x: Tensor, rotation: Tensor | None = None) -> Tensor:
        return self._merge(self._attend_whole(*self._project(x, rotation)))

    def weights(self, x: Tensor, rotation: Tensor | None = None) -> Tensor:
        """How much each step of a whole sequence looks at each: (B, T, C) -> (B, H, T, T); for pictures."""
        query, keys, _ = self._project(x, rotation)
        return attention_weights(query.transpose(1, 2), keys.transpose(1, 2), self._mask_whole(x.shape[1], x.device))

    def init_state(self, batch_size: int, num_steps: int | None = None) -> State:
        """The state before the first step, with all its room; what grows, with room for `num_steps` if given."""
        channels, room = self.output.weight.shape[0], self._room(num_steps)
        size = batch_size, room, self.num_heads, channels // self.num_heads
        keys, values = self.output.weight.new_zeros(size), self.output.weight.new_zeros(size)
        position = torch.zeros(batch_size, dtype=torch.int64, device=keys.device)
        return {"keys": keys, "values": values, "position": position}

    def with_room(self, state: State, num_steps: int) -> State:
        """The same state with room for so many steps in all, and no more than it ever needs."""
        return state

    def _room(self, num_steps: int | None) -> int:
        """Places for the steps that the state holds, when there are so many in all."""
        return self.capacity

    def step(
        self, x: Tensor, state: State, rotation: Tensor | None = None, places: Places | None = None
    ) -> tuple[Tensor, State]:
        """The next steps; `places` of the same state, where a stack of layers found them once for all."""
        query, keys, values = self._project(x, rotation)
        places = places or self.places(state, x.shape[1])
        y, (keys, values) = self._attend_next(query, keys, values, state, places)
        return self._merge(y), {"keys": keys, "values": values, "position": places.after}

    @abstractmethod
    def places(self, state: State, num_steps: int) -> Places:
        """Where so many more steps go in this state."""

    @abstractmethod
    def _mask_whole(self, num_steps: int, device: torch.device) -> Tensor:
        """Which keys each query of a whole sequence looks at, (T, T)."""

    @abstractmethod
    def _attend_whole(self, query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Attention over a whole sequence, (B, T, H, D)."""

    @abstractmethod
    def _attend_next(
        self, query: Tensor, keys: Tensor, values: Tensor, state: State, places: Places
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Attention of the next steps over the past and themselves, (B, T, H, D), and the cache with them in it."""

    def _project(self, x: Tensor, rotation: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values (B, T, H, D)."""
        parts = self.inputs(x).unflatten(-1, (3, self.num_heads, -1))
        if rotation is None:
            query, keys, values = parts.unbind(2)
            return query, keys, values
        query, keys = rotate(parts[:, :, :2], rotation).unbind(2)
        return query, keys, parts[:, :, 2]

    def _merge(self, heads: Tensor) -> Tensor:
        return self.output(heads.flatten(2))

    def _fast(
        self, query: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None = None, causal: bool = False
    ) -> Tensor:
        return fast_attention(query, keys, values, mask, self.dropout if self.training else 0.0, causal)


class CausalSelfAttention(SelfAttention):
    """Looks at every step up to its own; `max_length` steps at most, which its state has room for."""

    receptive_field = None

    def __init__(self, channels: int, num_heads: int, max_length: int, dropout: float = 0.0, bias: bool = True) -> None:
        super().__init__(channels, num_heads, max_length, dropout, bias)

    def _room(self, num_steps: int | None) -> int:
        return self.capacity if num_steps is None else min(num_steps, self.capacity)

    def with_room(self, state: State, num_steps: int) -> State:
        size = self._room(num_steps)
        return {**state, "keys": resized(state["keys"], size), "values": resized(state["values"], size)}

    def _mask_whole(self, num_steps: int, device: torch.device) -> Tensor:
        steps = torch.arange(num_steps, device=device)
        return steps <= steps[:, None]

    def _attend_whole(self, query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        return self._fast(query, keys, values, causal=True)

    def places(self, state: State, num_steps: int) -> Places:
        position, room = state["position"], state["keys"].shape[1]
        slots = position[:, None]
        if num_steps > 1:
            slots = slots + torch.arange(num_steps, device=position.device)
        mask = None  # what fills the room begins where it begins
        if num_steps < room:
            mask = torch.arange(room, device=position.device) <= slots[:, :, None]
        return Places(slots, mask, position + num_steps)

    def _attend_next(
        self, query: Tensor, keys: Tensor, values: Tensor, state: State, places: Places
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        cache = write_slots(state["keys"], places.slots, keys), write_slots(state["values"], places.slots, values)
        if places.mask is None:
            return self._attend_whole(query, keys, values), cache
        past_keys, past_values = cache
        return self._fast(query, past_keys.to(query.dtype), past_values.to(query.dtype), places.mask), cache


class WindowedSelfAttention(SelfAttention):
    """Looks at its own step and the `window` - 1 before it, for ever: the state is a ring of those.

    A chunk attends over the ring and itself, and only then is stored: stored first, its later steps would overwrite
    what its earlier ones still have to see. The entry of position p is p mod (window - 1).
    """

    def __init__(self, channels: int, num_heads: int, window: int, dropout: float = 0.0, bias: bool = True) -> None:
        assert window >= 2
        super().__init__(channels, num_heads, window - 1, dropout, bias)
        self.window = self.receptive_field = window

    def _mask_whole(self, num_steps: int, device: torch.device) -> Tensor:
        steps = torch.arange(num_steps, device=device)
        return self._seen(steps[:, None], steps)

    def _attend_whole(self, query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        if query.shape[1] <= self.window:
            return self._fast(query, keys, values, causal=True)
        return self._attend_in_blocks(query, keys, values)

    def _attend_in_blocks(self, query: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Blocks of `window` queries, each over its own block's keys and those of the block before."""
        (batch_size, num_steps), width = query.shape[:2], self.window
        num_blocks = -(-num_steps // width)
        beyond = num_blocks * width - num_steps
        query = F.pad(query, (0, 0, 0, 0, 0, beyond)).unflatten(1, (num_blocks, width)).flatten(0, 1)
        keys, values = (_behind_the_block_before(part, width, beyond) for part in (keys, values))
        steps = torch.arange(num_blocks * width, device=query.device).reshape(num_blocks, width)
        mask = self._seen(steps[:, :, None], torch.cat([steps - width, steps], dim=1)[:, None])
        y = self._fast(query, keys, values, mask.repeat(batch_size, 1, 1))
        return y.unflatten(0, (batch_size, num_blocks)).flatten(1, 2)[:, :num_steps]

    def places(self, state: State, num_steps: int) -> Places:
        position = state["position"]
        steps = position[:, None] + torch.arange(num_steps, device=position.device)
        slots = (steps % self.capacity)[:, -self.capacity :]
        return Places(slots, self._mask_next(position, steps), position + num_steps)

    def _attend_next(
        self, query: Tensor, keys: Tensor, values: Tensor, state: State, places: Places
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        ring_keys, ring_values = state["keys"], state["values"]
        all_keys = torch.cat([ring_keys.to(keys.dtype), keys], dim=1)
        all_values = torch.cat([ring_values.to(values.dtype), values], dim=1)
        y = self._fast(query, all_keys, all_values, places.mask)
        ring_keys = write_slots(ring_keys, places.slots, keys[:, -self.capacity :])
        ring_values = write_slots(ring_values, places.slots, values[:, -self.capacity :])
        return y, (ring_keys, ring_values)

    def _mask_next(self, position: Tensor, steps: Tensor) -> Tensor:
        """Which entries of the ring, and which of the next `steps` (B, T), each of those sees: (B, T, L + T)."""
        if steps.shape[1] == 1:  # all that the ring has, and itself
            needed = torch.arange(1, self.window + 1, device=position.device) % self.window
            return needed <= steps[:, :, None]
        last = position[:, None] - 1
        entries = torch.arange(self.capacity, device=position.device)
        stored = last - (last - entries) % self.capacity  # the position of each entry, below 0 where it is still empty
        return self._seen(steps[:, :, None], torch.cat([stored, steps], dim=1)[:, None])

    def _seen(self, query: Tensor, key: Tensor) -> Tensor:
        """Whether the query at a position looks at the key at a position."""
        return (key >= 0) & (key <= query) & (key > query - self.window)


def _behind_the_block_before(part: Tensor, width: int, beyond: int) -> Tensor:
    """(B, T, H, D), padded by `beyond`, as n blocks of 2 · width entries that overlap by half: (B · n, 2 W, H, D)."""
    padded = F.pad(part, (0, 0, 0, 0, width, beyond))
    before, own = (half.unflatten(1, (-1, width)) for half in (padded[:, :-width], padded[:, width:]))
    return torch.cat([before, own], dim=2).flatten(0, 1)
