"""The library: who is who over many films, ids for ever, and a catalogue that can be made again."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import sqlite3
import threading
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import pytest
from library_made import made_film

import castlist
from castlist.cli import run
from castlist.decisions import Anchor, Decision
from castlist.errors import InputError, WorkspaceBusy, WorkspaceError, WorkspaceNewer
from castlist.library import Library
from castlist.store import Workspace
from castlist.store.database import Database
from castlist.types import BACKGROUND


def people(lib: Library) -> list[tuple[str, ...]]:
    """The films of each person, without ids."""
    return sorted(tuple(f"{m[0].name}:{m[1]}" for m in p.members) for p in lib.people)


def dump(lib: Library) -> list[str]:
    with closing(sqlite3.connect(lib.path / "catalogue.db")) as db:
        return list(db.iterdump())


@pytest.fixture
def three(tmp_path) -> tuple[Library, list[Path]]:
    """A library of three made films: people 1 2 3, then 2 3 4, then 1 4 5."""
    made = [made_film(tmp_path, f"f{i}", [list(p), *([x] for x in p)])
            for i, p in enumerate(((1, 2, 3), (2, 3, 4), (1, 4, 5)))]  # fmt: skip
    lib = Library(tmp_path / "lib")
    for film in made:
        (added,) = lib.add(film)
        assert added.state == "added", added
    return lib, made


def test_people_of_many_films_have_one_id(three):
    lib, _ = three
    assert len(lib.people) == 5
    assert sorted(len(p.films) for p in lib.people) == [1, 2, 2, 2, 2]
    assert len({p.id for p in lib.people}) == 5


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_order_of_adding_does_not_matter(three, tmp_path, order):
    lib, made = three
    other = Library(tmp_path / "other")
    for i in order:
        other.add(made[i])

    def groups(some: Library) -> list[list[str]]:
        return sorted(sorted(f.digest for f in p.films) for p in some.people)

    assert groups(other) == groups(lib)


def test_the_catalogue_is_made_again_from_the_log_and_the_films(three):
    lib, _ = three
    lib.name(lib.people[0].id, "Anna")
    lib.merge(lib.people[1].id, lib.people[4].id)
    before = dump(lib)
    (lib.path / "catalogue.db").unlink()
    with pytest.raises(WorkspaceError, match="rebuild"):
        _ = lib.people
    assert lib.rebuild() == []
    assert dump(lib) == before


def test_ids_outlive_merging_and_splitting(three):
    lib, _ = three
    a, b = lib.people[0], lib.people[1]
    stays = lib.merge(a.id, b.id)
    gone = b.id if stays == a.id else a.id
    assert lib.person(gone).id == stays
    assert lib.person(stays).id == stays
    new = lib.split(stays, [f"{lib.person(stays).members[0][0].name}:{lib.person(stays).members[0][1]}"])
    assert new not in (a.id, b.id)
    assert lib.person(new).id == new
    assert lib.person(stays).id == stays
    before = people(lib)
    lib.rebuild()
    assert people(lib) == before
    assert lib.person(gone).id == stays


def test_two_people_seen_together_never_become_one(tmp_path):
    """Twins: both of the second film look like the one of the first, who may be either of them."""
    first = made_film(tmp_path, "one", [[1], [1]])
    second = made_film(tmp_path, "twins", [[1, 2], [1], [2]])
    lib = Library(tmp_path / "lib")
    lib.add(first)
    with Workspace.open(second) as keep:  # both have the same face
        cast = keep.cast()
        assert len(cast) == 2
    _same_vectors(second)
    lib.add(second)
    assert [len(p.films) for p in lib.people] == [1, 1, 1]
    assert len(lib.questions()) == 2
    lib.add(made_film(tmp_path, "three", [[1], [1]]))
    twins = {m[1] for p in lib.people for m in p.members if m[0].name == "twins.mp4"}
    assert len(twins) == 2
    assert not any(len({m[1] for m in p.members if m[0].name == "twins.mp4"}) > 1 for p in lib.people)
    assert lib.questions()  # which of the twins is in the third film?


def _same_vectors(workspace: Path) -> None:
    import zlib

    import numpy as np

    shard = next((workspace / "embeddings").glob("*.npy"))
    vectors = np.load(shard)
    vectors[:] = vectors[0]
    np.save(shard, vectors)
    with sqlite3.connect(workspace / "cast.db") as db:
        db.execute("UPDATE segments SET crc32 = ?", (zlib.crc32(vectors.data),))
    db.close()


def test_too_little_evidence_joins_and_never_founds(tmp_path):
    lib = Library(tmp_path / "lib")
    lib.add(made_film(tmp_path, "a", [[1], [2]], fates={2: BACKGROUND}))
    assert len(lib.people) == 1
    lib.add(made_film(tmp_path, "b", [[2], [2], [1]], fates={1: BACKGROUND}))
    assert sorted(len(p.films) for p in lib.people) == [2, 2]  # each was of the background once


def test_vectors_of_two_models_are_never_compared(tmp_path):
    lib = Library(tmp_path / "lib")
    lib.add(made_film(tmp_path, "a", [[1], [2]]))
    (added,) = lib.add(made_film(tmp_path, "b", [[1], [2]], model="arcface-mbf"))
    assert (added.linked, added.new) == (0, 2)
    assert "arcface-mbf" in added.sentence
    assert len(lib.people) == 4


def test_what_is_there_already_costs_nothing_and_changes_nothing(three):
    lib, made = three
    before = dump(lib)
    assert {a.state for a in lib.add(*made)} == {"known"}
    assert dump(lib) == before


def test_an_unsure_pair_is_a_question_and_its_answer_holds(tmp_path):
    lib = Library(tmp_path / "lib")
    lib.add(made_film(tmp_path, "a", [[1], [1]], noise=0.1))
    lib.add(made_film(tmp_path, "b", [[1], [1]], noise=0.1, older=0.46))
    (question,) = lib.questions()
    assert 0.05 < question.probability < 0.999
    lib.answer(question.id, "different")
    assert lib.questions() == []
    assert len(lib.people) == 2
    lib.rebuild()
    assert lib.questions() == []
    lib.answer(question.id, "same")  # a user looked again
    assert len(lib.people) == 1
    lib.answer(question.id, "different")
    assert len(lib.people) == 2
    lib.rebuild()
    assert len(lib.people) == 2


def test_two_halves_become_one_when_a_further_film_shows_it(tmp_path):
    """One look each: a question. With a second film of one of them, both films together say enough."""
    lib = Library(tmp_path / "lib")
    for i, older in enumerate((1.0, 0.55)):
        lib.add(made_film(tmp_path, f"x{i}", [[0], [30 + i, 50 + i]], noise=1.0, older=older))
    assert len(lib.people) == 6
    assert len(lib.questions()) == 1
    (added,) = lib.add(made_film(tmp_path, "x2", [[0], [32, 52]], noise=1.0))
    assert (added.linked, added.merged) == (1, 1)
    assert len(lib.people) == 7
    assert lib.questions() == []
    before = dump(lib)
    lib.rebuild()
    assert dump(lib) == before


@pytest.mark.parametrize("reviewed", [False, True])
def test_two_people_of_a_film_become_one_unless_somebody_reviewed_it(tmp_path, reviewed):
    """The film's cast has one person twice; if the film was reviewed, the library asks."""
    lib = Library(tmp_path / "lib")
    twice = made_film(tmp_path, "twice", [[0], [2], [40, 41]], looks={2: 0})
    if reviewed:
        with Workspace.open(twice) as opened:
            opened.decisions.append(Decision("confirm", (Anchor(Fraction(0), (0.03, 0.3, 0.15, 0.55)),)))
    lib.add(twice)
    (added,) = lib.add(made_film(tmp_path, "once", [[0], [42, 43]]))
    assert added.merged == (not reviewed)
    assert len(lib.questions()) == 2 * reviewed
    assert len(lib.people) == (7 if reviewed else 5)


def test_an_unknown_answer_or_question_is_refused(three):
    lib, _ = three
    with pytest.raises(InputError):
        lib.answer("nothing", "same")
    with pytest.raises(InputError):
        lib.answer("nothing", "perhaps")


# The films' reviews


def test_names_carry_over_both_ways(films):
    lib = Library(films.parent / "lib")
    with _session(films / "e01.castlist") as session:
        session.decide({"action": "name", "person": session.view.groups[0].id, "name": "Anna"})
    lib.add(films)
    assert sorted(len(p.films) for p in lib.people) == [2, 2, 2]
    anna = lib.person("Anna")
    other = anna.films[1]
    with Workspace.open(other.workspace, write=False) as keep:
        assert [p.name for p in keep.cast() if p.named] == ["Anna"]
    assert lib.check() == []
    someone = next(p for p in lib.people if not p.named)
    lib.name(someone.id, "Bea")
    for film in someone.films:
        with Workspace.open(film.workspace, write=False) as keep:
            assert "Bea" in [p.name for p in keep.cast()]
    assert lib.check() == []


def test_faces_taken_out_of_a_named_person_are_somebody_else_of_the_library(tmp_path):
    """They are most of the person's faces: the name and the id stay with the tracks left in the film."""
    film = made_film(tmp_path, "f0", [[1, 2], [1], [1], [1]])
    with _session(film) as session:
        session.decide({"action": "merge", "people": [g.id for g in session.view.groups]})
        session.decide({"action": "name", "person": session.view.groups[0].id, "name": "Anna"})
        session.save()
    lib = Library(tmp_path / "lib")
    lib.add(film)
    before = lib.person("Anna").id
    with _session(film) as session:
        session.decide({"action": "reject", "tracks": [0, 2, 3, 4]})
        session.save()
    lib.update()
    assert [p.id for p in lib.people if p.name == "Anna"] == [before]
    with Workspace.open(film, write=False) as keep:
        assert keep.cast()["Anna"].tracks == (1,)
        assert lib.person(before).screen_time == pytest.approx(keep.cast()["Anna"].screen_time)
    again = dump(lib)
    lib.rebuild()
    assert dump(lib) == again


def test_seconds_on_screen_are_those_of_the_films(films):
    lib = Library(films.parent / "lib")
    lib.add(films)
    for person in lib.people:
        expected = 0.0
        for film, key, _, _ in person.members:
            with Workspace.open(film.workspace, write=False) as keep:
                expected += next(p.screen_time for p in keep.cast() if f"p{p.id}" == key)
        assert person.screen_time == pytest.approx(expected)
        assert person.screen_time <= sum(float(a.duration) for a in person.appearances) + 1e-9


def test_a_name_given_in_a_film_is_never_taken_away(films):
    lib = Library(films.parent / "lib")
    lib.add(films / "e01.mp4")
    with _session(films / "e02.castlist") as session:
        for group in session.view.groups:
            session.decide({"action": "name", "person": group.id, "name": f"Film {group.id}"})
    for person in lib.people:
        lib.name(person.id, f"Library {person.id[-4:]}")
    lib.add(films / "e02.mp4")
    with Workspace.open(films / "e02.castlist", write=False) as keep:
        assert all(p.name.startswith("Film ") for p in keep.cast())
    assert any("named Film" in q.why for q in lib.questions())  # a question is asked


def test_a_name_that_was_taken_back_in_a_film_is_not_brought_again(films):
    lib = Library(films.parent / "lib")
    lib.add(films / "e01.mp4")
    lib.name(lib.people[0].id, "Anna")
    place = films / "e01.castlist"
    with _session(place) as session:
        assert "Anna" in [g.name for g in session.view.groups]
        session.undo()
    lib.update()
    with Workspace.open(place, write=False) as keep:
        assert [p.name for p in keep.cast() if p.named] == []


def test_names_come_back_with_a_film_that_was_removed(films):
    lib = Library(films.parent / "lib")
    lib.add(films / "e01.mp4")
    whom = lib.people[0]
    lib.name(whom.id, "Anna")
    lib.remove("e01.mp4")
    assert not lib.people
    lib.add(films / "e01.mp4")
    assert [p.name for p in lib.people if p.named] == ["Anna"]
    other = Library(films.parent / "other")
    other.add(films / "e01.mp4")
    assert [p.name for p in other.people if p.named] == ["Anna"]
    anna = next(p for p in lib.people if p.named)
    lib.name(anna.id, "Bea")  # which replaces the name that a library brought
    with Workspace.open(films / "e01.castlist", write=False) as keep:
        assert [p.name for p in keep.cast() if p.named] == ["Bea"]
    lib.rebuild()
    assert [p.name for p in lib.people if p.named] == ["Bea"]


def test_what_was_merged_or_split_in_a_film_is_followed(films):
    lib = Library(films.parent / "lib")
    lib.add(films)
    before = {p.id for p in lib.people}
    with _session(films / "e01.castlist") as session:
        session.decide({"action": "merge", "people": [g.id for g in session.view.groups]})
    assert ["changed after it was added" in p.what for p in lib.check()] == [True]
    assert [a.state for a in lib.update()].count("updated") == 1
    assert len(lib.people) == 2
    assert {lib.person(old).id for old in before} == {p.id for p in lib.people}
    lib.rebuild()
    assert len(lib.people) == 2
    with _session(films / "e01.castlist") as session:
        session.undo()
    lib.update()
    assert lib.check() == []
    assert sum(len(p.members) for p in lib.people) == 6  # and the two of e01 are two people again
    e01 = [p.id for p in lib.people for m in p.members if m[0].name == "e01.mp4"]
    assert len(set(e01)) == 2


def _session(place: Path):
    from castlist.review.session import Session

    return Session.open(place)


# Bad input


def test_the_same_film_twice_is_offered_as_a_copy(three, tmp_path):
    lib, made = three
    shutil.copytree(made[0], tmp_path / "copy.castlist")
    (added,) = lib.add(tmp_path / "copy.castlist")
    assert added.state == "copy"
    assert "import" in added.sentence
    assert len(lib.films) == 3


def test_a_film_that_moved_keeps_its_people(three, tmp_path):
    lib, made = three
    before = people(lib)
    (tmp_path / "new").mkdir()
    shutil.move(made[0], tmp_path / "new" / made[0].name)
    assert any("does not exist" in p.what for p in lib.check())
    assert people(lib) == before  # nothing is lost meanwhile
    (added,) = lib.add(tmp_path / "new" / made[0].name)
    assert added.state in ("known", "updated")
    assert people(lib) == before
    assert all("f0" not in p.film or "film itself" in p.what for p in lib.check())


def test_check_finds_a_film_that_was_replaced_and_pictures_that_are_gone(films):
    lib = Library(films.parent / "lib")
    lib.add(films)
    assert lib.check() == []
    film = lib.films[0]
    content = Path(film.path).read_bytes()
    Path(film.path).write_bytes(content + b"more")
    (problem,) = lib.check()
    assert problem.film == film.name
    assert "is another film now, or was changed; bring the film back under this name" in problem.what
    Path(film.path).write_bytes(b"")
    assert "is empty" in lib.check()[0].what
    Path(film.path).write_bytes(content)
    shutil.rmtree(film.workspace / "thumbs")
    (problem,) = lib.check()
    assert re.match(
        r"(\d+) of \1 pictures of its people are missing or damaged; run castlist find ", problem.what
    )
    castlist.find(film.path, workspace=film.workspace)
    lib.update()
    assert lib.check() == []


def test_library_and_films_move_together(three, tmp_path):
    lib, _ = three
    before = people(lib)
    inside = [p.name for p in tmp_path.iterdir()]
    (tmp_path / "moved").mkdir()
    for name in inside:
        shutil.move(tmp_path / name, tmp_path / "moved" / name)
    moved = Library(tmp_path / "moved" / "lib")
    assert people(moved) == before
    assert moved.rebuild() == []
    assert people(moved) == before


def test_two_films_of_one_name(tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    lib = Library(tmp_path / "lib")
    lib.add(made_film(tmp_path / "a", "film", [[1], [2]]))
    shutil.move(made_film(tmp_path, "film2", [[1], [3]]), tmp_path / "b" / "film.castlist")
    with sqlite3.connect(tmp_path / "b" / "film.castlist" / "cast.db") as db:
        db.execute("UPDATE video SET path = ?", (str(tmp_path / "b" / "film.mp4"),))
    db.close()
    lib.add(tmp_path / "b" / "film.castlist")
    assert [f.name for f in lib.films] == ["a/film.mp4", "b/film.mp4"]
    assert len(lib.people) == 3


@pytest.mark.parametrize("keep_bytes", [0, 1, 40, -1, -30])
def test_an_add_that_was_killed_is_undone_or_finished(three, tmp_path, keep_bytes):
    """The log is cut anywhere within its last line, as a power cut may leave it."""
    lib, _ = three
    log, catalogue = lib.path / "log.jsonl", lib.path / "catalogue.db"
    before = (log.read_bytes(), catalogue.read_bytes())
    lib.add(made_film(tmp_path, "last", [[1], [7]]))
    after = log.read_bytes()[len(before[0]) :]
    log.write_bytes(before[0] + after[: keep_bytes or len(after)])
    catalogue.write_bytes(before[1])
    for side in ("-wal", "-shm"):
        Path(f"{catalogue}{side}").unlink(missing_ok=True)
    assert len(lib.films) == 3
    (again,) = lib.add(tmp_path / "last.castlist")
    assert again.state == ("known" if keep_bytes == 0 else "added")
    assert len(lib.films) == 4
    assert len(lib.person(lib.people[0].id).films) == 3
    state = dump(lib)
    lib.rebuild()
    assert dump(lib) == state


def test_two_adds_at_once_both_happen(tmp_path):
    made = [made_film(tmp_path, f"f{i}", [[1, i + 2], [1], [i + 2]]) for i in range(6)]
    lib = Library(tmp_path / "lib")
    lib.add(made[0])
    threads = [threading.Thread(target=lib.add, args=(m,)) for m in made[1:]]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(lib.films) == 6
    assert len(lib.people[0].films) == 6
    assert lib.check() == [] or all("film itself" in p.what for p in lib.check())


def test_whoever_waits_too_long_is_told(three):
    import castlist.library.storage as place
    from castlist.store.folder import Folder
    from castlist.store.lock import Lock

    lib, _ = three
    holder = Lock(Folder(lib.path))
    try:
        with pytest.raises(WorkspaceBusy), place.locked(lib.path, patience=0.2):
            pass
    finally:
        holder.release()
    assert len(lib.people) == 5  # reading does not wait for a writer


def test_a_catalogue_from_the_future_is_refused(three):
    lib, _ = three
    with closing(sqlite3.connect(lib.path / "catalogue.db")) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(WorkspaceNewer, match="upgrade"):
        _ = lib.people


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TRIGGER t AFTER INSERT ON member BEGIN DELETE FROM film; END",
        "DROP VIEW people",
        "DROP TABLE member; CREATE VIEW member AS SELECT 1 AS id",
        "PRAGMA application_id = 7",
    ],
)
def test_a_catalogue_that_others_made_is_refused(three, sql):
    lib, _ = three
    with closing(sqlite3.connect(lib.path / "catalogue.db")) as db:
        db.executescript(sql)
    with pytest.raises(WorkspaceError):
        _ = lib.people
    lib.rebuild()
    assert len(lib.people) == 5


def test_tables_of_other_programs_do_no_harm(three):
    lib, made = three
    with closing(sqlite3.connect(lib.path / "catalogue.db")) as db:
        db.execute("CREATE TABLE notes (text)")
        db.execute("CREATE VIEW mine AS SELECT * FROM people")
    assert len(lib.people) == 5
    assert lib.add(made[0])[0].state == "known"


@pytest.mark.parametrize("name", ["catalogue.db", "log.jsonl", "lock"])
def test_no_link_is_followed(three, tmp_path, name):
    lib, _ = three
    shutil.move(lib.path / name, tmp_path / "elsewhere")
    os.symlink(tmp_path / "elsewhere", lib.path / name)
    with pytest.raises(WorkspaceError, match="is a link"):
        _ = lib.people
    with pytest.raises(WorkspaceError, match="is a link"):
        lib.update()


@pytest.mark.parametrize(
    "line",
    [b"{}\n", b"nonsense\n", b'{"n": 99, "v": 1, "at": "", "by": "", "kind": "name", "data": {}}\n',
     b"[" * 100_000 + b"\n", b'{"n": 6, "v": 1, "at": "", "by": "", "kind": "film", "data": {}}\n'],
)  # fmt: skip
def test_a_damaged_log_is_one_sentence(three, line):
    lib, _ = three
    with open(lib.path / "log.jsonl", "ab") as file:
        file.write(line)
    with pytest.raises(WorkspaceError, match="log"):
        lib.rebuild()
    assert len(lib.people) == 5


def test_a_half_copied_folder_is_one_sentence(three, tmp_path):
    lib, made = three
    log = (lib.path / "log.jsonl").read_bytes()
    (lib.path / "log.jsonl").write_bytes(log[: log.index(b"\n") + 1])
    with pytest.raises(WorkspaceError, match="not copied completely"):
        lib.add(made[0])
    (lib.path / "log.jsonl").unlink()
    with pytest.raises(WorkspaceError, match=r"log\.jsonl"):
        _ = lib.people


def test_a_folder_that_is_no_library_is_refused(tmp_path, three):
    with pytest.raises(WorkspaceError, match="no library"):
        _ = Library(tmp_path / "nothing").people
    (tmp_path / "file").write_text("x")
    with pytest.raises(WorkspaceError):
        Library(tmp_path / "file").add(three[1][0])
    with pytest.raises(WorkspaceError, match="workspace"):
        Library(three[1][0]).add(three[1][1])


def test_the_command_line(films, capsys):
    lib = str(films.parent / "lib")
    assert run(["library", "add", lib, str(films), "-q"]) == 0
    capsys.readouterr()
    assert run(["library", "people", lib, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["people"]
    assert len(found["people"]) == 3
    assert all({"id", "name", "films"} <= set(p) and len(p["films"]) == 2 for p in found["people"])
    who = found["people"][0]["id"]
    for words in (["list", lib], ["show", lib, who], ["questions", lib], ["check", lib], ["rebuild", lib],
                  ["name", lib, who[-6:], "Anna"], ["show", lib, "anna"], ["update", lib],
                  ["split", lib, "Anna", found["people"][0]["films"][0]]):  # fmt: skip
        assert run(["library", *words]) == 0, words
    assert "Anna" in capsys.readouterr().out
    assert run(["library", "show", lib, "nobody"]) == 2
    assert "nobody" in capsys.readouterr().err


def test_two_of_one_film_who_are_one_person_are_on_screen_once(tmp_path):
    """Seen at the same time, as in a mirror: the time is that of either, in Python and in the views."""
    lib = Library(tmp_path / "lib")
    lib.add(made_film(tmp_path, "mirror", [[1, 2], [1], [3]], noise=0.1))
    lib.add(made_film(tmp_path, "other", [[1], [4]], noise=0.1))
    both = {p.id: p.screen_time for p in lib.people}
    by_film = {(f.name, k): p for p in lib.people for f, k, *_ in p.members}
    one, two = by_film["mirror.mp4", "p1"], by_film["mirror.mp4", "p2"]
    alone = both[one.id]
    into = lib.merge(one.id, two.id)
    assert lib.person(into).screen_time == pytest.approx(alone)
    with lib.reading() as db:
        seconds = dict(db.execute("SELECT person_id, seconds FROM people").fetchall())
    assert seconds == pytest.approx({p.id: p.screen_time for p in lib.people})
    lib.undo()
    assert {p.id: p.screen_time for p in lib.people} == pytest.approx(both)


def test_what_the_catalogue_could_not_take_is_not_in_the_log(tmp_path, monkeypatch):
    lib = Library(tmp_path / "lib")
    lib.add(made_film(tmp_path, "a", [[1], [1]], noise=0.1))
    before, problems, size = lib.people, lib.check(), (lib.path / "log.jsonl").stat().st_size
    execute = Database.execute

    def full(self: Database, sql: str, *given: object) -> sqlite3.Cursor:
        if sql == "COMMIT":
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorname = "SQLITE_FULL"
            raise error
        return execute(self, sql, *given)

    with monkeypatch.context() as context:
        context.setattr(Database, "execute", full)
        with pytest.raises(WorkspaceError, match="the disk is full; free some space"):
            lib.name(before[0].id, "Anna")
    assert (lib.path / "log.jsonl").stat().st_size == size
    assert lib.people == before
    assert lib.check() == problems
    lib.name(before[0].id, "Anna")
    assert [p.name for p in lib.people] == ["Anna"]


def test_no_name_is_no_library(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "films").mkdir()
    for words in (["library", "add", "", "films"], ["search", "", "anna"], ["features", "", "-o", "x.npz"]):
        assert run(words) == 2
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert "empty" in said or "got ''" in said
    assert [f.name for f in tmp_path.iterdir()] == ["films"]
