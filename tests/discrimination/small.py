"""A few items with frames, as files."""

from decimal import Decimal
from pathlib import Path

import numpy as np

from tests.discrimination.reference import Sound
from undertow.discrimination.items import Item, item_text

RATE = 50


def sounds(kind: str, seed: int = 0, count: int = 40, speakers: str = "xyz") -> list[Sound]:
    """Random sounds of three phones in two contexts: ragged, some of one frame, some the same, some with zeros."""
    draw = np.random.default_rng(seed)
    made: list[Sound] = []
    for number in range(count):
        length = int(draw.integers(1, 6))
        frames = draw.integers(0, 2, (length, 1)) if kind == "identical" else draw.standard_normal((length, 4))
        if kind == "kl_symmetric":
            frames = draw.dirichlet(np.ones(4), length)
        frames = frames.astype(np.float32).astype(np.float64)
        if kind == "angular" and number % 5 == 0:
            frames[0] = 0.0
        rows = tuple(tuple(map(float, frame)) for frame in frames)
        if number % 4 == 1:
            rows = made[-1].frames
        phone, context, speaker = (str(draw.choice(list(names))) for names in ("abc", "pq", speakers))
        made.append(Sound(rows, phone, context, "r", speaker))
    return made


def write(folder: Path, made: list[Sound], is_codes: bool = False) -> Path:
    """The sounds in two recordings of 50 frames a second, folder/frames/1.npy and 2.npy, and their item file."""
    (folder / "frames").mkdir(parents=True, exist_ok=True)
    items: list[Item] = []
    for file in ("1", "2"):
        own, start = made[int(file) - 1 :: 2], 1
        rows = [[0.25] * len(made[0].frames[0])]
        for one in own:
            stop = start + len(one.frames)
            times = (Decimal(start) / RATE, Decimal(stop) / RATE)
            items.append(Item(file, *times, one.phone, one.before, one.after, one.speaker))
            rows += [list(frame) for frame in one.frames]
            start = stop
        array = np.array(rows, np.float32)
        np.save(folder / "frames" / f"{file}.npy", array.astype(np.int64) if is_codes else array)
    (folder / "small.item").write_text(item_text(items))
    return folder / "small.item"


def in_order(made: list[Sound]) -> list[Sound]:
    """The sounds in the order of the item file."""
    return made[0::2] + made[1::2]
