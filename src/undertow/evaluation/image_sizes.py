"""What image files cost: the bits that PNG and lossless WebP spend on the same images.

N images, T steps of each.
"""

import io
from collections.abc import Sequence

import numpy as np

from undertow.alphabets.pixels import Pixels
from undertow.data.image_files import pillow
from undertow.errors import UsageError

MOST_IMAGES = 500  # that are compressed, spread over all
FORMATS = {"png": {"format": "PNG", "optimize": True}, "webp": {"format": "WEBP", "lossless": True, "method": 6}}


def image_sizes(images: Sequence[np.ndarray], alphabet: Pixels) -> dict[str, float]:
    """Bits a step of each kind of file, one file an image, headers included; without Pillow, none.

    Two levels are a PNG of one bit a pixel. Of more than `MOST_IMAGES` images, that many are measured.

    Args:
        images: symbols (T,) or (T, 3) of images of the alphabet's shape; without whole ones there is nothing.
    """
    assert alphabet.shape is not None
    whole = alphabet.shape[0] * alphabet.shape[1] * alphabet.steps_per_pixel
    images = [one for one in images if len(one) == whole]
    if not images:
        return {}
    try:
        library = pillow()
    except UsageError:
        return {}
    chosen = images[:: -(-len(images) // MOST_IMAGES)]
    totals = dict.fromkeys(FORMATS, 0)
    for symbols in chosen:
        pixels = alphabet.decode(symbols).reshape(alphabet.shape)
        picture = library.fromarray(pixels[..., 0] if alphabet.shape[2] == 1 else pixels)
        for name, options in FORMATS.items():
            buffer = io.BytesIO()
            one_bit = name == "png" and alphabet.num_symbols == 2
            (picture.convert("1") if one_bit else picture).save(buffer, **options)
            totals[name] += len(buffer.getvalue())
    steps = sum(map(len, chosen))
    return {name: 8 * total / steps for name, total in totals.items()}
