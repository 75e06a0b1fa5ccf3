"""Which engine runs a model: the fastest that changes no number, the one asked for, or a reason why not."""

import pytest

from tests.generation.symbol_models import text_model
from tests.refusals import refuses
from undertow.errors import UsageError
from undertow.session import make_session
from undertow.session.engines import make_scorer


def test_torch_steps_what_the_engine_would_round() -> None:
    session = make_session(text_model())  # of float64
    assert session.engine == "torch" and "float64" in session.notes[0]


@pytest.mark.native
def test_the_engine_steps_what_it_can() -> None:
    model = text_model().float()
    assert make_session(model).engine == "native"
    assert [make_session(model, engine).engine for engine in ("torch", "uncached")] == ["torch", "uncached"]


def test_a_model_of_its_own_precision_is_scored_by_torch() -> None:
    assert make_scorer(text_model().float()).engine == "torch"


def test_an_unknown_engine_and_no_threads_are_refused() -> None:
    with refuses(UsageError, "'nativ'", "native"):
        make_session(text_model(), "nativ")
    with refuses(UsageError, "threads", 0):
        make_session(text_model(), threads=0)
