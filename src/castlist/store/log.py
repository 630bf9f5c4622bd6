"""The log of decisions: append-only; each row is on the disk when `append` returns."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from itertools import count

from castlist import _former
from castlist.decisions.decision import Anchor, Decision, DecisionKind, active
from castlist.decisions.groups import Groups
from castlist.errors import InputError, WorkspaceError
from castlist.store import columns
from castlist.store.rows import damaged, exact, moment, number, optional, rows, text, whole

__all__ = ["FoundAnew", "Log", "Stale", "again_where_stale"]

# of a decision against other deciding processes: each failure means that another decision succeeded
TRIES = 20


class Stale(WorkspaceError):
    """The view of a decision was outdated; `decisions` were made in between."""

    def __init__(self, decisions: tuple[Decision, ...]) -> None:
        author, count = decisions[-1].author or "somebody", len(decisions)
        many = f"{count} decisions were made meanwhile, the last one"
        super().__init__(
            f"{many if count > 1 else 'a decision was made meanwhile'} by {author}; look again, then decide"
        )
        self.decisions = decisions


class FoundAnew(WorkspaceError):
    """The tracks of a decision are no longer the tracks of the cast."""

    def __init__(self) -> None:
        super().__init__(
            "castlist find ran on this film meanwhile, or a copy of the workspace was brought back; look "
            "again, then decide"
        )


def again_where_stale(decide: Callable[[], int]) -> int:
    """Call `decide` again while other processes decide at the same moment; returns the decision's number.

    Raises:
        Stale: other decisions came first TRIES times.
    """
    for _ in range(TRIES - 1):
        try:
            return decide()
        except Stale:
            continue
    return decide()


class Log:
    """A workspace's decisions. Several processes may add decisions, also during a run."""

    def __init__(
        self,
        reading: Callable[[], AbstractContextManager[sqlite3.Connection]],
        writing: Callable[[], AbstractContextManager[sqlite3.Connection]],
        scan_state: Callable[[sqlite3.Connection], str] = lambda db: "",
    ) -> None:
        self._reading = reading
        self._writing = writing
        self._scan_state = scan_state

    def all(self) -> list[Decision]:
        """All decisions, oldest first, including undone ones and undos.

        Raises:
            WorkspaceError: the rows are damaged.
        """
        with self._reading() as db:
            return _read(db, 0)

    def since(self, decision: int) -> list[Decision]:
        """The decisions after decision number `decision`, oldest first."""
        with self._reading() as db:
            return _read(db, decision)

    def active(self) -> list[Decision]:
        """The decisions in force, oldest first."""
        return active(self.all())

    def last(self, *, without: str | None = None) -> int:
        """The number of the latest decision, 0 for none.

        Args:
            without: an author whose decisions are ignored.
        """
        with self._reading() as db:
            if without is None:
                return _last(db)
            query = "SELECT coalesce(max(id), 0) FROM decisions WHERE author <> ?"
            return whole(db.execute(query, (without,)).fetchone()[0])

    @_former.keyword("seen", "revision")
    def append(self, decision: Decision, *, revision: int | None = None) -> int:
        """Add a decision; returns its number. When this returns, it survives a power cut.

        Args:
            revision: the latest decision of the view that the user saw; an older view than the current is an
                error.

        Raises:
            Stale: other users decided since `revision`.
            InputError: it undoes a decision that is not in force.
            WorkspaceError: it could not be written.
        """
        return self.added([decision], revision=revision)[0].id

    @_former.keyword("seen", "revision")
    def extend(self, decisions: Sequence[Decision], *, revision: int | None = None) -> list[int]:
        """Add several decisions, all of them or none; returns their numbers. Otherwise like `append`."""
        return [row.id for row in self.added(decisions, revision=revision)]

    def added(
        self, decisions: Sequence[Decision], *, revision: int | None = None, scan_state: str | None = None
    ) -> list[Decision]:
        """Add several decisions, all of them or none; returns their stored rows. Otherwise like `append`.

        Args:
            scan_state: the `Workspace.scan_state` of the view that the user saw.

        Raises:
            FoundAnew: `scan_state` differs now, or the log is shorter: an earlier copy was restored.
        """
        now = datetime.now(UTC)
        with self._writing() as db:
            if scan_state is not None and (self._scan_state(db) != scan_state or _last(db) < (revision or 0)):
                raise FoundAnew
            if revision is not None and _last(db) > revision:
                raise Stale(tuple(_read(db, revision)))
            last = _last(db)
            times = _free_times(db, now, decisions)
            for decision in decisions:
                _add(db, decision, decision.time or next(times))
            return _written(db, last)

    def complete(self, decisions: Sequence[Decision]) -> None:
        """Store the groups of decisions that were stored without; other decisions are unchanged."""
        with self._writing() as db:
            for decision in decisions:
                row = db.execute("SELECT 1 FROM decided_groups WHERE decision = ?", (decision.id,))
                if decision.groups is not None and row.fetchone() is None:
                    _add_groups(db, decision.id, decision.groups)

    @_former.keyword("seen", "revision")
    def undo(self, decision: int, *, author: str = "", revision: int | None = None) -> int:
        """Undo a decision by number (to undo an undo is to redo); returns the new row's number."""
        return self.append(Decision(DecisionKind.UNDO, undoes=decision, author=author), revision=revision)


def _add(db: sqlite3.Connection, decision: Decision, made: datetime) -> None:
    if decision.undoes is not None:
        _check_undo(db, decision.undoes)
    time = made.astimezone(UTC).isoformat()
    cursor = db.execute(
        "INSERT INTO decisions (kind, value, author, time, undoes) VALUES (?, ?, ?, ?, ?)",
        (decision.kind.value, decision.value, decision.author, time, decision.undoes),
    )
    number = int(cursor.lastrowid or 0)
    rows = [(number, i, str(a.time), *a.box, a.side) for i, a in enumerate(decision.anchors)]
    db.executemany("INSERT INTO anchors VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    if decision.groups is not None:
        _add_groups(db, number, decision.groups)
    if decision.action:
        db.execute("INSERT INTO decided_actions VALUES (?, ?)", (number, decision.action))
    numbers = [(number, *entry) for entry in decision.numbers]
    db.executemany("INSERT INTO decided_numbers VALUES (?, ?, ?, ?)", numbers)


def _free_times(db: sqlite3.Connection, now: datetime, decisions: Sequence[Decision]) -> Iterator[datetime]:
    """`now` and later microseconds without a decision: imports tell decisions apart by time."""
    taken = {time for (time,) in db.execute("SELECT time FROM decisions WHERE time >= ?", (now.isoformat(),))}
    taken |= {decision.time.astimezone(UTC).isoformat() for decision in decisions if decision.time}
    moments = (now + timedelta(microseconds=n) for n in count())
    return (moment for moment in moments if moment.isoformat() not in taken)


def _written(db: sqlite3.Connection, after: int) -> list[Decision]:
    """Read new rows back; raise an error for invalid ones, since one of them would block the workspace."""
    try:
        return _read(db, after)
    except WorkspaceError as error:
        raise InputError(f"this decision cannot be stored: {error}") from error


def _add_groups(db: sqlite3.Connection, number: int, groups: Groups) -> None:
    db.execute("INSERT INTO decided_groups VALUES (?, ?)", (number, columns.write(db, groups)))


def _last(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT coalesce(max(id), 0) FROM decisions").fetchone()[0])


def _check_undo(db: sqlite3.Connection, target: int) -> None:
    made = rows(db, "SELECT id, undoes FROM decisions ORDER BY id DESC", (whole, optional(whole)))
    undone: set[int] = set()
    for decision, undoes in made:
        if undoes is not None and decision not in undone:
            undone.add(undoes)
    if target not in {decision for decision, _ in made}:
        raise InputError(f"there is no decision {target} to undo")
    if target in undone:
        raise InputError(f"decision {target} is undone already; undo the undo to bring it back")


def _read(db: sqlite3.Connection, after: int) -> list[Decision]:
    try:
        anchors: dict[int, list[Anchor]] = {}
        for decision, time, left, top, right, bottom, side in rows(db, _ANCHORS, _OF_ANCHORS, (after,)):
            anchors.setdefault(decision, []).append(Anchor(time, (left, top, right, bottom), side))
        groups = {
            decision: columns.read_table(db, block, Groups)
            for decision, block in rows(db, _GROUPS, (whole, whole), (after,))
        }
        numbers: dict[int, list[tuple[int, int, int]]] = {}
        for decision, *entry in rows(db, _NUMBERS, (whole, whole, whole, whole), (after,)):
            numbers.setdefault(decision, []).append((entry[0], entry[1], entry[2]))
        actions = dict(rows(db, _ACTIONS, (whole, text), (after,)))
        return [
            Decision(
                kind,
                tuple(anchors.get(i, ())),
                value,
                author,
                time,
                _earlier(undoes, i),
                i,
                groups.get(i),
                tuple(numbers.get(i, ())),
                actions.get(i, ""),
            )
            for i, kind, value, author, time, undoes in rows(db, _DECISIONS, _OF_DECISIONS, (after,))
        ]
    except InputError as error:
        raise damaged(error) from error


def _kind(value: object) -> DecisionKind:
    return DecisionKind(text(value))


_ANCHORS = (
    "SELECT decision, time, left, top, right, bottom, side FROM anchors WHERE decision > ?"
    " ORDER BY decision, number"
)
_OF_ANCHORS = (whole, exact, number, number, number, number, whole)
_GROUPS = "SELECT decision, block FROM decided_groups WHERE decision > ?"
_NUMBERS = (
    "SELECT decision, made_by, side, number FROM decided_numbers WHERE decision > ? ORDER BY decision, number"
)
_ACTIONS = "SELECT decision, action FROM decided_actions WHERE decision > ?"
_DECISIONS = "SELECT id, kind, value, author, time, undoes FROM decisions WHERE id > ? ORDER BY id"
_OF_DECISIONS = (whole, _kind, text, text, moment, optional(whole))


def _earlier(undoes: int | None, decision: int) -> int | None:
    """The undone decision, which must be an earlier one: a log from a stranger may have cycles."""
    if undoes is not None and not 0 < undoes < decision:
        raise damaged(f"decision {decision} undoes one that was not made before it")
    return undoes
