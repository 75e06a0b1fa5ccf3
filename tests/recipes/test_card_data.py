"""The data that a model's card names."""

from tests.refusals import refuses
from undertow.errors import DataError
from undertow.recipes.card_data import data_of_card
from undertow.recipes.tasks.audio import AudioData


def test_the_data_section_of_a_card():
    assert data_of_card({"data": {"kind": "audio", "source": "x", "splits": {}}}) == AudioData(source="x")
    assert data_of_card({}) is None and data_of_card({"data": "speech"}) is None
    with refuses(DataError, "card", "data", "'sauce'", "'source'"):
        data_of_card({"data": {"kind": "audio", "sauce": "x"}})
