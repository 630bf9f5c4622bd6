"""Uncertain people, and the expected effort of a review: for page, terminal and report."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.suggest.batches import Lines

__all__ = ["Doubt", "Outlook", "Work", "clicks_until_the_end", "doubts_of"]

# What a review takes until nothing is asked any more: one click for each page that is expected, and more, by
# a robust fit of logarithms to 36 simulated reviews, at their start and after each page (films, the same
# made small, drawn films, track sets and parts of them; each film and each set counts once);
# docs/review.md says how far it is off on what was left out of the fit.
MISS_TRACK = 2.4  # clicks for each wrong proposal that is expected of tracks; more come with the next sheets,
MISS_PERSON = 2.8  # of people, which are then looked through
UNSURE = 0.2  # probability of being somebody else here, or share of faces expected to be, from which one is


@dataclass(frozen=True, slots=True)
class Doubt:
    """The reason why a person is uncertain."""

    person: int  # number
    whole: bool  # the person may be somebody who is there already; False: some of the tracks may be
    other: int  # number of whom most likely, 0 for nobody in particular
    probability: float  # of that; of tracks the share of faces that are expected to be

    def sentence(self, called: str) -> str:
        """In words; `called` is what the other person is called."""
        if not self.whole:
            return "some tracks may show somebody else"
        return f"may be the same person as {called}" if self.other else "may be one of several other people"


@dataclass(frozen=True, slots=True)
class Outlook:
    """The uncertain people of a cast, and the expected effort of a review."""

    doubts: tuple[Doubt, ...]
    clicks: int  # expected until nothing is asked any more; 0 where nothing is

    def of(self, person: int) -> Doubt | None:
        return next((d for d in self.doubts if d.person == person), None)


@dataclass(frozen=True, slots=True)
class Work:
    """The numbers of questions and checks that are left."""

    wrong_tracks: float  # proposals for single tracks that are expected to be wrong
    wrong_people: float  # proposals for whole people that are
    sheet: bool  # whether anything stands on a sheet
    people: int  # not confirmed
    aside: int  # pages of what was set aside


def clicks_until_the_end(work: Work) -> int:
    """How many clicks a review is expected to take until nothing is asked any more."""
    looked = work.people > 0  # the first page of what was set aside stands below who is looked through
    pages = work.sheet + looked + max(work.aside - looked, 0)
    return round(pages + MISS_TRACK * work.wrong_tracks + MISS_PERSON * work.wrong_people)


def doubts_of(
    wholes: Lines,
    wrong: NDArray[np.float64],
    label: NDArray[np.int64],
    number: NDArray[np.int64],
    worth: NDArray[np.float64],
) -> tuple[Doubt, ...]:
    """The uncertain people: those who may be somebody else, and those of whom many tracks may be wrong.

    Args:
        wholes: people that may be asked about.
        wrong: (g,) faces of each group that are expected to be somebody else's.
        label: (t,) the group of each track.
        number: (g,) of the person that each group is.
        worth: (g,) faces of each group.
    """
    found: dict[int, Doubt] = {}
    for track, shown, chance, stays in zip(
        wholes.track.tolist(), wholes.shown, wholes.chance, wholes.stays, strict=True
    ):
        if shown and 1 - stays >= UNSURE:
            person = int(number[label[track]])
            best = int(np.argmax(chance))
            likely = chance[best] >= min(UNSURE, (1 - stays) / 2)  # as likely as all others together
            other = int(number[shown[best]]) if likely else 0
            found[person] = Doubt(person, True, other, 1 - stays)
    for k in np.flatnonzero(wrong >= UNSURE * np.maximum(worth, 1e-9)).tolist():
        person = int(number[k])
        found.setdefault(person, Doubt(person, False, 0, float(wrong[k] / worth[k])))
    return tuple(found.values())
