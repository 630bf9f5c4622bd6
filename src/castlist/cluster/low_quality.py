"""People of whom there are pictures of low quality only join the person whom they most likely show."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from castlist.argument_types import typed_arguments
from castlist.cluster.calibrate import Calibration
from castlist.cluster.confidence import SURENESS, shares
from castlist.cluster.context import Context
from castlist.cluster.group_linkage import GroupSums
from castlist.cluster.hints import Hints
from castlist.cluster.likeness import Likeness
from castlist.cluster.means import track_labels
from castlist.errors import InputError
from castlist.types import NOISE, Constraints, Embeddings, Tracks
from castlist.vectors import shaped

__all__ = ["LowQualityPlacement", "join_low_quality", "judge_low_quality"]

# Length of a track's mean vector, as a share of the film's usual, below which it is of low quality.
LOW_QUALITY = 0.9
# Cosine of two tracks of one person over what is usual in the film, where the shorter vector has length 1; it
# falls with the square. In six labelled films at three sizes it is .38, .55, .68, .88 and 1.08 for lengths of
# .67, .79, .87, .94 and 1.04 (fifths of 1,717 pairs), that of two people -.05 to -.01.
USUAL_LIKENESS = 0.85
LEAST_LIKENESS = 0.2  # of very short vectors, of which there are too few to measure
# Probability from which a track joins a person: to lose a person is worse than to show one twice.
JOINED = 0.6


@dataclass(frozen=True, eq=False, slots=True)
class LowQualityPlacement:
    """Whom some tracks of low quality that are judged together most likely show, and what speaks for it.

    The odds are logarithms of how many times as likely this person is than somebody new, or than the next.
    """

    tracks: tuple[int, ...]
    person: int  # a clear track of the likeliest person
    probability: float  # that they show this person,
    next: int  # one of the next likely person, -1 where there is one person only,
    next_probability: float
    new_probability: float  # and the probability that they show somebody new
    context: float  # log odds by the shots around them, against somebody new
    face: float  # log odds by what is seen of the face
    beside: float  # log odds by the clothes; 0 where they say nothing
    stays: float = float("nan")  # probability that they show the person whom the linkage gave them to; where
    # that person has no clear track, that they show nobody who has

    @property
    def sureness(self) -> float:
        """Probability that they show the person whom they are with now."""
        return self.probability if self.joined else self.stays

    @property
    def joined(self) -> bool:
        """Whether the tracks go to the likeliest person."""
        return self.probability >= JOINED


def join_low_quality(
    embeddings: Embeddings,
    constraints: Constraints,
    label: NDArray[np.int64],
    tracks: Tracks,
    length: NDArray[np.float64],
    hints: NDArray[np.float32] | None = None,
) -> NDArray[np.int64]:
    """(t,) the labels, with tracks of low quality given to the person whom they most likely show.

    A half face, the back of a head or a face in motion gives a short vector, which is hardly more like those
    of its person than like anybody's. So less likeness is expected of it, and its face decides little; where
    it lies in the film (`Context`) and the clothes decide the more. A person who has no others only becomes
    part of another, and such a track of a person who has clear ones changes to another, where that is
    likelier than everything else together; else they stay. These tracks count for nothing when others are
    judged. Cannot-links hold, and tracks that are must-linked stay.

    Args:
        embeddings: faces of the tracks that have a label.
        label: (t,) person of each track, NOISE for those without.
        tracks: all t tracks.
        length: (t,) mean length of each track's vectors over the film's usual; NaN where it is not known.
        hints: as for `GroupLinkage`.

    Raises:
        InputError: labels, lengths or hints are not of the t tracks.
    """
    placements = judge_low_quality(embeddings, constraints, label, tracks, length, hints)
    return placed(label, placements)


def placed(label: NDArray[np.int64], placements: tuple[LowQualityPlacement, ...]) -> NDArray[np.int64]:
    """(t,) the labels (t,), tracks that join somebody with that person's.

    Raises:
        InputError: labels are not whole numbers, or not of all tracks of the placements.
    """
    label = shaped(label, np.int64, ("t",), "label").copy()
    largest = max((track for each in placements for track in (*each.tracks, each.person)), default=-1)
    if largest >= len(label):
        raise InputError(f"label is of {len(label)} tracks, and the placements name track {largest}")
    for each in placements:
        if each.joined:
            label[list(each.tracks)] = label[each.person]
    return label


@typed_arguments
def judge_low_quality(
    embeddings: Embeddings,
    constraints: Constraints,
    label: NDArray[np.int64],
    tracks: Tracks,
    length: NDArray[np.float64],
    hints: NDArray[np.float32] | None = None,
) -> tuple[LowQualityPlacement, ...]:
    """Whom each track of low quality most likely shows, also where it stays; as `join_low_quality`.

    Args:
        label: (t,) the person of each track, NOISE where it has none.
        length: (t,) mean length of each track's vectors, as a share of the film's usual one.
        hints: (t, t) log odds that two tracks are one person by other cues than faces.

    Raises:
        InputError: labels, lengths or hints are not of the t tracks.
    """
    label = track_labels(label, embeddings, constraints)
    if len(tracks) != len(label):
        raise InputError(f"there are labels of {len(label)} tracks, and {len(tracks)} tracks")
    length = shaped(length, np.float64, (len(label),), "length", missing=True)
    likeness, faces = Likeness.from_embeddings(embeddings, len(label))
    rows = np.flatnonzero((label != NOISE) & (faces > 0))
    low = (length < LOW_QUALITY) & ~np.isin(np.arange(len(label)), constraints.must)
    people = np.unique(label[rows[~low[rows]]])
    if not len(people) or not low[rows].any():
        return ()
    unit, column = np.unique(_units(label, low, people)[rows], return_inverse=True)
    known = np.searchsorted(unit, people)
    evidence = _Evidence.from_likeness(likeness[rows], column, embeddings, constraints, rows, hints)
    place = np.full(len(label), NOISE)
    place[rows] = np.where(low[rows], NOISE, np.searchsorted(people, label[rows]))
    context = Context.from_tracks(tracks, place)
    clear = [int(rows[~low[rows] & (label[rows] == person)][0]) for person in people]  # a track of each
    found = []
    for each in np.setdiff1d(np.arange(len(unit)), known).tolist():
        own = rows[column == each]
        expected = np.clip(USUAL_LIKENESS * length[own] ** 2, LEAST_LIKENESS, 1.0).mean()
        face, beside = (SURENESS * odds for odds in evidence.log_odds(each, known, float(expected)))
        around = context.log_odds(own)
        around[evidence.sums.links[each, known] > 0] = -np.inf
        now = np.flatnonzero(people == label[own[0]])
        found.append(_placement(own, clear, now, around, face, beside))
    return tuple(found)


def _placement(
    own: NDArray[np.int64], people: list[int], now: NDArray[np.int64], *odds: NDArray[np.float64]
) -> LowQualityPlacement:
    """Of some tracks, by log odds (p,) of p people, each named by a clear track, by context, face, beside.

    Args:
        now: the one of the people whom the linkage gave the tracks to, or none.
    """
    each, fresh = shares(np.sum(odds, axis=0)[None])
    first, *others = np.argsort(-each[0], kind="stable")[:2].tolist()
    second = others[0] if others else -1
    context, face, beside = (float(o[first]) for o in odds)
    return LowQualityPlacement(
        tuple(own.tolist()), people[first], float(each[0, first]),
        people[second] if others else -1, float(each[0, second]) if others else 0.0,
        float(fresh[0]), context, face, beside, float(each[0, now[0]] if len(now) else fresh[0]),
    )  # fmt: skip


def _units(label: NDArray[np.int64], low: NDArray[np.bool_], people: NDArray[np.int64]) -> NDArray[np.int64]:
    """(t,) what is judged together: a person's clear tracks, all of one without any, a low-quality track."""
    alone = low & np.isin(label, people)
    unit = label.copy()
    unit[alone] = label.max(initial=NOISE) + 1 + np.arange(int(alone.sum()))
    return unit


@dataclass(frozen=True, eq=False, slots=True)
class _Evidence:
    """What faces and clothes say of people."""

    sums: GroupSums

    @classmethod
    def from_likeness(
        cls,
        likeness: Likeness,
        column: NDArray[np.int64],
        embeddings: Embeddings,
        constraints: Constraints,
        rows: NDArray[np.int64],
        hints: NDArray[np.float32] | None,
    ) -> _Evidence:
        """Of the people of some tracks (rows), who are numbered by column."""
        scale = Calibration.fit(embeddings, constraints).scale
        place = np.full(max(int(rows.max()), int(constraints.cannot.max(initial=0))) + 1, NOISE)
        place[rows] = np.arange(len(rows))
        cannot = place[constraints.cannot]
        cannot = cannot[(cannot != NOISE).all(axis=1)]
        beside = None if hints is None else Hints.from_odds(hints, int(rows.max()) + 1, rows)
        return cls(GroupSums(likeness.matrix(), column, cannot, scale, hints=beside))

    def log_odds(
        self, low: int, others: NDArray[np.int64], expected: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(q,) log odds that such a person is each of some others, by the face and by what is beside it.

        Args:
            expected: likeness of the tracks to their person's, 1 being usual.
        """
        s, n = self.sums, self.sums.count
        inside = np.diagonal(s.cross) - s.diagonal
        length = np.sqrt(np.maximum(np.diagonal(s.cross), 1e-9)) / n
        level = s.scale.level(inside, n)
        weaker = replace(s.scale, same=s.scale.other + expected**2 * (s.scale.same - s.scale.other))
        own = weaker.level(inside[[low]], n[[low]])
        cosine = s.cross[low] / (n[low] * n)
        odds = s.scale.log_odds(cosine, own * level, length[low] * length) - s.scale.odds
        beside = np.zeros(len(others)) if s.hints is None else s.hints.mean(low)[others]
        return np.asarray(odds[others]), np.asarray(beside, np.float64)
