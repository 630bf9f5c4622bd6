"""A process with castlist loaded that forks for every command: a case costs milliseconds, not an import."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["Ended", "Limits", "Server", "shim"]

ALWAYS = 6 << 30  # bytes of address space of any command: what asks for more is a bomb that went off


@dataclass(frozen=True)
class Limits:
    """What is done to a command while it runs."""

    seconds: float = 20.0  # of work and of waiting, beyond which it hangs; waiting for a processor is neither
    memory: int = 0  # bytes of address space on top of what the modules take; 0 for plenty
    file: int = 0  # bytes beyond which no file may grow; 0 for any
    fail: tuple[int, int, int, str] | None = None  # calls of which kind fail, after how many, how, and where
    signal: tuple[int, float] | None = None  # a signal, and after how many seconds


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int  # negative: by a signal
    seconds: float
    memory: int  # bytes, at its peak
    hung: bool
    out: bytes = field(repr=False, default=b"")
    err: bytes = b""


class Server:
    """Runs command lines of castlist, each in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.shim = shim(folder)
        environment = os.environ | {
            "CASTLIST_STRICT": "1",
            "PYTHONDONTWRITEBYTECODE": "1",  # Python stores a .pyc that could not be written whole
            "OPENBLAS_NUM_THREADS": "1",
            "OMP_NUM_THREADS": "1",
        }
        if self.shim:
            environment["LD_PRELOAD"] = str(self.shim)
        code = "from tests.faults.server import serve; serve()"
        self._process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )

    def run(self, words: list[str], cwd: Path, limits: Limits = Limits()) -> Ended:
        """Run one command line."""
        out, err = self.folder / "out", self.folder / "err"
        request = {"words": words, "cwd": str(cwd), "out": str(out), "err": str(err), **asdict(limits)}
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        said = json.loads(self._process.stdout.readline())
        return Ended(**said, out=_head(out), err=_head(err))

    def close(self) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()


def _head(path: Path) -> bytes:
    with open(path, "rb") as file:
        return file.read(1 << 22)


def shim(folder: Path) -> Path | None:
    """The library that lets calls fail, None where there is no compiler or no Linux."""
    built = folder / "fail.so"
    source = Path(__file__).with_name("fail.c")
    if sys.platform != "linux":
        return None
    with suppress(OSError, subprocess.CalledProcessError):
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-o", str(built), str(source), "-ldl"], check=True, capture_output=True
        )
        return built
    return None


# Inside the process


def serve() -> None:
    """Answer requests until there are none."""
    import importlib

    names = (
        "castlist.cli", "castlist.store", "castlist.recipe", "castlist.pipeline", "castlist.cli.info",
        "castlist.cli.export", "castlist.cli.decide", "castlist.cli.explain", "castlist.research.features",
        "castlist.io.exports", "castlist.report", "castlist.review.session", "castlist.library",
        "castlist.cli.library", "rich.table", "rich.console",
    )  # fmt: skip
    for name in names:
        with suppress(ImportError):
            importlib.import_module(name)
    for line in sys.stdin:
        print(json.dumps(_ended(json.loads(line))), flush=True)


def _ended(request: dict[str, Any]) -> dict[str, Any]:
    child = os.fork()
    if not child:
        _command(request)
    sent, hung, turns, spent = request["signal"] is None, False, 0, _Spent(child)
    while True:
        pid, status, usage = os.wait4(child, os.WNOHANG)
        if pid:
            break
        turns += 1
        if turns % 10 == 0 or not sent:
            spent.look()
        if not sent and spent.seconds >= request["signal"][1]:
            os.kill(child, request["signal"][0])
            sent = True
        if spent.seconds > request["seconds"]:
            hung = True
            _end(child)
        time.sleep(0.005)
    _end(child)  # what it left behind
    took = max(spent.seconds, usage.ru_utime + usage.ru_stime)
    return {
        "status": os.waitstatus_to_exitcode(status),
        "seconds": took,
        "memory": usage.ru_maxrss << 10,
        "hung": hung,
    }


class _Spent:
    """Seconds that a group of processes worked, and those in which all of them waited for something.

    A machine with other work makes everything slower, and hangs nothing: waiting for a processor is not
    counted. Where there is no /proc, the clock on the wall is.
    """

    def __init__(self, group: int) -> None:
        self._group, self._last, self._waited = group, time.monotonic(), 0.0
        self._begun = self._last
        self.seconds = 0.0

    def look(self) -> None:
        now = time.monotonic()
        states, ticks = self._processes()
        if states is None:
            self.seconds = now - self._begun
            return
        if not states & {"R", "D"}:
            self._waited += now - self._last
        self._last = now
        self.seconds = max(self.seconds, self._waited + ticks / os.sysconf("SC_CLK_TCK"))

    def _processes(self) -> tuple[set[str] | None, int]:
        states: set[str] = set()
        total = 0
        try:
            names = [name for name in os.listdir("/proc") if name.isdigit()]
        except OSError:
            return None, 0
        for name in names:
            with suppress(OSError, ValueError, IndexError):
                part = Path("/proc", name, "stat").read_text().rpartition(")")[2].split()
                if int(part[2]) == self._group:
                    states |= self._threads(name, part[0])
                    total += int(part[11]) + int(part[12])
        return states, total

    def _threads(self, process: str, state: str) -> set[str]:
        """The states of a process and its threads."""
        states = {state}
        with suppress(OSError):
            for thread in os.listdir(f"/proc/{process}/task"):
                with suppress(OSError):
                    text = Path("/proc", process, "task", thread, "stat").read_text()
                    states.add(text.rpartition(")")[2].split()[0])
        return states


def _end(group: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def _command(request: dict[str, Any]) -> None:
    """Run one command line in this process, and end it."""
    os.setpgid(0, 0)
    for number, name, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, request["out"], _NEW),
        (2, request["err"], _NEW),
    ):
        fd = os.open(name, flags, 0o666)
        os.dup2(fd, number)
        os.close(fd)
    os.chdir(request["cwd"])
    sys.path.insert(0, "")  # as python -m does
    sys.stdin, sys.stdout, sys.stderr = (os.fdopen(i, m) for i, m in ((0, "r"), (1, "w"), (2, "w")))
    sys.argv = ["castlist", *request["words"]]
    status = 1
    try:
        _limit(request)
        from castlist.cli import main

        main()
        status = 0
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
        status = 70
    with suppress(Exception):
        sys.stdout.flush()
    with suppress(Exception):
        sys.stderr.flush()
    os._exit(status & 255)


_NEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


def _limit(request: dict[str, Any]) -> None:
    now = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    room = now + request["memory"] if request["memory"] else ALWAYS
    resource.setrlimit(resource.RLIMIT_AS, (room, room))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if request["file"]:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (request["file"],) * 2)
    if request["fail"]:
        which, after, error, folder = request["fail"]
        os.environ["CASTLIST_FAIL"] = f"{which} {after} {error} {folder}"  # for the processes that it starts
        ctypes.CDLL(None).castlist_fail(which, after, error, folder.encode())
