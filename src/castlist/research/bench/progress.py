"""One line on standard error with the progress of the bench."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TextIO

__all__ = ["Progress"]


@dataclass(slots=True)
class Progress:
    """A line that is rewritten on a terminal, and elsewhere printed once for each job."""

    stream: TextIO
    jobs: int
    done: int = 0
    name: str = ""
    start: float = field(default_factory=time.monotonic)
    shown: float = 0.0

    def begin(self, name: str) -> None:
        self.name = name
        if not self.stream.isatty():
            self._write("", "\n")

    def watch(self, stage: str, done: int, total: int) -> None:
        """Show a job's progress, on a terminal at most five times a second."""
        if self.stream.isatty() and time.monotonic() - self.shown > 0.2:
            self.shown = time.monotonic()
            self._write(f" · {stage} {done} of {total}" if stage == "training" else f" · {stage} {done}", "")

    def end(self, note: str = "") -> None:
        self.done += 1
        if note:
            self._write(f" · {note}", "\n")

    def close(self) -> None:
        if self.stream.isatty():
            self._write("", "\n")

    def _write(self, text: str, end: str) -> None:
        minutes, seconds = divmod(int(time.monotonic() - self.start), 60)
        line = f"{self.done}/{self.jobs} runs · {self.name}{text} · {minutes}:{seconds:02}"
        lead, fill = ("\r", "\x1b[K") if self.stream.isatty() else ("", "")
        self.stream.write(f"{lead}{line}{fill}{end}")
        self.stream.flush()
