"""A helper thread whose tasks are run by the caller if their results are needed first.

With an executor of the standard library, the caller waits even for a task that no thread has begun. Here the
caller runs such a task itself, and runs other short tasks while it waits for a task that the helper thread
has begun. So both threads work all the time, whichever has more to do.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

__all__ = ["HelperTask", "HelperThread"]

# Seconds to wait for the running task after Ctrl-C: the task may itself wait for interrupted work.
PATIENCE = 5.0

T = TypeVar("T")


class HelperTask(Generic[T]):
    """Work that is done once: by the helper thread, or by the first caller who asks for its result."""

    def __init__(
        self,
        work: Callable[[], T],
        spare: Callable[[Callable[[], bool]], _Runnable | None],
        tell: Callable[[], None],
    ) -> None:
        """
        Args:
            work: the function to run.
            spare: gives a short task to run while another thread does the work, and waits until there is one;
                None once the function passed to it says that the work is done.
            tell: called when the work is done.
        """
        self._work: Callable[[], T] | None = work
        self._spare = spare
        self._future: Future[T] = Future()
        self._future.add_done_callback(lambda _: tell())
        self._started = threading.Lock()  # acquired by the thread that does the work, never released

    def run(self) -> None:
        """Do the work, unless a thread has begun it."""
        if not self._started.acquire(blocking=False):
            return
        work, self._work = self._work, None
        try:
            if work is not None:
                self._future.set_result(work())
        except BaseException as error:
            self._future.set_exception(error)
            # Ctrl-C, whichever task it interrupts, is for the whole program
            if not isinstance(error, Exception):
                raise

    def drop(self) -> None:
        """Keep the work from being begun; a caller that asks for its result gets CancelledError."""
        if self._started.acquire(blocking=False):
            self._work = None

    @property
    def done(self) -> bool:
        """Whether the work is done."""
        return self._future.done()

    def result(self) -> T:
        """What the work returns or raises; the caller does the work if no thread has begun it.

        Raises:
            CancelledError: the `with` block ended before the work was begun.
        """
        self.run()
        while not self._future.done() and (other := self._spare(self._future.done)) is not None:
            other.run()
        if not self._future.done():
            raise CancelledError
        return self._future.result()


class _Runnable(Protocol):
    def run(self) -> None: ...
    def drop(self) -> None: ...


class HelperThread:
    """Runs tasks beside the caller until the `with` block ends; tasks not begun by then are dropped."""

    def __init__(self) -> None:
        self._first: deque[_Runnable] = deque()
        self._parts: deque[_Runnable] = deque()
        self._ahead: deque[_Runnable] = deque()
        self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._serve, name="castlist helper", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._closed = True
            for task in (*self._parts, *self._first, *self._ahead):
                task.drop()
            self._changed.notify_all()
        stopped = kind is not None and not issubclass(kind, Exception)
        self._thread.join(PATIENCE if stopped else None)

    def do(self, work: Callable[[], T]) -> HelperTask[T]:
        """Add work that comes before all work done ahead, oldest first."""
        return self._added(self._first, work)

    def part(self, work: Callable[[], T]) -> HelperTask[T]:
        """Add short work that is a part of a running task; it comes before all other work."""
        return self._added(self._parts, work)

    def ahead(self, work: Callable[[], T]) -> HelperTask[T]:
        """Add work that may be needed later, newest first: the caller takes the oldest first."""
        return self._added(self._ahead, work)

    def _added(self, tasks: deque[_Runnable], work: Callable[[], T]) -> HelperTask[T]:
        task = HelperTask(work, self._short, self._wake)
        with self._changed:
            tasks.append(task)
            self._changed.notify_all()
        return task

    def _serve(self) -> None:
        while (task := self._next()) is not None:
            task.run()
            del task  # frees the objects that its work holds

    def _next(self) -> _Runnable | None:
        with self._changed:
            self._changed.wait_for(lambda: self._parts or self._first or self._ahead or self._closed)
            if self._closed:
                return None
            if self._parts or self._first:
                return (self._parts or self._first).popleft()
            return self._ahead.pop()

    def _short(self, done: Callable[[], bool]) -> _Runnable | None:
        """A short task for a waiting caller: the oldest task done ahead, or a part of a larger task.

        The awaited task may add parts: so this waits for one, and gives None once the awaited task is done.
        """
        with self._changed:
            self._changed.wait_for(lambda: done() or self._ahead or self._parts or self._closed)
            tasks = self._ahead or self._parts
            return tasks.popleft() if tasks and not done() else None

    def _wake(self) -> None:
        """Wake the callers that wait for a finished task."""
        with self._changed:
            self._changed.notify_all()
