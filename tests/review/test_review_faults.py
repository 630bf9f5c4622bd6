"""Whatever is done to decisions is one sentence and a status that is not zero; nothing decided is lost."""

from __future__ import annotations

import errno
import io
import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from review_made import workspace

import castlist
from castlist.cli import run
from castlist.errors import CastlistError, WorkspaceError
from castlist.pipeline import publish
from castlist.review import Session
from castlist.store import Workspace, lock
from castlist.store.folder import Folder
from castlist.store.lock import Lock, check_lockable

Make = Callable[..., Any]
FOUR = ([0, 0, 1, 1], [0, 0, 1, 1])


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """What a command line that cannot be done says: one sentence, in one line."""
    capsys.readouterr()
    assert run([str(a) for a in arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("castlist: ")
    assert said.err.count("\n") == 1
    return said.err


def log(place: Path) -> list[str]:
    with Workspace.open(place, write=False) as keep:
        return [f"{d.kind} {d.value}" for d in keep.decisions.all()]


# The command line


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["undo"], "nothing to undo"),
        (["redo"], "nothing to redo"),
        (["merge"], "merge p1 p4 Anna"),
        (["merge", "p1"], "merge p1 p4 Anna"),
        (["merge", "p1", "p1"], "at least 2 different people"),
        (["merge", "p1", "p10"], "there is no person 'p10'"),
        (["name", "p1", "x" * 1001], "at most 1000 characters"),
        (["name", "p1", "p2"], "'p2' is no name"),
        (["name", "p1", ""], "no name that could be removed"),
        (["name"], "write it as in: name p1"),
        (["split"], "split 12 15"),
        (["split", "0", "1"], "no track left"),
        (["split", "9" * 400], "split takes numbers of tracks"),
        (["move", "0"], "move 12 15 p4"),
        (["sort"], "sort 12=p3"),
        (["sort", "12"], "as in 12=p3"),
        (["sort", "0=p10"], "there is no person 'p10'"),
        (["sort", "0=p2", "0=p2"], "listed twice"),
        (["restore", "0"], "not set aside"),
        (["import"], "name one workspace"),
        (["import", "nowhere.castlist"], "does not exist"),
        (["import", "a", "b"], "name one workspace"),
        (["import", "nowhere.castlist", "--offset", "nan"], "a number of seconds"),
    ],
)
def test_what_cannot_be_done(
    made: Make, capsys: pytest.CaptureFixture[str], words: list[str], sentence: str
) -> None:
    film = made(*FOUR)
    assert sentence in told(capsys, "decide", film.place, *words)
    assert log(film.place) == []


def test_a_name_of_a_thousand_characters(made: Make, capsys: pytest.CaptureFixture[str]) -> None:
    film = made(*FOUR)
    name = "\u202e<odd>" + "x" * 994
    assert run(["decide", str(film.place), "name", "p1", name]) == 0
    assert len(capsys.readouterr().out) < 400
    assert log(film.place) == [f"name {name[1:]}"]  # without the mark that turns the direction of writing
    assert "<odd>" not in (film.place / "report.html").read_text("utf-8")


def test_many_at_once_from_the_command_line(made: Make, capsys: pytest.CaptureFixture[str]) -> None:
    film = made([0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 1, 0])
    assert run(["decide", str(film.place), "sort", "2=p1", "5=p2"]) == 0
    assert "2 tracks moved" in capsys.readouterr().out
    with Session.open(film.place) as session:
        assert sorted(g.tracks.tolist() for g in session.view.groups) == [[0, 1, 2], [3, 4, 5]]
    assert run(["decide", str(film.place), "sort", "2="]) == 0
    assert run(["decide", str(film.place), "sheet"]) == 0


# Damage

NEW = "INSERT INTO decisions VALUES (2, {}, '', 'me', {}, {})"
FACE = "INSERT INTO anchors VALUES (1, 1, {}, {}, 0.1, {}, 0.2, 0)"
DAMAGE = {
    "an unknown kind": NEW.format("'bless'", "'2026-01-01T00:00:00+00:00'", "NULL"),
    "no time": NEW.format("'hide'", "'yesterday'", "NULL"),
    "no faces": NEW.format("'hide'", "'2026-01-01T00:00:00+00:00'", "NULL"),
    "an undo of nothing": NEW.format("'hide'", "'2026-01-01T00:00:00+00:00'", "1"),
    "a face at no time": FACE.format("'x'", "0.1", "0.2"),
    "a face at time 1/0": FACE.format("'1/0'", "0.1", "0.2"),
    "a face of no size": FACE.format("'1'", "0.2", "0.1"),
    "a face nowhere": FACE.format("'1'", "'left'", "'right'"),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_broken_line_in_the_log(made: Make, capsys: pytest.CaptureFixture[str], damage: str) -> None:
    film = made(*FOUR)
    assert run(["decide", str(film.place), "name", "p1", "Anna"]) == 0
    db = sqlite3.connect(film.place / "cast.db")
    with db:
        db.execute(DAMAGE[damage])
    db.close()
    before = (film.place / "report.html").read_bytes()
    for words in (["list"], ["hide", "p2"], ["undo"]):
        assert "is damaged" in told(capsys, "decide", film.place, *words)
    assert (film.place / "report.html").read_bytes() == before
    db = sqlite3.connect(film.place / "cast.db")
    assert db.execute("SELECT value FROM decisions WHERE id = 1").fetchone() == ("Anna",)
    db.close()


def test_import_from_a_damaged_log_and_from_another_film(
    made: Make, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = made(*FOUR)
    other = tmp_path / "other.castlist"
    subprocess.run(["cp", "-r", str(film.place), str(other)], check=True)
    assert run(["decide", str(other), "name", "p1", "Anna"]) == 0
    db = sqlite3.connect(other / "cast.db")
    with db:
        db.execute("UPDATE video SET digest = 'another'")
        db.execute("DELETE FROM faces WHERE track > 0")  # what is left of it fits no longer
        db.execute("DELETE FROM results")
    db.close()
    told(capsys, "decide", film.place, "import", other)
    assert log(film.place) == []


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that other users can reach, as those of pytest cannot be."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_a_folder_that_cannot_be_written(reachable: Path) -> None:
    """As a user who may only read, in a process of its own."""
    film = workspace(reachable / "film.castlist", *map(np.array, FOUR))
    with Session.open(film.place) as session:
        session.decide({"action": "name", "person": "p1", "name": "Anna"})
    for path in (film.place.parent, film.place, *film.place.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    script = (
        "import os, sys\n"
        "from castlist.cli import run\n"
        "import contextlib, io, subprocess\n"
        "with contextlib.redirect_stdout(io.StringIO()): run(['decide', sys.argv[1], 'list'])  # imports\n"
        "if os.geteuid() == 0: os.setgroups([]); os.setresgid(*[65534] * 3); os.setresuid(*[65534] * 3)\n"
        "sys.exit(run(['decide', *sys.argv[1:]]))"
    )

    def ask(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", script, str(film.place), *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=60)

    try:
        looked, refused = ask("list"), ask("hide", "p2")
    finally:
        for path in (film.place.parent, film.place, *film.place.rglob("*")):
            path.chmod(path.stat().st_mode | stat.S_IWUSR)
    assert (looked.returncode, looked.stderr) == (0, "")
    assert "Anna" in looked.stdout
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.count("\n") == 1
    assert "cannot be written" in refused.stderr
    assert "make sure that the folder is there and that you may write to it" in refused.stderr
    assert log(film.place) == ["name Anna"]


@pytest.mark.parametrize("room", [1 << 12, 1 << 15, 1 << 17])
def test_a_disk_without_room(made: Make, room: int) -> None:
    """Decisions until the disk is full: those that were confirmed are there, and the next one can be made."""
    film = made(*FOUR)
    script = (
        "import resource, sys\n"
        "from castlist.errors import CastlistError\n"
        "from castlist.review import Session\n"
        "done = 0\n"
        "try:\n"
        "    with Session.open(sys.argv[1]) as session:\n"
        "        resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)\n"
        "        while done < 300:\n"
        "            session.decide({'action': 'name', 'person': 'p1', 'name': f'{done} ' + 'x' * 900})\n"
        "            done += 1\n"
        "except CastlistError as error:\n"
        "    print(done, error)\n"
    )
    command = [sys.executable, "-c", script, str(film.place), str(room)]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ran.stderr == ""
    done, sentence = ran.stdout.rstrip("\n").split(" ", 1)
    assert "full" in sentence
    assert "\n" not in sentence
    assert [line.split()[1] for line in log(film.place)] == [str(i) for i in range(int(done))]
    with Session.open(film.place) as session:
        session.decide({"action": "hide", "people": ["p2"]})


# Decisions stand where what follows them cannot be written


def writes(film: Any) -> list[Callable[[], object]]:
    """Every way to decide from outside the page."""
    place, names = str(film.place), film.place.parent / "names.csv"
    names.write_text("name,start,end\nZoe,0,0.35\n")
    return [
        lambda: run(["decide", place, "name", "p1", "Anna"]),
        lambda: run(["decide", place, "hide", "p2", "+", "undo"]),
        lambda: castlist.rename(place, "Person 1", "Berta"),
        lambda: castlist.merge(place, "Person 2", "Person 1"),
        lambda: run(["propose", place, str(names), "--apply"]),
    ]


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS])
@pytest.mark.parametrize("which", range(5))
def test_nothing_is_decided_where_files_cannot_be_locked(
    made: Make, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], number: int, which: int
) -> None:
    import fcntl

    film = made(*FOUR)

    def fails(fd: int, how: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", fails)
    try:
        assert writes(film)[which]() == 2
        said = capfd.readouterr().err
    except CastlistError as error:
        said = str(error)
    assert "cannot lock files" in said
    assert said.strip().count("\n") == 0
    assert log(film.place) == []
    with Workspace.open(film.place, write=False) as opened:
        assert opened.proposals.all() == []


def test_nothing_is_decided_on_the_page_where_files_cannot_be_locked(
    made: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    def fails(fd: int, how: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    film = made(*FOUR)
    with Session.open(film.place) as session:
        monkeypatch.setattr(fcntl, "flock", fails)
        with pytest.raises(WorkspaceError, match="cannot lock files"):
            session.decide({"action": "hide", "people": ["p2"]})
        with pytest.raises(WorkspaceError, match="cannot lock files"):
            session.decide_all([{"action": "hide", "people": ["p1"]}])
        assert session.state()["people"]
    assert log(film.place) == []


@pytest.mark.parametrize("which", [0, 1, 2, 3])
def test_a_decision_whose_report_cannot_be_written_is_made(
    made: Make, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], which: int
) -> None:
    """An error would have it made again; every command reads the log, and a later one writes the report."""
    film = made(*FOUR)

    def full(*args: object, **options: object) -> None:
        raise WorkspaceError(f"{film.place}: the disk is full; run the same command again")

    with monkeypatch.context() as patched:
        patched.setattr(publish, "write_report", full)
        assert writes(film)[which]() != 2
    said = capfd.readouterr().err
    if which < 2:
        assert "the decisions are stored, do not make them again" in said
        assert "(the disk is full)" in said
        assert "same command" not in said
        assert said.strip().count("\n") == 0
    assert len(log(film.place)) == (2 if which == 1 else 1)
    assert run(["decide", str(film.place), "list"]) == 0
    with Workspace.open(film.place, write=False) as opened:
        assert opened.cast_run()[1] == opened.decisions.last()


def test_a_lock_that_is_only_tried_stops_no_run(made: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who begins in that very moment waits for it, and who tries while a run is on goes on."""
    folder = Folder(made(*FOUR).place)
    tried = Lock(folder)
    monkeypatch.setattr(lock.time, "sleep", lambda seconds: tried.release())
    held = Lock(folder)
    check_lockable(folder)
    held.release()


# Two at once


def test_two_servers_on_one_workspace(made: Make, served: Callable[..., Any]) -> None:
    film = made(*FOUR)
    one, two = served(film.place), served(film.place)
    assert (
        one.post("/api/decide", {"action": "name", "person": "p1", "name": "Anna", "revision": 0})[0] == 200
    )
    status, answer = two.post("/api/decide", {"action": "hide", "people": ["p2"], "revision": 0})
    assert status == 409
    assert "a decision was made meanwhile by" in answer["error"]
    assert two.post("/api/decide", {"action": "hide", "people": ["p2"], "revision": 1})[0] == 200
    assert one.get("/api/state")["revision"] == 2
    one.stop()
    two.stop()
    with Workspace.open(film.place, write=False) as keep:
        assert [(p.name, p.named) for p in keep.cast()] == [("Anna", True)]
    assert "Anna" in (film.place / "report.html").read_text("utf-8")


def test_a_decision_while_a_run_is_at_work(made: Make, capsys: pytest.CaptureFixture[str]) -> None:
    film = made(*FOUR)
    with Workspace.open(film.place):
        assert run(["decide", str(film.place), "name", "p1", "Anna"]) == 0
    assert "it will update the cast when it ends" in capsys.readouterr().err
    assert log(film.place) == ["name Anna"]


@pytest.mark.parametrize("seed", range(3))
def test_a_kill_in_the_middle_of_two_hundred_decisions(
    made: Make, served: Callable[..., Any], seed: int
) -> None:
    """SIGKILL while a request is on its way: what the page had confirmed is in the log, in its order."""
    film = made(*FOUR)
    server = served(film.place)
    confirmed: list[str] = []
    enough, aim = threading.Event(), (37, 90, 151)[seed]

    def decide() -> None:
        for i in range(200):
            body = {"action": "name", "person": f"p{i % 2 + 1}", "name": f"name {i}", "revision": i}
            try:
                status, _ = server.post("/api/decide", body)
            except (OSError, ValueError):  # it is dead
                return
            assert status == 200
            confirmed.append(f"name {i}")
            if len(confirmed) == aim:
                enough.set()

    worker = threading.Thread(target=decide)
    worker.start()
    assert enough.wait(60)
    server.process.kill()
    server.process.wait(20)
    worker.join(20)
    assert aim <= len(confirmed) < 200
    with Workspace.open(film.place, write=False) as keep:
        values = [d.value for d in keep.decisions.all()]
    assert values[: len(confirmed)] == confirmed
    assert len(values) <= len(confirmed) + 1  # the one on its way may have got there
    with Session.open(film.place) as session:
        assert session.view.revision == len(values)
    with Workspace.open(film.place, write=False) as keep:
        assert {p.name for p in keep.cast()} == set(values[-2:])


# What others read


def test_cast_and_report_are_renewed(made: Make, served: Callable[..., Any]) -> None:
    film = made([0, 0, 1, 1], [0, 1, 2, 2])
    server = served(film.place)
    server.post("/api/decide", {"action": "merge", "people": ["p1", "p2"], "revision": 0})
    server.post("/api/decide", {"action": "name", "person": "p1", "name": "Berta", "revision": 1})
    server.stop()
    report = (film.place / "report.html").read_text("utf-8")
    assert "Berta" in report
    assert run(["decide", str(film.place), "name", "p1", "Clara"]) == 0
    report = (film.place / "report.html").read_text("utf-8")
    assert "Clara" in report
    assert "Berta" not in report
    with Workspace.open(film.place, write=False) as keep:
        assert [p.name for p in keep.cast() if p.named] == ["Clara"]


def test_looking_writes_nothing(made: Make) -> None:
    film = made(*FOUR)
    with Session.open(film.place) as session:
        session.decide({"action": "hide", "people": ["p2"]})
    before = (film.place / "report.html").stat().st_mtime_ns
    for word in ("list", "history", "questions", "sheet"):
        assert run(["decide", str(film.place), word]) == 0
    assert (film.place / "report.html").stat().st_mtime_ns == before


def test_an_error_within_a_review_is_the_one_that_is_told(
    made: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = made(*FOUR)

    def fails(session: Session) -> bool:
        raise WorkspaceError("the disk is full")

    def review(asked: dict[str, Any]) -> None:
        with Session.open(film.place) as session:
            monkeypatch.setattr(Session, "save", fails)
            session.decide(asked)

    with pytest.raises(CastlistError, match="no person 'p10'"):
        review({"action": "hide", "people": ["p10"]})
    with pytest.raises(CastlistError, match="the disk is full"):
        review({"action": "hide", "people": ["p2"]})
    assert log(film.place) == ["hide "]


# Several actions, names, any undo


def test_several_actions_in_one_call_by_ids_and_names(
    made: Make, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    film = made([0, 0, 1, 1, 2, 2], [0, 0, 1, 1, 2, 2])
    words = ["merge", "Person 1", "p2", "+", "name", "p1", "Anna", "+", "hide", "person 3"]
    assert run(["decide", str(film.place), *words]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "decision 1: Person 2, 2 tracks: joined Person 1",
        "decision 2: Person 1, 4 tracks: named Anna",
        "decision 3: Person 3, 2 tracks: hidden",
    ]
    monkeypatch.setattr("sys.stdin", io.StringIO('# back\nundo 1\n\nname p2 "Bo Ek"\nmerge anna "bo ek"\n'))
    assert run(["decide", str(film.place), "-"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "decision 4: undid decision 1 (Person 2, 2 tracks: joined Anna)"
    assert said[2] == "decision 6: Bo Ek, 2 tracks: joined Anna; the name Bo Ek is gone, Undo brings it back"
    assert run(["decide", str(film.place), "name", "p2", "Ann", "+", "merge", "p1", "p9"]) == 2
    assert "action 2 (merge p1 p9): there is no person 'p9' in this cast" in capsys.readouterr().err
