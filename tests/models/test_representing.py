"""The contract of models that represent sound."""

from tests.refusals import refuses
from undertow.errors import UsageError
from undertow.models import Point, Represents


class Two:
    points = {"p_enc": Point(80, 3), "p_bn": Point(160, 2, (8,))}
    best_point = "p_bn"


def test_a_point_by_name_and_the_best_one() -> None:
    point = Represents.point
    assert point(Two(), "p_enc").hop == 80 and point(Two()).num_codes == (8,)  # type: ignore[arg-type]
    with refuses(UsageError, "p_end", "p_enc, p_bn"):
        point(Two(), "p_end")  # type: ignore[arg-type]
