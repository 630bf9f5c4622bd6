"""Shared by the benchmarks: the cost of a piece of work, the machine, and results stored row by row."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import importlib.metadata
import json
import os
import platform
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

RESULTS = Path(__file__).parent / "results"
PACKAGES = (
    "numpy", "scipy", "scikit-learn", "fastcluster", "faiss-cpu", "hdbscan", "finch-clust", "genieclust",
    "onnxruntime", "opencv-python-headless", "av", "torch", "dlib-bin",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of a piece of work."""

    seconds: float
    bytes_over_start: float  # peak memory above that before the work; file pages included
    result: Any


@dataclass(frozen=True, slots=True)
class CommandCost:
    """The cost of a command and its children."""

    seconds: float
    cpu: float  # processor seconds
    mib: float  # of the largest process


def cost_of_command(command: list[str], watched: Callable[[int], None] = lambda pid: None) -> CommandCost:
    """Run it once to its end; `watched` is called with its process id. A failure ends the benchmark.

    Python may write compiled files, as in an installation: compiling takes a third of a second.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)
    watched(process.pid)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        raise SystemExit(f"this failed: {' '.join(command)}")
    return CommandCost(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def cost_of(work: Callable[[], object]) -> Cost:
    """Run it once, and measure the memory of this process fifty times a second."""
    _let_go()
    before = resident()
    peak, done = [before], threading.Event()

    def look() -> None:
        while not done.wait(0.02):
            peak[0] = max(peak[0], resident())

    watcher = threading.Thread(target=look)
    watcher.start()
    start = time.perf_counter()
    try:
        result = work()
        seconds = time.perf_counter() - start
        peak[0] = max(peak[0], resident())
    finally:
        done.set()
        watcher.join()
    return Cost(seconds, float(peak[0] - before), result)


def _let_go() -> None:
    """Return free memory to the system first, since it would hide the memory that the work allocates."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # C libraries other than glibc
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def resident() -> int:
    """Bytes of this process in memory, mapped files included."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def gemm_rate() -> float:
    """Floating-point operations a second of single-precision products, the best of five, times 1e-9."""
    x = np.random.default_rng(0).normal(size=(4096, 512)).astype(np.float32)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        x @ x.T
        times.append(time.perf_counter() - start)
    return 2 * len(x) ** 2 * x.shape[1] / min(times) / 1e9


def machine() -> dict[str, Any]:
    """The machine's properties that affect the figures, without anything that identifies the machine."""
    from threadpoolctl import threadpool_info

    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    blas = [p for p in threadpool_info() if p["user_api"] == "blas"]
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "ram_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "blas": sorted({f"{p['internal_api']} {p['version']}" for p in blas}),
        "blas_threads": max((p["num_threads"] for p in blas), default=0),
        "versions": versions,
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    vector = next((w for w in ("avx512f", "avx2", "asimd") for line in lines if w in line.split()), "")
    return " ".join([*dict.fromkeys(named[:1] or [platform.machine()]), vector]).strip()


class Rows:
    """A file of results, one row for each case; written after every row, so that a stop loses one case."""

    def __init__(self, name: str, folder: Path = RESULTS) -> None:
        self.path = folder / f"{name}.json"
        self.rows: dict[str, Any] = {}
        if self.path.exists():
            self.rows = json.loads(self.path.read_text())["rows"]

    def put(self, case: str, row: Mapping[str, Any]) -> None:
        self.rows[case] = {
            **row,
            "machine": machine(),
            "load_before_and_after": [round(row.get("load", 0.0), 2), round(os.getloadavg()[0], 2)],
        }
        self.rows[case].pop("load", None)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        half = self.path.with_suffix(".part")
        half.write_text(json.dumps({"rows": self.rows}, indent=1, default=float) + "\n")
        half.replace(self.path)


def slope(sizes: Iterable[float], values: Iterable[float]) -> float | None:
    """The exponent of growth: the slope of a line through the logarithms; None for fewer than two sizes."""
    x, y = np.log(np.array(list(sizes), float)), np.array(list(values), float)
    if len(x) < 2 or (y <= 0).any():
        return None
    return float(np.polyfit(x, np.log(y), 1)[0])


def installed(package: str) -> bool:
    """Whether a rival is installed."""
    try:
        importlib.import_module(package)
    except ImportError:
        return False
    return True
