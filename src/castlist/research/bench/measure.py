"""Measures time and peak memory of a step."""

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
    peak_mb: float | None = None  # resident memory in addition to before; None where the system has no value


@contextmanager
def measured(before: float | None = None) -> Iterator[Measured]:
    """Measure a block: wall-clock seconds, and the peak of resident memory (MB) above `before`.

    `before` is a value of `resident`; by default, that at the start of the block. On Linux the peak is that
    of the block alone; elsewhere it is the rise of the peak of the whole process, so that only the first
    measurement of a process is right.
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
    """The process's resident memory in MB, as a start for `measured`; except on Linux, its peak so far."""
    with suppress(OSError):
        CLEAR.write_text("5")  # sets the peak to the present value
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
