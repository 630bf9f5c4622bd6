"""Make a film of a library person's appearances in all films of the library."""

from __future__ import annotations

import os
from collections.abc import Sequence
from fnmatch import fnmatchcase
from fractions import Fraction

from castlist.cast import Cast, Person
from castlist.errors import InputError
from castlist.library.library import Library
from castlist.library.views import LibraryPerson
from castlist.progress import Watch, silent
from castlist.reel import Reel, reel_of
from castlist.store import Workspace

__all__ = ["found_in", "library_reel"]


def library_reel(
    library: str | os.PathLike[str] | Library,
    output: str | os.PathLike[str],
    person: str,
    *,
    together: Sequence[str] = (),
    films: Sequence[str] = (),
    longest: Fraction | float | None = None,
    mute: bool = False,
    watch: Watch = silent,
) -> Reel:
    """Write a film of the parts of a library's films with a person, film by film.

    Arguments and errors are those of `found_in` and of `castlist.reel.reel`.
    """
    parts, names = found_in(library, person, together=together, films=films)
    return reel_of(parts, output, names, longest=longest, mute=mute, watch=watch)


def found_in(
    library: str | os.PathLike[str] | Library,
    person: str,
    *,
    together: Sequence[str] = (),
    films: Sequence[str] = (),
) -> tuple[list[tuple[Cast, list[list[Person]]]], tuple[str, ...]]:
    """The films with a person, as `castlist.reel.reel_of` takes them, and the names of the people.

    Args:
        library: a library, or its folder.
        person: an id, the last letters of one, or a name.
        together: people who must appear with that person.
        films: names of films, where * is any text; all films by default.

    Raises:
        InputError: a person is unknown or ambiguous, no film has such a name, or no film has all these
            people.
        WorkspaceError: the library or the workspace of a film is missing or cannot be read.
    """
    known = library if isinstance(library, Library) else Library(library)
    wanted = [known.person(name) for name in (person, *together)]
    names = tuple(library_person.name for library_person in wanted)
    found = [
        film for film in wanted[0].films if all(film in library_person.films for library_person in wanted)
    ]
    if films:
        called = [film for film in known.films if any(fnmatchcase(film.name, name) for name in films)]
        if not called:
            raise InputError(f"no film of the library is called {' or '.join(films)}")
        found = [film for film in found if film in called]
    parts = []
    for film in found:
        with Workspace.open(film.workspace, write=False) as opened:
            cast = opened.cast()
        people = [_members(cast, library_person, film.digest) for library_person in wanted]
        if all(people):
            parts.append((cast, people))
    if not parts:
        where = "is in none" if len(names) == 1 else "are together in none"
        raise InputError(f"{' and '.join(names)} {where} of these films")
    return parts, names


def _members(cast: Cast, library_person: LibraryPerson, digest: str) -> list[Person]:
    """The people of a film who are a given person of the library."""
    keys = {key for film, key, _, _ in library_person.members if film.digest == digest}
    return [person for person in cast.everybody if person.key in keys]
