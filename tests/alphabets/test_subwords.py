"""Sub-words: trained, loaded, held to what gives every text back, and nothing is ever unknown."""

import builtins
import json

import numpy as np
import pytest
import tokenizers

from tests.alphabets.texts import SAMPLE, text_alphabet
from tests.refusals import refuses
from undertow.alphabets import Subwords, build
from undertow.alphabets.subwords import from_files, train_subwords
from undertow.errors import DataError, UsageError


def test_frequent_words_become_tokens():
    alphabet = text_alphabet("subwords")
    assert len(alphabet.encode("the thing")) == 2 and alphabet.unit == "token"
    assert 256 < alphabet.num_symbols == alphabet.config.size <= 300
    assert sorted(piece for piece in alphabet.pieces if len(piece) == 1) == [bytes([value]) for value in range(256)]


def test_training_is_reproducible_and_takes_parts():
    config = train_subwords([SAMPLE] * 3, 300)
    assert train_subwords([SAMPLE] * 3, 300) == config == text_alphabet("subwords").config
    assert train_subwords(iter([SAMPLE.encode()] * 3), 300) == config


def test_little_text_gives_fewer_tokens():
    config = train_subwords(["abab"], 5000)
    assert 256 < config.size < 260 and build(config).decode(build(config).encode("ab")) == "ab"


def test_what_cannot_be_trained():
    with refuses(UsageError, "size"):
        train_subwords(["text"], 255)
    with refuses(DataError, "empty", "sub-words"):
        train_subwords(["", b""], 300)
    with refuses(DataError, "UTF-8", "0xff", "position 1"):
        train_subwords([b"\xff"], 300)
    with refuses(UsageError, "alphabet.tokenizer"):
        Subwords(Subwords.Config())


def test_a_size_that_is_not_the_tokenizers_is_refused():
    config = text_alphabet("subwords").config
    with refuses(UsageError, "alphabet.size", 256, f"{config.size} tokens"):
        Subwords(Subwords.Config(size=256, tokenizer=config.tokenizer))


def test_without_the_library_one_line_says_so(monkeypatch):
    real_import = builtins.__import__

    def without(name, *rest):
        if name == "tokenizers":
            raise ImportError(name)
        return real_import(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with refuses(UsageError, "tokenizers", "undertow[text]"):
        train_subwords(["text"], 300)


@pytest.fixture
def folders(tmp_path):
    """The same BPE as a hub folder's tokenizer.json and as vocab.json with merges.txt."""
    library = tokenizers.ByteLevelBPETokenizer(add_prefix_space=False)
    library.train_from_iterator([SAMPLE] * 3, 290, special_tokens=["<|endoftext|>"], show_progress=False)
    for name in ("whole", "parts"):
        (tmp_path / name).mkdir()
    library.save(str(tmp_path / "whole" / "tokenizer.json"))
    library.save_model(str(tmp_path / "parts"))
    return tmp_path, library


def test_both_kinds_of_files_say_what_the_library_says(folders):
    folder, library = folders
    for name in ("whole", "parts"):
        alphabet = Subwords(from_files(folder / name))
        np.testing.assert_array_equal(alphabet.encode(SAMPLE), library.encode(SAMPLE).ids)
        assert alphabet.decode(alphabet.encode(SAMPLE + "\x00\x7fü")) == SAMPLE + "\x00\x7fü"
        (end,) = alphabet.encode("<|endoftext|>")
        assert end == library.token_to_id("<|endoftext|>") and alphabet.pieces[end] == b"<|endoftext|>"


def test_files_that_are_missing_or_damaged(folders):
    folder, _ = folders
    (folder / "empty").mkdir()
    with refuses(DataError, folder / "empty", "tokenizer.json", "vocab.json", "merges.txt"):
        from_files(folder / "empty")
    (folder / "parts/vocab.json").write_text("{")
    with refuses(DataError, folder / "parts", "vocab.json", "merges.txt", "BPE"):
        from_files(folder / "parts")
    (folder / "whole/tokenizer.json").write_text("{}")
    with refuses(DataError, folder / "whole", "tokenizer"):
        from_files(folder / "whole")


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"normalizer": {"type": "Lowercase"}}, "Lowercase"),
        ({"pre_tokenizer": None}, "byte-level"),
        ({"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}},
         "space before text"),
        ({"pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"String": " "}, "behavior": "Removed", "invert": False},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}]}},
         "separators"),
        ({"pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "WhitespaceSplit"},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}]}},
         "separators"),
        ({"model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}}, "WordLevel"),
        ({"added_tokens": [{"id": 256, "content": "<mask>", "single_word": False, "lstrip": True, "rstrip": False,
                            "normalized": False, "special": True}]}, "spaces around"),
    ],
)  # fmt: skip
def test_tokenizers_that_change_text_are_refused(change, word):
    fields = json.loads(train_subwords(["abcabc"], 256).tokenizer) | change
    with refuses(DataError, "tokenizer", word):
        Subwords(Subwords.Config(size=256, tokenizer=json.dumps(fields)))


@pytest.mark.parametrize(
    ("key", "value", "word"),
    [("dropout", 0.1, "random"), ("end_of_word_suffix", "</w>", "ends of words")],
)
def test_models_that_change_text_are_refused(key, value, word):
    fields = json.loads(train_subwords(["abcabc"], 256).tokenizer)
    fields["model"][key] = value
    with refuses(DataError, "tokenizer", word):
        Subwords(Subwords.Config(size=256, tokenizer=json.dumps(fields)))


def test_a_token_that_stands_for_no_bytes_is_refused():
    fields = json.loads(train_subwords(["abcabc"], 256).tokenizer)
    fields["model"]["vocab"]["\u2581the"] = 256
    with refuses(DataError, "'▁the'", "bytes"):
        Subwords(Subwords.Config(size=257, tokenizer=json.dumps(fields)))


def test_a_tokenizer_without_every_byte_is_refused():
    fields = json.loads(train_subwords(["abcabc"], 256).tokenizer)
    fields["model"]["vocab"] = {chr(0x4E00 + number): number for number in range(256)}
    with refuses(DataError, "256 of the 256 bytes"):
        Subwords(Subwords.Config(size=256, tokenizer=json.dumps(fields)))


@pytest.mark.parametrize("left_out", ["added_tokens", "normalizer", "decoder", "post_processor", "version"])
def test_fault_47_a_tokenizer_without_parts_that_may_be_missing_is_read(left_out: str) -> None:
    config = text_alphabet("subwords").config
    fields = json.loads(config.tokenizer)
    del fields[left_out]
    alphabet = Subwords(Subwords.Config(size=config.size, tokenizer=json.dumps(fields)))
    assert alphabet.decode(alphabet.encode(SAMPLE)) == SAMPLE


@pytest.mark.parametrize("change", [{"pre_tokenizer": None}, {"model": None}, {"added_tokens": [{}]}])
def test_fault_47_a_tokenizer_without_parts_that_it_needs_is_one_line(tmp_path, change) -> None:
    fields = json.loads(text_alphabet("subwords").config.tokenizer) | change
    for name, value in change.items():
        for there in (fields, {key: part for key, part in fields.items() if key != name or value}):
            (tmp_path / "tokenizer.json").write_text(json.dumps(there))
            with refuses(DataError, tmp_path, "tokenizer"):
                from_files(tmp_path)


def test_fault_47_a_tokenizer_on_which_its_library_panics_is_one_line(
    tmp_path, capfd: pytest.CaptureFixture[str]
) -> None:
    fields = json.loads(text_alphabet("subwords").config.tokenizer)
    fields["model"]["continuing_subword_prefix"] = "x" * 300  # longer than what it should be cut from
    (tmp_path / "tokenizer.json").write_text(json.dumps(fields))
    with refuses(DataError, tmp_path, "ends of words"):
        from_files(tmp_path)
    assert capfd.readouterr().err == ""  # the library would print where it panicked


def test_a_tokenizer_that_is_not_utf8_is_one_line(tmp_path) -> None:
    (tmp_path / "tokenizer.json").write_bytes(b"\xff")
    with refuses(DataError, tmp_path / "tokenizer.json", "UTF-8"):
        from_files(tmp_path)
