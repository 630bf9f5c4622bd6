"""Executors run tasks: in this process, in several processes, or (on_ray.py) on a Ray cluster.

An executor is any object with `run(tasks, watch)` that yields an outcome for each task, in any order.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from typing import Protocol

from castlist.argument_types import typed_arguments
from castlist.library.work import FilmState, FilmWatch, Outcome, Task, died, perform, quiet
from castlist.machine_limits import cores
from castlist.progress import Pace

__all__ = ["TRIES", "Executor", "Here", "Processes", "executor"]

TRIES = 3  # workers that may die during one film before the film counts as failed
TELL = 0.2  # seconds between two progress messages of a worker


class Executor(Protocol):
    """Turns tasks into outcomes."""

    def run(self, tasks: Sequence[Task], watch: FilmWatch = quiet) -> Iterator[Outcome]: ...


class Here:
    """Runs one film after another in this process."""

    def run(self, tasks: Sequence[Task], watch: FilmWatch = quiet) -> Iterator[Outcome]:
        for task in tasks:
            yield perform(task, watch)


class Processes:
    """Runs several films at once, each worker a process of its own that loads the networks once.

    A worker that is killed is replaced, and its film goes on after the last stored segment. The workers share
    the cores where a task does not give its number of threads.
    """

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs

    def run(self, tasks: Sequence[Task], watch: FilmWatch = quiet) -> Iterator[Outcome]:
        share = max(1, cores() // max(1, min(self.jobs, len(tasks))))
        waiting = deque((replace(task, threads=task.threads or share), 1) for task in tasks)
        workers = [_Worker() for _ in range(min(self.jobs, len(tasks)))]
        try:
            for worker in workers:
                worker.take(*waiting.popleft())
            while busy := {w.pipe: w for w in workers if w.task is not None}:
                for pipe in wait(list(busy)):
                    worker = busy[pipe]  # type: ignore[index]
                    outcome = worker.hear(watch)
                    if outcome is None:
                        continue
                    if outcome.state == FilmState.DIED:
                        waiting.appendleft((worker.last, outcome.tries + 1))
                    else:
                        yield outcome
                    if waiting:
                        worker.take(*waiting.popleft())
        finally:
            for worker in workers:
                worker.stop()


class _Worker:
    """A process that runs one task after another."""

    def __init__(self) -> None:
        self.task: Task | None = None
        self._begin()

    def _begin(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, worker_end = context.Pipe()
        self.process = context.Process(target=_serve, args=(worker_end,), daemon=False)
        self.process.start()
        worker_end.close()

    def take(self, task: Task, tries: int) -> None:
        self.task = self.last = task
        self.tries = tries
        with suppress(BrokenPipeError):  # if the worker died meanwhile, `hear` reports it
            self.pipe.send(task)

    def hear(self, watch: FilmWatch) -> Outcome | None:
        """An outcome, or None for a progress message; a dead worker is replaced."""
        try:
            message = self.pipe.recv()
        except (EOFError, OSError):
            return self._replaced()
        if not isinstance(message, Outcome):
            watch(self.last.film, *message)
            return None
        self.task = None
        return replace(message, tries=self.tries)

    def _replaced(self) -> Outcome:
        self.process.join()
        self.pipe.close()
        self.task = None
        self._begin()
        if self.tries >= TRIES:
            return died(self.last, self.tries)
        return Outcome(self.last.film, self.last.workspace, FilmState.DIED, tries=self.tries)

    def stop(self) -> None:
        if self.task is not None:
            self.process.terminate()
        self.pipe.close()
        self.process.join(10)
        if self.process.is_alive():
            self.process.kill()


def _serve(pipe: Connection) -> None:
    """The loop of a worker: it receives tasks and sends progress and outcomes, until the pipe is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which stops its workers
    pace = Pace(TELL)

    def watch(film: str, *progress: str | int) -> None:
        if pace.due():
            pipe.send(progress)

    with suppress(EOFError, OSError):
        while True:
            pipe.send(perform(pipe.recv(), watch))


@typed_arguments
def executor(on: str = "local", jobs: int = 0, address: str | None = None) -> Executor:
    """The executor of a name ("local" or "ray"), with `jobs` films at once; 0 for its own choice.

    Raises:
        MissingExtra: Ray is not installed.
    """
    if on == "ray":
        from castlist.library.on_ray import Ray

        return Ray(jobs=jobs, address=address)
    return Here() if jobs <= 1 else Processes(jobs)
