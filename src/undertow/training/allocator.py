"""Make the C library's allocator keep freed memory."""

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4  # malloc.h


def keep_freed_memory() -> None:
    """Reuse freed blocks instead of returning them to the kernel, on Linux with glibc; do nothing elsewhere.

    Training on a CPU allocates and frees the same activations at every step. Each one above 32 MB would come fresh
    from the kernel, and the first touch of its pages costs more than the arithmetic on them.
    """
    if not sys.platform.startswith("linux"):
        return
    library = ctypes.CDLL(None)
    mallopt = getattr(library, "mallopt", None)  # musl has none
    if mallopt is not None:
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
        mallopt(_M_TOP_PAD, 256 * 2**20)
