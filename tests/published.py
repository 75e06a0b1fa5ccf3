"""GPT-2 models as others publish them."""

import os
from pathlib import Path
from typing import Any

import torch

from undertow.alphabets.subwords import train_subwords

TEXT = "The theory of the thing is that the other thing thinks.\nnaïve 😀 \t ends\n\n"
END = "<|endoftext|>"
SHAPE = {"n_positions": 48, "n_embd": 24, "n_layer": 3, "n_head": 4}


def transformers() -> Any:
    os.environ["HF_HUB_OFFLINE"] = "1"
    import transformers

    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    return transformers


def tokenizer() -> Any:
    import tokenizers

    made = tokenizers.Tokenizer.from_str(train_subwords([TEXT] * 4, 300).tokenizer)
    made.add_special_tokens([END])
    return made


def publish(folder: Path, shard: str = "1GB", **changes: Any) -> tuple[Any, Any]:
    """A random GPT-2 as its library saves it, with its tokenizer; returns both."""
    library = transformers()
    words = tokenizer()
    end = words.token_to_id(END)
    shape = {**SHAPE, "vocab_size": words.get_vocab_size(), "bos_token_id": end, "eos_token_id": end, **changes}
    torch.manual_seed(4)
    model = library.GPT2LMHeadModel(library.GPT2Config(**shape, initializer_range=0.3)).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias") or "ln_" in name:
                parameter.normal_(std=0.5)
    model.save_pretrained(folder, max_shard_size=shard)
    fast = library.PreTrainedTokenizerFast(tokenizer_object=words, bos_token=END, eos_token=END)
    fast.save_pretrained(folder)
    return model, library.AutoTokenizer.from_pretrained(folder, local_files_only=True)
