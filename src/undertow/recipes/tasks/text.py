"""Text: characters, bytes or sub-words of a file, a folder or a named set, for a language model."""

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from undertow import alphabets
from undertow.alphabets import AlphabetConfig, TextAlphabet
from undertow.config import Count, config, parse, to_dict
from undertow.data.sequences import SequenceSet
from undertow.data.text import complete, encode, open_text
from undertow.errors import UsageError
from undertow.recipes.callbacks import Downloads, Say
from undertow.recipes.tasks.named import fetch_named, placed
from undertow.recipes.tasks.sequences import Cut, SequenceTask
from undertow.recipes.tasks.task import parse_model, section

CHARACTERS = {"kind": "characters"}
PARTS: dict[str, Any] = {"emission": {"kind": "categorical"}}


class TextTask(SequenceTask):
    """One long text a split, cut at any symbol."""

    @config
    class Config:
        """Which text, and how it is cut.

        Attributes:
            source: a named set, a file, or a folder of text files.
            path: where a named set lies, when it is neither in UNDERTOW_DATA nor in the cache.
            crop_steps: counted symbols of a crop.
            context_steps: symbols before a crop that are seen and not counted; by default all that the network sees,
                where that ends, otherwise one.
            carry_state: each row of a batch goes on where that of the batch before ended, with the state it had
                (truncated back-propagation through time).
        """

        kind: Literal["text"] = "text"
        source: str | None = None
        path: str | None = None
        crop_steps: Count = 256
        context_steps: Annotated[int, Field(ge=0)] | None = None
        carry_state: bool = False

    def __init__(self, config: Config, model: Mapping[str, Any], say: Say) -> None:
        assert config.source is not None
        self.config = config
        self.cut = Cut(config.crop_steps, config.context_steps, config.carry_state)
        text = open_text(config.source, config.path)
        for line in text.lines():
            say(line)
        made = complete(read_alphabet(section(model, "alphabet")), text)
        self.model = PARTS | dict(model) | {"alphabet": to_dict(made)}
        alphabet = alphabets.build(made)
        self.sets = self.read_sets(text.splits, alphabet, say)
        self.tell_of_sets(f"{config.source} in {alphabet.num_symbols:,} {alphabet.unit}s", alphabet.unit, say)

    @staticmethod
    def read(config: Config, split: str, alphabet: Any, say: Say) -> SequenceSet:
        assert config.source is not None
        return SequenceSet(encode(open_text(config.source, config.path).split(split), text_alphabet(alphabet)))

    @staticmethod
    def splits(config: Config) -> Sequence[str]:
        assert config.source is not None
        return list(open_text(config.source, config.path).splits)

    @staticmethod
    def choose(config: Config, given: str | Path | None) -> Config:
        return placed(config, given, "text", "this recipe is for any text: give it a file, a folder, or a named set")

    @staticmethod
    def check(config: Config, model: Mapping[str, Any]) -> None:
        made = read_alphabet(section(model, "alphabet"))
        if (kind := model.get("kind", "autoregressive")) != "autoregressive":
            raise UsageError(f"data of kind 'text' is for a language model; a {kind} learns from data of labelled_text")
        parse_model(PARTS | dict(model) | {"alphabet": made})

    @staticmethod
    def fetch(config: Config, downloads: Downloads = nullcontext) -> None:
        fetch_named(config, downloads)


def text_alphabet(alphabet: Any) -> TextAlphabet:
    """An alphabet that must be one of text.

    Raises:
        UsageError: it is one of something else.
    """
    if not isinstance(alphabet, TextAlphabet):
        raise UsageError(f"the data is text, and the model one of {alphabet.real}")
    return alphabet


def read_alphabet(values: Mapping[str, Any]) -> Any:
    """The config of an alphabet of text from the recipe's model.

    Raises:
        UsageError: an unknown kind or key, a wrong value, or an alphabet of something else.
    """
    found = parse(_Alphabet, {"alphabet": values or CHARACTERS}, "model").alphabet
    if (real := alphabets.ALPHABETS[found.kind].real) != "text":
        raise UsageError(f"model.alphabet: '{found.kind}' is of {real}, and the data of text")
    return found


@config
class _Alphabet:
    alphabet: AlphabetConfig
