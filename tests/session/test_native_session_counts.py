"""Integer counts of a session: those of its parameters, and enough for a range coder."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from tests.generation.models import frames
from tests.native.models import build
from tests.refusals import refuses
from undertow.errors import UsageError
from undertow.models.autoregressive import Autoregressive
from undertow.native import Counter, cpu_isas
from undertow.session.conditions import Known
from undertow.session.native_session import NativeSession

pytestmark = pytest.mark.native
KINDS = ["labels", "logistics", "gaussian", "tcn of values and features"]


def conditions(model: Autoregressive, num_rows: int = 1) -> Known:
    labels = {name: torch.arange(num_rows) % 3 for name in model.config.conditioner.labels}
    if model.config.conditioner.features is None:
        return Known(model, num_rows, labels)
    rows = [torch.from_numpy(frames(60, seed=row)).float() for row in range(num_rows)]
    return Known(model, num_rows, labels, torch.stack(rows))


def message(num_symbols: int, num_rows: int, num_steps: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(3).integers(0, num_symbols, (num_rows, num_steps)))


@pytest.mark.parametrize("kind", KINDS)
def test_counts_are_those_of_the_parameters_in_any_chunks_and_threads(kind: str) -> None:
    model = build(kind)
    symbols, known = message(model.alphabet.num_symbols, 2, 40), conditions(model, 2)
    prompts = [symbols[row, :0] for row in range(2)]
    plain = NativeSession(model)
    plain.prime(prompts, known)
    params = plain.feed(symbols, known.steps(0, 40)).numpy().reshape(80, -1)
    expected = Counter(model.emission, 24).intervals(params, symbols.reshape(-1).numpy()).reshape(2, 40, 2)
    for threads, isa in [(1, cpu_isas()[0]), (2, "auto")]:
        session = NativeSession(model, threads=threads, isa=isa)
        session.prime(prompts, known)
        parts = [session.feed_counts(symbols[:, :17], 24, known.steps(0, 17))]
        session.peek(known.steps(17, 18))
        parts += [session.feed_counts(symbols[:, a:b], 24, known.steps(a, b)) for a, b in [(17, 18), (18, 40)]]
        np.testing.assert_array_equal(np.concatenate(parts, axis=1), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_is_coded_and_decoded(kind: str) -> None:
    """A range coder in exact fractions: the message is any number of the last interval."""
    model = build(kind)
    symbols, known = message(model.alphabet.num_symbols, 1, 30), conditions(model)
    session = NativeSession(model)
    session.prime([symbols[0, :0]], known)
    low, width = Fraction(0), Fraction(1)
    for begin, end in session.feed_counts(symbols, 16, known.steps(0, 30))[0].tolist():
        low, width = low + width * Fraction(begin, 2**16), width * Fraction(end - begin, 2**16)
    session = NativeSession(model)
    session.prime([symbols[0, :0]], known)
    code, decoded = low, []
    for step in range(30):
        count = np.array([int(code * 2**16)], dtype=np.uint32)
        found, intervals = session.find(count, 16, known.steps(step, step + 1))
        begin, end = intervals[0].tolist()
        decoded.append(int(found[0]))
        code = (code - Fraction(begin, 2**16)) * Fraction(2**16, end - begin)
    assert decoded == symbols[0].tolist()


def test_more_symbols_than_counts_are_refused() -> None:
    model = build()
    session = NativeSession(model)
    session.prime([torch.zeros(0).long()], conditions(model))
    with refuses(UsageError, "total_bits", "3", "16"):
        session.feed_counts(torch.zeros(1, 4).long(), 3)
    with refuses(UsageError, "total_bits", "3", "16"):
        session.find(np.zeros(1, dtype=np.uint32), 3)
