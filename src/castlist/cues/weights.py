"""Log odds that two tracks show one person, by their likeness in a cue, learnt from the film's own pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist import _former
from castlist.cluster import Calibration
from castlist.cluster.cue_pairs import bounded, seconds_apart
from castlist.cluster.likeness import MAX_PAIRS, Likeness
from castlist.errors import InputError
from castlist.option_values import check_options
from castlist.types import Constraints, CuePairs, Embeddings
from castlist.vectors import products

__all__ = ["Span", "Weighed", "Weights"]

BLOCK = 512  # rows of the matrix at a time
USUAL_SPREAD = 0.2  # deviation of the likeness of clothes in six labelled films
PSEUDO_PAIRS = 4  # weight of USUAL_SPREAD, in pairs of the film
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Span:
    """The scale of the likeness of tracks at most `seconds` apart, and more than in the span before."""

    seconds: float
    same: float  # mean likeness of one person's tracks in this span
    other: float  # mean likeness of two people's tracks
    slope: float  # log odds for a step of 1 in likeness; 0: the cue carries no information
    middle: float  # likeness with log odds 0


@dataclass(frozen=True, eq=False, slots=True)
class Weighed:
    """A cue of t tracks, and its log odds for each pair."""

    vector: NDArray[np.float32]  # (t, c) of length 1, zeros where the cue is not visible
    quality: NDArray[np.float32]  # (t,) 0 to 1
    times: NDArray[np.float64]  # (t, 2) seconds of each track's first and last moment
    spans: tuple[Span, ...]
    odds: NDArray[np.float32]  # (t, t) log odds to add to those of the faces; NaN if a track lacks the cue
    bounds: NDArray[np.float64]  # (2,) limits of the log odds of a pair, against and for one person

    @property
    def speaks(self) -> bool:
        """Whether the cue carries information on any pair."""
        return any(span.slope for span in self.spans)

    def pairs(self) -> CuePairs:
        """The data to compute the log odds of any pair, without the matrix."""
        visible = ~np.isnan(self.odds).all(axis=1, keepdims=True)
        spans = [(span.seconds, span.slope, span.middle) for span in self.spans]
        return CuePairs(np.where(visible, self.vector, 0), self.times, np.array(spans), self.bounds)

    def span(self, a: int, b: int) -> Span:
        """The span of two tracks, by the time between them."""
        apart = float(seconds_apart(self.times[a], self.times[b]))
        return next(span for span in self.spans if apart <= span.seconds)


@_former.option("seen", "min_visible")
@dataclass(frozen=True, slots=True)
class Weights:
    """Log odds of one person against two for pairs of tracks, by the likeness of a cue.

    The likeness of one person's tracks and that of two people's are measured in the film itself, for pairs of
    tracks at several distances in time. A pair counts as one person with its probability by faces alone;
    co-occurring tracks are two people. In a film where all people dress alike, or change clothes between two
    scenes, both means are the same, and the cue has no effect. A difference of the means counts only as far
    as it exceeds `doubt` standard errors.

    The faces' probability is not computed again with the cue: the cue would then confirm itself.
    [as Everingham, Sivic, Zisserman, "Hello! My name is... Buffy", BMVC 2006, with weights learnt without
    labels; Brümmer, Garcia-Romero, ICASSP 2014, for the two normal distributions]
    """

    spans: tuple[float, ...] = (40.0, 160.0, 640.0)  # seconds between two tracks; a last span has no end
    known: float = 3.0  # weight of a co-occurring pair, in other pairs
    doubt: float = 1.0  # standard errors
    unlike: float = 1.5  # largest log odds against one person: an arm in front, a jacket taken off
    alike: float = 2.5  # largest log odds for one person: other people dress alike, too
    min_visible: float = 0.15  # share of a track's region that must be visible

    def __post_init__(self) -> None:
        check_options(self)
        if list(self.spans) != sorted(set(self.spans)) or any(s <= 0 for s in self.spans):
            raise InputError(f"Weights.spans must rise from more than 0 seconds, got {list(self.spans)}")
        for name in ("known", "unlike", "alike"):
            if not getattr(self, name) > 0:
                raise InputError(f"Weights.{name} must be more than 0, got {getattr(self, name)}")
        if (
            not np.exp(-self.unlike) + np.exp(-self.alike) < 1
        ):  # else the odds would fall as the likeness grows
            raise InputError(
                f"Weights.unlike and alike are too small together, got {self.unlike} and {self.alike}: "
                "give both at least 0.7, or leave the cue out"
            )

    def __call__(
        self,
        vector: NDArray[np.float32],
        quality: NDArray[np.float32],
        times: Floats,
        embeddings: Embeddings,
        constraints: Constraints,
    ) -> Weighed | None:
        """The cue's log odds of all pairs of t tracks; None if fewer than three tracks show the cue.

        Args:
            vector: (t, c) the cue of each track, of length 1.
            quality: (t,) 0 to 1.
            times: (t, 2) seconds of each track's first and last moment.
            embeddings, constraints: of the tracks to be joined.
        """
        likeness, faces = Likeness.from_embeddings(embeddings, len(vector))
        rows = np.flatnonzero((quality > self.min_visible) & (faces > 0))
        if len(rows) < 3 or not vector.shape[1]:
            return None
        calibration = Calibration.fit(embeddings, constraints)
        pairs, chance = _pairs(rows, likeness, calibration, constraints.cannot)
        alike = products(vector, pairs).astype(np.float64)
        apart = seconds_apart(times[pairs[:, 0]], times[pairs[:, 1]])
        spans, start = [], -1.0
        for end in (*self.spans, np.inf):
            here = (apart > start) & (apart <= end)
            spans.append(self._learnt(float(end), pairs, alike, chance, here))
            start = float(end)
        odds = self._odds(vector, times, rows, tuple(spans))
        return Weighed(vector, quality, times, tuple(spans), odds, self._bounds)

    @property
    def _bounds(self) -> Floats:
        return np.array([self.unlike, self.alike], np.float64)

    def _learnt(
        self, end: float, pairs: NDArray[np.int64], alike: Floats, chance: Floats, here: NDArray[np.bool_]
    ) -> Span:
        """The span up to `end` seconds: means of one person's and of two people's likeness, and the slope."""
        tracks = len(np.unique(pairs[here]))
        together = chance == 0  # co-occurring tracks are two people, and count in every span
        use = here | together
        x, same = alike[use], chance[use]
        other = np.where(together[use], self.known, 1 - same)
        if not here.any() or same.sum() < 1e-6 or other.sum() < 1e-6:
            return Span(end, float("nan"), float("nan"), 0.0, 0.0)
        mean, spread = _normal(x, other, USUAL_SPREAD)
        near, narrow = _normal(x, same, spread)
        # Pairs of one track are dependent, so they count for no more than the tracks.
        n, m = (min(float(weight.sum()), tracks) for weight in (same, other))
        error = np.sqrt(narrow**2 / max(n, 0.1) + spread**2 / max(m, 0.1))
        gap = max(near - mean - self.doubt * float(error), 0.0)
        middle = mean + (near - mean) * spread / (narrow + spread)
        return Span(end, near, mean, gap / (narrow * spread), middle)

    def _odds(
        self, vector: NDArray[np.float32], times: Floats, rows: NDArray[np.int64], spans: tuple[Span, ...]
    ) -> NDArray[np.float32]:
        """(t, t) the log odds of all pairs of `rows`, NaN elsewhere and of a track with itself."""
        odds = np.full((len(vector), len(vector)), np.nan, np.float32)
        slope, middle = (np.array([getattr(span, name) for span in spans]) for name in ("slope", "middle"))
        for begin in range(0, len(rows), BLOCK):
            some = rows[begin : begin + BLOCK]
            apart = seconds_apart(times[some][:, None], times[rows][None])
            at = np.searchsorted([span.seconds for span in spans], apart)
            raw = slope[at] * (vector[some] @ vector[rows].T - middle[at])
            odds[np.ix_(some, rows)] = bounded(raw, self._bounds)
        np.fill_diagonal(odds, np.nan)
        return odds


def _pairs(
    rows: NDArray[np.int64], likeness: Likeness, calibration: Calibration, cannot: NDArray[np.int64]
) -> tuple[NDArray[np.int64], Floats]:
    """(q, 2) pairs of tracks, and (q,) probability of one person by faces; 0 for co-occurring tracks."""
    step = max(1, int(np.ceil(len(rows) / np.sqrt(2 * MAX_PAIRS))))
    some = rows[::step]
    a, b = np.triu_indices(len(some), 1)
    pairs = np.stack([some[a], some[b]], 1)
    chance = 1 / (1 + np.exp(-np.clip(calibration.log_odds(likeness.pairs(pairs)), -30, 30)))
    together = np.sort(cannot[np.isin(cannot, rows).all(axis=1)], axis=1)
    count = len(likeness)
    free = ~np.isin(pairs[:, 0] * count + pairs[:, 1], together[:, 0] * count + together[:, 1])
    return np.concatenate([pairs[free], together]), np.concatenate([chance[free], np.zeros(len(together))])


def _normal(x: Floats, weight: Floats, usual: float) -> tuple[float, float]:
    """Weighted mean and deviation; the deviation is mixed with a usual one."""
    mean = float(weight @ x / weight.sum())
    spread = (weight @ (x - mean) ** 2 + PSEUDO_PAIRS * usual**2) / (weight.sum() + PSEUDO_PAIRS)
    return mean, float(np.sqrt(spread))
