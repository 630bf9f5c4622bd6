"""The helper thread ends with its `with` block, whatever its task waits for."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from castlist.helper_thread import HelperThread


def ends(work: threading.Thread) -> bool:
    """Whether a thread ends within ten seconds; a thread that hangs must not block the tests."""
    work.start()
    work.join(10)
    return not work.is_alive()


def test_a_task_that_waits_for_a_part_nobody_does_any_more_ends() -> None:
    def interrupted() -> None:
        ready = threading.Event()
        with suppress(ValueError), HelperThread() as helper:

            def work() -> int:
                part = helper.part(lambda: 1)
                ready.set()
                while not helper._closed:
                    time.sleep(0.001)
                return part.result()

            helper.do(work)
            ready.wait()
            raise ValueError

    assert ends(threading.Thread(target=interrupted, daemon=True))


def test_a_task_that_waits_for_what_the_caller_has_left_undone_ends() -> None:
    def interrupted() -> None:
        ready, begun = threading.Event(), threading.Event()
        with suppress(ValueError), HelperThread() as helper:
            other = helper.ahead(lambda: 1)
            other._started.acquire()  # as if Ctrl-C came between beginning a task and running it

            def work() -> int:
                ready.set()
                begun.wait()
                return other.result()

            helper.do(work)
            ready.wait()
            begun.set()
            raise ValueError

    assert ends(threading.Thread(target=interrupted, daemon=True))


def test_where_the_program_is_stopped_a_task_that_never_ends_is_left_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("castlist.helper_thread.PATIENCE", 0.1)
    hold = threading.Event()

    def interrupted() -> None:
        with suppress(KeyboardInterrupt), HelperThread() as helper:
            helper.do(hold.wait)
            raise KeyboardInterrupt

    assert ends(threading.Thread(target=interrupted, daemon=True))
    hold.set()


DEAF = """
import signal, time
from castlist import cli
cli.SECOND = cli.LAST = 1
signal.signal(signal.SIGTERM, cli._stop)
for _ in range({tries}):
    try:
        print("ready", flush=True)
        time.sleep(60)
    except BaseException:
        pass
    else:
        raise SystemExit(9)
"""


@pytest.mark.parametrize(("tries", "status"), [(1, 0), (2, 0), (3, -signal.SIGALRM)])
def test_a_stop_that_is_swallowed_is_made_again_and_then_by_the_system(tries: int, status: int) -> None:
    script = DEAF.format(tries=tries)
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == status


@pytest.mark.parametrize("seconds", [1.2, 2.0, 2.8])
def test_castlist_find_ends_soon_after_it_is_stopped(
    seconds: float, small_film: tuple[Path, object], tmp_path: Path
) -> None:
    command = [
        sys.executable,
        "-m",
        "castlist",
        "find",
        str(small_film[0]),
        "--out",
        str(tmp_path / "w.castlist"),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        time.sleep(seconds)
        process.send_signal(signal.SIGTERM)
        # the last one if the signal comes before castlist handles it
        assert process.wait(60) in (0, 143, -signal.SIGTERM)
