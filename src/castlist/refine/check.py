"""Does ranking by distance follow the quality of the pictures, and which refinement fits these features?

SSiam ranks pairs by absolute distance (Sharma et al., FG 2019). Where distance depends on picture quality,
the ranking picks blurred faces instead of hard ones. The mean quality rank of the ranked anchors shows this:
it is .5 where ranking is neutral (.49 for the negatives of rectified VGGFace2-trained features), and far from
.5 where it is not (.03 to .08 for the negatives of five sets of raw ArcFace features, .14 to .26 at length 1;
docs/refine.md).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.refine.groups import known_pairs, track_column
from castlist.refine.methods import EQUAL, SSiam
from castlist.refine.scaling import Scaling
from castlist.refine.siamese import Known, checked

__all__ = ["NEUTRAL", "RefinementCheck", "check"]

# Distance of a mean quality rank from .5 up to which a set is neutral: in all twelve cells of the table under
# "Use" in docs/refine.md one of the two ranks is .21 or more from .5; for rectified features it is .01.
NEUTRAL = 0.2
# Number of different anchors below which chance moves a mean rank by NEUTRAL: twice its standard error is
# (3 n)^-1/2.
FEW = 9
# Tracks from which one network of TSiam is trusted. The labelled films have up to 70 tracks, where its AUC
# varies by .02 between seeds; the track sets have 568 and more (docs/refine.md).
MANY = 80
BATCHES = 6  # draws that are measured
PAIRS = 64  # ranked pairs of each kind in a batch of the paper


@dataclass(frozen=True, slots=True)
class RefinementCheck:
    """The measurements of `check`, also as `sentences`, and the refinement that fits (`method`)."""

    faces: int
    dimensions: int
    nonnegative: float  # share of the values that are 0 or more: 1 where the features are rectified
    length_spread: float  # standard deviation of the vectors' length over its mean: 0 where normalised
    quality_from: str  # the measure of quality: "given", "length", "track", or "" for none
    positive_rank: float  # mean quality rank (0 worst, 1 best) of ranked positives' anchors; NaN: unknown
    negative_rank: float  # of ranked negatives' anchors
    wrong: float  # share of the ranked pairs that tracks contradict; NaN where there are no tracks
    method: str  # of castlist.refine.REFINERS
    sentences: tuple[str, ...]

    @property
    def follows_quality(self) -> bool:
        """Whether ranking picks pictures by quality; False if quality is unknown, or too few were ranked."""
        return _biased(self.positive_rank, self.negative_rank)


def check(
    x: NDArray[np.floating],
    track: NDArray[np.integer] | None = None,
    cannot: NDArray[np.integer] | None = None,
    *,
    quality: NDArray[np.floating] | None = None,
    seed: int = 0,
) -> RefinementCheck:
    """Measure which pairs a ranking by distance picks among features, scaled as in the default recipe.

    Args:
        x: (n, d) raw features, one row for each face.
        track: (n,) the track of each row, where there are tracks.
        cannot: (q, 2) pairs of tracks known to be two people.
        quality: (n,) picture quality of each row, larger is better, where it is known.

    Raises:
        InputError: there are too few features, values are not finite, or links name tracks without rows.
    """
    x = checked(x)
    length = np.linalg.norm(x.astype(np.float64), axis=1)
    spread = float(length.std() / length.mean())
    column = np.arange(len(x)) if track is None else track_column(track, len(x))
    names, place = np.unique(column, return_inverse=True)
    tracks = len(names) if 1 < len(names) < len(x) else 0
    source, value = _quality(x, length, place if tracks else None, quality)
    positive, negative = _ranked(x, seed)
    few = min(len(np.unique(positive[:, 0])), len(np.unique(negative[:, 0]))) < FEW
    ranks = (float("nan"), float("nan"))
    if source and not few:
        rank = np.argsort(np.argsort(value)) / (len(x) - 1)
        ranks = float(rank[positive[:, 0]].mean()), float(rank[negative[:, 0]].mean())
    wrong = (
        _wrong(positive, negative, place, known_pairs(cannot, names, "cannot-links"))
        if tracks
        else float("nan")
    )
    nonnegative = float((x >= 0).mean())
    neutral = not np.isnan(ranks[0]) and not _biased(*ranks)
    method = _method(tracks, neutral, nonnegative == 1)
    shown = [_shape(nonnegative, spread), _bias(source, few, *ranks)]
    if tracks:
        shown.append(f"{wrong:.1%} of the ranked pairs are certainly wrong: the tracks show it.")
    shown.append(_advice(method, single=len(names) == 1))
    return RefinementCheck(
        len(x), x.shape[1], nonnegative, spread, source, *ranks, wrong, method, tuple(shown)
    )


def _biased(positive: float, negative: float) -> bool:
    """Whether a mean quality rank is far from neutral; False for NaN."""
    return max(abs(positive - 0.5), abs(negative - 0.5)) > NEUTRAL


def _quality(
    x: NDArray[np.float32],
    length: NDArray[np.float64],
    track: NDArray[np.int64] | None,
    given: NDArray[np.floating] | None,
) -> tuple[str, NDArray[np.float64]]:
    """The measure of quality, and (n,) the quality of each row.

    It is the given quality; else the length of the vectors, where it varies by more than rounding; else the
    mean cosine within the row's track (a blurred track scatters more), the same for all rows of the track, so
    that a single odd face does not count as a bad picture.
    """
    if given is not None and np.ptp(given) > 0:
        return "given", np.asarray(given, np.float64)
    if length.std() > EQUAL * length.mean():
        return "length", length
    if track is None:
        return "", length
    unit = x / np.maximum(length[:, None], np.finfo(np.float32).tiny)
    size = np.bincount(track)
    total = np.zeros((len(size), x.shape[1]))
    np.add.at(total, track, unit)
    pairs = np.maximum(size * (size - 1), 1)
    alike = (np.einsum("ij,ij->i", total, total) - size) / pairs  # mean cosine of two faces of the track
    return "track", alike[track]


def _ranked(x: NDArray[np.float32], seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Ranked positives (p, 2) and negatives (q, 2) of a few draws, as SSiam's default recipe mines them."""
    step = SSiam(batch=2 * PAIRS)
    scaled = Scaling.fit(x, step.decided["scaling"])(x).astype(np.float32, copy=False)
    miner = step.miner(scaled, Known(None, None, None, np.zeros(len(x))))
    batches = [pairs for _, pairs in zip(range(BATCHES), miner(np.random.default_rng(seed)), strict=False)]
    labelled = [(np.stack([p.a, p.b], 1), p.same) for p in batches]
    return np.concatenate([p[s] for p, s in labelled]), np.concatenate([p[~s] for p, s in labelled])


def _wrong(
    positive: NDArray[np.int64],
    negative: NDArray[np.int64],
    track: NDArray[np.int64],
    cannot: NDArray[np.int64],
) -> float:
    """Share of ranked pairs that tracks contradict: co-occurring positives, negatives of one track."""
    count = int(track.max()) + 1
    apart = np.concatenate([cannot @ [count, 1], cannot @ [1, count]])
    contradicted = np.isin(track[positive] @ [count, 1], apart)
    same_track = track[negative[:, 0]] == track[negative[:, 1]]
    return float(np.concatenate([contradicted, same_track]).mean())


def _method(tracks: int, neutral: bool, rectified: bool) -> str:
    """The refinement that fits: by the number of tracks, if there are any, else by the effect of ranking.

    SSiam's ranking suits rectified features on which it is neutral, like those of the paper. On films with
    features that are not rectified it lowers the AUC, neutral or not, and second order raises the AUC
    (docs/refine.md).
    """
    if tracks:
        return "tsiam" if tracks >= MANY else "tsiam-second-order"
    return "ssiam" if rectified and neutral else "second-order"


def _shape(nonnegative: float, spread: float) -> str:
    if nonnegative == 1:
        kind = "rectified: no value is below 0"
    elif spread <= EQUAL:
        kind = "normalised: all vectors have the same length"
    else:
        kind = "raw: values of both signs"
    return f"The features are {kind}; the length varies by {spread:.0%} of its mean."


def _bias(source: str, few: bool, positive: float, negative: float) -> str:
    if not source:
        return "The picture quality is not known: the vectors have the same length, and there are no tracks."
    if few:
        return "There are too few faces to see whether ranking by distance depends on picture quality."
    by = {
        "given": "as given",
        "length": "by vector length",
        "track": "by how similar the faces of a track are",
    }[source]
    found = (
        "depends on picture quality" if _biased(positive, negative) else "does not depend on picture quality"
    )
    return (
        f"Ranking by distance {found}: mean quality rank ({by}; 0 worst, 1 best, 0.5 neutral) "
        f"of ranked positives {positive:.2f}, of ranked negatives {negative:.2f}."
    )


def _advice(method: str, single: bool) -> str:
    missing = "there is one track only" if single else "there are no tracks"
    reason = {
        "tsiam": "tracks give right pairs without ranking",
        "tsiam-second-order": "tracks give right pairs without ranking, but one network varies on so few",
        "ssiam": f"{missing}, and ranking does not depend on quality here, as in the paper",
        "second-order": f"{missing}, and it ranks no pairs, right or wrong",
    }[method]
    return f"Use --method {method}: {reason}."
