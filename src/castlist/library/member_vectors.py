"""The prototypes of all members of a library, read in blocks, so that memory does not grow with it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.errors import WorkspaceError
from castlist.library.prototypes import MOST
from castlist.vectors import unit

__all__ = ["MemberBlock", "blocks", "means_of", "nearest_members", "vectors_of"]

PIECE = 2000  # members read at once: 16 MB of vectors of 128 numbers
SHORT = 64  # members whose prototypes are compared one by one, of all whose means are compared


@dataclass(frozen=True, eq=False, slots=True)
class MemberBlock:
    """Some members and their prototypes."""

    member: NDArray[np.int64]  # (m,)
    offset: NDArray[np.int64]  # (m + 1,) prototypes of member i are rows offset[i]:offset[i + 1]
    vector: NDArray[np.float32]  # (n, d) unit vectors

    def of(self, i: int) -> NDArray[np.float32]:
        """The prototypes of the i-th member."""
        return self.vector[self.offset[i] : self.offset[i + 1]]

    @property
    def mean(self) -> NDArray[np.float32]:
        """(m, d) unit means, for a first comparison only."""
        return unit(np.add.reduceat(self.vector, self.offset[:-1], axis=0))


def blocks(
    db: sqlite3.Connection, model: str, where: str = "1", values: tuple[object, ...] = ()
) -> Iterator[MemberBlock]:
    """All members with vectors of a model, in blocks, in the order of their rows.

    Args:
        where: an SQL condition on `member`, with `values` for its question marks.

    Raises:
        WorkspaceError: vectors are damaged.
    """
    query = (
        "SELECT vectors.member, vectors.count, vectors.data FROM vectors"  # noqa: S608
        " JOIN member ON member.id = vectors.member"
        f" WHERE vectors.model = ? AND {where} ORDER BY vectors.member"
    )
    cursor = db.execute(query, (model, *values))
    while rows := cursor.fetchmany(PIECE):
        yield _piece(rows)


def _piece(rows: list[tuple[int, int, bytes]]) -> MemberBlock:
    count = np.array([row[1] for row in rows], np.int64)
    data = b"".join(row[2] for row in rows)
    width, rest = divmod(len(data), 2 * max(1, int(count.sum())))
    even = all(len(row[2]) == 2 * width * row[1] for row in rows)
    if rest or not even or not width or count.min() < 1 or count.max() > MOST:
        raise WorkspaceError(
            "the vectors in the library's catalogue are damaged; castlist library rebuild makes it again"
        )
    vector = np.frombuffer(data, "<f2").reshape(-1, width).astype(np.float32)
    if not np.isfinite(vector).all():
        raise WorkspaceError(
            "the vectors in the library's catalogue are damaged; castlist library rebuild makes it again"
        )
    return MemberBlock(
        np.array([row[0] for row in rows], np.int64), np.concatenate([[0], np.cumsum(count)]), vector
    )


def means_of(
    db: sqlite3.Connection, model: str, members: Sequence[int]
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """The rows of those given members that have vectors of a model, and their unit means (n, d)."""
    where = "vectors.member IN (SELECT value FROM json_each(?))"
    pieces = [*blocks(db, model, where, (json.dumps([*members]),))]
    if not pieces:
        return np.zeros(0, np.int64), np.zeros((0, 0), np.float32)
    return np.concatenate([p.member for p in pieces]), np.concatenate([p.mean for p in pieces])


def vectors_of(db: sqlite3.Connection, member: int) -> NDArray[np.float32]:
    """(k, d) the prototypes of a member; (0, 0) where it has none."""
    rows = db.execute("SELECT member, count, data FROM vectors WHERE member = ?", (member,)).fetchall()
    return _piece(rows).vector if rows else np.zeros((0, 0), np.float32)


def nearest_members(
    db: sqlite3.Connection,
    model: str,
    sets: list[NDArray[np.float32]],
    where: str,
    values: tuple[object, ...],
) -> tuple[list[list[tuple[int, NDArray[np.float32]]]], list[NDArray[np.float32]]]:
    """The members with the nearest means to each set of prototypes, and an even sample of all.

    One pass over the library: every mean is compared with every set, and the nearest few members are returned
    with their prototypes, for a closer comparison. The sample shows the usual scores of two people.
    """
    from heapq import heappushpop

    total = db.execute("SELECT count(*) FROM vectors WHERE model = ?", (model,)).fetchone()[0]
    stride = max(1, total // 400)
    query = (
        np.stack([unit(s.mean(0, keepdims=True))[0] for s in sets]) if sets else np.zeros((0, 0), np.float32)
    )
    heaps: list[list[tuple[float, int, NDArray[np.float32]]]] = [[] for _ in sets]
    sample: list[NDArray[np.float32]] = []
    passed = 0
    for piece in blocks(db, model, where, values) if sets else ():
        sample += [piece.of(i).copy() for i in range((-passed) % stride, len(piece.member), stride)]
        passed += len(piece.member)
        cosine = query @ piece.mean.T
        for heap, row in zip(heaps, cosine, strict=True):
            floor = heap[0][0] if len(heap) == SHORT else -2.0
            near = np.flatnonzero(row > floor)
            for i in near[np.argsort(-row[near], kind="stable")[:SHORT]].tolist():
                entry = (float(row[i]), int(piece.member[i]), piece.of(i).copy())
                if len(heap) < SHORT:
                    _push(heap, entry)
                elif entry[:2] > heap[0][:2]:
                    heappushpop(heap, entry)
    found = [
        [(member, vector) for _, member, vector in sorted(heap, key=lambda e: (-e[0], e[1]))]
        for heap in heaps
    ]
    return found, sample


def _push(
    heap: list[tuple[float, int, NDArray[np.float32]]], entry: tuple[float, int, NDArray[np.float32]]
) -> None:
    from heapq import heappush

    heappush(heap, entry)
