"""Sessions advance sequences step by step, for every model and on every engine."""

from undertow.session.conditions import Conditions, Encoded, Known, conditions_of
from undertow.session.engines import ENGINES, make_scorer, make_session
from undertow.session.likelihood import log_likelihood, log_prob
from undertow.session.session import Session

__all__ = [
    "ENGINES",
    "Conditions",
    "Encoded",
    "Session",
    "Known",
    "conditions_of",
    "log_likelihood",
    "log_prob",
    "make_scorer",
    "make_session",
]
