"""One way to record a figure: print it as a JSON line and append it to `benchmarks/results/`."""

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
COMPARED = "compared for "  # begins the figures of networks under one budget
RESULTS = ROOT / "benchmarks" / "results"


def record(
    id: str,
    figure: str,
    value: float,
    unit: str,
    *,
    model: str,
    seconds: float,
    target: str = "",
    note: str = "",
    device: str = "cpu",
    threads: int | None = None,
    results: Path = RESULTS,
) -> dict[str, Any]:
    """Print one figure as a JSON line, append it to `results/<id>.jsonl`, and return it.

    Args:
        id: which benchmark, as "S1" or "Q1"; the report has a title for each.
        figure: what was measured, in words; the latest line of one figure, model, hardware and threads is reported.
        value: the figure itself. State medians of at least five runs for timings.
        unit: its unit, as "samples/s" or "bits/sample".
        model: shape of the model measured, as "30 layers, k=2, 64/128/256/256"; "-" where there is none.
        seconds: how long the measurement or training took.
        target: the aim, as "< 4.2".
        note: conditions that a reader must know.
        device: "cpu" or a CUDA device.
        threads: CPU threads used; torch's own setting when it is loaded, else 1.
        results: folder to append to.
    """
    line = {
        "id": id,
        "figure": figure,
        "value": float(value),
        "unit": unit,
        "target": target,
        "model": model,
        "hardware": hardware(device),
        "threads": threads or _torch_threads(),
        "commit": commit(),
        "seconds": round(float(seconds), 3),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "note": note,
    }
    text = json.dumps(line, ensure_ascii=False, allow_nan=False)
    results.mkdir(parents=True, exist_ok=True)
    with open(results / f"{id}.jsonl", "a", encoding="utf-8") as file:
        file.write(text + "\n")
    print(text, flush=True)
    return line


def hardware(device: str = "cpu") -> str:
    """Name of the CPU with its logical cores, or of the CUDA device."""
    if device.startswith("cuda"):
        import torch

        return torch.cuda.get_device_name(device)
    return f"{_cpu_name()}, {os.cpu_count()} logical cores"


def commit() -> str:
    """Short hash of the commit measured, with a `+` when the package or the scripts differ from it."""
    head = _run("git", "-C", str(ROOT), "rev-parse", "--short=10", "HEAD")
    if not head:
        return "unknown"
    changed = _run("git", "-C", str(ROOT), "status", "--porcelain", "--", "src", "engine", "benchmarks/*.py")
    return head + ("+" if changed else "")


def _cpu_name() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return _run("sysctl", "-n", "machdep.cpu.brand_string") or platform.machine()


def _torch_threads() -> int:
    torch = sys.modules.get("torch")
    return torch.get_num_threads() if torch else 1


def _run(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
