"""Names of the library in the films: they arrive there although a command was killed or a film was away."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest
from library_made import made_film

from castlist.library import Library
from castlist.library.catalogue import Catalogue
from castlist.review.session import Session
from castlist.store import Workspace


class Killed(BaseException):
    """The process ends here."""


def killed(*given: object, **options: object) -> None:
    raise Killed


def in_films(lib: Library) -> list[list[str]]:
    """The names that people of each film have there."""
    found = []
    for film in lib.films:
        with Workspace.open(film.workspace, write=False) as keep:
            found.append(sorted(p.name for p in keep.cast().everybody if p.named))
    return found


@pytest.fixture
def library(tmp_path) -> Library:
    """Three films: person 1 is in the first two and in the last one, where castlist does not know that."""
    for name in "abc":
        (tmp_path / f"{name}.mp4").write_bytes(f"film {name}".encode())
    lib = Library(tmp_path / "lib")
    lib.add(*(made_film(tmp_path, name, [[1], [1]], noise=0.1) for name in "ab"))
    lib.add(made_film(tmp_path, "c", [[5], [5]], noise=0.1))
    lib.name(lib.people[0].id, "Anna")
    assert in_films(lib) == [["Anna"], ["Anna"], []]
    return lib


DECISIONS: dict[str, tuple[Callable[[Library], object], list[list[str]]]] = {
    "merge": (lambda lib: lib.merge(*(p.id for p in lib.people)), [["Anna"], ["Anna"], ["Anna"]]),
    "split": (lambda lib: lib.split("Anna", ["b.mp4"]), [["Anna"], [], []]),
    "name": (lambda lib: lib.name("Anna", "Eva"), [["Eva"], ["Eva"], []]),
    "undo": (lambda lib: lib.undo(), [[], [], []]),
    "judge": (
        lambda lib: lib.judge(
            [(f"a.mp4:{lib.people[0].members[0][1]}", f"c.mp4:{lib.people[1].members[0][1]}")]
        ),
        [["Anna"], ["Anna"], ["Anna"]],
    ),
}
AFTER: dict[str, Callable[[Library], object]] = {
    "update": lambda lib: lib.update(),
    "remove": lambda lib: lib.remove("d.mp4"),
}


@pytest.mark.parametrize("after", AFTER)
@pytest.mark.parametrize("at", ["bring_names", "Session.decide", "note_names"])
@pytest.mark.parametrize("decision", DECISIONS)
def test_the_next_command_brings_the_names_that_a_killed_one_could_not(
    library, tmp_path, monkeypatch, decision, at, after
):
    library.add(made_film(tmp_path, "d", [[8], [8]], noise=0.1))
    decide, names = DECISIONS[decision]
    with monkeypatch.context() as context:
        if at == "Session.decide":
            context.setattr(Session, "decide", killed)
            context.setattr(Session, "undo", killed)
        else:
            context.setattr(f"castlist.library.names.{at}", killed)
            context.setattr(f"castlist.library.library.{at}", killed)
            context.setattr("castlist.library.library.carry_names", lambda *given, **options: [])
        with pytest.raises(Killed):
            decide(library)
    assert any("run castlist library update" in problem.what for problem in library.check())
    AFTER[after](library)
    assert in_films(library)[:3] == names
    assert [p for p in library.check() if "update" in p.what] == []


def test_names_arrive_when_the_catalogue_is_behind_the_log_of_a_killed_command(library, monkeypatch):
    """The log has the decision, the catalogue has not."""
    people = [p.id for p in library.people]
    before = (library.path / "catalogue.db").read_bytes()
    with monkeypatch.context() as context:
        context.setattr("castlist.library.library.bring_names", killed)
        with pytest.raises(Killed):
            library.merge(*people)
    for side in ("-wal", "-shm"):
        (library.path / f"catalogue.db{side}").unlink(missing_ok=True)
    (library.path / "catalogue.db").write_bytes(before)
    library.update()
    assert in_films(library) == [["Anna"], ["Anna"], ["Anna"]]


def test_names_arrive_when_the_catalogue_is_made_anew_after_a_kill(library, monkeypatch):
    with monkeypatch.context() as context:
        context.setattr("castlist.library.library.bring_names", killed)
        with pytest.raises(Killed):
            library.merge(*(p.id for p in library.people))
    library.rebuild()
    library.update()
    assert in_films(library) == [["Anna"], ["Anna"], ["Anna"]]


@pytest.mark.parametrize("decision", DECISIONS)
def test_a_film_that_was_away_gets_its_names_when_it_is_there_again(library, tmp_path, decision):
    decide, names = DECISIONS[decision]
    place, away = tmp_path / "b.castlist", tmp_path / "away"
    shutil.move(place, away)
    decide(library)
    shutil.move(away, place)
    if names[1] != ["Anna"]:
        assert any(p.film == "b.mp4" and "update" in p.what for p in library.check())
    library.update()
    assert in_films(library) == names
    assert [p for p in library.check() if "update" in p.what] == []


def test_nothing_is_opened_for_names_where_no_command_was_killed(library, monkeypatch):
    monkeypatch.setattr("castlist.library.catalogue.bring_all_names", killed)
    with Catalogue(library.path).writing():
        pass


def test_what_users_decided_in_a_film_is_read_although_a_name_was_brought_there_since(library):
    (film, *_) = library.films
    with Session.open(film.workspace) as session:
        session.decide({"action": "not-a-face", "tracks": [1]}, author="Eva")
    library.name("Anna", "Ann")
    assert in_films(library)[0] == ["Ann"]
    assert any("changed after it was added" in p.what for p in library.check())
    assert library.update()[0].state == "updated"
    assert [p for p in library.check() if "update" in p.what] == []


def test_no_name_is_brought_to_tracks_of_another_run(tmp_path):
    """A film was searched again: the number of a track is now another person's."""
    lib = Library(tmp_path / "lib")
    lib.add(made_film(tmp_path, "b", [[7], [1]], noise=0.1))
    (whom,) = (p for p in lib.people if p.appearances[0].start > 0)
    shutil.rmtree(tmp_path / "b.castlist")
    made_film(tmp_path, "b", [[7, 6], [1]], noise=0.1)
    lib.name(whom, "Anna")
    assert in_films(lib) == [[]]
    lib.update()
    assert in_films(lib) == [["Anna"]]
    with Workspace.open(lib.films[0].workspace, write=False) as keep:
        assert [p.tracks for p in keep.cast().everybody if p.named] == [(2,)]


def test_a_name_that_another_library_brought_stays(library, tmp_path):
    other = Library(tmp_path / "other")
    other.add(tmp_path / "c.castlist")
    other.name(other.people[0], "Zoe")
    library.update()
    assert in_films(library) == [["Anna"], ["Anna"], ["Zoe"]]
    library.update()
    assert in_films(library) == [["Anna"], ["Anna"], ["Zoe"]]
