"""Search all faces of a library for a face, including background and set-aside ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from castlist.errors import InputError
from castlist.library import lookup, views
from castlist.library.member_vectors import MemberBlock, blocks
from castlist.library.schema import Db
from castlist.library.score import ALIKE, ScoreOdds, posterior
from castlist.store.rows import exact
from castlist.types import Fate, Json
from castlist.vectors import unit

__all__ = ["LikelyPerson", "Sight", "by_face", "face_vector", "fitting", "scores_of"]

SAMPLE = 4000  # scores of other people from which their spread is estimated
LEAST = 0.05  # probability below which a person is left out
SHOWN = 50  # people and tracks returned, at most


@dataclass(frozen=True, slots=True)
class Sight:
    """The most similar face of a film: its time and picture."""

    film: views.LibraryFilm
    time: float  # seconds
    image: str  # picture among the thumbs of the film's workspace, "" for none
    probability: float
    seconds: float  # on screen in this film


@dataclass(frozen=True, slots=True)
class LikelyPerson:
    """A person who may be in the picture, the most similar film first."""

    person: str | None  # id; None for a person of the background or a track set aside
    name: str
    fate: Fate
    probability: float
    sights: tuple[Sight, ...]

    @property
    def called(self) -> str:
        """The name, or a description of a person without one."""
        unnamed = (
            "a person of the background" if self.fate == Fate.BACKGROUND else "a face that was set aside"
        )
        return self.name or unnamed

    def document(self) -> dict[str, Json]:
        """As plain values."""
        return {
            "person": self.person,
            "name": self.name,
            "fate": self.fate.word,
            "probability": round(self.probability, 4),
            "films": [
                {
                    "film": s.film.name,
                    "time": round(s.time, 3),
                    "thumbnail": str(s.film.workspace / "thumbs" / s.image[:2] / f"{s.image}.jpg")
                    if s.image
                    else "",
                    "probability": round(s.probability, 4),
                    "seconds": round(s.seconds, 3),
                }
                for s in self.sights
            ],
        }


def scores_of(
    query: NDArray[np.float32], piece: MemberBlock
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(m,) the scores of a face (d,) with the m members of a block, as by `pair_score`.

    Returns:
        The scores, and (m,) the prototype of each member that is most similar to the face.
    """
    cosine = piece.vector @ query
    count = np.diff(piece.offset)
    starts = piece.offset[:-1]
    first = np.maximum.reduceat(cosine, starts)
    owner = np.repeat(np.arange(len(count)), count)
    where = np.full(len(count), len(cosine), np.int64)
    np.minimum.at(where, owner[cosine == first[owner]], np.flatnonzero(cosine == first[owner]))
    rest = cosine.copy()
    rest[where] = -2
    second = np.maximum.reduceat(rest, starts)
    top = np.where(count > ALIKE, (first + second) / 2, first)
    return (top + piece.mean @ query).astype(np.float64) / 2, where - starts


def face_vector(given: ArrayLike) -> NDArray[np.float32]:
    """(d,) a vector of a face given by a caller, scaled to length 1.

    Raises:
        InputError: it is not a list of finite numbers, or all of them are 0.
    """
    try:
        vector = np.asarray(given, np.float64)
    except (TypeError, ValueError):
        raise InputError("a face is given as a vector (d,) of numbers, as the model makes it") from None
    if vector.ndim != 1 or not np.isfinite(vector).all() or not vector.any():
        raise InputError(
            f"a face is given as a vector (d,) of finite numbers that are not all 0; got {vector.shape}"
        )
    return np.asarray(unit(vector[None])[0], np.float32)


def fitting(face: NDArray[np.float32], width: int) -> None:
    """Raise InputError unless a face (d,) has as many numbers as the vectors of the library."""
    if len(face) != width:
        raise InputError(
            f"the vectors of this library have {width} numbers, the face that was given has {len(face)}; it "
            "must be made by the same model"
        )


def by_face(
    db: Db, library: Path, model: str, query: NDArray[np.float32], least: float = LEAST
) -> list[LikelyPerson]:
    """The people that a face may show, the most probable first. All prototypes are compared.

    Args:
        query: (d,) a vector of length 1 by the model.
        least: probability below which a person is left out.

    Raises:
        InputError: the vectors of the library have another length.
    """
    face = unit(query[None])[0]
    best: list[tuple[float, int, int]] = []
    strangers: list[NDArray[np.float64]] = []
    for piece in blocks(db, model):
        fitting(face, piece.vector.shape[1])
        score, prototype = scores_of(face, piece)
        strangers.append(score[:: max(1, len(score) * 10 // SAMPLE)])
        top = np.argsort(-score, kind="stable")[: 4 * SHOWN]
        best += zip(score[top].tolist(), piece.member[top].tolist(), prototype[top].tolist(), strict=True)
        best = sorted(best, key=lambda b: (-b[0], b[1]))[: 4 * SHOWN]
    likeness = ScoreOdds.fit(model, np.concatenate([np.zeros(0), *strangers]))
    people = db.execute("SELECT count(*) FROM person").fetchone()[0]
    return _gathered(db, library, best, likeness, people, least)


def _gathered(
    db: Db,
    library: Path,
    best: Sequence[tuple[float, int, int]],
    likeness: ScoreOdds,
    people: int,
    least: float,
) -> list[LikelyPerson]:
    """Members as people, each with the films it is seen in."""
    films = {film.id: film for film in views.films(db, library)}
    found: dict[str, list[tuple[float, _Row, Sight]]] = {}
    for score, member, prototype in best:
        chance = float(posterior(likeness.log_odds(score), people))
        if chance < least:
            continue
        row: _Row = db.execute(_MEMBER, (prototype, member)).fetchone()
        sight = Sight(films[row[0]], float(exact(row[5] or "0")), row[6] or "", chance, row[4])
        found.setdefault(row[1] or f"member {member}", []).append((chance, row, sight))
    listed = []
    for rows in found.values():
        (chance, row, _), person = rows[0], rows[0][1][1]
        name = lookup.shown_person(person, row[2]) if person else ""
        fate = Fate.PERSON if person else Fate.of(row[3])
        listed.append(LikelyPerson(person, name, fate, chance, tuple(sight for _, _, sight in rows)))
    return sorted(listed, key=lambda f: (-f.probability, f.person or "~"))[:SHOWN]


_Row = tuple[int, str | None, str, str, float, str | None, str | None]  # as _MEMBER selects
_MEMBER = """
SELECT member.film, member.person, coalesce(person.name, ''), member.fate, member.seconds, sighting.time,
sighting.image
FROM member LEFT JOIN person ON person.id = member.person
LEFT JOIN sighting ON sighting.member = member.id AND sighting.number = ?
WHERE member.id = ?
"""
