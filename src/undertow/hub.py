"""Published models, from a folder in the hub's layout: GPT-2 (Radford et al. 2019) as a Transformer over sub-words.

    config.json          the model's shape, and its family as `model_type`
    model.safetensors    its weights; or several files that model.safetensors.index.json lists
    tokenizer.json       its sub-words; or vocab.json and merges.txt

V rows of the published embedding, N tokens, C channels.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import torch
from pydantic import Field
from torch import Tensor

from undertow.alphabets import Alphabet
from undertow.alphabets.subwords import END_OF_TEXT, Subwords, from_files
from undertow.config import Depth, Number, Positive, Probability, Width, config, parse
from undertow.door import read_json
from undertow.emissions import Categorical
from undertow.errors import DataError, UsageError, counted, shown
from undertow.models import Autoregressive
from undertow.networks import Transformer
from undertow.weights import check_weights, read_weights

CONFIG, WEIGHTS, INDEX = "config.json", "model.safetensors", "model.safetensors.index.json"
ACTIVATIONS = {"gelu_new": "gelu_tanh", "gelu_pytorch_tanh": "gelu_tanh", "gelu": "gelu", "relu": "relu"}
# Features that change the numbers and are not supported, with the value that each must have.
ONLY = {
    "add_cross_attention": False,
    "reorder_and_upcast_attn": False,
    "scale_attn_by_inverse_layer_idx": False,
    "scale_attn_weights": True,
}
NORMS = {"attention_norm": "ln_1", "feed_forward_norm": "ln_2"}
PRODUCTS = {
    "attention.inputs": "attn.c_attn",
    "attention.output": "attn.c_proj",
    "feed_forward.input": "mlp.c_fc",
    "feed_forward.output": "mlp.c_proj",
}
UNUSED = re.compile(r"h\.\d+\.attn\.(bias|masked_bias)|lm_head\.weight")  # masks; a tied head's copy of the embedding
Size = Annotated[int, Field(ge=1, le=2**24), Number]


@config
class GPT2:
    """The fields read from a GPT-2's `config.json`, under their published names.

    The network has one dropout: `resid_pdrop`.
    """

    vocab_size: Size
    n_positions: Size
    n_embd: Width
    n_layer: Depth
    n_head: Width
    n_inner: Width | None = None
    activation_function: Literal["gelu_new", "gelu_pytorch_tanh", "gelu", "relu"] = "gelu_new"
    layer_norm_epsilon: Positive = 1e-5
    resid_pdrop: Probability = 0.1
    tie_word_embeddings: bool = True
    bos_token_id: int | None = None

    @property
    def network(self) -> Transformer.Config:
        """The config of a Transformer of the same shape."""
        return parse(
            Transformer.Config,
            {
                "num_layers": self.n_layer,
                "channels": self.n_embd,
                "num_heads": self.n_head,
                "feed_forward_channels": self.n_inner,
                "positions": "learned",
                "activation": ACTIVATIONS[self.activation_function],
                "dropout": self.resid_pdrop,
                "tied": self.tie_word_embeddings,
                "max_length": self.n_positions,
                "norm_epsilon": self.layer_norm_epsilon,
            },
        )


class Origin(NamedTuple):
    """Where a weight of ours comes from: its published name, and whether it is stored (in, out)."""

    name: str
    transposed: bool = False


def is_published(folder: Path) -> bool:
    """Whether a folder has the hub's layout."""
    return (folder / CONFIG).is_file()


def load(folder: Path) -> Autoregressive:
    """The published model in a folder, in float32, with the same logits as in its own library.

    Sequences begin with the tokenizer's <|endoftext|>, whose row of the embedding is the start symbol's. Rows without
    a token are left out.

    Raises:
        DataError: a file or tensor is missing, damaged or of another shape, or the model is of another family or has an
            unsupported feature.
        UsageError: `tokenizers` is not installed.
    """
    settings, model_config = _settings(folder / CONFIG), read_config(folder)
    file, weights = _read(folder)
    missing = next((source.name for _, source in _sources(settings) if source.name not in weights), None)
    if missing is not None:  # before building a model that may not fit in memory
        raise DataError(f"{file}: tensor '{missing}' is missing, and {CONFIG} requires it")
    with torch.device("meta"):  # shapes only; the weights that were read become the model's own
        model = Autoregressive(model_config)
    start = _start(folder, settings, model.alphabet)
    model.load_state_dict(_converted(weights, model, settings, start, file), assign=True)
    return model


def read_config(folder: Path) -> Autoregressive.Config:
    """The published model's config as one of ours.

    Raises:
        DataError: `config.json` or the tokenizer's files are missing, damaged, or ask for an unsupported feature.
        UsageError: `tokenizers` is not installed.
    """
    try:
        network = _settings(folder / CONFIG).network
    except UsageError as error:
        raise DataError(f"{folder / CONFIG}: {error}") from None
    return Autoregressive.Config(alphabet=from_files(folder), network=network, emission=Categorical.Config())


def describe(folder: Path) -> dict[str, Any]:
    """Facts about a published model, which has no card of ours."""
    settings = _settings(folder / CONFIG)
    return {"description": f"published GPT-2 of {settings.n_layer} layers and {settings.n_embd} channels"}


def _settings(file: Path) -> GPT2:
    values = _read_json(file)
    family = values.get("model_type")
    if family != "gpt2":
        raise DataError(f"{file}: model_type is '{shown(family)}'; undertow reads 'gpt2'")
    for name, needed in ONLY.items():
        if values.get(name, needed) != needed:
            raise DataError(f"{file}: {name} is {shown(values[name])}; undertow only reads GPT-2 with {name} {needed}")
    known = {field.name for field in fields(GPT2)}
    try:
        return parse(GPT2, {name: value for name, value in values.items() if name in known})
    except UsageError as error:
        raise DataError(f"{file}: {error}") from None


def _start(folder: Path, settings: GPT2, alphabet: Alphabet) -> int:
    """The token that sequences begin with."""
    assert isinstance(alphabet, Subwords)
    num_tokens = alphabet.num_symbols
    if num_tokens > settings.vocab_size:
        raise DataError(
            f"{folder}: the tokenizer has {counted(num_tokens, 'token')}, "
            f"but vocab_size in {CONFIG} is {settings.vocab_size}"
        )
    if END_OF_TEXT.encode() in alphabet.pieces:
        return alphabet.pieces.index(END_OF_TEXT.encode())
    if settings.bos_token_id is not None and 0 <= settings.bos_token_id < num_tokens:
        return settings.bos_token_id
    raise DataError(f"{folder}: the tokenizer has no {END_OF_TEXT} to begin sequences with")


def _read(folder: Path) -> tuple[Path, dict[str, Tensor]]:
    """The file that holds or lists the weights, and the weights by their published names."""
    index = folder / INDEX
    if (folder / WEIGHTS).is_file() or not index.is_file():
        return folder / WEIGHTS, _bare(read_weights(folder / WEIGHTS))
    places = _read_json(index).get("weight_map")
    if not isinstance(places, dict) or not all(isinstance(place, str) for place in places.values()):
        raise DataError(f"{index}: weight_map must name the file of each tensor")
    weights: dict[str, Tensor] = {}
    for place in sorted(set(places.values())):
        if Path(place).name != place:
            raise DataError(f"{index}: '{place}' is not a file name")
        weights |= read_weights(folder / place)
    return index, _bare(weights)


def _bare(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix("transformer."): tensor for name, tensor in weights.items()}


def _converted(
    weights: dict[str, Tensor], model: Autoregressive, settings: GPT2, start: int, file: Path
) -> dict[str, Tensor]:
    """The published weights under our names, in our shapes."""
    own, num_tokens = model.state_dict(), model.alphabet.num_symbols
    sources = {f"network.{name}": source for name, source in _sources(settings)}
    assert own.keys() == sources.keys()
    expected = {
        source.name: own[name].new_empty(own[name].shape[::-1] if source.transposed else own[name].shape)
        for name, source in sources.items()
    }
    for name in {"wte.weight", "lm_head.weight"} & expected.keys():
        expected[name] = expected[name].new_empty(settings.vocab_size, settings.n_embd)
    weights = {name: one for name, one in weights.items() if name in expected or not UNUSED.fullmatch(name)}
    check_weights(weights, expected, file, CONFIG)
    table = weights["wte.weight"]
    weights["wte.weight"] = torch.cat([table[:num_tokens], table[start : start + 1]])
    if "lm_head.weight" in expected:
        weights["lm_head.weight"] = weights["lm_head.weight"][:num_tokens]
    converted = {name: weights[source.name] for name, source in sources.items()}
    turned = {name: one.T if sources[name].transposed else one for name, one in converted.items()}
    return {name: one.to(torch.float32).contiguous() for name, one in turned.items()}


def _sources(settings: GPT2) -> Iterator[tuple[str, Origin]]:
    """Where each weight of the network comes from. A product's matrix is published as (in, out)."""
    yield "input.symbols.table.weight", Origin("wte.weight")
    yield "positions.table.weight", Origin("wpe.weight")
    if not settings.tie_word_embeddings:
        yield "head.weight", Origin("lm_head.weight")
    for part in ("weight", "bias"):
        yield f"norm.{part}", Origin(f"ln_f.{part}")
        for layer in range(settings.n_layer):
            for ours, theirs in NORMS.items():
                yield f"blocks.{layer}.{ours}.{part}", Origin(f"h.{layer}.{theirs}.{part}")
            for ours, theirs in PRODUCTS.items():
                yield f"blocks.{layer}.{ours}.{part}", Origin(f"h.{layer}.{theirs}.{part}", part == "weight")


def _read_json(file: Path) -> dict[str, Any]:
    values = read_json(file)
    if not isinstance(values, dict):
        raise DataError(f"{file} holds {type(values).__name__}, not keys and values")
    return values
