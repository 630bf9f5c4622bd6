"""Computes the questions after the answer selected on the page, in a thread, before the user confirms it.

When the user confirms the answer, the next questions are ready. Nothing is decided in advance, and the
current questions stay the same: a copy of the asker is updated to the people after the answer.
"""

from __future__ import annotations

import threading

from castlist.decisions import View
from castlist.suggest.questions import Asker

__all__ = ["Lookahead"]


class Lookahead:
    """Computes the questions after one answer at a time, in its own thread. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._current: _Computation | None = None

    def start(self, asker: Asker, after: View) -> None:
        """Compute the questions after an answer; a computation for another answer is cancelled.

        Args:
            asker: is updated to the people after the answer; the caller must not use it any more.
            after: the people after the answer.
        """
        with self._lock:
            if self._current is not None:
                self._current.cancelled.set()
            self._current = _Computation(asker, after)

    def take(self, view: View) -> Asker | None:
        """The asker updated to this view; None if it was computed for another answer."""
        with self._lock:
            current, self._current = self._current, None
        return current.result(view) if current is not None else None

    def close(self) -> None:
        """Cancel the computation, and wait for its thread."""
        with self._lock:
            current, self._current = self._current, None
        if current is not None:
            current.cancelled.set()
            current.thread.join()


class _Computation:
    """The questions after one answer, computed in a thread."""

    def __init__(self, asker: Asker, after: View) -> None:
        self._asker, self._after = asker, after
        self._complete = False
        self.cancelled = threading.Event()
        self.thread = threading.Thread(target=self._run, name="castlist ahead", daemon=True)
        self.thread.start()

    def _run(self) -> None:
        for step in (lambda: self._asker.look(self._after), self._asker.first_of_each, self._asker.outlook):
            if self.cancelled.is_set():
                return
            step()
        self._complete = True

    def result(self, view: View) -> Asker | None:
        """The updated asker if the answer led to this view, else None; waits until it is complete."""
        if not self._asker.would_ask_alike(self._after, view):
            self.cancelled.set()
            return None
        self.thread.join()
        if not self._complete:
            return None
        self._asker.view = view
        return self._asker
