"""Sub-words: trained, loaded, held to what gives every text back, and nothing is ever unknown."""

import builtins
import json

import numpy as np
import pytest
import tokenizers

from tests.alphabets.texts import SAMPLE, text_alphabet
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
    with pytest.raises(UsageError, match="size"):
        train_subwords(["text"], 255)
    with pytest.raises(DataError, match="the text is empty"):
        train_subwords(["", b""], 300)
    with pytest.raises(DataError, match="not UTF-8 text: byte 0xff at position 1"):
        train_subwords([b"\xff"], 300)
    with pytest.raises(UsageError, match="alphabet.tokenizer: there is none; train one"):
        Subwords(Subwords.Config())


def test_a_size_that_is_not_the_tokenizers_is_refused():
    config = text_alphabet("subwords").config
    with pytest.raises(UsageError, match=f"alphabet.size is 256, but the tokenizer has {config.size} tokens"):
        Subwords(Subwords.Config(size=256, tokenizer=config.tokenizer))


def test_without_the_library_one_line_says_so(monkeypatch):
    real_import = builtins.__import__

    def without(name, *rest):
        if name == "tokenizers":
            raise ImportError(name)
        return real_import(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(
        UsageError, match=r"sub-words need tokenizers; install undertow with its extra: undertow\[text\]"
    ):
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
    with pytest.raises(DataError, match="empty: there is neither tokenizer.json nor vocab.json with merges.txt"):
        from_files(folder / "empty")
    (folder / "parts/vocab.json").write_text("{")
    with pytest.raises(DataError, match="parts: vocab.json and merges.txt make no BPE"):
        from_files(folder / "parts")
    (folder / "whole/tokenizer.json").write_text("{}")
    with pytest.raises(DataError, match="whole: the tokenizer cannot be read"):
        from_files(folder / "whole")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"normalizer": {"type": "Lowercase"}}, r"normalises text \(Lowercase\)"),
        ({"pre_tokenizer": None}, "is BPE, not byte-level BPE"),
        ({"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True}},
         "puts a space before text"),
        ({"pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "Split", "pattern": {"String": " "}, "behavior": "Removed", "invert": False},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}]}},
         "leaves out or changes what separates words"),
        ({"pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "WhitespaceSplit"},
            {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}]}},
         "leaves out or changes what separates words"),
        ({"model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}}, "is WordLevel, not byte-level BPE"),
        ({"added_tokens": [{"id": 256, "content": "<mask>", "single_word": False, "lstrip": True, "rstrip": False,
                            "normalized": False, "special": True}]}, "takes away the spaces"),
    ],
)  # fmt: skip
def test_tokenizers_that_change_text_are_refused(change, message):
    fields = json.loads(train_subwords(["abcabc"], 256).tokenizer) | change
    with pytest.raises(DataError, match=message):
        Subwords(Subwords.Config(size=256, tokenizer=json.dumps(fields)))


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [("dropout", 0.1, "leaves out merges at random"), ("end_of_word_suffix", "</w>", "marks the ends of words")],
)
def test_models_that_change_text_are_refused(key, value, message):
    fields = json.loads(train_subwords(["abcabc"], 256).tokenizer)
    fields["model"][key] = value
    with pytest.raises(DataError, match=message):
        Subwords(Subwords.Config(size=256, tokenizer=json.dumps(fields)))


def test_a_token_that_stands_for_no_bytes_is_refused():
    fields = json.loads(train_subwords(["abcabc"], 256).tokenizer)
    fields["model"]["vocab"]["\u2581the"] = 256
    with pytest.raises(DataError, match="token '▁the' stands for no bytes"):
        Subwords(Subwords.Config(size=257, tokenizer=json.dumps(fields)))


def test_a_tokenizer_without_every_byte_is_refused():
    fields = json.loads(train_subwords(["abcabc"], 256).tokenizer)
    fields["model"]["vocab"] = {chr(0x4E00 + number): number for number in range(256)}
    with pytest.raises(DataError, match="no token for 256 of the 256 bytes"):
        Subwords(Subwords.Config(size=256, tokenizer=json.dumps(fields)))
