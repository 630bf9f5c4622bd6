"""Cores and memory that this process may use, also where a container has less than its machine."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

__all__ = ["cores", "memory"]

# A container's own limits. [Linux: Documentation/admin-guide/cgroup-v2.rst, cpu.max and memory.max]
GROUP = Path("/sys/fs/cgroup")
MEMINFO = Path("/proc/meminfo")


def cores() -> int:
    """Cores on which this process may run, or less where its container may use only a part of their time."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
    with suppress(OSError, ValueError):
        quota, period = (GROUP / "cpu.max").read_text().split()
        if quota != "max":
            allowed = min(allowed, max(1, -(-int(quota) // int(period))))
    return allowed


def memory() -> int | None:
    """Bytes of memory that are free, or can be at once; None where that is not known (not on Linux)."""
    free: list[int] = []
    with suppress(OSError):
        found = re.search(r"^MemAvailable:\s+(\d+) kB", MEMINFO.read_text(), re.MULTILINE)
        free += [int(found[1]) << 10] if found else []
    with suppress(OSError, ValueError):
        limit, used = ((GROUP / name).read_text().strip() for name in ("memory.max", "memory.current"))
        free += [max(0, int(limit) - int(used))] if limit != "max" else []
    return min(free, default=None)
