"""A clock that was set back between two commands changes nothing but the times that are shown."""

from __future__ import annotations

import time

import pytest
from library_made import made_film

from castlist.library import Library
from castlist.library import log as library_log
from castlist.library.ulid import milliseconds_of, new_ulid

DAY = 86_400
REAL = time.time_ns


class _Clock:
    """The clock of the machine, days before or after the real one."""

    days = 0

    def time_ns(self) -> int:
        return REAL() + self.days * DAY * 10**9


@pytest.fixture
def clock(monkeypatch) -> _Clock:
    """What castlist sees as the clock: a test sets it back by `days`."""
    found = _Clock()
    moment = library_log.datetime

    class Moment(moment):
        @classmethod
        def now(cls, tz=None):
            return moment.fromtimestamp(found.time_ns() / 10**9, tz)

    monkeypatch.setattr(library_log, "datetime", Moment)
    monkeypatch.setattr(time, "time_ns", found.time_ns)
    return found


def test_an_id_says_when_it_was_made():
    for milliseconds in (0, 1, 1_700_000_000_123, (1 << 48) - 1):
        assert milliseconds_of(new_ulid(milliseconds)) == milliseconds


@pytest.mark.parametrize("how", ["film", "split", "removed"])
def test_the_person_who_was_made_first_keeps_the_id(tmp_path, clock, how):
    lib = Library(tmp_path / "lib")
    lib.add(made_film(tmp_path, "a", [[1], [1]], noise=0.1))
    lib.add(made_film(tmp_path, "b", [[1], [1]], noise=0.1))
    (first,) = (p.id for p in lib.people)
    if how == "removed":
        lib.remove("a.mp4")
        lib.remove("b.mp4")
    clock.days = -400
    if how == "split":
        second = lib.split(first, ["b.mp4"])
    else:
        lib.add(made_film(tmp_path, "c", [[2], [2]], noise=0.1))
        second = next(p.id for p in lib.people if p.id != first)
    if how == "removed":
        lib.add(tmp_path / "b.castlist")
    assert first < second
    assert lib.compare([first, second], [(second, first)])
    assert first in {p.id for p in lib.people}


def test_history_and_undo_follow_the_order_of_the_commands(tmp_path, clock):
    lib = Library(tmp_path / "lib")
    for name in "ab":
        lib.add(made_film(tmp_path, name, [[1], [1]], noise=0.1))
    (person,) = lib.people
    for days, name in enumerate(("Anna", "Berta", "Cleo")):
        clock.days = -days
        lib.name(person, name, author="Eva")
    assert [d.sentence.split()[-1] for d in lib.history()] == ["Cleo", "Berta", "Anna"]
    assert [d.time for d in lib.history()] == sorted(d.time for d in lib.history())
    lib.rebuild()
    assert lib.person(person.id).name == "Cleo"
    lib.add(made_film(tmp_path, "c", [[1], [1]], noise=0.1))
    lib.undo()
    assert lib.person(person.id).name == "Berta"
    lib.undo()
    lib.rebuild()
    assert lib.person(person.id).name == "Anna"
