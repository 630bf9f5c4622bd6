"""Names that files propose stay proposals: kept, shown, answered once, gone with the person."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

import castlist
from castlist.cli import run
from castlist.decisions.decision import Anchor
from castlist.decisions.proposed import FACES, Proposed
from castlist.errors import InputError, WorkspaceError
from castlist.review import Session
from castlist.review.page import Page
from castlist.store import Workspace, proposals

TIMES = "person,in,out\nAnna,0,1.2\nBob,1.2,2.0\n"
FACE = Anchor(Fraction(1, 5), (100 / 640, 50 / 360, 200 / 640, 170 / 360))


@pytest.fixture
def film(made: Callable[..., Any]) -> Any:
    """Three people on tracks 0 to 2, 3 to 4 and 5, each 0.4 s long; track 6 belongs to no person."""
    return made([0, 0, 0, 1, 1, 2, 3], [0, 0, 0, 1, 1, 2, -1])


@pytest.fixture
def names(tmp_path: Path) -> Path:
    (tmp_path / "markers.csv").write_text(TIMES, "utf-8")
    return tmp_path / "markers.csv"


def shown(place: Path) -> list[tuple[str, str, str]]:
    return [(p["person"], p["name"], p["from"]) for p in castlist.proposals(place)]


def decided(place: Path) -> list[tuple[str, str]]:
    with Workspace.open(place, write=False) as workspace:
        return [(d.kind, d.value) for d in workspace.decisions.all()]


BOTH = [("p1", "Anna", "markers.csv"), ("p2", "Bob", "markers.csv")]


def test_a_file_is_kept_as_proposals_and_decides_nothing(film: Any, names: Path) -> None:
    found = castlist.propose(film.place, names)
    assert [(p["person"], p["name"], p["agree"], p["by"], p["why"]) for p in found] == [
        ("p1", "Anna", 1, "time", ""),
        ("p2", "Bob", 1, "time", ""),
    ]
    assert shown(film.place) == BOTH
    assert decided(film.place) == []
    castlist.propose(film.place, names)  # the same file again: asked once
    assert shown(film.place) == BOTH


def test_yes_is_a_decision_that_can_be_undone(film: Any, names: Path) -> None:
    anna, _ = castlist.propose(film.place, names)
    cast = castlist.accept(film.place, anna["id"], author="me")
    assert "Anna" in cast
    assert decided(film.place) == [("name", "Anna")]
    assert shown(film.place) == BOTH[1:]
    with pytest.raises(InputError, match="is not an open proposal any more"):
        castlist.accept(film.place, anna["id"])
    with Session.open(film.place) as session:
        session.undo()
    assert shown(film.place) == BOTH


def test_no_holds_for_that_person_and_that_name_whatever_file_asks_again(
    film: Any, names: Path, tmp_path: Path
) -> None:
    anna, _ = castlist.propose(film.place, names)
    castlist.reject(film.place, anna["id"])
    assert shown(film.place) == BOTH[1:]
    assert decided(film.place) == []
    other = tmp_path / "other.csv"
    other.write_text(TIMES.replace("Anna", "ANNA"), "utf-8")
    for path in (names, other):
        castlist.propose(film.place, path)
        assert [p for p in shown(film.place) if p[0] == "p1"] == []
    other.write_text("person,in,out\nAnna,1.2,2.0\nEve,0,1.2\n", "utf-8")  # another person, another name
    castlist.propose(film.place, other)
    assert {p[:2] for p in shown(film.place)} == {("p1", "Eve"), ("p2", "Anna"), ("p2", "Bob")}
    with pytest.raises(InputError, match="no open proposal"):
        castlist.reject(film.place, anna["id"])
    castlist.reject(film.place, anna["id"], back=True)
    assert ("p1", "Anna") in {p[:2] for p in shown(film.place)}
    with pytest.raises(InputError, match="no rejected proposal"):
        castlist.reject(film.place, anna["id"], back=True)


def test_a_proposal_goes_with_the_faces_it_was_made_on(film: Any, names: Path) -> None:
    castlist.propose(film.place, names)
    with Session.open(film.place) as session:
        session.decide({"action": "merge", "people": ["p2", "p3"]})
        assert {p["name"]: p["person"] for p in session.proposed()} == {"Anna": "p1", "Bob": "p2"}
        session.decide({"action": "not-a-face", "people": ["p2"]})
        assert [p["name"] for p in session.proposed()] == ["Anna"]
        session.decide({"action": "name", "person": "p1", "name": "Carl"})
        assert session.proposed() == []


def test_a_name_that_somebody_has_is_proposed_to_nobody(film: Any, names: Path) -> None:
    anna, bob = castlist.propose(film.place, names)
    castlist.rename(film.place, "p3", "anna")
    assert shown(film.place) == BOTH[1:]
    with pytest.raises(InputError, match="is not an open proposal any more"):
        castlist.accept(film.place, anna["id"])
    assert castlist.accept(film.place, bob["id"])["Bob"].key == "p2"


def test_the_page_shows_them_and_takes_both_answers(film: Any, names: Path) -> None:
    castlist.propose(film.place, names)
    with Session.open(film.place) as session:
        page = Page(session)
        state = page.news()
        by = {p["id"]: [(q["name"], q["from"], q["agree"]) for q in p["proposed"]] for p in state["people"]}
        assert by == {"p1": [("Anna", "markers.csv", 1)], "p2": [("Bob", "markers.csv", 1)], "p3": []}
        ids = {q["name"]: q["id"] for p in state["people"] for q in p["proposed"]}
        assert session.reject(ids["Bob"]) == "Bob: not Person 2; never proposed for them again"
        after = page.news(state["revision"], str(state["proposals"]))
        assert [(p["id"], p["proposed"]) for p in after["people"]] == [("p2", [])]
        session.accept(ids["Anna"], revision=session.view.revision)
        assert [g.called for g in session.view.groups] == ["Anna", "Person 2", "Person 3"]


def test_the_server_answers_by_number_and_refuses_the_rest(film: Any, names: Path, served: Any) -> None:
    castlist.propose(film.place, names)
    server = served(film.place)
    people = server.get("/api/state")["people"]
    anna, bob = (people[i]["proposed"][0]["id"] for i in (0, 1))
    for body in ({}, {"proposal": "1"}, {"proposal": True}, {"proposal": 10**30}):
        for path in ("/api/accept", "/api/reject"):
            status, said = server.post(path, {"revision": 0, **body})
            assert status == 422
            assert "propos" in said["error"]
    status, said = server.post("/api/accept", {"revision": 0, "proposal": anna})
    assert (status, said["sentence"]) == (200, "Person 1, 3 tracks: named Anna")
    assert server.post("/api/accept", {"revision": 0, "proposal": bob})[0] == 409  # decided on an old view
    status, said = server.post("/api/reject", {"revision": said["decision"], "proposal": bob})
    assert status == 200
    assert [p["proposed"] for p in said["state"]["people"] if p["id"] == "p2"] == [[]]
    status, said = server.post(
        "/api/reject", {"revision": said["state"]["revision"], "proposal": bob, "back": True}
    )
    assert (status, said["sentence"]) == (200, "Bob: proposed for Person 2 again")


def listed(capsys: pytest.CaptureFixture[str], *command: str) -> str:
    assert run(list(command)) == 0
    return capsys.readouterr().out


def test_the_command_line_keeps_lists_and_answers(
    film: Any, names: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = str(film.place)
    assert "2 proposals were stored" in listed(capsys, "propose", place, str(names))
    assert listed(capsys, "propose", place).splitlines() == [
        "p1: Anna? (from markers.csv) 100% of its time",
        "p2: Bob? (from markers.csv) 100% of its time",
    ]
    people = json.loads(listed(capsys, "decide", place, "list"))
    assert people[0]["proposed"] == [{"name": "Anna", "from": "markers.csv", "agree": 1.0}]
    info = listed(capsys, "info", place)
    assert "Proposed: Person 1 is Anna? (from markers.csv)" in info
    assert json.loads(listed(capsys, "info", place, "--json"))["proposed_names"] == {
        "kept": 2,
        "rejected": 0,
    }
    said = listed(capsys, "propose", place, "--accept", "anna", "--reject", "Bob")
    assert "Person 1, 3 tracks: named Anna" in said
    assert "Bob: not Person 2" in said
    assert "no open proposal" in listed(capsys, "propose", place)
    assert "Bob: proposed for Person 2 again" in listed(capsys, "propose", place, "--reopen", "bob")
    assert listed(capsys, "propose", place).startswith("p2: Bob?")
    assert decided(film.place) == [("name", "Anna")]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--accept", "Zoe"], "'Zoe' is not proposed for any person; the proposed names are: Anna, Bob"),
        (["--apply"], "no file of names was given"),
        (["names.csv", "--accept", "Anna"], "leave the file out"),
    ],
)
def test_answers_that_cannot_be_given(
    film: Any, names: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    castlist.propose(film.place, names)
    assert run(["propose", str(film.place), *options]) == 2
    assert message in capsys.readouterr().err
    assert decided(film.place) == []


def proposed(name: str, faces: Sequence[Anchor] = (FACE,), **more: Any) -> Proposed:
    return Proposed(name, more.pop("source", "a.csv"), tuple(faces), more.pop("agree", 0.5), True, **more)


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": " \n"},
        {"name": "x" * 10_001},
        {"faces": ()},
        {"faces": (FACE,) * (FACES + 1)},
        {"agree": 1.1},
    ],
)
def test_what_is_no_proposal(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        proposed(**({"name": "Anna"} | wrong))


def test_there_are_never_too_many(film: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposals, "MOST", 3)
    with Workspace.open(film.place, write=False) as workspace:
        with pytest.raises(InputError, match="at most 3 proposed names"):
            workspace.proposals.put([proposed(f"P {i}") for i in range(4)])
        assert workspace.proposals.all() == []


def test_a_proposal_goes_with_the_person_who_is_erased(film: Any, names: Path) -> None:
    """By name, and by the faces of the proposed person: also names that were rejected for her."""
    anna, _ = castlist.propose(film.place, names)
    castlist.reject(film.place, anna["id"])
    with Workspace.open(film.place) as workspace:
        cast = workspace.cast()
        with workspace._writing() as db:
            proposals.erase(db, cast, cast.people[0].tracks, [])
        assert [row.name for row in workspace.proposals.all()] == ["Bob"]
        with workspace._writing() as db:
            proposals.erase(db, cast, [], ["BOB"])
        assert workspace.proposals.all() == []


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE proposals SET name = ''",
        "UPDATE proposals SET name = x'00ff'",
        "UPDATE proposals SET agree = 9e999",
        "UPDATE proposals SET time = 'yesterday'",
        "UPDATE proposed_faces SET time = '1e999999999'",
        'UPDATE proposed_faces SET "left" = 7',
        "DELETE FROM proposed_faces",
    ],
)
def test_a_strangers_proposals_are_one_sentence(
    film: Any, names: Path, capsys: pytest.CaptureFixture[str], harm: str
) -> None:
    castlist.propose(film.place, names)
    db = sqlite3.connect(film.place / "cast.db")
    db.execute(harm)
    db.commit()
    db.close()
    with Workspace.open(film.place, write=False) as workspace, pytest.raises(WorkspaceError, match="damaged"):
        workspace.proposals.all()
    assert run(["propose", str(film.place)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_workspace_of_an_earlier_castlist_is_upgraded_when_something_is_kept(
    film: Any, names: Path
) -> None:
    db = sqlite3.connect(film.place / "cast.db")
    later = "proposed_faces", "proposals", "decided_numbers", "decided_actions"
    drop = [
        *(f"DROP TABLE {name}" for name in later),
        "ALTER TABLE casts DROP COLUMN negative",
        "ALTER TABLE video DROP COLUMN hidden",
    ]
    db.executescript("; ".join(drop) + "; PRAGMA user_version = 4;")
    db.close()
    assert castlist.proposals(film.place) == []
    assert not (film.place / "cast.db.schema4").exists()
    castlist.propose(film.place, names)
    assert shown(film.place) == BOTH
    assert (film.place / "cast.db.schema4").exists()


def test_an_open_page_hears_of_names_that_are_proposed_meanwhile(film: Any, names: Path, served: Any) -> None:
    server = served(film.place)
    state = server.get("/api/state")
    ask = f"/api/changes?since={state['revision']}&proposals="
    assert server.get(ask + quote(state["proposals"])) is None
    castlist.propose(film.place, names)
    news = server.get(ask + quote(state["proposals"]))
    assert (news["revision"], news["since"]) == (state["revision"], None)
    assert sum(len(p["proposed"]) for p in news["people"]) == 2
    assert server.get(ask + quote(news["proposals"])) is None
    castlist.reject(film.place, castlist.proposals(film.place)[0]["id"])
    later = server.get(ask + quote(news["proposals"]))
    assert sum(len(p["proposed"]) for p in later["people"]) == 1


def test_a_page_that_decides_hears_of_names_that_another_page_knows_of_already(
    film: Any, names: Path, served: Any
) -> None:
    castlist.propose(film.place, names)
    server = served(film.place)
    state = server.get("/api/state")
    first, second = (p["id"] for p in state["people"] if p["proposed"])
    castlist.reject(film.place, castlist.proposals(film.place)[0]["id"])
    assert sum(len(p["proposed"]) for p in server.get("/api/state")["people"]) == 1  # another page
    body = {"action": "name", "person": second, "name": "Zoe"}
    body |= {"revision": state["revision"], "proposals": state["proposals"]}
    news = server.post("/api/decide", body)[1]["state"]
    assert first in {p["id"] for p in news["people"]}
    assert not any(p["proposed"] for p in news["people"] if p["id"] == first)
