"""What S1 and S2 say of a row of speeds, on given numbers."""

from benchmarks import s2_many_streams, speeds
from undertow.cost import Speed
from undertow.cost.roofline import Roofline, StepCost

ROOFLINE = Roofline(StepCost(5_000_000, 1_250_000), 4, read_bandwidth=50e9, matrix_peak=60e9)
ROW = Speed("native", "int8", 2, 4, 24_000.0, 16_000, ROOFLINE)


def test_names_and_notes():
    assert speeds.name(ROW) == "native int8, 4 streams"
    assert speeds.name(Speed("torch", "float32", 1, 1, 100.0, 16_000, None)) == "torch step, 1 stream"
    note = speeds.note(ROW, 5, 0.5)
    assert "1.50 of real time; 0.60 of the roofline (bandwidth): 5.00 MB a step at 50.0 GB/s" in note


def test_share_of_the_matrix_peak():
    assert s2_many_streams.share_of_peak(ROW) == 0.5
