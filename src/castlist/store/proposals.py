"""Names proposed by files of other programs, stored in the workspace besides the log of decisions."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from castlist.cast import Cast
from castlist.decisions.decision import Anchor
from castlist.decisions.locate import Finder
from castlist.decisions.proposed import Proposed
from castlist.errors import InputError
from castlist.store.rows import damaged, exact, moment, number, optional, rows, text, whole

__all__ = ["MOST", "Proposals", "counts", "erase"]

MOST = 2000  # proposals in a workspace: more than a user can check


class Proposals:
    """A workspace's proposals. Several processes may add proposals, also during a run."""

    def __init__(
        self,
        reading: Callable[[], AbstractContextManager[sqlite3.Connection]],
        writing: Callable[[], AbstractContextManager[sqlite3.Connection]],
    ) -> None:
        self._reading = reading
        self._writing = writing

    def all(self) -> list[Proposed]:
        """All proposals, oldest first, including rejected ones.

        Raises:
            WorkspaceError: the rows are damaged.
        """
        with self._reading() as db:
            return _read(db)

    def stamp(self) -> str:
        """A text that changes whenever a proposal is made, answered or removed."""
        with self._reading() as db:
            query = "SELECT count(*), coalesce(max(id), 0), coalesce(max(rejected), '') FROM proposals"
            made, last, rejected = rows(db, query, (whole, whole, text))[0]
            left = counts(db)["rejected"]
        return f"{made} {last} {left} {rejected}"

    def put(self, found: Sequence[Proposed]) -> None:
        """Store proposals; they replace open ones of the same file for the same names, but no rejected ones.

        Raises:
            InputError: there are too many proposals.
            WorkspaceError: they could not be written.
        """
        now = datetime.now(UTC).isoformat()
        with self._writing() as db:
            before = {(row.source, row.folded): row.id for row in _read(db) if row.rejected is None}
            again = [before[key] for row in found if (key := (row.source, row.folded)) in before]
            _remove(db, again)
            for row in found:
                _add(db, row, now)
            if db.execute("SELECT count(*) FROM proposals").fetchone()[0] > MOST:
                raise InputError(
                    f"a workspace keeps at most {MOST} proposed names; "
                    "accept or reject some, or choose with --only"
                )

    def reject(self, numbers: Sequence[int]) -> None:
        """Reject proposals by number; those rejected before are unchanged."""
        now = datetime.now(UTC).isoformat()
        with self._writing() as db:
            db.executemany(
                "UPDATE proposals SET rejected = ? WHERE id = ? AND rejected IS NULL",
                [(now, n) for n in numbers],
            )

    def reopen(self, numbers: Sequence[int]) -> None:
        """Reopen rejected proposals by number."""
        with self._writing() as db:
            db.executemany("UPDATE proposals SET rejected = NULL WHERE id = ?", [(n,) for n in numbers])

    def remove(self, numbers: Sequence[int]) -> None:
        """Remove proposals by number, without a trace."""
        with self._writing() as db:
            _remove(db, numbers)


def counts(db: sqlite3.Connection) -> dict[str, int]:
    """The number of stored proposals, and of rejected ones among them."""
    query = "SELECT count(*), coalesce(sum(rejected IS NOT NULL), 0) FROM proposals"
    made, rejected = rows(db, query, (whole, whole))[0]
    return {"kept": made, "rejected": rejected}


def erase(db: sqlite3.Connection, cast: Cast, tracks: Sequence[int], names: Sequence[str]) -> None:
    """Remove proposals with these names, and proposals for the people of these tracks."""
    folded, gone = {name.casefold() for name in names}, set(tracks)
    find = Finder(cast.tracks, cast.clock, cast.video)
    _remove(
        db,
        [row.id for row in _read(db) if row.folded in folded or gone & set(find(row.faces).tolist())],
    )


def _add(db: sqlite3.Connection, row: Proposed, now: str) -> None:
    cursor = db.execute(
        "INSERT INTO proposals (name, source, agree, by_faces, why, author, time)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (row.name, row.source, float(row.agree), int(row.by_faces), row.why, row.author, now),
    )
    faces = [(cursor.lastrowid, i, str(a.time), *a.box) for i, a in enumerate(row.faces)]
    db.executemany("INSERT INTO proposed_faces VALUES (?, ?, ?, ?, ?, ?, ?)", faces)


def _remove(db: sqlite3.Connection, numbers: Sequence[int]) -> None:
    for table, column in (("proposed_faces", "proposal"), ("proposals", "id")):
        db.executemany(f"DELETE FROM {table} WHERE {column} = ?", [(n,) for n in numbers])  # noqa: S608


def _read(db: sqlite3.Connection) -> list[Proposed]:
    faces: dict[int, list[Anchor]] = {}
    try:
        for proposal, time, left, top, right, bottom in rows(db, _FACES, _OF_FACES):
            faces.setdefault(proposal, []).append(Anchor(time, (left, top, right, bottom)))
        return [
            Proposed(name, source, tuple(faces.get(i, ())), agree, bool(by), why, author, time, rejected, i)
            for i, name, source, agree, by, why, author, time, rejected in rows(db, _ROWS, _OF_ROWS)[:MOST]
        ]
    except InputError as error:
        raise damaged(error) from error


_FACES = 'SELECT proposal, time, "left", top, "right", bottom FROM proposed_faces ORDER BY proposal, number'
_OF_FACES = (whole, exact, number, number, number, number)
_ROWS = "SELECT id, name, source, agree, by_faces, why, author, time, rejected FROM proposals ORDER BY id"
_OF_ROWS = (whole, text, text, number, whole, text, text, moment, optional(moment))
