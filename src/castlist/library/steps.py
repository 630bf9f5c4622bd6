"""The recorded effect of each event on identities, and how an event is undone.

After undoing a decision, the catalogue is as if the decision were not in the log: all other steps are
replayed. The film workspaces are not read for that: the catalogue stores the steps of an event when it
applies them, and a rebuilt catalogue has the same steps.

    placed   a film-person is assigned to a person; in a film that is read again, where that changed
    graded   the same person as before, with another origin or probability
    weighed  castlist moves a film-person of another film to another person; what a user decided stays
    joined   a film-person of the background is assigned to a person
    split    some film-people become a new person
    merge    a person is merged into another one, with all films
    name     a person gets a name
    ask      a question is asked
    drop     a question is withdrawn
    answer   whether two film-people are one person
    compare  a user compared a film-person with others
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, TypeVar

from castlist.library.log import DECIDED, LinkOrigin
from castlist.library.lookup import question_id
from castlist.library.schema import Db

__all__ = ["Step", "StepKind", "forget", "merged_as", "record", "take_back"]

K = TypeVar("K")
V = TypeVar("V")
Pair = tuple[int, int]  # rows of two film-people, the smaller first


class StepKind(StrEnum):
    """The effect of a step."""

    PLACED = "placed"
    GRADED = "graded"
    WEIGHED = "weighed"
    JOINED = "joined"
    SPLIT = "split"
    MERGE = "merge"
    NAME = "name"
    ASK = "ask"
    DROP = "drop"
    ANSWER = "answer"
    COMPARE = "compare"


class Step(NamedTuple):
    """One effect of an event; fields that a kind does not need are None."""

    kind: str
    member: int | None = None  # row of a film-person
    other: int | None = None  # row of the second film-person, of a question or an answer
    person: str | None = None  # id: the member's person, the one that remains of a merge, or the one named
    gone: str | None = None  # id: the one that a merge removes, or the one that a part was split from
    text: str = ""  # origin of a link, name, answer, or reason of a question
    value: float | None = None  # probability
    by: str = ""  # who gave a name
    time: str = ""  # of the event
    needs: int | None = None  # number of another event; the step counts only if that event does


def record(db: Db, number: int, steps: Iterable[Step]) -> None:
    """Store the steps of an event.

    Args:
        number: number of the event in the log.
        steps: in order; they follow steps of the same event that are stored already.
    """
    row = db.execute("SELECT max(place) FROM step WHERE number = ?", (number,)).fetchone()
    following = 0 if row[0] is None else row[0] + 1
    db.executemany(
        "INSERT INTO step VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ((number, following + i, *step) for i, step in enumerate(steps)),
    )


class _Assignment(NamedTuple):
    """The person that a film-person is assigned to, and the origin of the assignment."""

    person: str | None = None
    origin: str = ""
    probability: float | None = None


@dataclass(slots=True)
class _Identities:
    """Identities: film-people by row, people by id."""

    assignment: dict[int, _Assignment] = field(default_factory=dict)
    shows: dict[str, set[int]] = field(default_factory=dict)  # film-people of each person
    leads: dict[str, str] = field(default_factory=dict)  # an id -> the one that it redirects to
    names: dict[str, tuple[str, str]] = field(default_factory=dict)  # name, and who gave it
    made: dict[str, str] = field(default_factory=dict)  # when each id was made
    questions: dict[Pair, tuple[int, int, float, str]] = field(default_factory=dict)
    answers: dict[Pair, str] = field(default_factory=dict)
    compared: set[int] = field(default_factory=set)

    def now(self, person: str) -> str:
        """The id that a person has now."""
        while person in self.leads:
            person = self.leads[person]
        return person

    def put(self, member: int, given: _Assignment) -> None:
        """Assign a film-person to a person, or to none."""
        self.shows.get(self.assigned(member).person or "", set()).discard(member)
        self.shows.setdefault(given.person or "", set()).add(member)
        self.assignment[member] = given

    def assigned(self, member: int | None) -> _Assignment:
        """The assignment of a film-person, an empty one where there is none."""
        return self.assignment.get(member or 0, _Assignment())

    def begin(self, person: str | None, time: str) -> str | None:
        """The id that a person has now; the time is noted for a new person."""
        if person is None:
            return None
        self.made.setdefault(person, time)
        return self.now(person)

    def merge(self, into: str, gone: str) -> None:
        """Redirect an id to another one, which takes over the name where it has none."""
        if (into := self.now(into)) == gone:
            return
        name = self.names.pop(gone, ("", ""))
        if not self.names.get(into, ("", ""))[0]:
            self.names[into] = name
        self.leads[gone] = into


def _after(steps: Iterable[tuple[int, Step]], skipped: Set[int]) -> _Identities:
    """The identities after all steps, without the steps of some events.

    Args:
        steps: number of the event, and step, in order.
        skipped: numbers of events that do not count.
    """
    state = _Identities()
    parted: dict[str, list[int]] = {}  # film-people of a skipped split, by the id of the new person
    emptied: dict[str, set[str]] = {}  # ids of the former people, by the id of the new person
    for number, step in steps:
        if number in skipped or step.needs in skipped:
            if step.kind == StepKind.SPLIT and step.person and step.member is not None:
                parted.setdefault(step.person, []).append(step.member)
            continue
        if step.kind == StepKind.SPLIT and step.person and step.member is not None:
            before = state.assigned(step.member).person
            if before:
                emptied.setdefault(step.person, set()).add(before)
        elif emptied:
            _merge_emptied(state, emptied)
        _STEP[StepKind(step.kind)](state, step)
    _merge_emptied(state, emptied)
    for person, members in parted.items():
        found = next((home for home in (state.assigned(m).person for m in members) if home), None)
        if found and not state.shows.get(person) and state.now(found) != person:
            state.leads[person] = found
    return state


def _merge_emptied(state: _Identities, emptied: dict[str, set[str]]) -> None:
    """Merge the former person of a split into the new one, where all of its film-people were split off."""
    for new, people in emptied.items():
        for person in sorted(people):
            if person != new and not state.shows.get(person):
                state.merge(new, person)
    emptied.clear()


def _placed(state: _Identities, step: Step) -> None:
    state.put(step.member or 0, _Assignment(state.begin(step.person, step.time), step.text, step.value))


def _graded(state: _Identities, step: Step) -> None:
    state.put(step.member or 0, _Assignment(state.assigned(step.member).person, step.text, step.value))


def _weighed(state: _Identities, step: Step) -> None:
    person = state.begin(step.person, step.time)
    if state.assigned(step.member).origin not in DECIDED:
        state.put(step.member or 0, _Assignment(person, step.text, step.value))


def _joined(state: _Identities, step: Step) -> None:
    before = state.assigned(step.member)
    if before.person is None and step.person is not None:
        state.put(step.member or 0, _Assignment(state.now(step.person), step.text, before.probability))


def _merge(state: _Identities, step: Step) -> None:
    into, gone = state.now(step.person or ""), state.now(step.gone or "")
    if into == gone:
        return
    for member in sorted(state.shows.get(gone, ())):
        origin = merged_as(state.assigned(member).origin, step.text)
        state.put(member, _Assignment(into, origin, step.value))
    state.merge(into, gone)


def _name(state: _Identities, step: Step) -> None:
    state.names[state.now(step.person or "")] = (step.text, step.by)


def _ask(state: _Identities, step: Step) -> None:
    state.questions[_pair(step)] = (step.member or 0, step.other or 0, step.value or 0.0, step.text)


def _drop(state: _Identities, step: Step) -> None:
    state.questions.pop(_pair(step), None)


def _answer(state: _Identities, step: Step) -> None:
    state.answers[_pair(step)] = step.text


def _compare(state: _Identities, step: Step) -> None:
    state.compared.add(step.member or 0)


def _pair(step: Step) -> Pair:
    a, b = step.member or 0, step.other or 0
    return min(a, b), max(a, b)


_STEP: dict[StepKind, Callable[[_Identities, Step], None]] = {
    StepKind.PLACED: _placed,
    StepKind.GRADED: _graded,
    StepKind.WEIGHED: _weighed,
    StepKind.JOINED: _joined,
    StepKind.SPLIT: _placed,
    StepKind.MERGE: _merge,
    StepKind.NAME: _name,
    StepKind.ASK: _ask,
    StepKind.DROP: _drop,
    StepKind.ANSWER: _answer,
    StepKind.COMPARE: _compare,
}


def merged_as(origin: str, merged: str) -> str:
    """The origin of a film-person's assignment after a merge.

    Args:
        origin: of its assignment to the former person.
        merged: of the merge.
    """
    stays = (LinkOrigin.USER, LinkOrigin.USER if merged == LinkOrigin.USER else LinkOrigin.ANSWERED)
    return origin if origin in stays else merged


def forget(db: Db, ids: Iterable[str]) -> None:
    """Delete the names of erased people; steps about their film-people go with the film-people."""
    db.executemany("DELETE FROM step WHERE kind = ? AND person = ?", [(StepKind.NAME, i) for i in ids])


# Undo


def take_back(db: Db, events: Set[int], before: Set[int]) -> None:
    """Change the catalogue to what it would be without some events.

    Args:
        events: numbers of the events of a decision.
        before: numbers of the events that were undone before.
    """
    old, new = _after(_steps(db), before), _after(_steps(db), before | events)
    _people(db, old, new)
    for member, now in _changes(old.assignment, new.assignment):
        row = now or _Assignment()
        db.execute(
            "UPDATE member SET person = ?, how = ?, probability = ? WHERE id = ?",
            (row.person, row.origin, row.probability, member),
        )
    _questions(db, old, new)


def _steps(db: Db) -> Iterator[tuple[int, Step]]:
    rows = db.execute(
        "SELECT number, kind, member, other, person, gone, text, value, by, time, needs FROM step"
        " ORDER BY number, place"
    )
    return ((number, Step(*step)) for number, *step in rows)


def _changes(old: Mapping[K, V], new: Mapping[K, V]) -> list[tuple[K, V | None]]:
    """The entries that differ between two mappings, with their new values; None for removed ones."""
    keys = [*old, *(key for key in new if key not in old)]
    return [(key, new.get(key)) for key in keys if old.get(key) != new.get(key)]


def _people(db: Db, old: _Identities, new: _Identities) -> None:
    """Update people, names and redirects; erased people stay erased."""
    erased = {person for (person,) in db.execute("SELECT id FROM tombstone")}
    for person in sorted(
        {p for _, now in _changes(old.assignment, new.assignment) if now and (p := now.person)}
    ):
        db.execute(
            "INSERT OR IGNORE INTO person VALUES (?, ?, ?, ?)",
            (person, *new.names.get(person, ("", "")), new.made.get(person, "")),
        )
    for person, name in _changes(old.names, new.names):
        db.execute("UPDATE person SET name = ?, named_by = ? WHERE id = ?", (*(name or ("", "")), person))
    for merged, into in _changes({p: old.now(p) for p in old.leads}, {p: new.now(p) for p in new.leads}):
        db.execute("DELETE FROM redirect WHERE old = ?", (merged,))
        if into is not None and merged not in erased and into not in erased:
            db.execute("INSERT INTO redirect VALUES (?, ?)", (merged, into))


def _questions(db: Db, old: _Identities, new: _Identities) -> None:
    """Update questions, answers and comparisons."""
    for pair, question in _changes(old.questions, new.questions):
        row = question_id(db, *pair)
        db.execute("DELETE FROM question WHERE id = ?", (row,))
        if question is not None:
            db.execute("INSERT INTO question VALUES (?, ?, ?, ?, ?)", (row, *question))
    for pair, answer in _changes(old.answers, new.answers):
        db.execute("DELETE FROM answer WHERE a = ? AND b = ?", pair)
        if answer is not None:
            db.execute("INSERT INTO answer VALUES (?, ?, ?)", (*pair, answer))
    for member in sorted(old.compared ^ new.compared):
        if member in new.compared:
            db.execute("INSERT OR IGNORE INTO compared VALUES (?)", (member,))
        else:
            db.execute("DELETE FROM compared WHERE member = ?", (member,))
