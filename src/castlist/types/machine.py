"""Where the work is done, and how fast."""

from __future__ import annotations

from dataclasses import dataclass, replace

from castlist.errors import InputError
from castlist.machine_limits import cores

MOST_THREADS = 1024  # more than any machine that runs castlist has cores
DEVICES = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and how fast, never what: no value here changes a result's key."""

    device: str = "auto"  # auto, cpu, cuda, mps
    threads: int = 0  # 0: as many as there are cores

    def __post_init__(self) -> None:
        if self.device not in DEVICES:
            raise InputError(f"unknown device {self.device!r}; choose from {', '.join(DEVICES)}")
        whole = isinstance(self.threads, int) and not isinstance(self.threads, bool)
        if not whole or not 0 <= self.threads <= MOST_THREADS:
            raise InputError(
                f"Machine.threads must be a whole number from 0 to {MOST_THREADS}, got {self.threads!r}"
            )

    @property
    def cores(self) -> int:
        """How many threads may be at work: those asked for, or one a core that this process may use."""
        return self.threads or cores()

    @property
    def shared(self) -> Machine:
        """The machine as a network uses it while one other is at work beside it.

        Threads of one network wait for each other after every layer; two networks beside each other do not.
        """
        return replace(self, threads=(self.cores + 1) // 2)
