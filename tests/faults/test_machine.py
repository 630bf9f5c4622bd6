"""Workspace operations in any order, with faults at every call site: nothing confirmed is ever lost.

A machine of hypothesis does what runs and people do, lets any call of the operating system or of SQLite fail,
or the process die there, puts links where files were and cuts files short; then opens the workspace again.
"""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import tempfile
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from castlist.decisions import Anchor, Decision
from castlist.errors import CastlistError
from castlist.store import Workspace, database
from castlist.types import Clock, Detections, Scan, Video

FACE = Anchor(Fraction(1), (0.1, 0.1, 0.2, 0.2))
EXAMPLES = int(os.environ.get("CASTLIST_MACHINE", "6"))  # more by hand: CASTLIST_MACHINE=200 pytest -n 0 ...
SYSTEM = ("open", "replace", "fsync", "mkdir", "unlink", "stat")
FAULTS = st.one_of(
    st.none(),
    st.tuples(
        st.sampled_from(["disk", "database", "death"]),
        st.integers(0, 30),
        st.sampled_from([errno.ENOSPC, errno.EIO, errno.EROFS, errno.EACCES]),
    ),
)


class Died(BaseException):
    """The process was killed at this call."""


class Breaker:
    """Lets the n-th call of the operating system, or of the database, fail; calls after it too."""

    def __init__(self, kind: str, after: int, number: int) -> None:
        self.kind, self.left, self.number = kind, after, number

    def call(self, real, *arguments, **options):
        self.left -= 1
        if self.left >= 0:
            return real(*arguments, **options)
        if self.kind == "death":
            raise Died
        if self.kind == "database":
            error = sqlite3.OperationalError("disk I/O error")
            error.sqlite_errorname = "SQLITE_FULL" if self.number == errno.ENOSPC else "SQLITE_IOERR_WRITE"
            raise error
        raise OSError(self.number, os.strerror(self.number))


@contextmanager
def broken(fault):
    """Within it, calls fail as the fault says."""
    if fault is None:
        yield
        return
    breaker = Breaker(*fault)
    kept = {name: getattr(os, name) for name in SYSTEM}
    execute = sqlite3.Connection.execute
    try:
        if fault[0] in ("disk", "death"):
            for name, real in kept.items():
                setattr(os, name, lambda *a, real=real, **o: breaker.call(real, *a, **o))
        if fault[0] in ("database", "death"):
            database.Database.execute = lambda self, *a: breaker.call(execute, self, *a)
        yield
    finally:
        for name, real in kept.items():
            setattr(os, name, real)
        with suppress(AttributeError):
            del database.Database.execute


def piece(number: int, image: str) -> Scan:
    rng = np.random.default_rng(number)
    faces = Detections(np.zeros(2), rng.random((2, 4)), rng.random(2), rng.random((2, 5, 2)))
    clock = Clock(np.arange(4) + 4 * number, Fraction(1, 25))
    return Scan(clock, np.zeros((4, 3)), faces, rng.random(2), np.arange(2), rng.random((2, 8)), (image,) * 2)


class Machine(RuleBasedStateMachine):
    """A workspace, and what was confirmed of it."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="machine-"))
        self.place = self.folder / "film.castlist"
        (self.folder / "mine.txt").write_bytes(b"precious")
        self.segments = self.decisions = 0
        self.possible = [0, 0]  # what may be there beyond what was confirmed: its call failed at the very end
        self.images: set[str] = set()
        self.harmed: set[str] = set()

    @initialize()
    def begin(self) -> None:
        with Workspace.open(self.place, create=True) as workspace:
            workspace.put_video(Video(self.folder / "film.mp4", 10, 10, Fraction(25), Fraction(1), "d"))

    def attempt(self, fault, work) -> bool:
        """Open the workspace and work on it; whether that was confirmed. A failure is one sentence."""
        workspace = None
        try:
            with broken(fault):
                workspace = Workspace.open(self.place)
                work(workspace)
            return True
        except CastlistError as error:
            if fault is None or "\n" in str(error):
                raise
            return False
        except Died:
            return False
        finally:
            if workspace is not None:
                with suppress(CastlistError):
                    if fault and fault[0] == "death":
                        workspace._db.close()
                        workspace._lock.release()
                    else:
                        workspace.close()

    @rule(fault=FAULTS, n=st.integers(0, 5))
    def append(self, fault, n: int) -> None:
        names: list[str] = []

        def work(workspace: Workspace) -> None:
            names.append(workspace.put_image(b"picture %d" % n))
            workspace.append("key", piece(workspace.segments("key"), names[0]))

        if self.attempt(fault, work):
            self.segments += 1
            self.images.add(names[0])
        else:
            self.possible[0] += 1
        self.harmed -= set(names)  # kept, whatever came of the segment

    @rule(fault=FAULTS)
    def decide(self, fault) -> None:
        if self.attempt(fault, lambda workspace: workspace.decisions.append(Decision("hide", (FACE,)))):
            self.decisions += 1
        else:
            self.possible[1] += 1

    @rule(fault=FAULTS)
    def sweep(self, fault) -> None:
        self.attempt(fault, lambda workspace: workspace._sweep())

    @rule(data=st.data(), how=st.sampled_from(["gone", "empty", "cut", "link"]))
    def harm_a_picture(self, data, how: str) -> None:
        files = sorted(self.place.glob("thumbs/*/*.jpg"))
        if not files:
            return
        path = data.draw(st.sampled_from(files))
        content = path.read_bytes() if path.is_file() else b""
        path.unlink()
        if how == "link":
            path.symlink_to(self.folder / "mine.txt")
        elif how != "gone":
            path.write_bytes(content[: 3 * (how == "cut")])
        self.harmed.add(path.stem)

    @rule(fault=FAULTS)
    def put_pictures_again(self, fault) -> None:
        again = [b"picture %d" % n for n in range(6)]
        done: list[str] = []
        self.attempt(fault, lambda workspace: done.extend(workspace.put_image(jpeg) for jpeg in again))
        self.harmed -= set(done)

    @invariant()
    def nothing_confirmed_is_lost(self) -> None:
        if not (self.place / "cast.db").exists():
            return
        with Workspace.open(self.place, write=False) as workspace:
            segments, decisions = workspace.segments("key"), len(workspace.decisions.all())
            assert self.segments <= segments <= self.segments + self.possible[0]
            assert self.decisions <= decisions <= self.decisions + self.possible[1]
            scan = workspace.scan("key")
            assert (0 if scan is None else len(scan)) == 4 * segments
            for name in self.images - self.harmed:
                assert workspace.image(name).startswith(b"picture")
            for name in self.harmed:
                assert not workspace.has_image(name)
            self.segments, self.decisions, self.possible = segments, decisions, [0, 0]

    @invariant()
    def nothing_outside_changed(self) -> None:
        assert (self.folder / "mine.txt").read_bytes() == b"precious"
        assert {p.name for p in self.folder.iterdir()} <= {"mine.txt", "film.castlist"}

    def teardown(self) -> None:
        shutil.rmtree(self.folder)


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=EXAMPLES, stateful_step_count=12, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
