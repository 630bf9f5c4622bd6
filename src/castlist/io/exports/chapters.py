"""Chapters: consecutive parts of a film, each titled with the people in it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np

from castlist.cast import Cast
from castlist.io.exports.names import distinct_names
from castlist.io.exports.options import Options
from castlist.io.exports.stays import Stay, chosen_stays, stays

__all__ = ["NOBODY", "Chapter", "chapters"]

NOBODY = "Nobody"
_NAMED = 5  # people in a title


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of the film."""

    start: Fraction  # seconds
    stop: Fraction
    title: str


def chapters(cast: Cast, options: Options) -> list[Chapter]:
    """Chapters of the people asked for by name, else of the whole film; no chapter overlaps another.

    Of people: a chapter ends when one of them appears or disappears; there is none while all are absent. Of
    the film: a chapter is a run of shots that show the same people.
    """
    return _of_people(stays(cast, options)) if options.person else _of_film(cast, options)


def _of_people(found: list[Stay]) -> list[Chapter]:
    edges = sorted({t for s in found for t in (s.start, s.stop)})
    parts = []
    for start, stop in pairwise(edges):
        names = {s.place: s.name for s in found if s.start <= start and stop <= s.stop}
        if names:
            parts.append(Chapter(start, stop, _title([names[k] for k in sorted(names)])))
    return parts


def _of_film(cast: Cast, options: Options) -> list[Chapter]:
    names = distinct_names(cast)
    wanted = {stay.place for stay in chosen_stays(cast, options)}
    people: list[set[int]] = [set() for _ in range(len(cast.shots))]
    for shot, person in zip(cast.tracks.shot.tolist(), cast.person.tolist(), strict=True):
        if person in wanted:
            people[shot].add(person)
    new = [i for i in range(len(people)) if i == 0 or people[i] != people[i - 1]]
    starts = cast.shots.start[np.array(new, np.int64)].tolist()
    times = [cast.clock.time(f) for f in (*starts, *cast.shots.stop[-1:].tolist())]
    titles = [_title([names[k] for k in sorted(people[i])]) for i in new]
    return [Chapter(*span, title) for span, title in zip(pairwise(times), titles, strict=True)]


def _title(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more or NOBODY
