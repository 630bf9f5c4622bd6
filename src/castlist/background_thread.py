"""A thread of low scheduling priority.

On Linux each thread has a priority of its own (sched(7): SCHED_IDLE; setpriority(2) on nice values), so that
one process can compute at the lowest priority and still commit at once a transaction that others wait for.
On other systems the whole process gets a low priority.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

__all__ = ["background_thread", "low_priority"]

# Of 19. Where this thread and a process of normal priority, such as the browser, compete for a core, it gets
# a ninth of the time.
_NICE = 10


def low_priority(*, idle: bool) -> None:
    """Let other processes go before this thread.

    Args:
        idle: run only while no other process wants the core, where the system can do that; on a core that is
            always in use the thread then never runs.
    """
    with suppress(AttributeError, OSError):
        os.nice(_NICE)
    if idle:
        with suppress(AttributeError, OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def background_thread(*, idle: bool) -> ThreadPoolExecutor:
    """An executor of one thread of low priority; processes that this thread starts have it, too."""
    return ThreadPoolExecutor(1, "background", initializer=partial(low_priority, idle=idle))
