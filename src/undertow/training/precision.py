"""Whether bfloat16 is fast on a device."""

import torch

NATIVE = ("avx512_bf16", "amx_bf16", "bf16", "arm_bf16")  # torch's names of processor features


def has_fast_bfloat16(device: torch.device) -> bool:
    """Whether the device multiplies bfloat16 in hardware; elsewhere it is several times slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type != "cpu":
        return False
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in NATIVE)
