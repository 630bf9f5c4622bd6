"""Cores and memory that this process may use, within the limits of its container."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

__all__ = ["cores", "memory"]

# The container's limits. [Linux: Documentation/admin-guide/cgroup-v2.rst, cpu.max and memory.max]
GROUP = Path("/sys/fs/cgroup")
MEMINFO = Path("/proc/meminfo")
MEMORY = re.compile(r"^(MemAvailable|SwapFree):\s+(\d+) kB", re.MULTILINE)


def cores() -> int:
    """Cores on which this process may run, or fewer where its container limits their time."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2
    with suppress(OSError, ValueError):
        quota, period = (GROUP / "cpu.max").read_text().split()
        if quota != "max":
            allowed = min(allowed, max(1, -(-int(quota) // int(period))))
    return allowed


def memory(*, swap: bool = False) -> int | None:
    """Bytes of memory that are free or can be freed at once; None where unknown (not on Linux).

    Args:
        swap: count free swap space, too.
    """
    free: list[int] = []
    more = 0
    with suppress(OSError):
        kilobytes = {name: int(n) for name, n in MEMORY.findall(MEMINFO.read_text())}
        free += [kilobytes["MemAvailable"] << 10] if "MemAvailable" in kilobytes else []
        more = kilobytes.get("SwapFree", 0) << 10 if swap else 0
    with suppress(OSError, ValueError):
        limit, used = ((GROUP / name).read_text().strip() for name in ("memory.max", "memory.current"))
        free += [max(0, int(limit) - int(used))] if limit != "max" else []
    return min(free) + more if free else None
