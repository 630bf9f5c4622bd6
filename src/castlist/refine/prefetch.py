"""Makes items in a second thread while the first thread uses earlier ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from queue import Full, Queue
from threading import Event, Thread
from typing import TypeVar

__all__ = ["prefetch"]

T = TypeVar("T")
DEPTH = 8  # most items made and not yet used


def prefetch(things: Iterable[T]) -> Iterator[T]:
    """The same items in the same order, each made while earlier ones are used.

    An error in making an item is raised to the user of the items. The thread ends with the iteration, also
    when it is left early.
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
    """The end of the items, with the error that ended them, if there was one."""

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
    """Put an item into the queue once there is room; False if the iteration has ended."""
    while not stop.is_set():
        try:
            made.put(item, timeout=0.1)
        except Full:
            continue
        return True
    return False
