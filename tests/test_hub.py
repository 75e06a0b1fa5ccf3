"""A published GPT-2 gives what its own library gives: sub-words, logits, cached steps; and what is wrong is named."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import undertow as ut
from tests.published import END, TEXT, publish
from tests.refusals import refuses
from undertow import checkpoint
from undertow.batch import Batch, Condition
from undertow.errors import DataError
from undertow.models import Autoregressive


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any, Any]:
    folder = tmp_path_factory.mktemp("gpt2")
    return folder, *publish(folder)


@pytest.fixture
def copied(published: tuple[Path, Any, Any], tmp_path: Path) -> Path:
    """The folder's files once more, to be spoilt."""
    for file in published[0].iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def symbols(model: Autoregressive, num_steps: int = 47) -> torch.Tensor:
    return torch.randint(0, model.alphabet.num_symbols, (2, num_steps), generator=torch.Generator().manual_seed(1))


def check_same(model: Autoregressive, reference: Any, end: int) -> None:
    """The same logits behind <|endoftext|>, in one call and from the cache, to 1e-4."""
    x = symbols(model)
    past = model.past(x)
    with torch.no_grad():
        theirs = reference(torch.cat([torch.full((2, 1), end), x], dim=1)).logits[..., : model.alphabet.num_symbols]
        ours = model.network(past, Condition())
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-4)
        assert ours.std() > 0.5  # there is something to compare
        _, state = model.prime(x[:, :20], Condition())
        state = model.network.with_room(state, past.shape[1])
        for start in (21, 22, 24):
            chunk, state = model.step(past[:, start : start + (1 if start < 22 else 2)], state, Condition())
            if start == 22:
                continue
            torch.testing.assert_close(chunk, theirs[:, start : start + chunk.shape[1]], rtol=0, atol=1e-4)


def test_logits_are_the_librarys(published: tuple[Path, Any, Any]) -> None:
    folder, reference, words = published
    model = ut.load(folder)
    assert isinstance(model, Autoregressive) and not model.training
    assert model.network.max_length == 48 and model.receptive_field is None
    check_same(model, reference, words.convert_tokens_to_ids(END))
    with torch.no_grad():  # fed without a start symbol it is the library's model as well
        x = symbols(model, 48)
        torch.testing.assert_close(model.network(x, Condition()), reference(x).logits, rtol=0, atol=1e-4)


def test_log_prob_is_the_librarys(published: tuple[Path, Any, Any]) -> None:
    folder, reference, words = published
    model, end = ut.load(folder), words.convert_tokens_to_ids(END)
    x = symbols(model, 30)
    behind = torch.cat([torch.full((2, 1), end), x], dim=1)
    with torch.no_grad():
        loss = model(Batch(x, torch.ones_like(x, dtype=torch.bool))).value
        torch.testing.assert_close(loss, reference(behind, labels=behind).loss, rtol=1e-5, atol=1e-5)


def test_sub_words_are_the_librarys(published: tuple[Path, Any, Any]) -> None:
    folder, _, words = published
    alphabet = ut.load(folder).alphabet
    for text in (TEXT, "", "unheard-of: Ωμέγα", f"one{END}two"):
        ids = alphabet.encode(text)
        assert ids.tolist() == words.encode(text, add_special_tokens=False)
        assert alphabet.decode(ids) == text == words.decode(ids.tolist(), clean_up_tokenization_spaces=False)


@pytest.mark.parametrize(
    "changes",
    [
        {"n_inner": 40, "activation_function": "relu", "layer_norm_epsilon": 1e-3},
        {"activation_function": "gelu", "tie_word_embeddings": False},
        {"vocab_size": 320},  # padded with rows that no token has
    ],
    ids=["inner width, relu, epsilon", "untied, exact gelu", "padded vocabulary"],
)
def test_other_shapes(changes: dict[str, Any], tmp_path: Path) -> None:
    reference, words = publish(tmp_path, **changes)
    check_same(ut.load(tmp_path), reference, words.convert_tokens_to_ids(END))


def test_sharded_weights_and_half_precision(published: tuple[Path, Any, Any], tmp_path: Path) -> None:
    reference, words = publish(tmp_path, shard="30KB")
    assert not (tmp_path / "model.safetensors").exists() and len(list(tmp_path.glob("*.safetensors"))) > 3
    check_same(ut.load(tmp_path), reference, words.convert_tokens_to_ids(END))
    for file in tmp_path.glob("*.safetensors"):
        save_file({name: tensor.bfloat16() for name, tensor in load_file(file).items()}, file)
    model = ut.load(tmp_path)
    assert model.precision == "float32"
    check_same(model, reference.bfloat16().float(), words.convert_tokens_to_ids(END))
    lost = min(tmp_path.glob("*.safetensors"))
    lost.unlink()
    refuses(tmp_path, f"{lost} is missing")


def test_vocabulary_and_merges_will_do(published: tuple[Path, Any, Any], copied: Path) -> None:
    _, _, words = published
    content = json.loads((copied / "tokenizer.json").read_text())
    vocabulary = {**content["model"]["vocab"], END: words.convert_tokens_to_ids(END)}
    (copied / "tokenizer.json").unlink()
    (copied / "vocab.json").write_text(json.dumps(vocabulary))
    (copied / "merges.txt").write_text("#version: 0.2\n" + "\n".join(" ".join(p) for p in content["model"]["merges"]))
    alphabet = ut.load(copied).alphabet
    assert alphabet.encode(TEXT).tolist() == words.encode(TEXT, add_special_tokens=False)


def test_older_files_hold_masks_and_bare_names(copied: Path) -> None:
    """As the first published ones: no prefix, and the causal mask among the weights."""
    weights = {name.removeprefix("transformer."): one for name, one in load_file(copied / "model.safetensors").items()}
    expected = ut.load(copied).state_dict()
    weights |= {"h.0.attn.bias": torch.ones(1, 1, 48, 48), "h.0.attn.masked_bias": torch.tensor(-1e4)}
    save_file(weights, copied / "model.safetensors")
    assert all(torch.equal(one, expected[name]) for name, one in ut.load(copied).state_dict().items())


def test_it_becomes_a_checkpoint_of_ours(published: tuple[Path, Any, Any], tmp_path: Path) -> None:
    model = ut.load(published[0])
    assert "3 layers and 24 channels" in checkpoint.read_card(published[0])["description"]
    assert checkpoint.read_config(published[0]) == model.config
    checkpoint.save(tmp_path / "ours", model, checkpoint.read_card(published[0]))
    tokenizer, card = model.config.alphabet.tokenizer, (tmp_path / "ours" / "card.md").read_text(encoding="utf-8")
    assert tokenizer[:1000] + " …" in card and tokenizer[1000:1100] not in card
    again = ut.load(tmp_path / "ours")
    x = symbols(model)
    with torch.no_grad():
        assert torch.equal(again.network(x, Condition()), model.network(x, Condition()))
    np.testing.assert_array_equal(again.alphabet.encode(TEXT), model.alphabet.encode(TEXT))


def refuses_to_load(folder: Path, *parts: object) -> None:
    with refuses(DataError, folder, *parts) as error:
        ut.load(folder)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("changes", "parts"),
    [
        ({"model_type": "llama"}, ["model_type", "'llama'", "'gpt2'"]),
        ({"reorder_and_upcast_attn": True}, ["reorder_and_upcast_attn", True]),
        ({"scale_attn_by_inverse_layer_idx": True}, ["scale_attn_by_inverse_layer_idx", True]),
        (
            {"scale_attn_weights": False},
            ["scale_attn_weights", False, True],
        ),
        ({"add_cross_attention": True}, ["add_cross_attention", True]),
        ({"activation_function": "silu"}, ["activation_function"]),
        ({"n_head": 5}, ["channels 24", "5 heads"]),
        ({"n_layer": "many"}, ["n_layer"]),
        ({"n_layer": 1000}, ["'h.3.ln_1.weight'", "missing", "config.json"]),
        ({"n_embd": None}, ["n_embd"]),
        ({"n_layer": 2**24}, ["n_layer", 1024, 2**24]),
        ({"vocab_size": 90}, ["tokens", "vocab_size", "config.json", 90]),
        ({"n_positions": 50}, ["'wpe.weight'", "(48, 24)", "config.json", "(50, 24)"]),
        ({"n_inner": 7}, ["'h.0.mlp.c_fc.bias'", "(96,)", "config.json", "(7,)"]),
        ({"n_layer": 2}, ["'h.2.attn.c_attn.bias'", "not part", "config.json"]),
    ],
)
def test_configs_that_do_not_fit_are_refused_by_name(copied: Path, changes: dict[str, Any], parts: list[Any]) -> None:
    values = json.loads((copied / "config.json").read_text())
    (copied / "config.json").write_text(json.dumps({**values, **changes}))
    refuses_to_load(copied, *parts)


def without(name: str) -> Callable[[dict[str, torch.Tensor]], None]:
    return lambda weights: weights.pop(f"transformer.{name}")


def replaced(name: str, change: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[dict[str, torch.Tensor]], None]:
    return lambda weights: weights.update({f"transformer.{name}": change(weights[f"transformer.{name}"])})


@pytest.mark.parametrize(
    ("spoil", "parts"),
    [
        (without("h.1.mlp.c_proj.weight"), ["'h.1.mlp.c_proj.weight'", "missing"]),
        (without("wte.weight"), ["'wte.weight'", "missing"]),
        (
            replaced("h.0.attn.c_attn.weight", lambda one: one.T.contiguous()),
            ["'h.0.attn.c_attn.weight'", "(72, 24)"],
        ),
        (replaced("wte.weight", lambda one: one[:-1].clone()), ["'wte.weight'", "shape"]),
        (replaced("ln_f.bias", lambda one: one * torch.nan), ["'ln_f.bias'", "NaN"]),
        (replaced("ln_f.bias", lambda one: one.to(torch.int8)), ["'ln_f.bias'", "int8"]),
    ],
)
def test_tensors_that_do_not_fit_are_named(
    copied: Path, spoil: Callable[[dict[str, torch.Tensor]], None], parts: list[str]
) -> None:
    weights = load_file(copied / "model.safetensors")
    spoil(weights)
    save_file(weights, copied / "model.safetensors")
    refuses_to_load(copied, *parts)


def test_files_that_are_missing_or_damaged_are_named(copied: Path) -> None:
    content = (copied / "model.safetensors").read_bytes()
    (copied / "model.safetensors").write_bytes(content[:-100])
    refuses_to_load(copied, "model.safetensors", "truncated")
    (copied / "model.safetensors").unlink()
    refuses_to_load(copied, "model.safetensors", "missing")
    (copied / "pytorch_model.bin").write_bytes(b"")
    refuses_to_load(copied, "pytorch_model.bin", "pickle")
    index = copied / "model.safetensors.index.json"
    for places, part in (
        ("{", "JSON"),
        ("[]", "list"),
        ('{"weight_map": 3}', "weight_map"),
        ('{"weight_map": {"wte.weight": "../model.safetensors"}}', "'../model.safetensors'"),
    ):
        index.write_text(places)
        refuses_to_load(copied, index, part)
    (copied / "tokenizer.json").write_text("{}")
    refuses_to_load(copied, "tokenizer")
    (copied / "tokenizer.json").unlink()
    refuses_to_load(copied, "tokenizer.json", "vocab.json", "merges.txt")
    (copied / "config.json").write_text("model_type: gpt2")
    refuses_to_load(copied, "config.json", "JSON")


def test_a_tokenizer_without_an_end_of_text_takes_the_configs_first_token(copied: Path) -> None:
    content = (copied / "tokenizer.json").read_text()
    (copied / "tokenizer.json").write_text(content.replace(END, "<s>"))
    model, values = ut.load(copied), json.loads((copied / "config.json").read_text())
    table = model.network.input.symbols.table.weight
    assert torch.equal(table[-1], table[values["bos_token_id"]])
    (copied / "config.json").write_text(json.dumps({**values, "bos_token_id": None}))
    refuses_to_load(copied, "tokenizer", END)


@pytest.mark.native
def test_the_engine_draws_what_torch_draws(published: tuple[Path, Any, Any]) -> None:
    model = ut.load(published[0])
    native = ut.generate(model, num_steps=20, count=2)
    assert native.engine == "native"
    assert np.array_equal(native.symbols, ut.generate(model, num_steps=20, count=2, engine="torch").symbols)
