"""Models that generate: what a stream, a session's conditions or a vocoder may be given."""

from typing import TypeAlias

from undertow.models.autoregressive import Autoregressive
from undertow.models.student import Student

Generating: TypeAlias = Autoregressive | Student
