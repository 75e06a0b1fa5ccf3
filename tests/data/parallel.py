"""A toy language pair: each word has one translation, in the same order."""

import gzip
from collections.abc import Mapping
from pathlib import Path

import numpy as np

WORDS = {"a": "ein", "dog": "Hund", "cat": "Katze", "red": "rot", "big": "groß", "runs": "läuft", "sits": "sitzt"}
SIZES = {"train": 60, "validation": 12, "test": 8}


def sentences(number: int, seed: int = 0, longest: int = 6) -> list[tuple[str, str]]:
    """English with German."""
    random = np.random.default_rng(seed)
    rows = [random.choice(list(WORDS), random.integers(1, longest + 1)) for _ in range(number)]
    return [(" ".join(row), " ".join(WORDS[word] for word in row)) for row in rows]


def write_lines(path: Path, lines: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)


def write_parallel(folder: Path, sizes: Mapping[str, int] = SIZES, suffix: str = "", longest: int = 6) -> Path:
    """train.en, train.de and the like."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, (split, number) in enumerate(sizes.items()):
        pairs = sentences(number, seed, longest)
        for side, language in enumerate(("en", "de")):
            write_lines(folder / f"{split}.{language}{suffix}", [pair[side] for pair in pairs])
    return folder
