"""What would be asked after the answer that is marked on the page, found while somebody looks at it.

When the answer is given, the next question is there already. Nothing is decided by it, and no question
changes: a copy of what thinks of questions goes on to the people as they would be after the answer.
"""

from __future__ import annotations

import threading

from castlist.decisions import View
from castlist.suggest.questions import Asker

__all__ = ["Ahead"]


class Ahead:
    """Thinks of one answer at a time, in a thread of its own. Safe among threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now: _Thought | None = None

    def think(self, asker: Asker, after: View) -> None:
        """Think of an answer from now on, and of no other one any more.

        Args:
            asker: is brought to the people after the answer; nobody else may use it.
            after: these people.
        """
        with self._lock:
            if self._now is not None:
                self._now.overtaken.set()
            self._now = _Thought(asker, after)

    def taken(self, view: View) -> Asker | None:
        """What thinks of questions, brought to this view; None where another answer was thought of."""
        with self._lock:
            now, self._now = self._now, None
        return now.result(view) if now is not None else None

    def close(self) -> None:
        """Think of nothing any more."""
        with self._lock:
            now, self._now = self._now, None
        if now is not None:
            now.overtaken.set()
            now.thread.join()


class _Thought:
    """An answer that is thought of."""

    def __init__(self, asker: Asker, after: View) -> None:
        self._asker, self._after = asker, after
        self._complete = False
        self.overtaken = threading.Event()
        self.thread = threading.Thread(target=self._think, name="castlist ahead", daemon=True)
        self.thread.start()

    def _think(self) -> None:
        for step in (lambda: self._asker.look(self._after), self._asker.first_of_each, self._asker.outlook):
            if self.overtaken.is_set():
                return
            step()
        self._complete = True

    def result(self, view: View) -> Asker | None:
        """What was thought of, where it was these people; waits until it is complete."""
        if not self._asker.would_ask_alike(self._after, view):
            self.overtaken.set()
            return None
        self.thread.join()
        if not self._complete:
            return None
        self._asker.view = view
        return self._asker
