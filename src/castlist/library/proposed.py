"""Names that files of other programs propose for people of a library; stored in the films' workspaces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from castlist.errors import CastlistError, InputError
from castlist.library import lookup, views
from castlist.library.schema import Db
from castlist.library.views import LibraryFilm
from castlist.store import Workspace
from castlist.types import Json

if TYPE_CHECKING:
    from castlist.review.proposed import Plain

__all__ = ["NameProposed", "named_already", "names_proposed", "open_proposal", "place_of"]


@dataclass(frozen=True, slots=True)
class NameProposed:
    """A name that a file proposes for a film-person, without a user's answer."""

    film: LibraryFilm
    number: int  # number of the proposal in the film's workspace
    member: int  # row of the film-person in the catalogue
    person: str  # id of the person of the library
    called: str
    name: str
    offer: Plain  # file, share that agrees, and why the name is not certain

    @property
    def id(self) -> str:
        """The id of the proposal, unique within the library."""
        return f"{self.film.digest}:{self.number}"

    def document(self) -> dict[str, Json]:
        """The proposal as plain values."""
        offer = self.offer
        return {
            "id": self.id, "film": self.film.name, "person": self.person, "called": self.called,
            "name": offer["name"], "from": offer["from"], "agree": offer["agree"], "by": offer["by"],
            "why": offer["why"],
        }  # fmt: skip


def names_proposed(db: Db, library: Path, digest: str | None = None) -> list[NameProposed]:
    """The open proposals, film by film; those of a film that cannot be read are missing.

    Proposals for film-people without a person of the library are left out: the film's own review answers
    them.

    Args:
        digest: of the only film to look at.
    """
    found: list[NameProposed] = []
    for film in views.films(db, library):
        if digest in (None, film.digest):
            with suppress(CastlistError):
                found += _of(db, film)
    return found


def place_of(films: Sequence[LibraryFilm], proposal: str) -> tuple[LibraryFilm, int]:
    """The film of a proposal by its id, and its number there.

    Raises:
        InputError: it is not a proposal of a film of the library.
    """
    digest, _, number = proposal.rpartition(":")
    film = next((f for f in films if f.digest == digest), None)
    if film is None or not (number.isascii() and number.isdigit() and len(number) < 19):
        raise InputError(f"{proposal!r} is not an open proposal; castlist library proposals lists them")
    return film, int(number)


def open_proposal(db: Db, library: Path, proposal: str) -> NameProposed:
    """An open proposal by its id, ready to be accepted.

    Raises:
        InputError: the name is not proposed any more, or another person of the library has it.
    """
    film, number = place_of(views.films(db, library), proposal)
    found = next((p for p in names_proposed(db, library, film.digest) if p.number == number), None)
    if found is None:
        raise InputError(
            f"{film.name}: this name is not proposed any more; castlist library proposals lists the open ones"
        )
    named_already(db, found.name, found.person)
    return found


def _of(db: Db, film: LibraryFilm) -> Iterator[NameProposed]:
    from castlist.review.proposed import open_names, plain

    with Workspace.open(film.workspace, write=False) as opened:
        rows = open_names(opened)
    if not rows:
        return
    members = db.execute(
        "SELECT sighting.track, member.id, person.id, person.name FROM member"
        " JOIN person ON person.id = member.person"
        " JOIN sighting ON sighting.member = member.id AND sighting.number = 0 WHERE film = ?",
        (film.id,),
    ).fetchall()
    by_track = {track: member for track, *member in members}
    for group, row in rows:
        member = next((by_track[t] for t in group.tracks.tolist() if t in by_track), None)
        if member is not None and not member[2]:
            called = lookup.shown_person(member[1], member[2])
            yield NameProposed(film, row.id, member[0], member[1], called, row.name, plain(row))


def named_already(db: Db, name: str, person: str) -> None:
    """Refuse a proposed name that another person of the library has: the two may be one person.

    Raises:
        InputError: another person has the name.
    """
    folded = name.casefold()
    others = [
        i for i, n in db.execute("SELECT id, name FROM person WHERE name <> ''") if n.casefold() == folded
    ]
    if others and others != [person]:
        other = lookup.shown_person(others[0], "")
        raise InputError(
            f"{name} is {other} of this library already; if they are the same person, merge them, "
            "otherwise give a name that tells them apart"
        )
