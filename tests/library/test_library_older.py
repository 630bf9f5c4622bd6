"""Libraries and films of an earlier castlist, full disks, films that were replaced: nothing is lost."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from library_made import made_film, person_vector

from castlist.errors import WorkspaceError
from castlist.library import Library
from castlist.library.harvest import harvest


def change(workspace: Path, *statements: str) -> None:
    db = sqlite3.connect(workspace / "cast.db")
    for sql in statements:
        db.execute(sql)
    db.commit()
    db.close()


def members(lib: Library) -> list[list[tuple[str, str]]]:
    return [[(m[0].name, m[1]) for m in p.members] for p in lib.people]


@pytest.fixture
def two(tmp_path) -> tuple[Library, list[Path]]:
    for name in "abcz":
        (tmp_path / f"{name}.mp4").write_bytes(f"film {name}".encode())
    made = [made_film(tmp_path, name, [[1, 2], [1], [2]], noise=0.1) for name in "ab"]
    lib = Library(tmp_path / "lib")
    lib.add(*made)
    return lib, made


def test_a_film_that_an_earlier_castlist_scanned_is_used(two):
    """Its scan lies under a key that no recipe has today; vectors are erased from it all the same."""
    lib, made = two
    for place in made:
        change(place, "UPDATE scans SET key = 'older ' || key || ' 1'")
    before = members(lib)
    assert lib.rebuild() == []
    assert members(lib) == before
    assert lib.check() == []
    whom = lib.person(lib.search_face(person_vector(1).astype("f4"))[0].person)
    assert lib.forget(whom.id) == []
    for place in made:
        facts = harvest(place)
        assert len(facts.members) == 1
    assert len(lib.people) == 1


def test_a_scan_of_other_faces_is_not_taken_for_the_casts(two):
    lib, made = two
    change(made[0], "UPDATE scans SET key = 'older ' || key, finished = '9999'")  # after the run
    with pytest.raises(WorkspaceError, match="castlist find"):
        harvest(made[0])
    (problem,) = lib.rebuild()
    assert "castlist find" in problem.what
    assert len(lib.people) == 2  # by the log


def test_a_catalogue_of_an_earlier_castlist_is_made_anew(two):
    lib, _ = two
    lib.name(lib.people[0].id, "Anna")
    before = members(lib), [p.name for p in lib.people]
    db = sqlite3.connect(lib.path / "catalogue.db")
    db.executescript("DROP TABLE decision; PRAGMA user_version = 1;")
    db.close()
    assert (members(lib), [p.name for p in lib.people]) == before
    assert lib.history()[0].sentence.endswith("is called Anna")  # decisions made before can be undone too
    db = sqlite3.connect(lib.path / "catalogue.db")
    db.executescript("DROP TABLE decision; PRAGMA user_version = 1;")
    db.close()
    lib.undo()  # writing finds it out as well
    assert not any(p.named for p in lib.people)


def test_a_catalogue_of_an_earlier_castlist_on_a_read_only_disk_is_made_elsewhere(two, monkeypatch):
    lib, _ = two
    before = members(lib)
    db = sqlite3.connect(lib.path / "catalogue.db")
    db.executescript("DROP TABLE decision; PRAGMA user_version = 1;")
    db.close()
    files = [(lib.path / name).read_bytes() for name in ("catalogue.db", "log.jsonl")]
    monkeypatch.setattr("castlist.library.library.os.access", lambda *_: False)
    looking = Library(lib.path)
    assert members(looking) == before
    assert looking.check() == []
    assert [(lib.path / name).read_bytes() for name in ("catalogue.db", "log.jsonl")] == files
    with pytest.raises(WorkspaceError, match="cannot be written here"):
        looking.name(looking.people[0].id, "Anna")
    monkeypatch.undo()
    lib.name(lib.people[0].id, "Anna")
    monkeypatch.setattr("castlist.library.library.os.access", lambda *_: False)
    assert [p.name for p in looking.people] == [p.name for p in lib.people]


FULL = """
import resource, signal, sys
from castlist.errors import CastlistError
from castlist.library import Library
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
try:
    print([a.sentence for a in Library(sys.argv[2]).add(sys.argv[3]) if not a.ok])
except CastlistError as error:
    print("sentence:", error)
"""


@pytest.mark.parametrize("room", [0, 1000, 40_000])
def test_a_full_disk_is_one_sentence_and_loses_nothing(two, tmp_path, room):
    lib, _ = two
    third = made_film(tmp_path, "c", [[1, 3], [1], [3]], noise=0.1)
    before = members(lib)
    words = [sys.executable, "-c", FULL, str(room), str(lib.path), str(third)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert done.returncode == 0
    assert done.stdout.count("\n") == 1
    assert "full" in done.stdout
    assert members(lib) == before
    (added,) = lib.add(third)
    assert added.ok
    assert len(lib.people) == 3
    assert lib.check() == []


def test_a_film_that_was_replaced_is_told_and_keeps_its_people(two, tmp_path):
    lib, (a, _) = two
    before = members(lib)
    shutil.rmtree(a)
    shutil.move(made_film(tmp_path, "z", [[5], [5]]), a)
    (problem,) = lib.check()
    assert problem.film == "a.mp4"
    assert "another film" in problem.what
    (added,) = lib.add(a)
    assert added.state == "added"
    assert len(lib.people) == len(before) + 1
    lib.remove("a.mp4")
    assert lib.check() == []


def test_a_catalogue_made_from_half_a_log_says_what_is_missing(two):
    lib, _ = two
    log = lib.path / "log.jsonl"
    whole = log.read_bytes()
    lib.name(lib.people[0].id, "Anna")
    log.write_bytes(b"".join(whole.splitlines(keepends=True)[:2]))
    assert "ahead of its log" in lib.check()[0].what
    with pytest.raises(WorkspaceError, match="not copied completely"):
        lib.undo()
    lost, film = lib.rebuild()
    assert "lines are missing" in lost.what
    assert (film.film, film.what) == ("b.mp4", "is not in the log; add the film again")
    assert lib.check() == []
    log.write_bytes(whole)
    assert lib.rebuild() == []
    assert len(lib.films) == 2
