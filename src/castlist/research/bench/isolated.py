"""Runs a method in a process of its own, so that its memory and time are measured alone."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
from contextlib import suppress
from enum import StrEnum
from typing import IO

from castlist.child_process import end_when_stdin_closes
from castlist.errors import CastlistError, InputError
from castlist.research.bench.own import is_own, table_name
from castlist.research.bench.solve import Answer, MethodTask, Watch, here, load_libraries

__all__ = ["isolated", "main"]

CHILD = (sys.executable, "-c", "from castlist.research.bench.isolated import main; main()")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


class _Message(StrEnum):
    """The kind of a child's message; its first item."""

    ANSWERS = "answers"
    PROGRESS = "progress"
    REFUSED = "refused"  # the method cannot run on this set
    FAILED = "failed"


def isolated(task: MethodTask, watch: Watch) -> list[Answer]:
    """The answers of a new process that runs only this task.

    Raises:
        InputError: the method cannot run on this set; the message says why.
        CastlistError: the method failed, or its process was killed, for example for lack of memory.
    """
    settings = dict.fromkeys(THREADS, str(task.machine.threads)) if task.machine.threads else {}
    child = subprocess.Popen(  # noqa: S603 - our own interpreter and words
        CHILD, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=os.environ | settings
    )
    assert child.stdin and child.stdout  # noqa: S101, PT018 - both are pipes
    try:
        return _talk(child.stdin, child.stdout, task, watch)
    except (EOFError, BrokenPipeError, pickle.UnpicklingError):
        code = child.wait()
        ended_itself = is_own(task.method) and code >= 0
        advice = "look in its code for what ends the process" if ended_itself else "give it fewer tracks"
        raise CastlistError(f"{table_name(task.method)} {_end(code)}; {advice}") from None
    finally:
        child.kill()
        child.wait()
        with suppress(BrokenPipeError):
            child.stdin.close()
        child.stdout.close()


def _talk(send: IO[bytes], receive: IO[bytes], task: MethodTask, watch: Watch) -> list[Answer]:
    pickle.dump(task.blind, send, protocol=5)
    send.flush()  # and left open: its end tells the child that the parent no longer waits
    while True:
        message, *content = pickle.load(receive)  # noqa: S301 - our own child speaks, no file
        if message == _Message.ANSWERS:
            return list(content[0])
        if message == _Message.PROGRESS:
            watch(*content)
        else:
            raise (InputError if message == _Message.REFUSED else CastlistError)(content[0])


def _end(code: int) -> str:
    return (
        f"was killed (signal {-code}), perhaps because memory ran out"
        if code < 0
        else "stopped without a result"
    )


def main() -> None:
    """The process: read a task, report its progress, and end with answers or with one sentence."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # output of libraries goes to standard error

    def send(message: _Message, *content: object) -> None:
        pickle.dump((message.value, *content), out, protocol=5)
        out.flush()

    task: MethodTask = pickle.load(sys.stdin.buffer)  # noqa: S301 - our own parent speaks, no file
    threading.Thread(target=end_when_stdin_closes, daemon=True).start()
    try:
        load_libraries(task.method)
        send(_Message.ANSWERS, here(task, lambda *done: send(_Message.PROGRESS, *done)))
    except CastlistError as error:
        send(_Message.REFUSED if isinstance(error, InputError) else _Message.FAILED, str(error))
    except BrokenPipeError:
        os._exit(1)  # the parent no longer waits for the answer
    except Exception as error:
        text = (str(error).splitlines() or [""])[0]
        with suppress(BrokenPipeError):
            send(
                _Message.FAILED,
                f"{table_name(task.method)} failed: {type(error).__name__}: {text}; check its options",
            )
    except KeyboardInterrupt:
        sys.exit(130)
