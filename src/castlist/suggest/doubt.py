"""Uncertain people, and the expected effort of a review: for page, terminal and report."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.suggest.batches import Lines

__all__ = ["Doubt", "Outlook", "Work", "clicks_until_the_end", "doubts_of"]

# Clicks until the end of a review: one for each expected page, and more for wrong proposals, by a robust fit
# of logarithms to 36 simulated reviews, at their start and after each page (films, the same films made small,
# drawn films, track sets and parts of them; each film and each set counts once); docs/review-notes.md has the
# error on data outside the fit.
MISS_TRACK = 2.4  # clicks for each expected wrong proposal of a track: its correction adds later pages
MISS_PERSON = 2.8  # the same for a person, whose tracks are then checked
# probability of another person, or expected share of wrong faces, from which a person is uncertain
UNSURE = 0.2


@dataclass(frozen=True, slots=True)
class Doubt:
    """The reason why a person is uncertain."""

    person: int  # number
    whole: bool  # True: the whole person may be another known person; False: only some of the tracks
    other: int  # number of the likeliest other person, 0 for no particular one
    probability: float  # of the other person; for tracks the expected share of wrong faces

    def sentence(self, called: str) -> str:
        """The doubt in words; `called` is the name of the other person."""
        if not self.whole:
            return "some tracks may show another person"
        return f"may be the same person as {called}" if self.other else "may be one of several other people"


@dataclass(frozen=True, slots=True)
class Outlook:
    """The uncertain people of a cast, and the expected effort of a review."""

    doubts: tuple[Doubt, ...]
    clicks: int  # expected until no question is left; 0 for none

    def of(self, person: int) -> Doubt | None:
        return next((d for d in self.doubts if d.person == person), None)


@dataclass(frozen=True, slots=True)
class Work:
    """The numbers of questions and checks that are left."""

    wrong_tracks: float  # expected wrong proposals for single tracks
    wrong_people: float  # expected wrong proposals for whole people
    sheet: bool  # whether a batch has any item
    people: int  # unconfirmed people
    aside: int  # pages of set-aside tracks


def clicks_until_the_end(work: Work) -> int:
    """Expected clicks of a review until no question is left."""
    looked = work.people > 0  # the first page of set-aside tracks is below the people to check
    pages = work.sheet + looked + max(work.aside - looked, 0)
    return round(pages + MISS_TRACK * work.wrong_tracks + MISS_PERSON * work.wrong_people)


def doubts_of(
    wholes: Lines,
    wrong: NDArray[np.float64],
    label: NDArray[np.int64],
    number: NDArray[np.int64],
    worth: NDArray[np.float64],
) -> tuple[Doubt, ...]:
    """The uncertain people: those who may be another person, and those with many tracks that may be wrong.

    Args:
        wholes: people as candidates for questions.
        wrong: (g,) expected wrong faces of each group.
        label: (t,) the group of each track.
        number: (g,) person number of each group.
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
