"""The views of castlist decide: tables in a terminal, JSON for programs."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from pathlib import Path

import pytest
from terminal import in_a_terminal

from castlist.cli import run

STYLE = re.compile(r"\x1b\[[0-9;]*m")  # what rich writes around headings [ECMA-48, SGR]


@pytest.fixture
def place(two_people: Path, tmp_path: Path) -> Path:
    """A workspace that the test may change."""
    return Path(shutil.copytree(two_people / "film.castlist", tmp_path / "film.castlist"))


def shown(*arguments: str) -> list[str]:
    """The lines that a terminal shows, without style."""
    return [line.rstrip() for line in STYLE.sub("", in_a_terminal(*arguments)).splitlines()]


def test_a_terminal_shows_people_with_the_word_that_names_each(place: Path) -> None:
    assert run(["decide", str(place), "name", "p1", "Anna", "+", "background", "p2"]) == 0
    head, *rows, hint = shown("decide", str(place), "list")
    assert head.split() == ["Id", "Person", "On", "screen", "Tracks"]
    assert [row.split()[:2] for row in rows[:1]] == [["p1", "Anna"]]
    assert next(row for row in rows if row.startswith("p2 ")).endswith("background")
    assert hint == f"To name a person: castlist decide {place} name p1 Anna"


def test_a_terminal_shows_the_history_and_what_was_undone(place: Path) -> None:
    assert shown("decide", str(place), "history") == ["No decisions yet."]
    assert run(["decide", str(place), "name", "p1", "Anna", "+", "undo", "--author", "Kim"]) == 0
    head, undo, name, hint = shown("decide", str(place), "history")
    assert head.split() == ["No.", "When", "Author", "Decision"]
    assert undo.split()[0] == "2"
    assert " Kim " in undo
    assert "undid decision 1" in undo
    assert name.split()[0] == "1"
    assert name.endswith("named Anna (undone)")
    assert hint == f"To undo one: castlist decide {place} undo 2"


@pytest.mark.parametrize("view", ["list", "history"])
def test_a_program_is_given_json_and_a_terminal_that_asks_for_it(
    place: Path, view: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["decide", str(place), "name", "p1", "Anna"]) == 0
    capsys.readouterr()
    assert run(["decide", str(place), view]) == 0
    printed = capsys.readouterr().out
    assert json.loads(printed)
    assert json.loads(in_a_terminal("decide", str(place), view, "--json")) == json.loads(printed)


def test_json_of_what_changes_the_cast_is_refused_before_anything_is_decided(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["decide", str(place), "name", "p1", "Anna", "--json"]) == 2
    assert "--json belongs to list, history, questions and sheet" in capsys.readouterr().err
    assert shown("decide", str(place), "history") == ["No decisions yet."]


def test_names_of_a_stranger_are_text_in_the_tables(place: Path) -> None:
    assert run(["decide", str(place), "name", "p1", "[red]Anna[/red]"]) == 0
    with sqlite3.connect(place / "cast.db") as db:  # as a stranger's workspace may have it
        ((trigger,),) = db.execute("SELECT sql FROM sqlite_master WHERE name = 'decisions_are_final'")
        db.execute("DROP TRIGGER decisions_are_final")
        db.execute("UPDATE decisions SET author = ?", ("\x1b[2Jx",))
        db.execute(trigger)
    history = in_a_terminal("decide", str(place), "history")
    assert "\x1b[2J" not in history
    assert "[red]Anna[/red]" in history
    assert "[red]Anna[/red]" in in_a_terminal("decide", str(place), "list")
