"""Makes the proxy of a film once, in a separate process, and stores it in the user's cache."""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from io import FileIO
from pathlib import Path
from threading import Lock, Thread
from typing import BinaryIO
from uuid import uuid4

from castlist.decode.files import Limits, printable, system_words
from castlist.decode.picture import fitted_size
from castlist.decode.process import fault_sentence
from castlist.outputs import FULL
from castlist.own_process import own_process
from castlist.types import Video

__all__ = ["KINDS", "Proxy", "ProxyStage", "ProxyState"]

KINDS = ("mp4", "webm")
VERSION = 3  # of the way proxies are made; proxies of an earlier version are not used
SIDE = 640  # pixels of the long side
KEPT = 50  # proxies in the cache; beyond, the least recently used are deleted
_KEY = re.compile(r"[0-9a-f]{16,64}")


class ProxyStage(StrEnum):
    """The stages of a proxy."""

    NONE = "none"
    MAKING = "making"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ProxyState:
    """Stage of a proxy; `done`, from 0 to 1; `why`, the reason for a failure."""

    name: ProxyStage = ProxyStage.NONE
    done: float = 0.0
    why: str = ""


class Proxy:
    """The proxy of one film. Safe for use by several threads.

    Args:
        video: the film.
        opened: gives the film's open file; raises InputError if there is none.
        folder: for proxies; by default the user's cache.
    """

    def __init__(self, video: Video, opened: Callable[[], FileIO], folder: Path | None = None) -> None:
        self._video, self._opened = video, opened
        self._folder = folder or cache()
        self._limits = Limits()
        self._lock = Lock()
        self._state = ProxyState()
        self._kind = "mp4"
        self._child: subprocess.Popen[str] | None = None
        self._closed = False

    def state(self) -> ProxyState:
        with self._lock:
            return self._state

    def want(self, kind: str) -> ProxyState:
        """Begin to make the proxy, unless it exists or is being made; returns its state."""
        with self._lock:
            if self._state.name in (ProxyStage.MAKING, ProxyStage.READY) or kind not in KINDS or self._closed:
                return self._state
            self._kind = kind
            if self._path().is_file():
                self._state = ProxyState(ProxyStage.READY, 1.0)
                with suppress(OSError):
                    os.utime(self._path())
            else:
                self._state = ProxyState(ProxyStage.MAKING)
                Thread(target=self._make, name="proxy", daemon=True).start()
            return self._state

    def file(self) -> tuple[FileIO, str] | None:
        """The open proxy and its file name; None while there is none. The caller closes the file."""
        if self.state().name != ProxyStage.READY:
            return None
        try:
            flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0)
            return FileIO(os.open(self._path(), flags)), self._path().name
        except OSError:
            with self._lock:
                self._state = ProxyState()  # the cache was emptied: the proxy can be made again
            return None

    def close(self) -> None:
        """Stop making it."""
        with self._lock:
            self._closed = True
            if self._child is not None:
                self._child.kill()

    def _path(self) -> Path:
        return self._folder / f"{self._video.digest}-{VERSION}.{self._kind}"

    def _make(self) -> None:
        try:
            self._run()
            state = ProxyState(ProxyStage.READY, 1.0)
        except _Failed as error:
            state = ProxyState(ProxyStage.FAILED, why=str(error))
        except OSError as error:
            state = ProxyState(ProxyStage.FAILED, why=self._unwritten(error))
        except Exception as error:  # such as a full disk or a missing film: the state reports it
            state = ProxyState(ProxyStage.FAILED, why=str(error))
        with self._lock:
            self._state = state

    def _unwritten(self, error: OSError) -> str:
        """Which file cannot be written, in which folder, and what to do."""
        full = error.errno in FULL
        advice = "free some space on its disk" if full else "make sure that this folder can be written"
        return (
            f"{printable(self._path().name)} cannot be written into {printable(self._folder)} "
            f"({system_words(error)}); {advice}, and start the review again"
        )

    def _run(self) -> None:
        if not _KEY.fullmatch(self._video.digest):
            raise _Failed("the workspace does not say which film it is about")
        self._folder.mkdir(parents=True, exist_ok=True)
        _sweep(self._folder)
        part = self._folder / f".{uuid4().hex}.part"
        try:
            with self._opened() as film, open(part, "xb") as target:
                self._watched(film, target)
            os.replace(part, self._path())
        finally:
            part.unlink(missing_ok=True)

    def _watched(self, film: FileIO, target: BinaryIO) -> None:
        """Run the child process and follow its progress until it is done."""
        width, height = (max(2, n // 2 * 2) for n in fitted_size(self._video.width, self._video.height, SIDE))
        life, held = os.pipe()
        fd = target.fileno()
        job = {"file": film.fileno(), "target": fd, "life": life, "kind": self._kind}
        job |= {"width": width, "height": height, "threads": self._limits.threads}
        job |= {"memory": self._limits.memory, "max_pixels": self._limits.max_pixels}
        try:
            with self._lock:
                if self._closed:
                    raise _Failed("it was stopped")
                self._child = subprocess.Popen(  # noqa: S603
                    own_process("castlist.proxy.child", json.dumps(job)),
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                    pass_fds=[film.fileno(), fd, life], process_group=0,
                )  # fmt: skip
            with self._child as child:
                try:
                    self._follow(child)
                finally:
                    child.kill()
        finally:
            os.close(life)
            os.close(held)

    def _follow(self, child: subprocess.Popen[str]) -> None:
        """Follow the child's reports.

        Raises:
            _Failed: it ended before it was done, or hung.
        """
        assert child.stdout is not None  # noqa: S101
        length = float(self._video.duration) or 1.0
        while select.select([child.stdout], [], [], self._limits.seconds)[0]:
            line = child.stdout.readline()
            if not line:
                raise _Failed("its decoder ended before the film did")
            words = json.loads(line)
            if "end" in words:
                return
            if "unwritten" in words:
                raise OSError(words["unwritten"], os.strerror(words["unwritten"]))
            if "code" in words:
                raise _Failed(fault_sentence(self._video.path, self._limits, words))
            with self._lock:
                self._state = ProxyState(ProxyStage.MAKING, min(0.99, words["at"] / length))
        raise _Failed(f"its decoder hung: nothing came for {self._limits.seconds:g} seconds")


class _Failed(Exception):
    """The reason why there is no proxy."""


def cache() -> Path:
    """The folder for proxies."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "castlist" / "films"
    base = os.environ.get("XDG_CACHE_HOME", "")
    try:
        home = Path(base) if os.path.isabs(base) else Path.home() / ".cache"
    except RuntimeError:  # there is no home folder
        home = Path(tempfile.gettempdir())
    return home / "castlist" / "films"


def _sweep(folder: Path) -> None:
    """Delete unfinished files of more than a day, and the least recently used proxies."""
    yesterday = time.time() - 86400
    with suppress(OSError):
        files = [(f.stat().st_mtime, f) for f in folder.iterdir() if f.is_file() and not f.is_symlink()]
        done = sorted((t, f) for t, f in files if f.suffix[1:] in KINDS)
        old = [f for t, f in files if f.suffix == ".part" and t < yesterday]
        for file in [*old, *(f for _, f in done[: max(0, len(done) - KEPT + 1)])]:
            file.unlink(missing_ok=True)
