import re
from xml.etree import ElementTree

import pytest

from benchmarks import charts, report
from benchmarks.svg import WIDTH, Bar, Chart, draw, words

SVG = "{http://www.w3.org/2000/svg}"


def line(**changes):
    base = dict(id="S1", figure="native int8, 1 stream", value=30000.0, unit="samples/s", target="≥ 40,000", threads=2)
    base |= dict(model="m", hardware="AMD EPYC, 2 logical cores", commit="abc", seconds=1.0, note="")
    return {**base, "date": "2026-01-01T00:00:00+00:00", **changes}


def texts(svg):
    return [element.text for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def rects(svg, kind):
    """Widths of bars of a colour, without its square in the legend."""
    found = ElementTree.fromstring(svg).iter(f"{SVG}rect")
    return [float(rect.get("width")) for rect in found if rect.get("class") == kind and rect.get("height") == "14"]


def test_bars_begin_at_zero_and_are_as_long_as_their_values():
    svg = draw(Chart("t", [("", [Bar("a", 10, "10"), Bar("b", 40, "40"), Bar("c", 20, "20", kind="peer")])], "unit"))
    (short, long), (other,) = rects(svg, "ours"), rects(svg, "peer")
    assert long == pytest.approx(4 * short, abs=0.3) and other == pytest.approx(2 * short, abs=0.3)
    assert {"0", "a", "10", "unit", "t"} <= set(texts(svg))


def test_dots_lie_by_the_logarithm_and_the_axis_says_so():
    bars = [Bar("a", 0.1, "0.1 ×", 1), Bar("b", 1, "1 ×", 1), Bar("c", 10, "10 ×", 1, "miss")]
    svg = draw(Chart("t", [("", bars)], "times, logarithmic", has_dots=True))
    first, second, third = (float(dot.get("cx")) for dot in ElementTree.fromstring(svg).iter(f"{SVG}circle"))
    assert third - second == pytest.approx(second - first, abs=0.2)


def test_text_is_escaped_and_stands_in_the_title():
    chart = Chart("a < b", [("x & y", [Bar("n", 1, "1 >", 2, "miss")])], "unit", foot="here")
    assert ElementTree.fromstring(draw(chart)).find(f"{SVG}title").text == words(chart)
    assert words(chart) == "a < b (unit). x & y: n 1 >, misses its target. here."


def test_a_miss_is_coloured_and_said():
    chart = charts.engines([line()])
    assert [bar.kind for bar in chart.bars] == ["miss"] and chart.bars[0].target == 40000
    assert "AMD EPYC, 2 threads" in words(chart) and "misses its target" in words(chart)
    assert charts.engines([line(value=40000.0)]).bars[0].kind == "ours"


def test_one_stream_is_of_the_machine_measured_last():
    old = line(threads=1, hardware="other, 4 logical cores")
    new = line(threads=1, value=50000.0, date="2026-01-02T00:00:00+00:00")
    chart = charts.one_stream([new, old, line()])
    assert [bar.shown for bar in chart.bars] == ["50,000"] and chart.foot == "AMD EPYC, 1 thread, abc, 2026-01-02"


@pytest.mark.parametrize(
    "unit, value, target, ratio",
    [("nats/step", 9.0, "≤ 8.0", 1.125), ("% right", 90.0, "published 95.0", 2.0), ("% right", 96.0, "≥ 92", 0.5)],
)
def test_distance_is_above_one_for_a_miss(unit, value, target, ratio):
    (bar,) = charts.distances([line(id="Q4", figure="f, test", unit=unit, value=value, target=target)]).bars
    assert bar.value == pytest.approx(ratio) and bar.kind == ("miss" if ratio > 1 else "ours")


def test_nothing_recorded_gives_no_chart():
    assert charts.pictures([]) == {} and charts.shown([], charts.PAGE) == ""


@pytest.mark.parametrize("name", charts.CHARTS)
def test_the_recorded_charts_hold_their_text(name):
    chart = charts.CHARTS[name](report.read())
    svg = draw(chart)
    shown = texts(svg)
    assert all(bar.label in shown and bar.shown in shown for bar in chart.bars)
    for x, anchor, text in re.findall(r'<text class="t" x="([\d.]+)" y="[\d.]+"( text-anchor="end")?>([^<]*)<', svg):
        left = float(x) - 7 * len(text) * bool(anchor)
        assert left >= 0 and left + 7 * len(text) <= WIDTH, text


def test_the_title_says_the_gain_where_others_were_measured():
    one = line(threads=1, value=5000.0)
    plain = line(threads=1, value=50.0, figure="plain PyTorch generator, 1 stream", target="")
    assert "100 ×" in charts.one_stream([one, plain]).title and "×" not in charts.one_stream([one]).title
