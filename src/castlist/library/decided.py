"""The events of a user's decision: a name, a merge of people, the answer to a question."""

from __future__ import annotations

from collections.abc import Sequence

from castlist.decisions.names import given_name
from castlist.errors import InputError
from castlist.library import lookup, views
from castlist.library.grow import side_of
from castlist.library.log import MERGED_BY_ANSWER, Data, EventKind, PairAnswer
from castlist.library.removed_films import id_time
from castlist.library.schema import Db
from castlist.library.ulid import new_ulid
from castlist.library.views import LibraryPerson

__all__ = ["answer_events", "merge_events", "name_events"]


def name_events(db: Db, person: str, name: str) -> list[tuple[EventKind, Data]]:
    """The event that gives a person (by id) a name.

    Raises:
        InputError: the text cannot be a name, or it is castlist's label of a person.
    """
    called = given_name(name)
    if owner := views.label_owner(db, called):
        raise InputError(
            f"{called!r} is what castlist calls the person {owner}, so it cannot be a name; give another"
        )
    return [(EventKind.NAME, {"person": person, "name": called})]


def merge_events(db: Db, given: Sequence[str | LibraryPerson]) -> tuple[str, list[tuple[EventKind, Data]]]:
    """The id that stays, and the events that merge these people.

    Raises:
        InputError: no person fits, or several do, or two of them are the same person already.
    """
    known = [views.person(db, person) for person in given]
    for i, person in enumerate(known):
        if person in known[:i]:
            pair = (views.words_for(given[k]) for k in (known.index(person), i))
            raise InputError(f"{' and '.join(pair)} are the same person already")
    into = lookup.eldest(db, known)
    return into, [(EventKind.MERGE, {"into": into, "gone": gone}) for gone in known if gone != into]


def answer_events(db: Db, question: str, reply: str) -> tuple[tuple[int, int], list[tuple[EventKind, Data]]]:
    """The two members that a question is about, and the events of its answer.

    Raises:
        InputError: there is no such question, or the answer is not one of `PairAnswer`.
    """
    if reply not in list(PairAnswer):
        raise InputError(f"answer {', '.join(PairAnswer)}; got {reply[:200]!r}")
    row = db.execute("SELECT a, b FROM question WHERE id = ?", (question,)).fetchone()
    if row is None:
        raise InputError(
            f"there is no question {question[:200]!r}; castlist library questions lists the open ones"
        )
    sides = [list(lookup.name_of(db, member)) for member in row]
    events: list[tuple[EventKind, Data]] = [(EventKind.ANSWER, {"a": sides[0], "b": sides[1], "said": reply})]
    people = [lookup.person_of(db, member) for member in row]
    if reply == PairAnswer.SAME and None not in people and people[0] != people[1]:
        into, gone = lookup.elder(db, str(people[0]), str(people[1]))
        events.append((EventKind.MERGE, {"into": into, "gone": gone, "by": MERGED_BY_ANSWER}))
    if reply == PairAnswer.DIFFERENT and people[0] == people[1] and people[0] is not None:
        members = [list(lookup.name_of(db, member)) for member in side_of(db, *row)]
        events.append(
            (EventKind.SPLIT, {"person": people[0], "new": new_ulid(id_time(db)), "members": members})
        )
    return (row[0], row[1]), events
