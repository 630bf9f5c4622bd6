"""Making things in a second thread while the first uses them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
    made: Queue[tuple[str, T | BaseException | None]] = Queue(DEPTH)
    stop = Event()
    thread = Thread(target=_make, args=(things, made, stop), daemon=True)
    thread.start()
    try:
        while True:
            kind, thing = made.get()
            if kind == "end":
                return
            if kind == "error":
                raise thing  # type: ignore[misc]
            yield thing  # type: ignore[misc]
    finally:
        stop.set()
        thread.join()


def _make(things: Iterable[T], made: Queue[tuple[str, T | BaseException | None]], stop: Event) -> None:
    try:
        for thing in things:
            if not _put(made, ("thing", thing), stop):
                return
        _put(made, ("end", None), stop)
    except BaseException as error:
        _put(made, ("error", error), stop)


def _put(
    made: Queue[tuple[str, T | BaseException | None]],
    item: tuple[str, T | BaseException | None],
    stop: Event,
) -> bool:
    """Wait for room; False once nobody wants more."""
    while not stop.is_set():
        try:
            made.put(item, timeout=0.1)
        except Full:
            continue
        return True
    return False
