"""Which names may be given: one place says it for every way in; what a log holds is read as it is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from programs import Film
from scenes import find, scan_of

from castlist.cli import run
from castlist.decisions import Anchor, Decision
from castlist.decisions.decision import clean_name
from castlist.decisions.names import LONGEST, given_name
from castlist.errors import InputError
from castlist.library.views import called
from castlist.review.session import Session
from castlist.store import Workspace
from castlist.suggest.names import Hint, Match, propose_names

REFUSED = {
    "p2": "'p2' is no name",
    "P12": "'P12' is no name",
    "Person 9": "'Person 9' is no name",
    " person  1": "'person 1' is no name",
    "p\u200b2": "'p2' is no name",
    "ｐ２": "'p2' is no name",
    "\u202e\u200b": "can be seen",
    "\u3164": "can be seen",
    "\u0301": "can be seen",
    "\udcc9ric": "ric' has characters that are not in UTF-8",  # bytes of another encoding
    "Zo\ud83d": "' has characters that are not in UTF-8",  # half a character, from a page
    "x" * (LONGEST + 1): "at most 1000 characters, got 1001",
}


@pytest.mark.parametrize(
    "name", ["Anna", "P2x", "Person", "Person of 9", "p", "é", "名", "👩‍👩‍👧", "?", "x" * LONGEST]
)
def test_a_name_that_can_be_given(name: str) -> None:
    assert given_name(f" {name}\n") == name


@pytest.mark.parametrize("name", REFUSED)
def test_a_name_that_means_nobody_or_somebody_else(name: str) -> None:
    with pytest.raises(InputError, match=REFUSED[name]):
        given_name(name)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    find(tmp_path / "film.castlist", scan_of([0, 0, 1, 1, 1]))
    return tmp_path / "film.castlist"


@pytest.mark.parametrize("name", REFUSED)
def test_every_way_in_refuses_it(path: Path, name: str) -> None:
    with Session.open(path) as session, pytest.raises(InputError, match=REFUSED[name]):
        session.decide({"action": "name", "person": "p1", "name": name})
    film = Film([0, 0, 0, 1, 1, 2, 2, 3, 3])
    hint = Hint(clean_name(name), Fraction(0), Fraction(1))
    (found,) = propose_names([hint], film.view, film.base.tracks, film.base.clock)
    assert found.state == Match.REFUSED
    assert REFUSED[name] in found.why


def test_a_log_with_such_names_is_read_as_it_is(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Session.open(path) as session:
        faces = [
            Anchor.at(session.base.clock, session.video, 12 * t + 5, (100, 50, 200, 170)) for t in (0, 2)
        ]
    with Workspace.open(path) as workspace:
        for face, name in zip(faces, ("p2", "Person 9"), strict=True):
            workspace.decisions.append(Decision("name", (face,), name))
    assert run(["decide", str(path), "list"]) == 0
    assert {p["name"] for p in json.loads(capsys.readouterr().out)} == {"p2", "Person 9"}
    with Session.open(path) as session:
        session.decide({"action": "name", "person": "Person 9", "name": "Bob"})
        assert {g.name for g in session.view.groups} == {"p2", "Bob"}
    find(path, scan_of([0, 0, 1, 1, 1]))


def test_a_name_is_listed_whole_however_long(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = "Anna " + "x" * 500
    with Session.open(path) as session:
        session.decide({"action": "name", "person": "p1", "name": name})
        assert session.state()["people"][0]["name"] == name
    assert run(["decide", str(path), "list"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["name"] == name


def test_a_merge_says_whom_it_joins_and_which_name_is_gone(path: Path) -> None:
    with Session.open(path) as session:
        for person, name in (("p1", "Ann"), ("p2", "Ben")):
            session.decide({"action": "name", "person": person, "name": name})
        number = session.decide({"action": "merge", "people": ["p1", "p2"]})
        assert session.sentence(number) == (
            "Ben, 2 tracks: joined Ann; the name Ben is gone, Undo brings it back"
        )
        session.undo()
        assert session.history()[0]["what"] == "undid decision 3 (Ben, 2 tracks: joined Ann)"
        number = session.decide({"action": "name", "person": "p1", "name": "Ben"})
        assert session.sentence(number).endswith("; Ann joined; the name Ann is gone, Undo brings it back")


def test_of_two_names_the_first_stays(path: Path) -> None:
    with Session.open(path) as session:
        assert [len(g.tracks) for g in session.view.groups] == [3, 2]
        for person, name in (("p1", "Ann"), ("p2", "Ben")):
            session.decide({"action": "name", "person": person, "name": name})
        for first, second in (("Ben", "Ann"), ("Ann", "Ben")):
            number = session.decide({"action": "merge", "people": [first, second]})
            assert session.sentence(number).startswith(f"{second}, ")
            assert [g.name for g in session.view.groups] == [first]
            session.undo()


MARKS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@pytest.mark.parametrize("mark", MARKS)
def test_marks_that_turn_the_direction_of_writing_are_not_part_of_a_name(mark):
    """With one, the rest of a line shows in another order, and two names that look alike are two people."""
    assert clean_name(f"{mark}An{mark}na{mark}") == "Anna"


def test_marks_of_names_in_other_scripts_stay():
    for name in ("\u05d0\u200f", "\u0646\u200c\u0627", "\u0915\u094d\u200d\u0937"):
        assert clean_name(name) == name


def decide(path: Path, *words: str | bytes, text: bytes | None = None, **environment: str) -> tuple[int, str]:
    """`castlist decide` in a process of its own; its status and what it said."""
    command: list[str | bytes] = [sys.executable, "-m", "castlist", "decide", str(path), *words]
    done = subprocess.run(command, input=text, capture_output=True, env=os.environ | environment, check=False)
    return done.returncode, done.stderr.decode(errors="replace")


def names_in(path: Path) -> list[str]:
    with Workspace.open(path, write=False) as workspace:
        return [decision.value for decision in workspace.decisions.all()]


@pytest.mark.parametrize("bad", [b"name p2 \xc9ric\n", "name p2 Éric\n".encode("utf-16")])
def test_actions_in_another_encoding_than_utf_8_are_refused_whole(path: Path, bad: bytes) -> None:
    status, said = decide(path, "-", text=b"name p1 Anna\n" + bad)
    assert (status, said) == (
        2, "castlist: the actions are not text in UTF-8; save the file in UTF-8 and give it again\n"
    )  # fmt: skip
    assert names_in(path) == []


def test_actions_as_windows_saves_them_are_read(path: Path) -> None:
    assert decide(path, "-", text="\ufeffname p1 Éric\r\nname p2 Zoë\r\n".encode())[0] == 0
    assert names_in(path) == ["Éric", "Zoë"]


@pytest.mark.parametrize(
    "words", [["name", "p1", b"\xc9ric"], ["--author", b"\xc9ric", "name", "p1", "Anna"]]
)
def test_a_name_in_another_encoding_on_the_command_line_is_refused(
    path: Path, words: list[str | bytes]
) -> None:
    status, said = decide(path, *words)
    assert status == 2
    assert "'?ric' has characters that are not in UTF-8" in said
    assert names_in(path) == []


def test_unicode_in_a_locale_of_ascii_is_shown_with_question_marks(path: Path) -> None:
    assert decide(path, "name", "p1", "Zoë")[0] == 0
    ascii_only = os.environ | {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "castlist", "info", str(path)],
        capture_output=True,
        env=ascii_only,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert b"Zo?" in done.stdout


@pytest.mark.parametrize("words", ["Anna hide p2", "Anna merge Person 3 Bob", "Anna not-a-face 2"])
def test_further_actions_without_a_plus_are_no_name(
    path: Path, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["decide", str(path), "name", "p1", *words.split()]) == 2
    assert "write + before each further action" in capsys.readouterr().err
    assert names_in(path) == []
    assert run(["decide", str(path), "name", "p1", words]) == 0  # in quotes it is one
    assert run(["decide", str(path), "name", "p2", "man", "in", "background"]) == 0


def test_accents_as_macos_writes_them_name_the_same_person(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    apart = "E\u0301ric"
    assert run(["decide", str(path), "name", "p1", "Éric"]) == 0
    assert run(["decide", str(path), "hide", apart]) == 0
    assert run(["decide", str(path), "undo"]) == 0
    with Workspace.open(path, write=False) as workspace:
        cast = workspace.cast()
    assert cast[apart] == cast["Éric"] == cast.named(apart.lower())[0]
    assert called({"1": "Éric", "2": "Eric"}, apart) == {"1"}
