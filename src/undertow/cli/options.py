"""The options that verbs share, each with its help."""

from typing import Annotated

from cyclopts import Group, Parameter

SHARED = Group("Shared options", sort_key=99)

Device = Annotated[str, Parameter(group=SHARED, help="Where to compute: auto (a GPU where there is one), cpu or cuda.")]
Seed = Annotated[int, Parameter(group=SHARED, help="Seed of everything random.")]
Json = Annotated[bool, Parameter(group=SHARED, help="Print one JSON object on stdout, and nothing else there.")]
JsonRows = Annotated[
    bool, Parameter(group=SHARED, help="Print a list of rows in JSON on stdout, and nothing else there.")
]
