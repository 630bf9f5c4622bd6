"""The library: many films, and one id for each person across all of them.

    lib = castlist.Library("season")
    lib.add("e01.mp4", "e02.mp4")
    for person in lib.people:
        print(person.name, person.films, person.appearances)

The film workspaces have the data of each film, `log.jsonl` has the identities of people across films, and
`catalogue.db` is made from both.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from castlist import _former
from castlist.argument_types import typed_arguments
from castlist.errors import InputError, WorkspaceError
from castlist.library import lookup, undo, views
from castlist.library.adding import Added, AddedState, add_all, add_film
from castlist.library.check import Problem, applied
from castlist.library.decided import answer_events, merge_events, name_events
from castlist.library.executors import Executor
from castlist.library.film_members import film_members, parts, split_off
from castlist.library.find_many import find_all
from castlist.library.forget import erase_where_back, forget_person
from castlist.library.links import confirm_events
from castlist.library.log import Data, EventKind
from castlist.library.names import bring_names, carry_names, note_names
from castlist.library.pairs import judged_events
from castlist.library.proposed import open_proposal, place_of
from castlist.library.reader import LibraryReader
from castlist.library.recurring import (
    compared_events,
    groups_of,
)
from castlist.library.removed_films import people_of_film
from castlist.library.sheets import events_of
from castlist.library.track_index import IndexMade
from castlist.library.undo import LibraryDecision, RemovedWas
from castlist.library.views import LibraryPerson
from castlist.library.work import FilmWatch, Outcome, quiet
from castlist.recipe import Recipe
from castlist.types import Machine

__all__ = ["Added", "AddedState", "Library", "Problem", "applied"]


class Library(LibraryReader):
    """A library of films, in a folder that the first `add` makes; `LibraryReader` has its reading methods."""

    def __reduce__(self) -> tuple[type[Library], tuple[Path]]:
        return Library, (self.path,)

    seen = _former.attribute("seen", "revision")

    # Adding

    @typed_arguments
    def add(
        self,
        *films: str | os.PathLike[str],
        recipe: Recipe = Recipe(),
        machine: Machine = Machine(),
        executor: Executor | None = None,
        watch: FilmWatch = quiet,
        each: Callable[[Outcome], None] = lambda outcome: None,
    ) -> list[Added]:
        """Add films (files, folders of films or of workspaces, or workspaces), and find missing casts.

        A film that was added before is read again if its cast or its decisions changed. A film that was
        renamed or moved since keeps its workspace, with all decisions.

        Returns:
            The outcome of each film, also of those that failed.

        Raises:
            InputError: no film was given, or a folder has no film.
            WorkspaceError: the library cannot be read or written.
        """

        def find(found: Sequence[Path], homes: Mapping[str, Path]) -> list[Outcome]:
            return find_all(
                found, recipe=recipe, machine=machine, executor=executor, watch=watch, each=each, homes=homes
            )

        return add_all(self._catalogue, films, find)

    def update(self) -> list[Added]:
        """Read the films again whose cast or decisions changed since they were added.

        A person who was erased while a film could not be reached is erased there, also if the film was
        removed.
        """
        with self._catalogue.writing() as (db, record):
            failed = erase_where_back(db, record, self.path)
        found = [add_film(self._catalogue, film.name, film.workspace) for film in self.films]
        return [*found, *(Added(name, AddedState.FAILED, sentence=why) for name, why in failed)]

    @typed_arguments
    def remove(self, film: str, *, author: str = "") -> None:
        """Remove a film from the library; its workspace stays as it is.

        When the film is added again, or `undo` undoes the removal, its people have their ids and links again.

        Raises:
            InputError: the library has no such film.
        """
        with self._catalogue.writing() as (db, record):
            chosen = views.film(db, self.path, film)
            data: Data = {"digest": chosen.digest, "people": people_of_film(db, chosen.digest)}
            record([(EventKind.GONE, data)], author=author or "somebody")

    # Decisions

    @typed_arguments
    def name(self, person: str | LibraryPerson, name: str, *, author: str = "") -> str:
        """Give a person a name, in the library and in all films; returns the person's id.

        Raises:
            InputError: no person fits, or several do, or the name is empty or cannot be written.
        """
        with self._catalogue.writing() as (db, record):
            known = views.person(db, person)
            record(name_events(db, known, name), author=author or "somebody")
            note_names(db, carry_names(db, self.path, person=known))
            bring_names(db, self.path, known)  # undo the former name where the new one cannot be given
        return known

    @typed_arguments
    def accept(self, proposal: str, *, author: str = "") -> str:
        """Accept a proposed name by its id, like `name`, so that `undo` undoes it; returns the person's id.

        Raises:
            InputError: the name is not proposed any more, or another person of the library has it.
        """
        with self.reading() as db:
            found = open_proposal(db, self.path, proposal)
        return self.name(found.person, found.name, author=author)

    @typed_arguments
    def reject(self, proposal: str, *, back: bool = False) -> str:
        """Reject a proposed name by its id: it is not proposed for that person of that film again.

        Args:
            back: undo such a rejection.

        Returns:
            A sentence about what was done.

        Raises:
            InputError: there is no such open proposal.
            WorkspaceError: the film's workspace cannot be written.
        """
        from castlist.review.session import Session

        film, number = place_of(self.films, proposal)
        with Session.open(film.workspace) as session:
            return session.reopen(number) if back else session.reject(number)

    @typed_arguments
    def merge(
        self, a: str | LibraryPerson, b: str | LibraryPerson, *others: str | LibraryPerson, author: str = ""
    ) -> str:
        """Merge two or more people into one, as one decision; returns the id that stays.

        The other ids redirect to it permanently.

        Raises:
            InputError: no person fits, or several do, or two are the same person already.
        """
        with self._catalogue.writing() as (db, record):
            into, events = merge_events(db, (a, b, *others))
            record(events, author=author or "somebody", ask=True)
            bring_names(db, self.path, into)
        return into

    @typed_arguments
    def split(self, person: str | LibraryPerson, films: Sequence[str], *, author: str = "") -> str:
        """Split a person off in some films, where it is another person; returns the new id.

        Args:
            films: films, or single film-people as `film:key`.
        """
        with self._catalogue.writing() as (db, record):
            known = views.person(db, person)
            members = film_members(db, known)
            chosen = parts(members, views.words_for(person), films)
            events = split_off(db, known, next(m for m in members if m not in chosen), chosen)
            record(events, author=author or "somebody", ask=True)
            new = events[0][1]["new"]
            bring_names(db, self.path, known, new)
        return new

    @typed_arguments
    @_former.keyword("said", "reply")
    def answer(self, question: str, reply: str, *, author: str = "") -> int:
        """Answer a question by its id: same, different or unsure; returns the decision's number.

        Raises:
            InputError: there is no such open question, or the reply is another word.
        """
        with self._catalogue.writing() as (db, record):
            members, events = answer_events(db, question, reply)
            number = record(events, author=author or "somebody", ask=True)
            bring_names(
                db, self.path, *(p for p in (lookup.person_of(db, member) for member in members) if p)
            )
            return number

    @typed_arguments
    def answer_sheet(
        self,
        person: str | LibraryPerson,
        replies: Mapping[str, str],
        wrong: Sequence[str] = (),
        right: Sequence[str] = (),
        *,
        author: str = "",
    ) -> int:
        """Answer the questions about one person together, as one decision; returns its number.

        Args:
            person: id, end of an id, or name.
            replies: same, different or unsure, by the id of a question about this person.
            wrong: films of this person that show another person, or single film-people as `film:key`; they
                get new ids, one for those that look alike.
            right: films of this person that certainly show this person: `links` does not return them again.
                Films that do not show the person now (another user took them out meanwhile) are left out.

        Raises:
            InputError: no person fits, a question is not about this person, a film does not show the person,
                all films are wrong, a film is right and wrong, or there is nothing to record.
        """
        with self._catalogue.writing() as (db, record):
            known = views.person(db, person)
            events = events_of(db, known, replies, wrong, right)
            if not events:
                raise InputError("answer a question, or name a film that shows another person")
            number = record(events, author=author or "somebody", ask=True)
            bring_names(db, self.path, *undo.people_of(db, number), lookup.now_id(db, known))
            return number

    @typed_arguments
    def confirm(self, right: Sequence[str], wrong: Sequence[str] = (), *, author: str = "") -> int:
        """Confirm links between films, and mark others as wrong, as one decision; returns its number.

        Args:
            right: film-people, as `film:key`, who are the same as their person in the other films.
            wrong: film-people who are another person; they get new ids, one for those that look alike.

        Raises:
            InputError: no film-person fits, or several do, one is right and wrong, or there is nothing to
                record.
        """
        with self._catalogue.writing() as (db, record):
            events = confirm_events(db, right, wrong)
            if not events:
                raise InputError(
                    "there is nothing to confirm, or it was confirmed already; castlist library links lists "
                    "the open links"
                )
            number = record(events, author=author or "somebody", ask=True)
            bring_names(db, self.path, *undo.people_of(db, number))
            return number

    @typed_arguments
    def judge(
        self, same: Sequence[tuple[str, str]], different: Sequence[tuple[str, str]] = (), *, author: str = ""
    ) -> int:
        """Answer which pairs of film-people are the same person, as one decision; returns its number.

        Args:
            same: pairs of film-people, each as `film:key`, who are the same person.
            different: pairs who are different people. A pair that others of `same` make one person is left
                out.

        Raises:
            InputError: no film-person fits, or several do, a different pair is one person now, or there is
                nothing to record.
        """
        with self._catalogue.writing() as (db, record):
            events = judged_events(db, same, different)
            number = record(events, author=author or "somebody", ask=True)
            bring_names(db, self.path, *undo.people_of(db, number))
            return number

    @typed_arguments
    def compare(
        self, people: Sequence[str], same: Sequence[tuple[str, str]] = (), *, author: str = ""
    ) -> int:
        """Record that people were compared side by side, as one decision; returns its number.

        Args:
            people: id, end of an id, or name of the people that `recurring` need not return again.
            same: pairs of people who are the same person; the id of a person with a name stays, or else the
                eldest id.

        Raises:
            InputError: no person fits, or several do, or a pair is one person already.
        """
        with self._catalogue.writing() as (db, record):
            looked_at = [views.person(db, person) for person in people]
            pairs = [(views.person(db, a), views.person(db, b)) for a, b in same]
            if alike := next((given for given, (a, b) in zip(same, pairs, strict=True) if a == b), None):
                raise InputError(f"{alike[0]} and {alike[1]} are the same person already")
            events = compared_events(db, looked_at, groups_of(pairs))
            number = record(events, author=author or "somebody", ask=True)
            bring_names(db, self.path, *undo.people_of(db, number))
            return number

    @typed_arguments
    def undo(self, decision: int | None = None, *, author: str = "") -> LibraryDecision:
        """Undo a decision, by default the latest one; returns it.

        Merged people get their old ids again, and the id of a part that was split off redirects to the former
        person. Names that the library had brought to films for these people are undone there too. A film that
        was removed is added again from its workspace.

        Raises:
            InputError: there is no such decision, or it was undone already.
            WorkspaceError: the workspace of the film that was removed cannot be read any more.
        """
        film = self._removed_by(decision)
        if film is not None:
            return self._bring_back(*film)
        with self._catalogue.writing() as (db, record):
            number = undo.last_decision(db) if decision is None else decision
            if number is None:
                raise InputError("there is no decision that could be undone")
            undo.check(db, number)
            record([(EventKind.UNDO, {"of": number})], author=author or "somebody")
            bring_names(db, self.path, *undo.people_of(db, number))
            return undo.decision(db, number)

    def _removed_by(self, decision: int | None) -> tuple[int, RemovedWas] | None:
        """The decision and the film that it removed; by default the latest decision. None for another one."""
        with self.reading() as db:
            number = undo.last_decision(db) if decision is None else decision
            if number is None:
                return None
            undo.check(db, number)
            film = undo.removed(db, number)
            return None if film is None else (number, film)

    def _bring_back(self, number: int, film: RemovedWas) -> LibraryDecision:
        """Add a removed film again; returns the decision that removed it."""
        workspace = views.where(self.path, film["workspace"], film["near"])
        added = add_film(self._catalogue, film["film"], workspace, digest=film["digest"])
        if added.state == AddedState.FAILED:
            raise WorkspaceError(f"{film['film']} cannot be added again: {added.sentence}")
        with self.reading() as db:
            return undo.decision(db, number)

    # Erasure

    @typed_arguments
    def forget(
        self, person: str | LibraryPerson, *, deleted: Sequence[str] = (), author: str = ""
    ) -> list[str]:
        """Erase a person: vectors, pictures, names and times, in the library and in the films' workspaces.

        Films that were removed from the library are included. If the workspace of a film is not where it was,
        the person is erased there by `update` when it is back, or when the film is added from its new place.
        Only the ids of the person stay, so that no other person gets them. Exported files are not changed,
        and the films themselves still show the person: a film that is scanned anew has the person again,
        without a name.

        Args:
            deleted: films, by name or workspace, whose workspaces were deleted; nothing is left there.

        Returns:
            Failures, a sentence for each film; then the person stays in the library, for these films.
        """
        with self._catalogue.writing() as (db, record):
            failed, spaces = forget_person(db, record, self.path, person, author, deleted)
        for space in spaces:
            add_film(self._catalogue, str(space), space, again=True, weigh=False)
        return failed

    # Search

    @typed_arguments
    def index(self, model: str = "sface") -> IndexMade:
        """Make an index of all tracks (faiss); returns its size, its recall, and what could not be read.

        Raises:
            InputError: the films have no track with faces of this model.
            MissingExtra: faiss is not installed.
        """
        from castlist.library.track_index import build_index

        with self._catalogue.writing() as (db, _):
            return build_index(db, self.path, model)

    # Upkeep

    def rebuild(self) -> list[Problem]:
        """Make the catalogue anew from the log and the film workspaces; returns what could not be read."""
        return self._catalogue.rebuild()
