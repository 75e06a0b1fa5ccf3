"""Row LSTM and Diagonal BiLSTM go on in the other engine, from anywhere in a row; narrow images too."""

import numpy as np
import pytest

from tests.native.models import DIAGONALS, ROWS, build
from undertow import generate, resume, stream


@pytest.mark.native
@pytest.mark.parametrize("network", [ROWS, DIAGONALS])
@pytest.mark.parametrize("width", [1, 2, 5])
def test_a_state_goes_on_in_the_other_engine(network: dict, width: int) -> None:
    model = build(network=network, alphabet=dict(kind="pixels", num_levels=16, shape=(9, width, 1)))
    given: dict = dict(num_steps=9 * width, seed=3, count=2)
    expected = generate(model, **given, engine="torch").symbols
    for first, second in (("torch", "native"), ("native", "torch")):
        parts = stream(model, **given, chunk_steps=2 * width + 1, engine=first, output="symbols")
        begun = next(parts)
        left = 7 * width - 1
        rest = resume(model, parts.state, num_steps=left, engine=second, output="symbols")
        assert np.array_equal(np.concatenate([begun, *rest], axis=1), expected)
