"""Making things in a second thread while the first uses them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from queue import Full, Queue
from threading import Event, Thread
from typing import TypeVar

__all__ = ["prefetch"]

T = TypeVar("T")
DEPTH = 8  # things made and not yet used, at most


def prefetch(things: Iterable[T]) -> Iterator[T]:
    """The same things in the same order, each made while earlier ones are used.

    What goes wrong in making them is raised where they are used. The thread ends with the iteration,
    also when that is left early.
    """
    made: Queue[T | _End] = Queue(DEPTH)
    stop = Event()
    thread = Thread(target=_make, args=(things, made, stop), daemon=True)
    thread.start()
    try:
        while True:
            thing = made.get()
            if not isinstance(thing, _End):
                yield thing
            elif thing.error is None:
                return
            else:
                raise thing.error
    finally:
        stop.set()
        thread.join()


@dataclass(frozen=True, eq=False, slots=True)
class _End:
    """That nothing more is made, and the error that ended it, if one did."""

    error: BaseException | None = None


def _make(things: Iterable[T], made: Queue[T | _End], stop: Event) -> None:
    try:
        for thing in things:
            if not _put(made, thing, stop):
                return
        _put(made, _End(), stop)
    except BaseException as error:
        _put(made, _End(error), stop)


def _put(made: Queue[T | _End], item: T | _End, stop: Event) -> bool:
    """Wait for room; False once nobody wants more."""
    while not stop.is_set():
        try:
            made.put(item, timeout=0.1)
        except Full:
            continue
        return True
    return False
