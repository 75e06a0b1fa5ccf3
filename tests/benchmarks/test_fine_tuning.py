"""Pre-train, then fine-tune: examples drawn alike of each class, of both splits, and settings that recipes take."""

import csv
from collections import Counter

import pytest

from benchmarks import fine_tuning
from undertow.data.labelled_text import LabelledText, LabelledTexts
from undertow.recipes import read_recipe


def test_as_many_of_each_class_are_drawn_by_a_seed_alone():
    rows = [(name, number) for name in "abc" for number in range(50)] + [("d", 0)]
    drawn = fine_tuning.draw(rows, lambda row: row[0], 40, seed=1)
    assert Counter(name for name, _ in drawn) == {"a": 10, "b": 10, "c": 10, "d": 1} and len(set(drawn)) == 31
    assert drawn == fine_tuning.draw(rows, lambda row: row[0], 40, seed=1) and set(drawn) <= set(rows)
    assert drawn != fine_tuning.draw(rows, lambda row: row[0], 40, seed=2)


@pytest.fixture
def pairs(monkeypatch):
    sizes = {"train": 30, "validation": 8, "test": 6}
    splits = {
        split: [LabelledText(f"{split} {name} {number}", name, "") for name in ("de", "en") for number in range(size)]
        for split, size in sizes.items()
    }
    texts = LabelledTexts("multi30k", "language", ("de", "en"), splits)
    monkeypatch.setattr(fine_tuning, "open_labelled_text", {"multi30k": texts}.__getitem__)


def test_a_table_has_few_lines_to_train_and_validate_on_and_the_whole_test(pairs, tmp_path):
    path = fine_tuning.write_table(tmp_path / "10-0-data", 10, seed=0)
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    sizes = Counter((row["split"], row["label"]) for row in rows)
    assert sizes == {
        (split, label): 6 if split == "test" else 5 for split in fine_tuning.SPLITS for label in ("de", "en")
    }
    assert all(row["label"] in row["text"].split() for row in rows)


def test_lines_without_labels_are_the_train_ones_of_both_languages_mixed(pairs, tmp_path):
    folder = fine_tuning.write_lines(tmp_path / "lines")
    lines = (folder / "train" / "lines.txt").read_text().splitlines()
    languages = [line.split()[1] for line in lines]
    assert len(set(lines)) == 60 and languages != sorted(languages) and lines[0].startswith("train ")


@pytest.mark.parametrize("name", fine_tuning.TASKS)
def test_recipes_take_the_settings(name):
    task = fine_tuning.TASKS[name]
    assert read_recipe(task.recipe, task.changes).training.steps == task.changes["training.steps"]
