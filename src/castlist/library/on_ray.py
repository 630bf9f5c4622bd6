"""Find casts on the machines of a Ray cluster. Each worker is an actor that loads the networks once.

Only paths and outcomes are sent: the films and the workspaces lie on a disk that all machines can access.
"""

from __future__ import annotations

import importlib
import os
import re
import signal
import socket
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from castlist.errors import InputError
from castlist.extras import needed
from castlist.library.executors import TRIES
from castlist.library.work import FilmWatch, Outcome, Task, died, perform, quiet

if TYPE_CHECKING:
    from ray import ObjectRef

__all__ = ["Ray"]

PATIENCE = 10.0  # seconds to wait for a cluster to answer
STARTS = 3  # attempts to start a cluster here: a busy machine can need more than the 30 s of Ray
# Ray prints news of workers on the standard output, also without `log_to_driver`, which would spoil the JSON
# of --json. It skips lines that match; castlist reports the same events itself.
# https://docs.ray.io/en/latest/ray-observability/user-guides/configure-logging.html
QUIET = ("RAY_DEDUP_LOGS_SKIP_REGEX", ".")
CORES = 2  # cores of a worker without a given number: one detects faces while one decodes


class Ray:
    """An executor over a Ray cluster: one on this machine, or the one at `address`.

    A worker that is killed, with its machine or alone, is replaced; its film goes on after the last stored
    segment, if necessary on another machine.

    Args:
        jobs: workers; 0 for as many as the cluster has cores for.
        address: host:port of a running cluster, or "auto"; None for the cluster that RAY_ADDRESS names, or
            else a new one on this machine.

    Raises:
        MissingExtra: Ray is not installed.
        InputError: there is no cluster at the address.
    """

    def __init__(self, jobs: int = 0, address: str | None = None) -> None:
        if "ray" not in sys.modules:  # a program that imported Ray has its own settings
            os.environ.setdefault(*QUIET)
        with needed("work on a Ray cluster", "ray"):
            self.ray = importlib.import_module("ray")
        self.jobs, self.address = jobs, address

    def run(self, tasks: Sequence[Task], watch: FilmWatch = quiet) -> Iterator[Outcome]:
        """The outcome of each task, as it is known; progress is only the start of each film."""
        connection = self._connect()
        try:
            yield from self._run(tasks, watch)
        finally:
            if connection:
                self.ray.shutdown()

    def _connect(self) -> bool:
        """Join a cluster or start one; returns whether this call did."""
        if self.ray.is_initialized():
            return False
        _reachable(self.address)
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # castlist sends no usage data
        main = threading.current_thread() is threading.main_thread()
        before = signal.getsignal(signal.SIGTERM) if main else None
        try:
            self._begin()
        except (ConnectionError, ValueError, RuntimeError) as error:
            where = f" at {self.address}" if self.address else ""
            raise InputError(f"there is no Ray cluster{where} that can be used ({error})") from None
        finally:
            if main:
                signal.signal(signal.SIGTERM, before)  # Ray sets its own handler
        return True

    def _begin(self) -> None:
        """Start Ray, more than once where its node does not answer within Ray's own 30 seconds."""
        for left in reversed(range(STARTS)):
            try:
                self.ray.init(address=self.address, include_dashboard=False, log_to_driver=False,
                              configure_logging=False)  # fmt: skip
                return
            except Exception as error:  # Ray raises no more specific error
                if "timed out during startup" not in str(error):
                    raise
                self.ray.shutdown()
                if not left:
                    raise RuntimeError(
                        "it did not start in time; the machine is too busy, try again later"
                    ) from None

    def _run(self, tasks: Sequence[Task], watch: FilmWatch) -> Iterator[Outcome]:
        cores = max((task.threads for task in tasks), default=0) or CORES
        cluster_cores = int(self.ray.cluster_resources().get("CPU", 1))
        count = min(len(tasks), self.jobs or max(1, cluster_cores // cores))
        share = min(cores, max(1, cluster_cores // count))
        make = self.ray.remote(num_cpus=share, max_restarts=0)(_RayWorker)
        waiting = deque((replace(_absolute(task), threads=share), task, 1) for task in tasks)
        idle = [make.remote() for _ in range(count)]
        at_work: dict[ObjectRef, tuple[ObjectRef, Task, Task, int]] = {}
        while waiting or at_work:
            while waiting and idle:
                actor, (task, given, tries) = idle.pop(), waiting.popleft()
                watch(given.film, "scan", 0, 0)
                at_work[actor.perform.remote(task)] = (actor, task, given, tries)
            (ready,), _ = self.ray.wait(list(at_work), num_returns=1)
            actor, task, given, tries = at_work.pop(ready)
            try:
                outcome: Outcome = self.ray.get(ready)
            except self.ray.exceptions.RayError:
                with suppress(Exception):  # the worker probably is dead; if not, two would run the task
                    self.ray.kill(actor)
                idle.append(make.remote())
                if tries < TRIES:
                    waiting.appendleft((task, given, tries + 1))
                    continue
                yield died(given, tries)
                continue
            idle.append(actor)
            yield replace(outcome, film=given.film, workspace=given.workspace, tries=tries)


def _reachable(address: str | None) -> None:
    """Refuse an address without a cluster at once: Ray itself tries for many minutes.

    Raises:
        InputError: no program listens at the address.
    """
    found = re.fullmatch(r"(?:ray://)?\[?([^\[\]/]+?)\]?:(\d{1,5})", address or "")
    if address in (None, "auto", "local"):
        return
    if not found:
        raise InputError(f"write the address of a Ray cluster as host:port, got {address!r}")
    try:
        socket.create_connection((found[1], int(found[2])), timeout=PATIENCE).close()
    except (OSError, OverflowError) as error:
        raise InputError(
            f"there is no Ray cluster at {address} ({error}); ray start --head starts one"
        ) from None


class _RayWorker:
    """Runs on a machine of the cluster, one film after another."""

    def perform(self, task: Task) -> Outcome:
        return perform(task)


def _absolute(task: Task) -> Task:
    """The task with absolute paths, for processes on other machines."""
    return replace(task, film=os.path.abspath(task.film), workspace=os.path.abspath(task.workspace))
