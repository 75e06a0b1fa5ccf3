"""Tables and sentences come as texts with a class each, in splits that share no text; what is wrong has its line."""

import gzip

import numpy as np
import pytest

from tests.refusals import assert_says, refuses
from undertow.alphabets.bytes import Bytes
from undertow.alphabets.characters import Characters, collect
from undertow.data.batches import batches_in_order
from undertow.data.labelled_text import open_labelled_text
from undertow.errors import DataError, UsageError


@pytest.fixture
def write(tmp_path):
    def table(content: str | bytes, name: str = "reviews.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return table


def test_a_table_with_a_split_column(write):
    rows = ["train,good film,1", "train,bad film,0", "valid,so-so,0", 'test,"fine,\nreally",10', "train,x,10"]
    found = open_labelled_text(write("\n".join(["split,text,label", *rows])))
    assert found.label == "label" and found.classes == ("0", "1", "10") and found.lines() == []
    assert [tuple(row[:2]) for row in found.split("train")] == [("good film", "1"), ("bad film", "0"), ("x", "10")]
    assert [row.text for row in found.split("test")] == ["fine,\nreally"]
    assert found.split("validation")[0].name.endswith("reviews.csv, line 4")


def test_without_a_split_column_a_hash_of_the_text_decides(write):
    lines = [f"text number {index % 90},{index % 90 % 3}" for index in range(200)] + ["the only one,rare"]
    found = open_labelled_text(write("\n".join(["text,label", *lines])))
    texts = {split: [row.text for row in found.split(split)] for split in ("train", "validation", "test")}
    assert sum(map(len, texts.values())) == 201 and min(map(len, texts.values())) > 0
    assert not set(texts["train"]) & {*texts["validation"], *texts["test"]} and len(texts["train"]) > 150
    assert {row.label for row in found.split("train")} == {"0", "1", "2", "rare"} == set(found.classes)
    again = open_labelled_text(write("\n".join(["text,label", *lines, "one more,1"])))
    assert set(texts["test"]) <= {row.text for row in again.split("test")}


def test_a_split_that_no_row_is_told_to_be_in_is_taken_from_train(write):
    rows = [f"train,text {index},{index % 2}" for index in range(60)] + ["test,text 60,0"]
    found = open_labelled_text(write("\n".join(["split,text,label", *rows])))
    assert [row.text for row in found.split("test")] == ["text 60"]
    again = open_labelled_text(write("\n".join(["split,text,label", *rows, "train,text 60,0"])))
    assert [row.text for row in again.split("train")][-1] == "text 60"  # as told
    assert 0 < len(found.split("validation")) < 10


def test_fault_6_the_split_column_wins_where_texts_repeat(write):
    rows = [f"review {index % 40},{index % 2},train" for index in range(200)]
    rows += [f"review {index},{index % 2},test" for index in range(40)]
    found = open_labelled_text(write("\n".join(["text,label,split", *rows])))
    assert [row.text for row in found.split("test")] == [f"review {index}" for index in range(40)]
    assert len(found.split("train")) + len(found.split("validation")) == 200 and len(found.split("validation")) < 20
    (said,) = [line for line in found.lines() if "test" in line]
    drawn = {row.text for row in found.split("validation")}
    assert drawn and not drawn & {row.text for row in found.split("train")}
    assert_says(said, f"{40 - len(drawn)} of 40", "train", "reviews.csv, line 20")


def test_fault_6_every_told_split_is_as_told_and_repeats_are_counted(write):
    rows = [f"text {index},{index % 2},train" for index in range(30)]
    rows += ["text 3,1,validation", "text 4,0,validation", "new,1,validation", "text 4,0,test", "text 5,1,"]
    found = open_labelled_text(write("\n".join(["text,label,split", *rows])))
    assert [row.text for row in found.split("validation")] == ["text 3", "text 4", "new"]
    assert [row.text for row in found.split("test")] == ["text 4"] and len(found.split("train")) == 31
    assert_says("\n".join(found.lines()), "2 of 3 validation", "1 of 1 test")


def test_columns_of_other_names_and_two_texts(write):
    path = write("premise\ttext_b\tmood\nit rains\tit is wet\tyes\nit rains\t\tno\n", "pairs.tsv")
    found = open_labelled_text(path, text_column="premise", label_column="mood", separator=" | ")
    assert found.label == "mood" and [row.text for row in found.splits["train"]] == ["it rains | it is wet", "it rains"]


def test_encoding(write):
    rows = open_labelled_text(write("\ufefftext,label,split\nab,x,train\nbca,y,train\naé,x,test\n"))
    encoded = rows.encode("train", Bytes(Bytes.Config()))
    assert [sequence.tolist() for sequence in encoded.sequences] == [[97, 98], [98, 99, 97]]
    assert encoded.sequences[0].dtype == np.uint8 and encoded.labels["label"].tolist() == [0, 1]
    (batch,) = batches_in_order(encoded, 4)
    assert batch.labels["label"].tolist() == [1, 0] and batch.counted.sum(1).tolist() == [3, 2]
    characters = Characters(collect(row.text for row in rows.split("train")))
    with refuses(DataError, "reviews.csv, line 4", "'é' (U+00E9)", "position 2"):
        rows.encode("test", characters)
    with refuses(DataError, "validation split", "train, test"):
        rows.encode("validation", characters)


def test_rows_without_text_or_label_are_skipped_and_reported(write):
    found = open_labelled_text(write("text,label,split\na,x,train\n ,y,train\nb,y,train\nc,,train\n,x,train\n"))
    assert [row.text for row in found.split("train")] == ["a", "b"]
    first, second = found.lines()
    assert_says(first, "2 rows skipped", "text", "reviews.csv, line 3")
    assert_says(second, "1 row skipped", "label")


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (b"text,label\ngood,1\ncaf\xe9,0\n", ["reviews.csv, line 3", "0xe9", "position 4", "UTF-8"]),
        ("good film,1\nbad film,0\n", ["column 'text'", "'good film'"]),
        ("text\na\n", ["column 'label'"]),
        ("", ["column 'text'", "nothing"]),
        ("text,label\n", ["no row", "text", "label"]),
        ("text,label\n,\n , \n", ["no row", "text", "label"]),
        ("text,label\na,1\nb\n", ["reviews.csv, line 3", "2 cells"]),
        ("text,label\na,1\nb,c,2\n", ["reviews.csv, line 3", "2 cells"]),
        ('text,label\na,1\n"b,2\n', ["reviews.csv, line 3", "end of data"]),
        ('text,label\n"a"b,1\n', ["reviews.csv, line 2", "',' expected"]),
        ('"text,label\n', ["reviews.csv, line 1", "end of data"]),
        ("text,label,split\na,1,later\n", ["line 2", "split", "'later'", "train, validation, test"]),
    ],
)
def test_faults_are_given_with_their_line(write, content, parts):
    with refuses(DataError, *parts) as caught:
        open_labelled_text(write(content))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        ("text,label\na,1\nb,1\n", ["every text", "reviews.csv", "class '1'"]),
        ("text,label,split\na,1,train\nb,2,test\n", ["class '2'", "train split"]),
        ("text,label,split\na,1,test\nb,2,test\n", ["class '1'", "train split"]),
    ],
)
def test_what_no_classifier_can_learn_is_read_all_the_same(write, content, parts):
    found = open_labelled_text(write(content))
    assert sum(map(len, found.splits.values())) == 2
    with refuses(DataError, *parts) as caught:
        found.check_learnable()
    assert "\n" not in str(caught.value)
    assert open_labelled_text(write("text,label\na,1\nb,2\n")).check_learnable() is None


def test_refusals(write, tmp_path):
    with refuses(UsageError, "'reviews.xlsx'", ".csv, .tsv", "multi30k"):
        open_labelled_text("reviews.xlsx")
    with refuses(DataError, "none.csv", "No such file"):
        open_labelled_text(tmp_path / "none.csv")
    with refuses(UsageError, "path", "named set", "'reviews.csv'"):
        open_labelled_text("reviews.csv", tmp_path)
    with refuses(UsageError, "mnist", "images, not pairs"):
        open_labelled_text("mnist")


def test_the_language_of_real_sentences(real_data):
    found = open_labelled_text("multi30k", real_data / "multi30k")
    assert (found.label, found.classes) == ("language", ("de", "en"))
    assert [len(found.split(split)) for split in ("train", "validation", "test")] == [58_000, 2_028, 2_000]
    with gzip.open(real_data / "multi30k" / "val.en.gz", "rt", encoding="utf-8") as file:
        first = file.readline().strip()
    english = [row for row in found.split("validation") if row.label == "en"]
    assert (english[0].text, english[0].name) == (first, "val.en, line 1")
    encoded = found.encode("test", Bytes(Bytes.Config()))
    assert encoded.labels["language"].tolist() == [0] * 1000 + [1] * 1000


def test_a_long_cell_and_a_name_in_capitals_are_read(write):
    long = "a" * 200_000
    found = open_labelled_text(write(f"text,label\n{long},1\nb,0\n", "REVIEWS.CSV"))
    assert long in {row.text for rows in found.splits.values() for row in rows}


@pytest.mark.parametrize("twice", ["text", "label", "split", "text_b"])
def test_two_columns_of_one_name_are_refused(write, twice):
    with refuses(DataError, "reviews.csv", f"two columns '{twice}'"):
        open_labelled_text(write(f"text,label,split,text_b,{twice}\na,b,train,c,d\n"))


def test_columns_that_are_not_read_may_share_a_name(write):
    found = open_labelled_text(write("text,label,split,,\ngood,1,train,,\nbad,0,test,x,y\n"))
    assert found.classes == ("0", "1")
