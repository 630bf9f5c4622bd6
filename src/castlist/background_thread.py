"""A thread of low scheduling priority.

Priority is a matter of threads on Linux (sched(7): SCHED_IDLE; setpriority(2) on nice values), so that one
process can compute at the lowest priority and still commit a transaction, for which others wait, at once.
Elsewhere the whole process is given a low priority.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

__all__ = ["background_thread", "low_priority"]

_NICE = 10  # of 19: a ninth of the time of whoever looks at the page, where both could work all the time


def low_priority(*, idle: bool) -> None:
    """Let other processes go before this thread.

    Args:
        idle: all of them, and always, where the system can do that: where they never pause it never works.
    """
    with suppress(AttributeError, OSError):
        os.nice(_NICE)
    if idle:
        with suppress(AttributeError, OSError):
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def background_thread(*, idle: bool) -> ThreadPoolExecutor:
    """An executor of one thread of low priority; what that thread starts has it too."""
    return ThreadPoolExecutor(1, "background", initializer=partial(low_priority, idle=idle))
