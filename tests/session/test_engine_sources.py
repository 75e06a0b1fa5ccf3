"""Sources that the engine reads for a decoder: no torch, and the same translations."""

import numpy as np
import pytest
import torch

from tests.decoding.pair_models import LENGTHS, make, sources
from tests.native.test_encoders import CASES
from tests.refusals import refuses
from undertow.decoding.beam import beam_search
from undertow.errors import UsageError
from undertow.options import Search
from undertow.session import Encoded
from undertow.session.native_session import NativeSession
from undertow.session.torch_session import TorchSession

pytestmark = pytest.mark.native


@pytest.mark.parametrize(("kind", "name"), CASES)
def test_a_session_reads_its_sources_without_torch(kind: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = make(kind, name).float()
    search = Search(beam=3, max_length=12)
    by_torch = beam_search(model, sources(model), LENGTHS, search, TorchSession(model))
    session = NativeSession(model)
    session.prime([torch.zeros(0, dtype=torch.int64)] * 4, Encoded(model, 4, sources(model), LENGTHS))
    assert session.position["network"].keys() == model.init_state(4, model.encode(sources(model), LENGTHS)).keys()
    monkeypatch.setattr(type(model.network), "encode", None)
    found = beam_search(model, sources(model), LENGTHS, search, session)
    for one, other in zip(found, by_torch, strict=True):
        assert np.array_equal(one[0].symbols, other[0].symbols)
        assert one[0].log_prob == pytest.approx(other[0].log_prob, abs=1e-4)


def test_a_source_that_is_too_long_is_refused() -> None:
    model = make("transformer", "pre-norm").float()
    source = torch.zeros(1, 49, dtype=torch.int64)
    with refuses(UsageError, "49", "48"):
        NativeSession(model).prime([source[0, :0]], Encoded(model, 1, source, torch.tensor([49])))
