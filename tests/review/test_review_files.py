"""Other readers of a workspace under review get the last decision: from commands, and from files."""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from castlist.cli import run

FOLLOWS = 120.0  # seconds, on a busy machine; about two and a half where nothing else runs


def in_database(place: Path) -> list[str]:
    """The names in cast.db, as another program reads them."""
    with closing(sqlite3.connect(f"file:{place / 'cast.db'}?mode=ro", uri=True)) as db:
        return sorted(name for (name,) in db.execute("SELECT name FROM people WHERE named"))


def in_report(place: Path) -> str:
    return (place / "report.html").read_text("utf-8") if (place / "report.html").exists() else ""


def commands(place: Path, capsys: Any) -> list[str]:
    """The names that export, info and a report made now show."""
    found = []
    for words in (["export", str(place), "--format", "json"], ["info", str(place)]):
        capsys.readouterr()
        assert run(words) == 0
        found.append(capsys.readouterr().out)
    other = place.parent / "other.html"
    assert run(["report", str(place), "-o", str(other)]) == 0
    json.loads(found[0])
    return [*found, other.read_text("utf-8")]


def until(good: Callable[[], bool]) -> None:
    deadline = time.monotonic() + FOLLOWS
    while not good():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def name(server: Any, value: str, seen: int) -> None:
    request = {"action": "name", "person": "p1", "name": value, "revision": seen}
    assert server.post("/api/decide", request)[0] == 200


@pytest.fixture
def place(made: Callable[..., Any]) -> Path:
    path: Path = made([0, 0, 1, 1], [0, 1, 2, 2]).place
    return path


def test_everything_follows_while_the_page_is_open(
    place: Path, served: Callable[..., Any], capsys: Any
) -> None:
    server = served(place)
    for seen, value in enumerate(["Anna", "Berta"]):
        name(server, value, seen)
        assert all(value in text for text in commands(place, capsys))
        until(lambda value=value: in_database(place) == [value] and value in in_report(place))  # type: ignore[misc]
    assert server.post("/api/undo", {"revision": 2})[0] == 200
    assert all("Berta" not in text for text in commands(place, capsys))
    until(lambda: in_database(place) == ["Anna"] and "Berta" not in in_report(place))


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT])
def test_files_are_of_the_last_decision_after_a_signal(
    place: Path, served: Callable[..., Any], capsys: Any, number: signal.Signals
) -> None:
    server = served(place)
    name(server, "Anna", 0)
    server.process.send_signal(number)
    assert server.process.wait(30) == 0
    assert in_database(place) == ["Anna"]
    assert "Anna" in in_report(place)
    assert all("Anna" in text for text in commands(place, capsys))


def test_a_kill_takes_nothing_from_commands_and_little_from_files(
    place: Path, served: Callable[..., Any], capsys: Any
) -> None:
    server = served(place)
    name(server, "Anna", 0)
    until(lambda: in_database(place) == ["Anna"] and "Anna" in in_report(place))
    name(server, "Berta", 1)
    server.process.kill()
    server.process.wait(30)
    assert in_database(place) in (["Anna"], ["Berta"])  # whole, of this decision or the one before
    assert "Anna" in in_report(place) or "Berta" in in_report(place)
    assert all("Berta" in text and "Anna" not in text for text in commands(place, capsys))
    served(place)  # opening the page again updates the files, without a decision
    until(lambda: in_database(place) == ["Berta"] and "Berta" in in_report(place))
