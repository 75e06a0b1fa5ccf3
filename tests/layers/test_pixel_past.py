"""A ring gives back what came L entries ago."""

import torch

from undertow.layers.pixel_past import PixelPast, Ring


def test_the_oldest_entry_is_of_as_many_pixels_ago() -> None:
    ring, entries = Ring(3, late=1), torch.randn(7, 2, 4)
    state = ring.init_state(torch.zeros(2, 4))
    for number, entry in enumerate(entries):
        expected = entries[number - 3] if number >= 3 else torch.zeros(2, 4)
        assert torch.equal(ring.oldest(state), expected) and state["place"].tolist() == [number - 1] * 2
        state = ring.advance(state, entry)


def test_hidden_vectors_come_to_the_ring_a_pixel_later() -> None:
    past = PixelPast(0, 1)
    state = past.advance(past.init_state(torch.zeros(1, 2)), torch.ones(1, 2), torch.full((1, 2), 2.0))
    assert state["hidden"].sum() == 2 and state["cell"]["past"].sum() == 4
    assert list(state["above"]) == ["place"] and state["above"]["place"].item() == 0
