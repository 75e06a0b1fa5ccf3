"""Cost: operations, memory and depth of a model, the speed of its steps, and what the machine allows."""

from undertow.cost.generation_speed import generation_speeds, symbols_per_second
from undertow.cost.stepping_speed import Speed, measure_speed

__all__ = ["Speed", "generation_speeds", "measure_speed", "symbols_per_second"]
