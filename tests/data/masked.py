"""Small images with masks: a bright square (class 1) and a stripe (class 2) on a dark ground (class 0)."""

from pathlib import Path

import numpy as np
from PIL import Image

from undertow.data.masks import write_mask


def picture(seed: int, size: tuple[int, int] = (12, 16)) -> tuple[np.ndarray, np.ndarray]:
    """An image (H, W, 3) and its classes (H, W); the first pixel has none (255)."""
    random = np.random.default_rng(seed)
    mask = np.zeros(size, np.uint8)
    top, left = random.integers(0, size[0] - 5), random.integers(0, size[1] - 5)
    mask[top : top + 5, left : left + 5] = 1
    mask[size[0] - 2] = 2
    colours = np.array([[30, 30, 60], [220, 200, 40], [90, 160, 90]])
    image = (colours[mask] + random.integers(-20, 21, (*size, 3))).clip(0, 255).astype(np.uint8)
    mask[0, 0] = 255
    return image, mask


def write_masked(root: Path, count: int = 8, size: tuple[int, int] = (12, 16)) -> Path:
    """A folder with images/ and masks/."""
    for folder in ("images", "masks"):
        (root / folder).mkdir(parents=True)
    for number in range(count):
        image, mask = picture(number, size)
        Image.fromarray(image).save(root / f"images/{number}.png")
        write_mask(root / f"masks/{number}.png", mask)
    return root
