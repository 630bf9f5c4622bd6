"""The device of computations, and the number of threads."""

from __future__ import annotations

from dataclasses import dataclass, replace

from castlist.errors import InputError
from castlist.machine_limits import cores

MOST_THREADS = 1024  # more cores than any machine that runs castlist has
DEVICES = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True, slots=True)
class Machine:
    """The device and the number of threads; these never change the key of a result."""

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
        """Number of threads to use: as requested, or one for each core available to this process."""
        return self.threads or cores()

    @property
    def shared(self) -> Machine:
        """The machine for a network while another network is running.

        Threads of one network wait for each other after every layer; two networks do not wait for each other.
        """
        return replace(self, threads=(self.cores + 1) // 2)
