"""Saving in a process of its own: the same as saving here, whatever becomes of the process."""

from __future__ import annotations

import fcntl
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from review_made import Made, workspace

from castlist.errors import CastlistError, InputError
from castlist.review import Session, publisher, saving
from castlist.store import Workspace

Make = Callable[..., Made]
TRUTH, LABEL = [0, 0, 1, 1, 2, 2, 3, 3], [0, 0, 1, 2, 3, 3, 3, -1]
SECONDS = 60.0  # for what takes a moment


@pytest.fixture(autouse=True)
def _in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that waits while anything else works may never work where tests run."""
    monkeypatch.setattr(saving, "_IDLE", False)


def tables(place: Path) -> dict[str, list[Any]]:
    """Everything that a reader of the cast sees, without when it was made."""
    wanted = {"casts": "run, damaged, decision, turned"} | dict.fromkeys(
        ("shots", "people", "tracks", "faces", "portraits"), "*"
    )
    with closing(sqlite3.connect(place / "cast.db")) as db:
        return {
            name: sorted(db.execute(f"SELECT {what} FROM {name}"), key=repr)  # noqa: S608
            for name, what in wanted.items()
        }


def decided(session: Session) -> None:
    session.decide({"action": "merge", "people": ["p2", "p3"]})
    session.decide({"action": "name", "person": "p1", "name": "Anna"})
    session.decide({"action": "not-a-face", "tracks": [6]})


def eventually(true: Callable[[], bool]) -> bool:
    until = time.monotonic() + SECONDS
    while not true() and time.monotonic() < until:
        time.sleep(0.02)
    return true()


def stored(place: Path) -> int:
    with Workspace.open(place, write=False) as keep:
        return keep.cast_run()[1]


def test_what_is_saved_apart_is_what_is_saved_here(made: Make, tmp_path: Path) -> None:
    film, other = made(TRUTH, LABEL), tmp_path / "other" / "film.castlist"
    other.parent.mkdir()
    workspace(other, np.array(TRUTH), np.array(LABEL))
    for place, apart in ((film.place, True), (other, False)):
        session = Session.open(place)
        decided(session)
        assert session.save(apart=apart)
        session.close()
    assert tables(film.place) == tables(other)
    assert "Anna" in (film.place / "report.html").read_text("utf-8")


def test_a_cast_that_was_renewed_is_the_cast_put_as_a_whole(made: Make) -> None:
    """After every decision and undo of a chance review the tables are those of a workspace written afresh."""
    film, rng = made(TRUTH, LABEL), np.random.default_rng(3)
    with Session.open(film.place) as session:
        for _ in range(12):
            groups, chance = session.view.groups, rng.random()
            if len(groups) > 2 and chance < 0.4:
                session.decide({"action": "merge", "people": [g.id for g in groups[:2]]})
            elif session.view.revision and chance < 0.7:
                with suppress(InputError):  # nothing is left to be undone
                    session.undo()
            else:
                request = {"people": [groups[-1].id]} if len(groups) > 1 else {"tracks": [0]}
                session.decide({"action": rng.choice(["hide", "background"]), **request})
            assert session.save()
            renewed = tables(film.place)
            with closing(sqlite3.connect(film.place / "cast.db")) as db, db:
                db.execute("UPDATE casts SET run = NULL")  # of no run: all of it is written
            with Workspace.open(film.place) as keep:
                run = keep.runs()[-1].id
                keep.put_cast(session.cast(), session.base.portraits, run=run, decision=session.view.revision)
            assert tables(film.place) == renewed


FATAL = {
    "before the end of the transaction": "import castlist.store.casts as c; renew = c.renew; "
    "c.renew = lambda *a: die(renew(*a))",
    "before the report": "import castlist.report as r; r.write = die",
    "before the cast": "from castlist.store import Workspace as w; w.put_cast = die",
}


@pytest.mark.parametrize("where", FATAL)
def test_a_process_killed_leaves_the_workspace_whole(
    made: Make, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    film, start = made(TRUTH, LABEL), saving._START
    die = f"import os; die = lambda *a, **k: os.kill(os.getpid(), {signal.SIGKILL:d}); {FATAL[where]}"
    deadly = start.replace("saving.main(", f"{die}\nsaving.main(")
    with Session.open(film.place) as session:
        before = tables(film.place)
        decided(session)
        monkeypatch.setattr(saving, "_START", deadly)
        with pytest.raises(saving.SaveKilled):
            session.save(apart=True)
        assert tables(film.place) == before
        monkeypatch.setattr(saving, "_START", start)
        assert session.save(apart=True)
        assert stored(film.place) == session.view.revision
    assert [p.name for p in Workspace.open(film.place, write=False).cast() if p.named] == ["Anna"]


def test_a_save_that_was_killed_is_repeated(
    made: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    film, mark = made(TRUTH, LABEL), tmp_path / "killed once"
    once = (
        f"import os\nif not os.path.exists({str(mark)!r}): "
        f"open({str(mark)!r}, 'x').close(); os.kill(os.getpid(), {signal.SIGKILL:d})\n"
    )
    monkeypatch.setattr(saving, "_START", once + saving._START)
    monkeypatch.setattr(publisher, "LARGE", 0)
    monkeypatch.setattr(publisher, "QUIET", 0.0)
    with Session.open(film.place) as session, publisher.published(session):
        decided(session)
        assert eventually(lambda: stored(film.place) == session.view.revision)
        assert mark.exists()


def test_where_every_process_is_killed_it_is_saved_here(made: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    film = made(TRUTH, LABEL)
    monkeypatch.setattr(saving, "_START", f"import os; os.kill(os.getpid(), {signal.SIGKILL:d})")
    monkeypatch.setattr(publisher, "LARGE", 0)
    monkeypatch.setattr(publisher, "QUIET", 0.0)
    with Session.open(film.place) as session, publisher.published(session):
        decided(session)
        assert eventually(lambda: stored(film.place) == session.view.revision)


def test_a_run_at_work_and_a_folder_without_a_cast(made: Make, tmp_path: Path) -> None:
    film = made(TRUTH, LABEL)
    with Workspace.open(film.place):
        assert not saving.save_apart(film.place)
    assert saving.save_apart(film.place)
    with pytest.raises(CastlistError, match="cannot be written"):
        saving.save_apart(tmp_path)


# Holds a lock on a file for as long as it lives, and saves nothing.
HANGS = """
import fcntl, sys, threading, time
sys.path[:] = sys.argv[3:]
from castlist.child_process import end_when_stdin_closes
file = open({mark!r}, "w")
fcntl.flock(file, fcntl.LOCK_EX)
print("here", file=file, flush=True)
threading.Thread(target=end_when_stdin_closes, daemon=True).start()
time.sleep(600)
"""


def test_no_process_is_left_behind_by_a_server_that_was_killed(
    made: Make, served: Callable[..., Any], tmp_path: Path
) -> None:
    film, mark = made(TRUTH, LABEL), tmp_path / "mark"
    mark.touch()
    before = (
        "from castlist.review import publisher, saving\n"
        "publisher.LARGE, publisher.QUIET, saving._IDLE = 0, 0.0, False\n"
        f"saving._START = {HANGS.format(mark=str(mark))!r}"
    )
    server = served(film.place, before=before)
    server.post("/api/decide", {"action": "hide", "people": ["p1"], "revision": 0})
    assert eventually(lambda: mark.read_text() == "here\n")
    server.process.kill()
    server.process.wait(20)

    def gone() -> bool:
        with mark.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return False
        return True

    assert eventually(gone)


@pytest.fixture
def hanging(made: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> tuple[Made, Path]:
    """A film whose process of low priority never comes to anything, and a file that shows it is there."""
    mark = tmp_path / "mark"
    mark.touch()
    monkeypatch.setattr(saving, "_START", HANGS.format(mark=str(mark)))
    monkeypatch.setattr(publisher, "LARGE", 0)
    monkeypatch.setattr(publisher, "QUIET", 0.0)
    return made(TRUTH, LABEL), mark


def test_whoever_saves_here_does_not_wait_for_a_process_of_low_priority(hanging: tuple[Made, Path]) -> None:
    film, mark = hanging
    with Session.open(film.place) as session, publisher.published(session):
        decided(session)
        assert eventually(lambda: bool(mark.read_text()))
        assert session.save()  # as Done does; the process would take ten minutes
        assert stored(film.place) == session.view.revision


def test_the_end_of_a_review_does_not_wait_for_a_process_of_low_priority(
    hanging: tuple[Made, Path],
) -> None:
    film, mark = hanging
    with Session.open(film.place) as session, publisher.published(session):
        decided(session)
        assert eventually(lambda: bool(mark.read_text()))
    assert stored(film.place) == 3


def test_an_idle_process_that_never_comes_to_anything_is_followed_by_one_that_takes_its_turn(
    made: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    film, start = made(TRUTH, LABEL), saving._START
    starved = "import sys, time\nif sys.argv[2] == 'idle': time.sleep(600)\n"
    monkeypatch.setattr(saving, "_START", starved + start)
    monkeypatch.setattr(saving, "_IDLE", True)
    monkeypatch.setattr(saving, "_PATIENT", 0.2)
    with Session.open(film.place) as session:
        decided(session)
        assert session.save(apart=True)
        assert stored(film.place) == session.view.revision


def test_what_is_exported_before_anything_is_saved_is_as_decided(hanging: tuple[Made, Path]) -> None:
    film, mark = hanging
    with Session.open(film.place) as session, publisher.published(session):
        decided(session)
        assert eventually(lambda: bool(mark.read_text()))
        with Workspace.open(film.place, write=False) as keep:
            assert keep.cast_run()[1] == 0  # nothing is saved yet
            exported = keep.cast()
        assert [p.name for p in exported if p.named] == ["Anna"]
        assert [p.id for p in exported] == [p.id for p in session.cast()]
        session.undo()
        with Workspace.open(film.place, write=False) as keep:
            assert keep.cast().person.tolist() == session.cast().person.tolist()


@pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="this system has no such priority")
def test_only_the_thread_that_computes_is_idle() -> None:
    code = (
        "import os; from castlist.background_thread import background_thread as b; t = b(idle=True); "
        "print(t.submit(os.sched_getscheduler, 0).result(), t.submit(os.nice, 0).result(), "
        "os.sched_getscheduler(0), os.nice(0))"
    )
    nice = os.nice(0)
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    thread, its_nice, process, process_nice = map(int, found.stdout.split())
    assert (thread, process) == (os.SCHED_IDLE, os.sched_getscheduler(0))
    assert (its_nice, process_nice) == (min(nice + 10, 19), nice)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGHUP])
def test_what_was_decided_last_is_saved_at_the_end(made: Make, served: Callable[..., Any], end: int) -> None:
    film = made(TRUTH, LABEL)
    before = "from castlist.review import publisher, saving\n"
    before += "publisher.LARGE, publisher.QUIET, saving._IDLE = 0, 0.0, False"
    server = served(film.place, before=before)
    for i in range(6):
        body = {"action": "name", "person": "p1", "name": f"name {i}", "revision": i}
        assert server.post("/api/decide", body)[0] == 200
        time.sleep(0.1)  # so that a process is at work at some of them
    server.process.send_signal(end)
    server.process.wait(60)
    assert stored(film.place) == 6
    assert "name 5" in (film.place / "report.html").read_text("utf-8")
    with Workspace.open(film.place):  # no process holds it any more
        pass


def test_a_process_that_saves_shares_the_session_and_not_the_signals(
    made: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Linux compares priorities within a session only, and Ctrl-C reaches the group of the server."""
    film, mark = made(TRUTH, LABEL), tmp_path / "mark"
    tell = f"import os; open({str(mark)!r}, 'w').write(f'{{os.getsid(0)}} {{os.getpgid(0)}}')\n"
    monkeypatch.setattr(saving, "_START", tell + saving._START)
    assert saving.save_apart(film.place)
    session, group = map(int, mark.read_text().split())
    assert session == os.getsid(0)
    assert group != os.getpgid(0)
