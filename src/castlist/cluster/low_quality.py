"""Tracks of low quality: each joins the person it most likely shows, or stays where it is."""

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

# Mean length of a track's vectors, as a share of the film's usual length, below which the track is of low
# quality.
LOW_QUALITY = 0.9
# Cosine of two tracks of one person, as a share of the film's usual cosine, where the shorter vector has
# length 1; it falls with the square of the length. In six labelled films at three sizes it is .38, .55, .68,
# .88 and 1.08 for lengths of .67, .79, .87, .94 and 1.04 (fifths of 1,717 pairs); for two people it is -.05
# to -.01.
USUAL_LIKENESS = 0.85
LEAST_LIKENESS = 0.2  # the same for very short vectors, which are too few to measure
# Probability from which a track joins a person: losing a person is worse than listing a person twice.
JOINED = 0.6


@dataclass(frozen=True, eq=False, slots=True)
class LowQualityPlacement:
    """The person that some low-quality tracks, placed together, most likely show, and the evidence.

    Log odds are natural, and compare this person with a new person.
    """

    tracks: tuple[int, ...]
    person: int  # a clear track of the likeliest person
    probability: float  # that the tracks show the likeliest person
    next: int  # a clear track of the second likeliest person; -1 where there is one person only
    next_probability: float
    new_probability: float  # that the tracks show a new person
    context: float  # log odds by the shots around the tracks
    face: float  # log odds by the face
    beside: float  # log odds by the clothes; 0 where unknown
    # Probability that the tracks show their person from the linkage; where that person has no clear track,
    # that they show none of the people with clear tracks.
    stays: float = float("nan")

    @property
    def sureness(self) -> float:
        """Probability that the tracks show the person they are placed with."""
        return self.probability if self.joined else self.stays

    @property
    def joined(self) -> bool:
        """Whether the tracks join the likeliest person."""
        return self.probability >= JOINED


def join_low_quality(
    embeddings: Embeddings,
    constraints: Constraints,
    label: NDArray[np.int64],
    tracks: Tracks,
    length: NDArray[np.float64],
    hints: NDArray[np.float32] | None = None,
) -> NDArray[np.int64]:
    """(t,) the labels, where tracks of low quality have the label of the person they most likely show.

    Half a face, the back of a head or a face in motion gives a short vector, which is hardly more like its
    person's vectors than like other people's. So a lower likeness is expected of it, and its face has little
    weight; its place in the film (`Context`) and the clothes have more. A person without clear tracks joins
    another person, and a low-quality track of a person with clear tracks moves to another person, where the
    probability is at least JOINED; otherwise they stay. Low-quality tracks have no weight when other tracks
    are placed. Cannot-links hold, and must-linked tracks stay.

    Args:
        embeddings: faces of the tracks that have a label.
        label: (t,) person of each track, NOISE where it has none.
        tracks: all t tracks.
        length: (t,) mean length of each track's vectors, as a share of the film's usual one; NaN if unknown.
        hints: as for `GroupLinkage`.

    Raises:
        InputError: labels, lengths or hints do not match the t tracks.
    """
    placements = judge_low_quality(embeddings, constraints, label, tracks, length, hints)
    return placed(label, placements)


def placed(label: NDArray[np.int64], placements: tuple[LowQualityPlacement, ...]) -> NDArray[np.int64]:
    """(t,) the labels (t,), where tracks that join a person have that person's label.

    Raises:
        InputError: labels are not whole numbers, or there are fewer than the placements need.
    """
    label = shaped(label, np.int64, ("t",), "label").copy()
    largest = max((track for each in placements for track in (*each.tracks, each.person)), default=-1)
    if largest >= len(label):
        raise InputError(f"label has {len(label)} rows, but a placement names track {largest}")
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
    """The likeliest person of each low-quality track, also where the track stays; see `join_low_quality`.

    Args:
        label: (t,) the person of each track, NOISE where it has none.
        length: (t,) mean length of each track's vectors, as a share of the film's usual one.
        hints: (t, t) log odds that two tracks show one person, from cues other than the face.

    Raises:
        InputError: labels, lengths or hints do not match the t tracks.
    """
    label = track_labels(label, embeddings, constraints)
    if len(tracks) != len(label):
        raise InputError(f"label has {len(label)} rows, but there are {len(tracks)} tracks")
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
    clear = [int(rows[~low[rows] & (label[rows] == person)][0]) for person in people]
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
    """The placement of some tracks.

    Args:
        own: the tracks.
        people: a clear track of each of p people.
        now: the place in `people` of the tracks' person from the linkage, or empty.
        odds: log odds (p,) by context, by face, and by other cues.
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
    """(t,) the tracks to place together: those of a person without clear tracks; any other low one alone."""
    alone = low & np.isin(label, people)
    unit = label.copy()
    unit[alone] = label.max(initial=NOISE) + 1 + np.arange(int(alone.sum()))
    return unit


@dataclass(frozen=True, eq=False, slots=True)
class _Evidence:
    """Sums over groups of tracks, for log odds by faces and by clothes."""

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
        """The evidence on the tracks `rows`, whose groups `column` numbers from 0."""
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
        """(q,) log odds that group `low` shows each of the `others`, by the face, and (q,) by other cues.

        Args:
            expected: expected likeness of the group's tracks to tracks of the same person; 1 is usual.
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
