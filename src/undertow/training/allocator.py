"""The C library's allocator, told to keep what is freed."""

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4  # malloc.h


def keep_freed_memory() -> None:
    """Let freed blocks be used again instead of going back to the kernel, on Linux with glibc; elsewhere nothing.

    Training on a CPU allocates and frees the same activations at every step. Above 32 MB each of them would come fresh
    from the kernel, and touching its pages for the first time costs more than the arithmetic on them.
    """
    if not sys.platform.startswith("linux"):
        return
    library = ctypes.CDLL(None)
    mallopt = getattr(library, "mallopt", None)  # musl has none
    if mallopt is not None:
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
        mallopt(_M_TOP_PAD, 256 * 2**20)
