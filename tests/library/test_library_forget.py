"""Erasing a person: no byte of this person stays, and no other person loses anything."""

from __future__ import annotations

import base64
import io
import re
import shutil
import sqlite3
import zlib
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from library_made import made_film

from castlist import find
from castlist.cast import Cast
from castlist.cli import run
from castlist.decisions import Base, Group
from castlist.errors import InputError, WorkspaceBusy
from castlist.film_workspace import workspace_of
from castlist.interactive import tables
from castlist.library import Library
from castlist.pipeline.stills import kept_stills
from castlist.review.session import Session
from castlist.store import Workspace
from castlist.types import Tracks

NAME = "Zénobie Quuxström"
EARLIER = "Wrongly Quuxnamed"


def traces(lib: Library, person: str) -> dict[str, list[bytes]]:
    """What the library and the films hold of a person: vectors as they are kept, pictures, names."""
    with closing(sqlite3.connect(lib.path / "catalogue.db")) as db:
        rows = db.execute(
            "SELECT data, count FROM vectors JOIN member ON member.id = vectors.member WHERE person = ?",
            (person,),
        ).fetchall()
    clothes: list[bytes] = []
    means: list[bytes] = []
    vectors = [data[i * len(data) // n : (i + 1) * len(data) // n] for data, n in rows for i in range(n)]
    found = lib.person(person)
    pictures = []
    raw = []
    for film, _, _, _ in found.members:
        with Workspace.open(film.workspace, write=False) as keep:
            cast, portraits = keep.cast(), keep.portraits()
            own = next(p for p in cast.everybody if p.name == NAME)
            pictures += [
                keep.image(portraits.image[i])
                for i, t in enumerate(portraits.track.tolist())
                if t in own.tracks
            ]
            vector, beside = _raw_vectors(keep, cast, own.tracks)
            raw += vector
            clothes += beside
            base = keep.machine()
            means += [row.tobytes() for t in own.tracks for row in (base.vector[t], base.mean[t])]
    return {
        "name": [NAME.encode(), EARLIER.encode()], "vectors": vectors, "raw": raw, "pictures": pictures,
        "clothes": clothes, "means": means,
    }  # fmt: skip


def _raw_vectors(keep: Workspace, cast, tracks) -> tuple[list[bytes], list[bytes]]:
    """The stored vectors of a person's faces, and those of the clothes."""
    import numpy as np

    from castlist.recipe import Recipe

    seen = keep.scan(Recipe().scan_key(cast.video))
    rows = np.concatenate([cast.tracks.detection[cast.tracks.rows(t)] for t in tracks])
    own = np.flatnonzero(np.isin(seen.embedded, rows))
    vectors = [v.astype("<f2").tobytes() for v in seen.vector[own]]
    return vectors, [row.tobytes() for row in seen.cue.vector[own] if row.any()]


def unpacked(data: bytes) -> bytes:
    """What any zlib stream of level 1 in these bytes says, as far as it can be read."""
    found = []
    for match in re.finditer(rb"\x78\x01", data):
        packer = zlib.decompressobj()
        try:
            for at in range(match.start(), min(match.start() + 8192, len(data)), 32):
                found.append(packer.decompress(data[at : at + 32]))
        except zlib.error:
            continue
    return b"".join(found)


def held(where: list[Path], traces: dict[str, list[bytes]]) -> set[str]:
    """Which kinds of trace any file holds, as bytes or as base64 in a page."""
    found = set()
    for file in (f for place in where for f in place.rglob("*") if f.is_file()):
        data = file.read_bytes()
        if file.suffix == ".html":
            data += b"".join(
                base64.b64decode(m + b"==") for m in re.findall(rb"base64,([A-Za-z0-9+/]+)", data)
            )
        if file.name.startswith("cast.db"):
            data += unpacked(data)
        found |= {kind for kind, all_ in traces.items() if any(t in data for t in all_)}
    return found


@pytest.fixture
def library(films, request) -> tuple[Library, str, list[Path]]:
    lib = Library(films.parent / "lib")
    lib.add(films)
    whom = lib.people[getattr(request, "param", 0)].id
    lib.name(whom, EARLIER)
    lib.name(whom, NAME)
    if find_spec("faiss"):
        lib.index()
    return lib, whom, [lib.path, films]


def test_no_byte_of_a_forgotten_person_stays(library):
    lib, whom, where = library
    known = traces(lib, whom)
    assert all(known.values())
    assert held(where, known) == {"name", "vectors", "raw", "pictures", "clothes", "means"}
    others = {p.id: p.films for p in lib.people if p.id != whom}
    with closing(sqlite3.connect(lib.path / "catalogue.db")) as db:
        assert db.execute("SELECT count(*) FROM member WHERE person = ?", (whom,)).fetchone() == (2,)
    assert lib.forget(whom) == []
    assert held(where, known) == set()
    assert {p.id: [f.name for f in p.films] for p in lib.people} == {
        i: [f.name for f in fs] for i, fs in others.items()
    }
    with pytest.raises(InputError, match="erased"):
        lib.person(whom)
    assert lib.check() == []


def test_no_picture_of_the_film_is_made_where_somebody_was_erased(library, capsys):
    lib, whom, _ = library
    film = lib.person(whom).films[0]
    assert run(["report", str(film.workspace)]) == 0
    with Workspace.open(film.workspace, write=False) as opened:
        assert len(kept_stills(opened))
        assert not opened.erased
    lib.forget(whom)
    capsys.readouterr()
    for command in (["report"], ["find", str(film.path), "-o"], ["report"]):
        assert run([*command, str(film.workspace)]) == 0
        with Workspace.open(film.workspace, write=False) as opened:
            assert not len(kept_stills(opened))
            assert opened.erased
    assert "A person was erased from this film" in capsys.readouterr().err


def test_a_renamed_film_keeps_its_workspace_after_somebody_was_erased(films, tmp_path):
    there = tmp_path / "here"
    there.mkdir()
    film = next(f for f in sorted(films.glob("*.mp4")))
    shutil.copy(film, there / "first.mp4")
    find(there / "first.mp4")
    (there / "first.mp4").rename(there / "second.mp4")
    assert run(["find", str(there / "second.mp4"), "--replace", "-q"]) == 0  # which notes the name
    with Workspace.open(there / "first.castlist") as opened:
        opened.erase(opened.cast()[0].tracks)
        assert opened.erased
    assert workspace_of(there / "second.mp4") == there / "first.castlist"


def test_what_is_left_goes_on(library):
    """The films can be reviewed, found and read again; no erased person comes back from the scan."""
    from castlist import find
    from castlist.review.session import Session

    lib, whom, _ = library
    films = [f.workspace for f in lib.person(whom).films]
    before = {p.id for p in lib.people}
    lib.forget(whom)
    with Session.open(films[0]) as session:
        assert len(session.view.groups) == 1
        session.decide({"action": "name", "person": session.view.groups[0].id, "name": "Bea"})
    cast = find(films[0].with_suffix(".mp4"), workspace=films[0], replace=True)
    assert [p.name for p in cast] == ["Bea"]
    lib.update()
    assert {p.id for p in lib.people} == before - {whom}
    assert lib.rebuild() == []
    assert {p.id for p in lib.people} == before - {whom}
    with pytest.raises(InputError, match="erased"):
        lib.person(whom)


def everybody(workspace: Path) -> dict[str, object]:
    """All people of a film in its page, its cast and its exports, without those of NAME."""
    with Workspace.open(workspace, write=False) as opened:
        cast = opened.cast()
    with Session.open(workspace) as session:
        page = [
            (g.id, g.called, g.fate, g.by, g.confirmed, spans(session.base, g)) for g in session.view.groups
        ]
    told = tables.columns(cast, "appearances")
    rows = list(zip(*(told[n] for n in ("name", "start", "stop", "duration")), strict=True))
    return {
        "page": [row for row in page if row[1] != NAME],
        "cast": [
            (p.id, p.name, *map(str, (p.appearances, p.faces))) for p in cast.everybody if p.name != NAME
        ],
        "times": [row for row in rows if row[0] != NAME],
    }


def spans(base: Base, group: Group) -> list[tuple[int, int]]:
    return [(int(base.tracks.first[t]), int(base.tracks.last[t])) for t in group.tracks]


@pytest.mark.parametrize("again", [(), ("--replace",)])
def test_everybody_else_stays_exactly_as_they_were(library, capsys, monkeypatch, again):
    """Others were named, parted and hidden: nothing of it is grouped, numbered or read anew."""
    lib, whom, _ = library
    film = lib.person(whom).films[0]
    with Session.open(film.workspace) as session:
        other = next(g for g in session.view.groups if g.name != NAME)
        session.decide({"action": "name", "person": other.id, "name": "Bea"})
        session.decide({"action": "split", "tracks": other.tracks[:1].tolist()})
        stranger = next(g for g in session.view.groups if not g.name)
        session.decide({"action": "merge", "people": [other.id, stranger.id]})
        session.undo()
    lib.update()
    before = everybody(film.workspace)
    assert [name for _, name, *_ in before["page"]] == ["Bea", f"Person {stranger.number}"]
    assert run(["decide", str(film.workspace), "list"]) == 0
    listed = [line for line in capsys.readouterr().out.splitlines() if "Bea" in line]
    with monkeypatch.context() as context:
        context.setattr("castlist.pipeline.prepare.identify", lambda *_: pytest.fail("grouped anew"))
        assert lib.forget(whom) == []
        assert everybody(film.workspace) == before
        assert run(["decide", str(film.workspace), "list"]) == 0
        assert [line for line in capsys.readouterr().out.splitlines() if "Bea" in line] == listed
    assert run(["find", str(film.path), "-o", str(film.workspace), "-q", *again]) == 0
    assert everybody(film.workspace) == before
    with Session.open(film.workspace) as session:
        session.undo()
        assert [g.name for g in session.view.groups] == ["Bea"]


def test_a_page_that_is_open_while_somebody_is_erased_does_not_bring_them_back(library):
    lib, whom, where = library
    known = traces(lib, whom)
    film = lib.person(whom).films[0]
    with Session.open(film.workspace) as session:
        assert len(session.view.groups) == 2
        lib.forget(whom)
        (left,) = session.refresh().groups
        session.decide({"action": "name", "person": left.id, "name": "Bea"})
        assert session.save()
    with Workspace.open(film.workspace, write=False) as opened:
        assert [p.name for p in opened.cast().everybody] == ["Bea"]
    assert held(where, known) == set()


class Killed(BaseException):
    """Stands for the death of the process."""


@pytest.mark.parametrize("library", range(3), indirect=True)
@pytest.mark.parametrize("at", ["page", "redact_catalogue", "redact_log", "vacuum", "add_film"])
def test_a_command_that_was_killed_erases_them_and_nobody_else(library, monkeypatch, at):
    lib, whom, where = library
    known = traces(lib, whom)
    before = {p.id: (p.name, [f.name for f in p.films], p.screen_time) for p in lib.people if p.id != whom}
    films = {f.workspace: everybody(f.workspace) for f in lib.films}
    with monkeypatch.context() as context:

        def killed(*_: object, **__: object) -> None:
            raise Killed

        if at == "page":  # the first film is erased, but for that
            context.setattr("castlist.pipeline.publish.write_report", killed)
        else:
            module = "library" if at == "add_film" else "forget"
            context.setattr(f"castlist.library.{module}.{at}", killed)
        with pytest.raises(Killed):
            lib.forget(whom)
    assert run(["library", "forget", str(lib.path), whom, "--yes"]) == 0
    assert held(where, known) == set()
    lib.update()
    assert {p.id: (p.name, [f.name for f in p.films], p.screen_time) for p in lib.people} == before
    assert {f.workspace: everybody(f.workspace) for f in lib.films} == films
    lib.rebuild()
    assert {p.id: (p.name, [f.name for f in p.films], p.screen_time) for p in lib.people} == before


def test_what_was_being_written_when_a_process_was_killed_is_erased_too(library):
    lib, whom, where = library
    known = traces(lib, whom)
    film = lib.person(whom).films[0]
    for name in (".0123456789abcdef0123456789abcdef.part", "catalogue.db.new"):
        shutil.copy(lib.path / "catalogue.db", lib.path / name)
    for name in (".report-abcdefgh.html", "explain.html", "sheet.html"):
        shutil.copy(film.workspace / "report.html", film.workspace / name)
    lib.forget(whom)
    assert held(where, known) == set()


def test_somebody_who_became_one_with_others_since_is_not_erased_with_them(library):
    lib, whom, _ = library
    film = lib.person(whom).films[0]
    with Session.open(film.workspace) as session:
        session.decide({"action": "merge", "people": [g.id for g in session.view.groups]})
    (failed,) = lib.forget(whom)
    assert "library update" in failed
    with Workspace.open(film.workspace, write=False) as opened:
        assert len(opened.cast()) == 1
    lib.update()
    assert lib.forget(lib.person(whom).id) == []
    with Workspace.open(film.workspace, write=False) as opened:
        assert len(opened.cast()) == 0


def test_faces_that_were_set_aside_since_are_erased_too(library):
    lib, whom, where = library
    known = traces(lib, whom)
    film = lib.person(whom).films[0]
    with Session.open(film.workspace) as session:
        own = next(g for g in session.view.groups if g.name == NAME)
        for track in own.tracks.tolist():
            session.decide({"action": "hide", "tracks": [track]})
    assert lib.forget(whom) == []
    assert held(where, known) == set()


def test_a_film_that_is_busy_keeps_the_person_until_it_is_done(library):
    lib, whom, where = library
    known = traces(lib, whom)
    busy = lib.person(whom).films[1]
    with Workspace.open(busy.workspace):
        (failed,) = lib.forget(whom)
    assert busy.name in failed
    assert lib.person(whom).id == whom
    assert lib.forget(whom) == []
    assert held(where, known) == set()


def test_the_command_asks_first(library, capsys, monkeypatch):
    lib, whom, _ = library
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert run(["library", "forget", str(lib.path), whom]) != 0
    assert lib.person(whom).id == whom
    assert run(["library", "forget", str(lib.path), whom, "--yes"]) == 0
    assert "erased" in capsys.readouterr().out


def test_a_workspace_that_somebody_reads_is_not_half_erased(library, monkeypatch):
    monkeypatch.setattr("castlist.store.database.WAIT", 0.2)  # seconds, instead of twenty
    lib, whom, _ = library
    film = lib.person(whom).films[0]
    reader = sqlite3.connect(film.workspace / "cast.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM faces").fetchone()
    with Workspace.open(film.workspace) as keep, pytest.raises(WorkspaceBusy, match="reading"):
        keep.erase([0])
    reader.close()


def test_faces_that_no_track_holds_are_erased_with_a_person(tmp_path):
    """The last face of a track was left out: a later run could give it to another person."""
    place = made_film(tmp_path, "film", [[1, 2], [1, 2]])
    with Workspace.open(place) as keep:
        cast, portraits = keep.cast(), keep.portraits()
        t = cast.tracks
        rows = np.delete(np.arange(len(t.frame)), t.offset[1] - 1)
        offset = t.offset - (np.arange(len(t.offset)) > 0)
        less = Tracks(t.frame[rows], t.box[rows], t.score[rows], t.detection[rows], offset, t.shot)
        run, _ = keep.cast_run()
        keep.put_cast(
            Cast.of(
                cast.video, cast.clock, cast.shots, less, cast.person, fate=cast.fate, reason=cast.reason,
                names=[p.name for p in cast.everybody], numbers=[p.id for p in cast.everybody],
            ),
            portraits,
            run=run,
        )  # fmt: skip
        (key,) = keep.scan_keys("9999")
        first = next(p for p in keep.cast().everybody if 0 in p.tracks)
        left, _ = keep.erase(first.tracks)
        scan = keep.scan(key)
        assert len(left.tracks)
        assert sorted(left.tracks.detection.tolist()) == list(range(len(scan.detections)))
        assert sorted(scan.embedded.tolist()) == list(range(len(scan.detections)))
        assert len(scan.vector) == len(scan.image) == len(scan.detections)


def test_nobody_else_is_compared_anew_when_somebody_is_forgotten(tmp_path, monkeypatch):
    lib = Library(tmp_path / "lib")
    lib.add(made_film(tmp_path, "one", [[1, 2], [1], [2]], noise=0.1))
    lib.add(made_film(tmp_path, "two", [[1, 3], [1], [3]], noise=0.1))
    gone = next(p for p in lib.people if [f.name for f in p.films] == ["two.mp4"])
    before = [(p.id, p.screen_time) for p in lib.people if p.id != gone.id]
    monkeypatch.setattr("castlist.library.grow.weighed", lambda *_: pytest.fail("compared"))
    assert lib.forget(gone.id) == []
    assert [(p.id, p.screen_time) for p in lib.people] == before
    lib.rebuild()
    assert [(p.id, p.screen_time) for p in lib.people] == before
    assert [row.state for row in lib.update()] == ["known", "known"]


def test_people_whom_a_film_has_since_are_compared_when_somebody_is_forgotten(tmp_path):
    """The library has not read yet that film two shows person 1, who is in film one."""
    lib = Library(tmp_path / "lib")
    lib.add(made_film(tmp_path, "one", [[1, 2], [1], [2]], noise=0.1))
    lib.add(made_film(tmp_path, "two", [[3, 4], [3], [4]], noise=0.1))
    gone = next(p for p in lib.people if [f.name for f in p.films] == ["two.mp4"])
    shutil.rmtree(tmp_path / "two.castlist")
    made_film(tmp_path, "two", [[3, 4], [3], [4], [1], [1]], noise=0.1)
    assert lib.forget(gone.id) == []
    assert ["one.mp4", "two.mp4"] in [[f.name for f in p.films] for p in lib.people]


def test_a_film_that_was_theirs_once_keeps_its_places(tmp_path):
    """Film two was linked to the person of film one until film three showed who it is."""
    lib = Library(tmp_path / "lib")
    lib.add(made_film(tmp_path, "one", [[1], [30, 31, 32]], noise=0.1))
    lib.add(made_film(tmp_path, "two", [[1], [33, 34, 35]], noise=0.1, older=0.55))
    first = next(p.id for p in lib.people if len(p.films) == 2)
    lib.add(made_film(tmp_path, "three", [[1001, 1], [1001], [1], [36, 37]], noise=0.1))
    assert lib.forget(first) == []
    before = lib.people
    lib.rebuild()
    assert lib.people == before


def test_a_name_that_somebody_else_has_stays_theirs(tmp_path):
    lib = Library(tmp_path / "lib")
    lib.add(made_film(tmp_path, "a", [[1], [1], [2], [2]], noise=0.1))
    first, second = (p.id for p in lib.people)
    lib.name(first, "Anna")
    lib.name(second, "Anna")
    lib.forget(first)
    assert lib.person(second).name == "Anna"
    lib.rebuild()
    assert lib.person(second).name == "Anna"


def test_a_film_that_was_removed_is_erased_from_too(library, capsys):
    lib, whom, where = library
    known = traces(lib, whom)
    first, second = (film.name for film in lib.person(whom).films)
    others = {p.id: sorted(f.name for f in p.films) for p in lib.people if p.id != whom}
    lib.remove(second)
    lib.rebuild()
    assert lib.would_forget(whom) == [first, second]
    assert run(["library", "forget", str(lib.path), whom, "--yes"]) == 0
    assert held(where, known) == set()
    lib.undo()  # the film is there again
    assert {p.id: sorted(f.name for f in p.films) for p in lib.people} == others


@pytest.mark.parametrize("away", ["moved", "another film"])
def test_a_removed_film_that_is_not_there_any_more_hinders_nobody(tmp_path, away):
    lib = Library(tmp_path / "lib")
    lib.add(*(made_film(tmp_path, name, [[1], [1]], noise=0.1) for name in "ab"))
    (person,) = lib.people
    lib.remove("b.mp4")
    shutil.move(tmp_path / "b.castlist", tmp_path / "away")
    if away == "another film":
        shutil.move(made_film(tmp_path, "c", [[7], [7]], noise=0.1), tmp_path / "b.castlist")
    assert lib.would_forget(person) == ["a.mp4"]
    assert lib.forget(person) == []


def test_a_removed_film_that_is_busy_keeps_the_person_until_it_is_done(tmp_path):
    lib = Library(tmp_path / "lib")
    lib.add(*(made_film(tmp_path, name, [[1], [1]], noise=0.1) for name in "ab"))
    (person,) = lib.people
    lib.remove("b.mp4")
    with Workspace.open(tmp_path / "b.castlist"):
        (sentence,) = lib.forget(person)
    assert sentence.startswith("b.mp4: ")
    assert lib.forget(person) == []
    with Workspace.open(tmp_path / "b.castlist", write=False) as keep:
        assert len(keep.cast().tracks) == 0


def test_somebody_else_of_a_film_keeps_the_name_that_the_erased_person_has_elsewhere(tmp_path):
    """Two are called Anna; in the film of both only one of them can be, and that one is not erased."""
    lib = Library(tmp_path / "lib")
    film = made_film(tmp_path, "a", [[1, 2], [1, 2]], noise=0.1)
    lib.add(film, made_film(tmp_path, "b", [[1], [1]], noise=0.1))
    erased, other = sorted(lib.people, key=lambda p: -len(p.films))
    lib.name(other, "Anna")
    lib.name(erased, "Anna")
    assert lib.forget(erased) == []
    with Workspace.open(film, write=False) as keep:
        assert [p.name for p in keep.cast().everybody] == ["Anna"]
        assert "Anna" in [d.value for d in keep.decisions.all()]


def test_a_page_of_links_stays_in_the_history_for_those_who_are_not_forgotten(tmp_path):
    lib = Library(tmp_path / "lib")
    for name in "abc":
        lib.add(made_film(tmp_path, name, [[1], [1], [2], [2]], noise=0.1))
    before = {link.person for link in lib.links()}
    assert len(before) == 2
    number = lib.confirm([f"{link.member.film}:{link.member.key}" for link in lib.links()])
    gone, stays = sorted(before)
    assert lib.forget(gone) == []
    (decision,) = lib.history()
    assert decision.number == number
    assert gone[-6:] not in decision.sentence
    assert stays[-6:] in decision.sentence
    assert lib.links() == []
    lib.rebuild()
    assert [made.sentence for made in lib.history()] == [decision.sentence]
    lib.undo()
    assert {link.person for link in lib.links()} == {stays}


@pytest.mark.parametrize("gone", ["a.mp4", "b.mp4", "c.mp4"])
def test_questions_that_followed_a_decision_leave_with_it(tmp_path, gone):
    lib = Library(tmp_path / "lib")
    for name in "abcde":
        lib.add(made_film(tmp_path, name, [[1], [1]], noise=0.1))
    for name in "fg":
        lib.add(made_film(tmp_path, name, [[2, 3], [2], [3]], noise=0.1))

    def person_in(film: str) -> str:
        return next(p.id for p in lib.people if film in {m[0].name for m in p.members})

    lib.name(lib.split(person_in("a.mp4"), ["b.mp4"]), EARLIER)
    lib.name(lib.split(person_in("a.mp4"), ["c.mp4"]), NAME)
    new = lib.split(person_in("a.mp4"), ["d.mp4"])
    lib.merge(person_in("c.mp4"), new)  # asked about at once, and the reason has both names
    with lib.reading() as db:
        reasons = [why for (why,) in db.execute("SELECT why FROM question")]
    assert f"named {NAME} and {EARLIER}" in reasons
    name = lib.person(person_in(gone)).name
    assert lib.forget(person_in(gone)) == []
    if name in (NAME, EARLIER):
        files = [f for f in lib.path.iterdir() if f.is_file()]
        assert not any(name.encode() in f.read_bytes() for f in files)
    before = [(made.number, made.sentence) for made in lib.history()]
    lib.rebuild()
    assert [(made.number, made.sentence) for made in lib.history()] == before
    for _ in before:
        lib.undo()
    with pytest.raises(InputError, match="no decision"):
        lib.undo()
