"""Names that files propose for people of a library's films: listed, accepted, rejected."""

from __future__ import annotations

import json

import pytest

import castlist
from castlist.cli import run
from castlist.errors import InputError
from castlist.library import Library
from castlist.library.review import state
from castlist.store import Workspace


@pytest.fixture
def lib(films, tmp_path) -> Library:
    """Three films, two of three people in each; a table says that in the first one a person is Anna."""
    lib = Library(films.parent / "lib")
    lib.add(films)
    film = lib.films[0]
    who = cast_of(film)[0]
    table = tmp_path / "names.csv"
    stay = who.appearances[-1]
    table.write_text(f"person,in,out\nAnna,{float(stay.start)},{float(stay.stop)}\n")
    castlist.propose(film.workspace, table)
    return lib


def test_a_name_is_listed_accepted_brought_everywhere_and_undone(lib, capsys):
    (asked,) = lib.proposals()
    assert (asked.name, asked.offer["from"], asked.film.name) == ("Anna", "names.csv", lib.films[0].name)
    assert not lib.person(asked.person).named
    (row,) = state.proposals(lib)["proposals"]
    assert (row["id"], row["name"], row["person"]) == (asked.id, "Anna", asked.person)
    assert row["faces"]
    assert run(["library", "proposals", str(lib.path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["proposals"] == [asked.document()]
    assert run(["library", "proposals", str(lib.path), "--accept", "anna"]) == 0
    assert "is Anna" in capsys.readouterr().out
    assert lib.person(asked.person).name == "Anna"
    assert all("Anna" in cast_of(f) for f in lib.person(asked.person).films)
    assert lib.proposals() == []
    lib.undo()
    assert not any("Anna" in cast_of(f) for f in lib.films)
    assert lib.proposals() == [asked]


def cast_of(film):
    with Workspace.open(film.workspace, write=False) as opened:
        return opened.cast()


def test_a_name_that_is_rejected_is_not_proposed_again_and_may_be_reopened(lib, capsys):
    (asked,) = lib.proposals()
    assert run(["library", "proposals", str(lib.path), "--reject", "Anna"]) == 0
    assert lib.proposals() == []
    assert run(["library", "proposals", str(lib.path)]) == 0
    assert "no open proposal" in capsys.readouterr().out
    lib.reject(asked.id, back=True)
    assert lib.proposals() == [asked]


def test_a_name_of_somebody_else_and_one_that_nobody_proposed_are_refused(lib, capsys):
    (asked,) = lib.proposals()
    other = next(p for p in lib.people if p.id != asked.person and lib.films[0] not in p.films)
    lib.name(other.id, "ANNA")
    with pytest.raises(InputError, match="merge them"):
        lib.accept(asked.id)
    for wrong in (
        "",
        "x:1",
        asked.film.digest,
        f"{asked.film.digest}:99",
        f"{asked.film.digest}:-1",
        "9" * 40,
    ):
        with pytest.raises(InputError, match=r"is not proposed any more|is not an open proposal"):
            lib.accept(wrong)
    assert run(["library", "proposals", str(lib.path), "--accept", "Zoe"]) == 2
    assert "the proposed names are: Anna" in capsys.readouterr().err
