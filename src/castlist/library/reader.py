"""Read a library: films, people, questions, decisions, and searches, without changing it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from castlist.argument_types import typed_arguments
from castlist.library import lookup, storage, undo, views
from castlist.library.catalogue import Catalogue
from castlist.library.check import Problem, applied, checked
from castlist.library.forget import Erasure, planned, still_to_erase
from castlist.library.links import PAGE, FilmLink, links
from castlist.library.pairs import PersonPair, pairs
from castlist.library.proposed import NameProposed, names_proposed
from castlist.library.query import SearchAnswer
from castlist.library.recurring import (
    SIDE_BY_SIDE,
    RecurringPerson,
    recurring,
)
from castlist.library.search import LikelyPerson, by_face, face_vector
from castlist.library.sheets import QuestionSheet, sheets
from castlist.library.track_index import TrackHit
from castlist.library.undo import LibraryDecision
from castlist.library.views import LibraryFilm, LibraryPerson, LibraryQuestion
from castlist.types import Machine

__all__ = ["LibraryReader"]


class LibraryReader:
    """Reads and searches a library; it needs no lock, and works on read-only media.

    `Library` also adds films and records decisions.

    Args:
        path: the library's folder; the first `add` makes it.
    """

    @typed_arguments
    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._catalogue = Catalogue(self.path)

    def __repr__(self) -> str:
        return f"Library({str(self.path)!r})"

    # Reading

    def reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """A connection to one state of the catalogue, for read-only queries.

        Raises:
            WorkspaceError: there is no library, or it is damaged.
        """
        return self._catalogue.reading()

    def revision(self) -> int:
        """A number that rises with every change."""
        with self.reading() as db:
            return applied(db)

    @property
    def films(self) -> tuple[LibraryFilm, ...]:
        """The films, in the order in which they were added."""
        with self.reading() as db:
            return views.films(db, self.path)

    @property
    def people(self) -> tuple[LibraryPerson, ...]:
        """All people, those with most films first."""
        with self.reading() as db:
            return views.people(db, self.path)

    @typed_arguments
    def person(self, given: str | LibraryPerson) -> LibraryPerson:
        """A person by id (also that of a merged person), by the last letters of the id, or by name.

        Raises:
            InputError: no person fits, or several do.
        """
        with self.reading() as db:
            found = views.person(db, given)
            return next(p for p in views.people(db, self.path) if p.id == found)

    @typed_arguments
    def questions(self, limit: int = 1000) -> list[LibraryQuestion]:
        """The open questions to a user, grouped by person, the most useful first."""
        with self.reading() as db:
            return views.questions(db, self.path)[:limit]

    @typed_arguments
    def sheets(self, limit: int | None = 100) -> list[QuestionSheet]:
        """The open questions, those about one person together on a sheet; the most useful sheets first.

        Args:
            limit: sheets to return, at most; None for all.
        """
        with self.reading() as db:
            return sheets(db, self.path, limit)[1]

    @typed_arguments
    def links(self, limit: int | None = PAGE) -> list[FilmLink]:
        """Links between films that no user confirmed, the least similar first; `confirm` answers them.

        Args:
            limit: links to return, at most; None for all.
        """
        with self.reading() as db:
            return links(db, limit)[1]

    @typed_arguments
    def pairs(self, limit: int | None = PAGE) -> list[PersonPair]:
        """Pairs of people who may be one: open questions, and people of a single film; `judge` answers.

        Args:
            limit: pairs to return, at most; None for all.
        """
        with self.reading() as db:
            return pairs(db, self.path, limit)[1]

    @typed_arguments
    def recurring(self, limit: int = SIDE_BY_SIDE) -> list[RecurringPerson]:
        """The people of several films that no user compared yet, side by side; `compare` answers.

        Args:
            limit: people to return, at most. If there are more, half of them are returned with their
                look-alikes.
        """
        with self.reading() as db:
            return recurring(db, limit)

    # Decisions

    def proposals(self) -> list[NameProposed]:
        """The names, not answered yet, that files propose for people of the films without a name."""
        with self.reading() as db:
            return names_proposed(db, self.path)

    @typed_arguments
    def together(self, a: str | LibraryPerson, b: str | LibraryPerson) -> int:
        """The number of pairs of film-people, of two people, that co-occur: the two are hardly one person.

        Raises:
            InputError: no person fits, or several do.
        """
        with self.reading() as db:
            return lookup.together(db, views.person(db, a), views.person(db, b))

    @typed_arguments
    def history(self, limit: int = 100) -> list[LibraryDecision]:
        """The decisions of users, the latest first."""
        with self.reading() as db:
            return undo.decisions(db, limit)

    # Erasure

    @typed_arguments
    def is_erased(self, person: str | LibraryPerson) -> bool:
        """Whether an id is that of a person erased by `forget`."""
        with self.reading() as db:
            return views.is_erased(db, person)

    @typed_arguments
    def would_forget(self, person: str | LibraryPerson) -> list[str]:
        """The names of the films, also removed ones, from whose workspaces `forget` erases a person."""
        return list(self.erasure(person).films)

    @typed_arguments
    def erasure(self, person: str | LibraryPerson, *, deleted: Sequence[str] = ()) -> Erasure:
        """The effects of `forget` with the same `deleted`; for an erased person, the work that is left.

        Raises:
            InputError: no person fits, or several do, or the workspace of a deleted film is there.
        """
        with self.reading() as db:
            return planned(db, self.path, person, deleted)

    # Search

    @typed_arguments
    def search(
        self, photo: str | os.PathLike[str], *, face: int | None = None, machine: Machine = Machine()
    ) -> list[LikelyPerson]:
        """The people in a picture, also of the background or set aside, the most probable first.

        Args:
            face: number of the face in the picture, from 1 at the left; needed if there are several.

        Raises:
            InputError: the picture cannot be read, has no face, or has several and `face` is not given.
        """
        from castlist.library.photo import chosen_face, faces_in

        return self.search_face(chosen_face(photo, faces_in(photo, machine=machine), face).vector)

    @typed_arguments
    def search_face(self, vector: NDArray[np.float32], model: str = "sface") -> list[LikelyPerson]:
        """The same as `search`, for a vector (d,) of a face; only films of `model` are searched."""
        with self.reading() as db:
            return by_face(db, self.path, model, face_vector(vector))

    @typed_arguments
    def find(self, query: str) -> SearchAnswer:
        """The times at which the people of a query are on screen; castlist.library.query has the language.

        Raises:
            InputError: the query cannot be understood, or has a name that no person has.
        """
        from castlist.library.query import find, parse

        with self.reading() as db:
            return find(db, self.path, parse(query))

    @typed_arguments
    def search_tracks(self, vector: NDArray[np.float32], count: int = 20) -> list[TrackHit]:
        """The tracks of all films most similar to a face (d,), by the index."""
        from castlist.library.track_index import search_index

        with self.reading() as db:
            return search_index(db, self.path, face_vector(vector), count)

    @typed_arguments
    def to_parquet(self, folder: str | os.PathLike[str]) -> list[Path]:
        """Write the views as Parquet files into a folder; returns the files.

        Raises:
            MissingExtra: pyarrow is not installed.
        """
        from castlist.library.parquet import write_parquet

        with self.reading() as db, storage.sentences(Path(folder)):
            return write_parquet(db, Path(folder))

    # Upkeep

    def check(self) -> list[Problem]:
        """The problems: films, workspaces or pictures missing or changed; a catalogue behind its log."""
        with self.reading() as db:
            left = still_to_erase(db, self.path)
            return [*checked(db, self.path), *(Problem(film, sentence) for film, sentence in left)]
