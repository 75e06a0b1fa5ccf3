"""Sub-words: byte-level BPE (Radford et al. 2019, GPT-2, §2.2), so that no text has an unknown symbol.

The whole tokenizer, as the JSON of Hugging Face's `tokenizers`, is part of the config and so of every checkpoint.
"""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from pydantic import Field

from undertow.alphabets.text_alphabet import TextAlphabet, Unit, as_text, utf8
from undertow.config import Number, config
from undertow.door import MOST_JSON, checked, read_text
from undertow.errors import DataError, UsageError, counted, shown

if TYPE_CHECKING:
    from tokenizers import Tokenizer

END_OF_TEXT = "<|endoftext|>"
SPLITTERS = {"ByteLevel", "Split", "Digits", "Punctuation"}  # these cut text and lose none of it


class Subwords(TextAlphabet):
    """The tokens of a byte-level BPE as symbols; their bytes, joined, are the text."""

    unit: Unit = "token"

    @config
    class Config:
        """`size`: number of tokens, with the 256 bytes; `tokenizer`: its JSON, empty before it is trained."""

        kind: Literal["subwords"] = "subwords"
        size: Annotated[int, Field(ge=256, le=2**20), Number] = 1024
        tokenizer: str = ""

    def __init__(self, config: Config) -> None:
        if not config.tokenizer:
            raise UsageError("alphabet.tokenizer is empty; train one on text, or load one from its files")
        self._tokenizer = _from_json(config.tokenizer)
        super().__init__(config, _pieces(self._tokenizer))
        if self.num_symbols != config.size:
            raise UsageError(
                f"alphabet.size is {config.size}, but the tokenizer has {counted(self.num_symbols, 'token')}"
            )

    def encode(self, real: str | bytes) -> np.ndarray:
        """Text, or its bytes in UTF-8, as int64 symbols (T,).

        Raises:
            DataError: bytes that are not UTF-8, or half a surrogate pair.
        """
        text = as_text(real)
        utf8(text)
        return np.array(self._tokenizer.encode_batch_fast([text], add_special_tokens=False)[0].ids, np.int64)


def train_subwords(documents: Iterable[str | bytes], size: int) -> Subwords.Config:
    """Train a byte-level BPE of at most `size` tokens; text with too few different words gives fewer.

    Raises:
        UsageError: `tokenizers` is not installed, or `size` is below 256.
        DataError: there is no text, or bytes that are not UTF-8.
    """
    library = _library()
    asked = Subwords.Config(size=size)
    tokenizer = _byte_level(library.models.BPE())
    trainer = library.trainers.BpeTrainer(
        vocab_size=asked.size, show_progress=False, initial_alphabet=library.pre_tokenizers.ByteLevel.alphabet()
    )
    counted = _Counted(documents)
    tokenizer.train_from_iterator(counted, trainer)
    if not counted.num_characters:
        raise DataError("the text is empty; there is nothing to train sub-words on")
    return _config(tokenizer)


def from_files(folder: str | Path) -> Subwords.Config:
    """The byte-level BPE in a folder: `tokenizer.json`, or `vocab.json` and `merges.txt`.

    Raises:
        UsageError: `tokenizers` is not installed.
        DataError: the files are missing or damaged, or are not a byte-level BPE.
    """
    folder, library = Path(folder), _library()
    whole, vocabulary, merges = (folder / name for name in ("tokenizer.json", "vocab.json", "merges.txt"))
    try:
        if whole.is_file():
            return _config(_from_json(read_text(whole, MOST_JSON)))
        if not (vocabulary.is_file() and merges.is_file()):
            raise DataError("there is neither tokenizer.json nor vocab.json with merges.txt")
        try:
            files = (str(checked(file, MOST_JSON)) for file in (vocabulary, merges))
            tokenizer = _byte_level(library.models.BPE.from_file(*files))
        except (DataError, KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # the library raises no narrower class
            raise DataError(f"vocab.json and merges.txt are not a BPE ({shown(error, 200)})") from None
        if tokenizer.token_to_id(END_OF_TEXT) is not None:
            tokenizer.add_special_tokens([END_OF_TEXT])
        return _config(tokenizer)
    except DataError as error:
        raise DataError(str(error) if str(folder) in str(error) else f"{folder}: {error}") from None


class _Counted:
    """Documents as text, and how many characters went by."""

    def __init__(self, documents: Iterable[str | bytes]) -> None:
        self.documents, self.num_characters = documents, 0

    def __iter__(self) -> Any:
        for document in self.documents:
            text = as_text(document)
            self.num_characters += len(text)
            yield text


def _library() -> Any:
    try:
        import tokenizers
    except ImportError:
        raise UsageError("sub-words need the package tokenizers; install undertow[text]") from None
    return tokenizers


def _byte_level(model: Any) -> "Tokenizer":
    library = _library()
    tokenizer = library.Tokenizer(model)
    tokenizer.pre_tokenizer = library.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = library.decoders.ByteLevel()
    return tokenizer


def _config(tokenizer: "Tokenizer") -> Subwords.Config:
    return Subwords.Config(size=len(_pieces(tokenizer)), tokenizer=tokenizer.to_str())


def _from_json(text: str) -> "Tokenizer":
    """The tokenizer that the JSON describes, if it reproduces every text exactly.

    Raises:
        DataError: it is not a tokenizer, or it changes text.
    """
    library = _library()
    try:
        changes = _changes(json.loads(text))  # first, since some of these make the library print its own traceback
        tokenizer = None if changes else library.Tokenizer.from_str(text)
    except (KeyboardInterrupt, SystemExit, DataError):
        raise
    except BaseException as error:  # the library raises no narrower class, and what it calls a panic is not even one
        raise DataError(f"the tokenizer cannot be read ({shown(error, 200)})") from None
    if tokenizer is None:
        raise DataError(f"the tokenizer {changes}; it must be a byte-level BPE that reproduces every text exactly")
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _changes(fields: Any) -> str:
    """How a tokenizer changes text, for a message; empty if it does not."""
    model, splitter = _section(fields, "model"), _section(fields, "pre_tokenizer")
    parts = [_mapping(part) for part in splitter.get("pretokenizers", [splitter])]
    kinds = [part.get("type") for part in parts]
    if model.get("type") != "BPE" or "ByteLevel" not in kinds:
        return f"is {shown(model.get('type'))}, not byte-level BPE"
    if model.get("dropout"):
        return "skips merges at random"
    if model.get("end_of_word_suffix") or model.get("continuing_subword_prefix"):
        return "marks the ends of words"
    if normalizer := _section(fields, "normalizer"):
        return f"normalises text ({shown(normalizer.get('type'))})"
    if any(part.get("add_prefix_space") for part in parts):
        return "puts a space before text"
    if any(part.get("behavior") == "Removed" for part in parts) or not {*kinds} <= SPLITTERS:
        return "drops or changes the separators of words"
    if any(token.get("lstrip") or token.get("rstrip") for token in map(_mapping, fields.get("added_tokens") or ())):
        return "strips the spaces around some tokens"
    return ""


def _section(fields: Any, name: str) -> dict[str, Any]:
    """A part of the JSON; empty if it is missing or null, as the library takes it."""
    return _mapping(_mapping(fields).get(name) or {})


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DataError(f"the tokenizer cannot be read ({shown(value)} is in the place of keys and values)")
    return value


def _pieces(tokenizer: "Tokenizer") -> list[bytes]:
    """The bytes of every token, in the order of their numbers.

    Raises:
        DataError: numbers are missing, or one of the 256 bytes has no token.
    """
    added = {number: token.content for number, token in tokenizer.get_added_tokens_decoder().items()}
    by_number = {number: token for token, number in tokenizer.get_vocab(with_added_tokens=True).items()}
    if sorted(by_number) != list(range(len(by_number))):
        raise DataError(f"the tokenizer's {len(by_number)} tokens are not numbered from 0 without gaps")
    missing = set(_BYTE_OF) - set(by_number.values())
    if missing:
        raise DataError(f"the tokenizer has no token for {len(missing)} of the 256 bytes; it is not byte-level")
    tokens = (by_number[number] for number in range(len(by_number)))
    return [added[number].encode() if number in added else _bytes_of(token) for number, token in enumerate(tokens)]


def _bytes_of(token: str) -> bytes:
    if not set(token) <= set(_BYTE_OF):
        raise DataError(f"the tokenizer's token {token!r} stands for no bytes; it is not byte-level")
    return bytes(map(_BYTE_OF.__getitem__, token))


def _byte_characters() -> dict[str, int]:
    """The printable characters that stand for bytes in byte-level BPE: themselves, or U+0100 and on."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [value for value in range(256) if value not in printable]
    return {chr(value): value for value in printable} | {chr(0x100 + k): value for k, value in enumerate(others)}


_BYTE_OF = _byte_characters()
