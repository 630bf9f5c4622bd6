"""How long a step took and how much memory it had at most."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["Measured", "measured"]

CLEAR, STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")


class Measured:
    """Filled when the block ends."""

    seconds: float = 0.0
    peak_mb: float | None = None  # of the whole process, resident; None where the system does not say


@contextmanager
def measured() -> Iterator[Measured]:
    """Measure a block: wall-clock seconds and the peak of the process's resident memory, in MB.

    On Linux the peak is of this block alone, elsewhere of the process since its start.
    """
    result = Measured()
    _reset_peak()
    start = time.perf_counter()
    try:
        yield result
    finally:
        result.seconds = time.perf_counter() - start
        result.peak_mb = _peak()


def _reset_peak() -> None:
    try:
        CLEAR.write_text("5")
    except OSError:
        return


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
