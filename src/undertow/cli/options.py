"""The options that verbs share, each with its help."""

from typing import Annotated

from cyclopts import Group, Parameter

SHARED = Group("Shared options", sort_key=99)

Device = Annotated[str, Parameter(group=SHARED, help="Device: auto (a GPU if there is one), cpu or cuda.")]
Seed = Annotated[int, Parameter(group=SHARED, help="Random seed.")]
Json = Annotated[bool, Parameter(group=SHARED, help="Print one JSON object on stdout, and nothing else.")]
JsonRows = Annotated[bool, Parameter(group=SHARED, help="Print a JSON list of rows on stdout, and nothing else.")]
