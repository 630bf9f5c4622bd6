"""How long a step took and how much memory it had at most."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["Measured", "measured", "resident"]

CLEAR, STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")


class Measured:
    """Filled when the block ends."""

    seconds: float = 0.0
    peak_mb: float | None = None  # resident, beyond what was there before; None where the system does not say


@contextmanager
def measured(before: float | None = None) -> Iterator[Measured]:
    """Measure a block: wall-clock seconds, and the most resident memory (MB) beyond `before`.

    `before` is what `resident` said; not given, what there is when the block begins. On Linux the peak is of
    this block alone; elsewhere it is by how much the block raised the peak of the process, so that there
    a process measures well once.
    """
    result = Measured()
    now = resident()
    base = now if before is None else before
    start = time.perf_counter()
    try:
        yield result
    finally:
        result.seconds = time.perf_counter() - start
        peak = _peak()
        result.peak_mb = None if peak is None or base is None else max(peak - base, 0.0)


def resident() -> float | None:
    """The process's resident memory in MB, from which on `measured` counts; elsewhere its peak so far."""
    with suppress(OSError):
        CLEAR.write_text("5")  # the peak becomes what there is now
    return _peak()


def _peak() -> float | None:
    try:
        line = next(row for row in STATUS.read_text().splitlines() if row.startswith("VmHWM"))
        return int(line.split()[1]) / 1000
    except (OSError, StopIteration):
        pass
    try:
        import resource
    except ImportError:  # Windows
        return None
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
