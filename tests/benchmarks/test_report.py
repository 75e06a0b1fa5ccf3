import json
from pathlib import Path

import pytest

from benchmarks import benchmarks_page, headlines, page_tables, recipes_page, report, tables
from benchmarks.record import COMPARED

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


def test_page_shows_value_target_and_whether_it_is_met():
    lines = [line(value=12345.6, unit="samples/s"), line(id="S1", figure="a|b", target="")]
    page = benchmarks_page.page(lines)
    assert "## Q1 · FSDD" in page and "| bits | 12,346 samples/s | < 4.2 | **no** |" in page and "a\\|b" in page
    assert "## S2" not in page


def test_what_rows_share_is_said_once_above_their_table():
    note = "one; 7 updates, processes 2, threads of each 1"
    page = benchmarks_page.page([line(note=note), line(note=note, figure="other"), line(threads=1)])
    assert (
        "h, scored with 2 threads; m; one; 7 updates in 5 minutes on 2 processes of 1 thread; `abc`, 2026-01-01."
        in page
    )
    assert page.count("one;") == 1 and "h, scored with 1 thread; m; `abc`" in page
    assert "| figure | value | target | met |\n" in page


@pytest.mark.parametrize(
    "target, value, unit, said",
    [
        ("≥ 22,000", 21999, "samples/s", "**no**"),
        ("≤ 8.26 (published 8.1)", 8.26, "nats/step", "yes"),
        ("published 99.0", 97.6, "% right", "**no**"),
        ("published 5.8e-5", 5e-5, "squared error", "yes"),
        ("1.4697 (10.7 M parameters)", 1.4, "nats/character", "yes"),
        ("", 1, "MB", ""),
    ],
)
def test_met(target, value, unit, said):
    assert tables.met(line(target=target, value=value, unit=unit)) == said


def test_met_by_growth_and_unreadable():
    growing = line(target="grows with length", note="64: 1.5 ×, 128: 2 ×; more")
    assert tables.met(growing) == "yes" and tables.met({**growing, "note": "64: 2 ×, 128: 1 ×"}) == "**no**"
    with pytest.raises(ValueError, match="soon"):
        tables.met(line(target="soon"))


def test_runs_over_their_budget_say_so():
    late = line(id="Q4", figure="tcn-mnist, test", target="≥ 1", seconds=1500, note="9 updates in 25 minutes")
    assert tables.met(late) == "yes, over budget"
    assert tables.how(late) == ["9 updates in 25 minutes (10 planned); the published code makes 18,760 updates"]
    assert "took longer (25 minutes)" in benchmarks_page.page([late])
    long = line(id="Q5", figure="transformer-multi30k-long en-de: BLEU, test 2016", seconds=7100)
    assert not tables.is_over(long) and tables.is_over({**long, "seconds": 7300})


def test_every_headline_is_recorded():
    lines = report.read()
    found = [headlines.pick(lines, *headline[:3]) for headline in headlines.HEADLINES]
    assert all(found)
    speeds, qualities = range(1, 8), (*range(1, 8), *range(10, 14))
    assert {one["id"] for one in found} == {*(f"S{n}" for n in speeds), *(f"Q{n}" for n in qualities)}
    assert any(tables.met(one) == "**no**" for one in found)


def test_the_best_translator_stands_first_and_once():
    figures = {f"{name}-multi30k {headlines.BLEU}": bleu for name, bleu in (("a", 9), ("transformer", 8))}
    both = [line(id="Q5", figure=name, unit="BLEU", threads=1, value=bleu) for name, bleu in figures.items()]
    table = headlines.summary(both)
    assert table.index("`a-multi30k`") < table.index("`transformer-multi30k`: the same")
    assert headlines.summary(both[1:]).count("`transformer-multi30k`") == 1


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


def lay_out(root):
    """Pages with nothing between their markers, and two recorded lines."""
    write(root / "benchmarks" / "results", line(figure="wavenet-fsdd"), line())
    (root / "docs").mkdir()
    for name in report.TABLES:
        (root / name).write_text(f"{report.BEGIN}\n{report.END}\n")
    for name, begin, end in (
        (report.TRANSLATION, report.TEN_BEGIN, report.TEN_END),
        (report.HOME, report.SOUND_BEGIN, report.SOUND_END),
    ):
        with open(root / name, "a") as page:
            page.write(f"{begin}\n{end}\n")


def test_main_writes_every_page_and_chart(tmp_path):
    lay_out(tmp_path)
    report.main(tmp_path)
    assert "4.5 bits/sample | < 4.2 | **no** |" in (tmp_path / "README.md").read_text()
    assert "| bits | 4.5 bits/sample | < 4.2 | **no** |" in (tmp_path / "docs" / "benchmarks.md").read_text()
    assert "`wavenet-fsdd`" in (tmp_path / "docs" / "recipes.md").read_text()
    charts = sorted(path.name for path in (tmp_path / "docs" / "images" / "charts").iterdir())
    assert charts == ["distances.svg", "spoken-digits.svg"]
    home = (tmp_path / "docs" / "index.md").read_text()
    assert "(images/charts/spoken-digits.svg)" in home and "<audio" not in home


def test_main_writes_nothing_where_a_page_lacks_its_markers(tmp_path):
    lay_out(tmp_path)
    (tmp_path / "docs" / "text.md").write_text("no markers")
    with pytest.raises(ValueError, match="once each"):
        report.main(tmp_path)
    assert not (tmp_path / "docs" / "benchmarks.md").exists()


def test_networks_under_one_budget_stand_best_first():
    note = "2.1 bits; 9 updates in 3.0 minutes; 8 characters/s in training; "
    note += "of one stream of 65, 7 cached (torch), 6 uncached; x split"
    worse = line(figure=f"{COMPARED}3 minutes, gru", note=note)
    better = line(figure=f"{COMPARED}3 minutes, lstm", note=note, value=1.5, model="9 parameters")
    table = page_tables.compared([worse, line(), better])
    assert "bits |" in table and table.index("lstm") < table.index("gru")
    assert "| `lstm` | 1.5 | 2.1 | 9 | 3.0 | 9 | 8 | 7 (torch) | 6 |" in table
    with pytest.raises(ValueError, match="note"):
        page_tables.compared([line(figure=f"{COMPARED}3 minutes, gru")])


def test_word_errors_stand_by_what_was_held_out():
    lines = [line(figure=f"{name}, word error, {what}", unit="%") for what in ("takes", "ann") for name in ("a", "b")]
    rows = page_tables.heard([line(), *lines]).splitlines()
    assert [row.split(" | ")[:2] for row in rows[2:]] == [
        ["| `a`", "ann"],
        ["| `b`", "ann"],
        ["| `a`", "takes"],
        ["| `b`", "takes"],
    ]
    assert page_tables.heard([line()]) == tables.EMPTY


def test_images_stand_with_the_best_run_of_a_recipe():
    digits = dict(id="Q6", unit="nats/image", model="pixelcnn of 1,234 parameters; it sees 9 pixels of the past")
    lines = [line(figure=f"{name}, test", value=value, **digits) for name, value in (("a", 90), ("b", 80), ("a", 85))]
    lines.append(line(**{**digits, "unit": "bits/dimension"}, figure="PNG of images", value=5.8))
    rows = page_tables.pixels([line(), *lines]).splitlines()
    assert [row.split(" | ")[:2] for row in rows[2:]] == [
        ["| `b`", "80 nats/image"],
        ["| `a`", "85 nats/image"],
        ["| PNG of images", "5.8 bits/dimension"],
    ]
    assert "| 1,234 |" in rows[2] and page_tables.pixels([line()]) == tables.EMPTY


def test_recipes_take_what_they_extend(tmp_path):
    (tmp_path / "base.yaml").write_text(
        "description: one\ndata: {kind: text}\ntraining: {steps: 1000, batch_size: 2}\n"
    )
    (tmp_path / "more.yaml").write_text("description: two\nextends: base\ntraining: {steps: null, minutes: 5}\n")
    page = recipes_page.page([line(figure="more, test", note="9 updates in 5 minutes")], tmp_path)
    assert "## Text" in page and "| `base` | one | 1,000 updates |  |" in page
    assert "| `more` | two | 5 minutes | 5 minutes |" in page


def test_committed_pages_are_what_the_committed_results_give():
    for name, text in report.pages(ROOT, report.read()).items():
        assert (ROOT / name).read_text(encoding="utf-8") == text, "run `make bench-report`"
