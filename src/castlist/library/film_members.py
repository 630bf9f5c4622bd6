"""A person's film-people (members): the least similar to the others, and splitting members off.

This module reads the catalogue and makes the events of a split; it writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.library.log import PARTED_ALIKE, Data, EventKind, LinkOrigin, PairAnswer
from castlist.library.member_vectors import means_of
from castlist.library.removed_films import id_time
from castlist.library.schema import Db
from castlist.library.ulid import new_ulid
from castlist.store.paths import path_text

__all__ = [
    "Events",
    "FilmMember",
    "confirmed",
    "film_members",
    "least_alike",
    "mean_scores",
    "member_scores",
    "named_member",
    "parted_off",
    "parts",
    "settled",
    "split_off",
    "typical",
]

Events = list[tuple[EventKind, Data]]
SHOWN = 12  # films of a person that a sheet shows, at most


@dataclass(frozen=True, slots=True)
class FilmMember:
    """A person of a library in one film."""

    id: int  # row in the catalogue; may change when it is rebuilt
    digest: str  # of the film
    key: str  # permanent name of the person within the film
    film: str  # name of the film
    path: str
    model: str  # name of the model that made the vectors, "" where there are none
    seconds: float  # on screen

    def means(self, given: str) -> bool:
        """Whether a user's text (a film, or `film:key`) names this member."""
        film = (self.film, self.path, self.digest, Path(self.path).stem, "/".join(Path(self.path).parts[-2:]))
        return given in film or given in (f"{name}:{self.key}" for name in film)


def film_members(db: Db, person: str) -> list[FilmMember]:
    """The members of a person of the library, in the order in which their films were added."""
    rows = db.execute(
        "SELECT member.id, digest, key, film.name, path, coalesce(vectors.model, ''), member.seconds"
        " FROM member JOIN film ON film.id = film LEFT JOIN vectors ON vectors.member = member.id"
        " WHERE person = ? ORDER BY film.id, member.id",
        (person,),
    )
    return [FilmMember(*row) for row in rows]


def named_member(db: Db, given: str) -> tuple[str, FilmMember]:
    """The film-person that a user names, and the id of its person.

    Args:
        given: `film:key`; a film by its name, the end of its path, or its digest.

    Raises:
        InputError: no film-person fits, or several do, or the film-person is no person of the library.
    """
    film, _, key = path_text(given).rpartition(":")
    rows = db.execute(_NAMED, {"film": film, "key": key}).fetchall()
    if len(rows) != 1:
        raise InputError(
            f"{given}: {len(rows)} films have this name; write the path of the film in its place"
            if rows
            else f"{_short(given)}: the library has no such person now, or the film was removed; look at "
            "the page or the list again"
        )
    person, member = rows[0]
    if person is None:
        raise InputError(f"{given} is not a person of the library")
    return person, next(m for m in film_members(db, person) if m.id == member)


def _short(words: str) -> str:
    """A user's text for a message; a film's digest, which pages send, is shortened."""
    film, _, key = words.rpartition(":")
    return f"{film[:20]}...:{key[:20]}" if len(words) > 60 and "/" not in words else words[:200]


_NAMED = """
SELECT person, member.id FROM member JOIN film ON film.id = film
WHERE key = :key AND (:film IN (digest, film.name, path) OR substr(path, -1 - length(:film)) = '/' || :film)
"""


def least_alike(db: Db, person: str, most: int = SHOWN) -> list[FilmMember]:
    """The members of a person, the least similar first: wrong links are among these."""
    members = film_members(db, person)
    return [members[i] for i in np.argsort(mean_scores(db, members), kind="stable")[:most].tolist()]


def mean_scores(db: Db, members: Sequence[FilmMember]) -> NDArray[np.float64]:
    """(n,) the mean score of each film-person with the others, -1 to 1; infinite where none is known."""
    score = member_scores(db, members)
    known = np.isfinite(score)
    mean = np.where(known, score, 0).sum(1) / np.maximum(known.sum(1), 1)
    mean[~known.any(1)] = np.inf
    return np.asarray(mean)


def member_scores(db: Db, members: Sequence[FilmMember]) -> NDArray[np.float64]:
    """(n, n) cosines of film-people's mean faces.

    NaN where vectors are missing or of two models, and on the diagonal.
    """
    score = np.full((len(members), len(members)), np.nan)
    row_of = {m.id: i for i, m in enumerate(members)}
    for model in {m.model for m in members} - {""}:
        rows, mean = means_of(db, model, [*row_of])
        rows_of = [row_of[member] for member in rows.tolist()]
        score[np.ix_(rows_of, rows_of)] = mean @ mean.T
    np.fill_diagonal(score, np.nan)
    return score


def _alike(db: Db, members: Sequence[FilmMember], parted: Sequence[FilmMember]) -> list[list[FilmMember]]:
    """Group the film-people taken out of a person: each group is one new person.

    Two of them are one person if they look more like each other than either looks like the remaining ones,
    and they do not co-occur.
    """
    score = member_scores(db, members)
    rest = [i for i, m in enumerate(members) if m not in parted]
    mean = np.nan_to_num(score[:, rest], nan=1.0).mean(1)
    groups: list[list[int]] = []
    for i in (i for i, m in enumerate(members) if m in parted):
        alike = (
            g for g in groups
            if all(score[i, j] > max(mean[i], mean[j]) and not _beside(db, members[i], members[j]) for j in g)
        )  # fmt: skip
        group = next(alike, None)
        if group is None:
            groups.append([i])
        else:
            group.append(i)
    return [[members[i] for i in group] for group in groups]


def _beside(db: Db, a: FilmMember, b: FilmMember) -> bool:
    """Whether two film-people co-occur in a scene."""
    pair = (min(a.id, b.id), max(a.id, b.id))
    return db.execute("SELECT 1 FROM together WHERE a = ? AND b = ?", pair).fetchone() is not None


def parts(members: Sequence[FilmMember], person: str, films: Sequence[str]) -> list[FilmMember]:
    """The members of a person that a user names by films, or by `film:key`.

    Raises:
        InputError: a film is not one of the person's, or all or none of the members are named.
    """
    chosen = [m for m in members if any(m.means(given) for given in films)]
    known = all(any(m.means(given) for m in members) for given in films)
    if not chosen or not known or len(chosen) == len(members):
        names = ", ".join(sorted({m.film for m in members}))
        raise InputError(f"{person} is in {names}; name some of these films, not all")
    return chosen


def split_off(db: Db, person: str, rest: FilmMember, members: Sequence[FilmMember], by: str = "") -> Events:
    """The events that split members off as a person of their own, different from the rest.

    Args:
        by: PARTED_ALIKE where castlist found that all of them are one person.
    """
    chosen = [[m.digest, m.key] for m in members]
    split: Data = {"person": person, "new": new_ulid(id_time(db)), "members": chosen}
    return [
        (EventKind.SPLIT, split | {"by": by} if by else split),
        (EventKind.ANSWER, {"a": [rest.digest, rest.key], "b": chosen[0], "said": PairAnswer.DIFFERENT}),
    ]


def parted_off(db: Db, person: str, members: Sequence[FilmMember], parted: Sequence[FilmMember]) -> Events:
    """The events that take members out of a person; those that look alike become one new person.

    This grouping is by castlist: `settled` has none of these members.

    Args:
        members: all film-people of the person.
        parted: those that are taken out; not all.
    """
    rest = next(m for m in members if m not in parted)
    return [
        event
        for group in _alike(db, members, parted)
        for event in split_off(db, person, rest, group, PARTED_ALIKE if len(group) > 1 else "")
    ]


def confirmed(
    db: Db, members: Sequence[FilmMember], parted: Sequence[FilmMember], right: Sequence[FilmMember],
    known: Set[int],
) -> Events:  # fmt: skip
    """The events that confirm members of a person: each is the same as the most typical one.

    Members that are confirmed already get no event.

    Args:
        members: all film-people of the person.
        parted: those that are taken out.
        right: those that a user confirms.
        known: rows of those that a user confirmed before, see `settled`.

    Raises:
        InputError: a member is both taken out and confirmed.
    """
    if mixed := [m for m in right if m in parted]:
        raise InputError(f"{mixed[0].film} cannot be both right and wrong; name it once")
    rest = [m for m in members if m not in parted]
    if len(rest) < 2 or not right:
        return []
    # A page shows the others beside the most typical of all: that is the base, unless it is taken out.
    base = next(m for m in typical(members, mean_scores(db, members), known) if m not in parted)
    return [
        (EventKind.ANSWER, {"a": [base.digest, base.key], "b": [m.digest, m.key], "said": PairAnswer.SAME})
        for m in right
        if m != base and m.id not in known
    ]


def typical(members: Sequence[FilmMember], mean: NDArray[np.float64], known: Set[int]) -> list[FilmMember]:
    """The members of a person: those that a user confirmed first, then those most similar to the others.

    Args:
        mean: (n,) their `mean_scores`.
        known: rows of those that a user confirmed, see `settled`.
    """
    score = np.nan_to_num(mean, posinf=-1.0)
    return [
        members[i] for i in sorted(range(len(members)), key=lambda i: (members[i].id not in known, -score[i]))
    ]


def settled(db: Db) -> set[int]:
    """The rows of film-people whose person a user decided or confirmed.

    Where castlist linked two people whose films were confirmed separately, only the one with more of these is
    settled: no user confirmed that the two are one.
    """
    decided = {member for (member,) in db.execute("SELECT id FROM member WHERE how = ?", (LinkOrigin.USER,))}
    pairs = db.execute(_CONFIRMED, {"user": LinkOrigin.USER, "same": PairAnswer.SAME}).fetchall()
    best: dict[str, list[int]] = {}
    for person, group in _joined(pairs):
        if (len(group), -group[0]) > (len(best.get(person, ())), -best.get(person, [0])[0]):
            best[person] = group
    return decided.union(*best.values())


# Confirmed pairs of one person, and whether a user merged or split the person: then all are one group.
_CONFIRMED = """
SELECT x.person, a, b, EXISTS (SELECT 1 FROM member WHERE person = x.person AND how = :user)
FROM answer JOIN member AS x ON x.id = a JOIN member AS y ON y.id = b
WHERE said = :same AND x.person = y.person ORDER BY x.person, a, b
"""


def _joined(pairs: Sequence[tuple[str, int, int, int]]) -> Iterator[tuple[str, list[int]]]:
    """Groups of film-people connected by confirmed pairs, with their person."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    for person, rows in groupby(pairs, key=lambda row: row[0]):
        own = [*rows]
        ids, index = np.unique([row[1:3] for row in own], return_inverse=True)
        a, b = index.reshape(-1, 2).T
        graph = coo_array((np.ones(len(a)), (a, b)), shape=(len(ids), len(ids)))
        label = np.zeros(len(ids), int) if own[0][3] else connected_components(graph, directed=False)[1]
        for group in range(int(label.max()) + 1):
            yield person, ids[label == group].tolist()
