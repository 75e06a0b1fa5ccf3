import json
from pathlib import Path

import pytest

from benchmarks import report

ROOT = Path(__file__).resolve().parents[2]


def line(**changes):
    base = dict(
        id="Q1", figure="bits", value=4.5, unit="bits/sample", target="< 4.2", model="m", hardware="h", threads=2
    )
    return {**base, "commit": "abc", "seconds": 300.0, "date": "2026-01-01T00:00:00+00:00", "note": "", **changes}


def write(folder, *lines):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "any.jsonl").write_text("".join(json.dumps(item) + "\n" for item in lines))


def test_latest_line_of_a_configuration_wins_and_others_stay(tmp_path):
    newer = line(value=4.1, date="2026-01-02T00:00:00+00:00")
    write(tmp_path, newer, line(), line(threads=1), line(id="S1", figure="speed", target=""))
    lines = report.read(tmp_path)
    assert [item["id"] for item in lines] == ["S1", "Q1", "Q1"]
    assert newer in lines and line() not in lines and line(threads=1) in lines


def test_page_and_summary_show_value_beside_target(tmp_path):
    lines = [line(value=12345.6, unit="samples/s"), line(id="S1", figure="a|b", target="")]
    page = report.page(lines)
    assert "## Q1 · FSDD" in page and "| bits | 12,346 samples/s | < 4.2 |" in page and "a\\|b" in page
    assert "## S2" not in page
    assert "bits" in report.summary(lines) and "a\\|b" not in report.summary(lines)


@pytest.mark.parametrize("text", ["not json", "[]", "{}", json.dumps(line(id="Z9")), json.dumps(line(extra=1))])
def test_bad_line_is_named(tmp_path, text):
    (tmp_path / "Q1.jsonl").write_text(json.dumps(line()) + "\n" + text + "\n")
    with pytest.raises(ValueError, match="Q1.jsonl:2"):
        report.read(tmp_path)


def test_insert_changes_only_what_is_between_the_markers():
    readme = f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n"
    once = report.insert(readme, "new\n")
    assert once == f"before\n{report.BEGIN}\nnew\n{report.END}\nafter\n"
    assert report.insert(once, "new\n") == once
    with pytest.raises(ValueError, match="once each"):
        report.insert("no markers", "new\n")


def test_main_writes_every_page(tmp_path):
    write(tmp_path / "benchmarks" / "results", line())
    (tmp_path / "docs").mkdir()
    for name in report.TABLES:
        ten = f"{report.TEN_BEGIN}\n{report.TEN_END}\n" if name == report.TRANSLATION else ""
        (tmp_path / name).write_text(f"{report.BEGIN}\n{report.END}\n{ten}")
    report.main(tmp_path)
    assert "| Q1 | bits | 4.5 bits/sample | < 4.2 |" in (tmp_path / "README.md").read_text()
    assert "| bits | 4.5 bits/sample | < 4.2 |" in (tmp_path / "docs" / "benchmarks.md").read_text()


def test_main_writes_nothing_where_a_page_lacks_its_markers(tmp_path):
    write(tmp_path / "benchmarks" / "results", line())
    (tmp_path / "docs").mkdir()
    (tmp_path / "README.md").write_text(f"{report.BEGIN}\n{report.END}\n")
    (tmp_path / "docs" / "text.md").write_text("no markers")
    with pytest.raises(ValueError, match="once each"):
        report.main(tmp_path)
    assert not (tmp_path / "docs" / "benchmarks.md").exists()


def test_networks_under_one_budget_stand_best_first(tmp_path):
    worse = line(figure=f"{report.COMPARED}3 minutes, gru", target="")
    better = line(figure=f"{report.COMPARED}3 minutes, lstm", target="", value=1.5)
    table = report.compared([worse, line(), better])
    assert "bits |" not in table and table.index("lstm") < table.index("gru")


def test_committed_pages_are_what_the_committed_results_give():
    for name, text in report.pages(ROOT, report.read()).items():
        assert (ROOT / name).read_text(encoding="utf-8") == text, "run `make bench-report`"
