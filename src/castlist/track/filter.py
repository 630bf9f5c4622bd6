"""Filters tracks whose faces cannot tell who they show; gives the reason for each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.argument_types import typed_arguments
from castlist.option_values import check_options
from castlist.types import Clock, Detections, Embeddings, Tracks
from castlist.vectors import unit

__all__ = [
    "NOT_A_FACE",
    "PICTURE",
    "TOO_BLURRED",
    "TOO_FEW",
    "TOO_SMALL",
    "Surroundings",
    "TrackFilter",
    "jitter",
    "likeness",
    "mean_length",
    "recognised",
    "tells_nothing",
]

NOT_A_FACE = "not a face"
PICTURE = "a picture, not a person"
TOO_SMALL = "too small to tell"
TOO_FEW = "seen too briefly"
TOO_BLURRED = "too blurred to tell"

MOVING = 3  # looks that move beyond doubt, after which others need not be compared (`embed/nonrigid.py`)
ENOUGH = 2  # clear faces that tell who a track shows, however many of its faces are blurred


@dataclass(frozen=True, eq=False, slots=True)
class Surroundings:
    """What there is around the faces of a film."""

    clock: Clock
    cells: NDArray[np.uint8]  # (f, rows, columns) brightness of each frame, coarsely; no rows: not known
    width: int  # pixels of a frame
    height: int
    motion: NDArray[np.float32] | None = None  # (n,) non-rigid motion of each detection; NaN: not measured


@dataclass(frozen=True, slots=True)
class TrackFilter:
    """Sets aside tracks that show no face, a picture of a face, or a face too unclear to identify.

    A lamp or a fold of cloth is detected now and then, with middling scores; a face scores high at some time,
    or is a clear picture that the network for likeness answers with a long vector: of what is no face the
    vector is short, however clear the picture [Meng et al.: MagFace. CVPR 2021].

    A portrait on a wall is a face, but whoever lives moves: eyes, nose and mouth shift against one another by
    a hundredth of the face and more within a second, and no two pictures are alike. A face is taken for a
    picture if it is still while the rest of its shot moves: where all is still, a photograph is shown to us,
    and who is on it is of the film. Whether it is still is measured in the pictures of all looks at it
    (`embed/nonrigid.py`), so that a phone in a hand is still and who blinks is not; only where there are few
    such looks, or a scan from before holds none, by landmarks and vectors.
    """

    usual_score: float = 0.7  # median score of a track's detections
    best_score: float = 0.75  # and its best one
    sure_score: float = 0.85  # best score from which the median may be lower
    doubt: float = 0.84  # best score below which a clear picture with a short vector is none of a face
    short: float = 0.7  # length of the longest vector of a clear picture, as a share of the film's usual
    smallest: float = 10.0  # pixels of the shorter side, median of the track
    stillest: float = 0.012  # shift of the landmarks against one another, in face sizes
    likest: float = 0.98  # mean cosine of a track's vectors with one another,
    long: float = 2.0  # seconds after which encoding alone has made the pictures of a still less alike:
    likest_long: float = 0.95  # what is asked then,
    likest_stirred: float = 0.97  # and of landmarks that shift by a third more, as those of small faces do
    looks: int = 6  # detections and more, from which stillness says something
    rigid: float = 0.007  # non-rigid motion in nine of ten looks: photographs reach .006, people from .009
    blink: float = 1.5  # times as much in any look: a blink, or a word
    compared: int = 8  # looks and more whose non-rigid motion says whether a face is still
    # Cosine with a living face at another time, from which a still face is the same person's.
    known: float = 0.7

    def __post_init__(self) -> None:
        check_options(self)

    def __call__(
        self,
        tracks: Tracks,
        detections: Detections,
        embeddings: Embeddings,
        surroundings: Surroundings | None = None,
    ) -> tuple[str, ...]:
        """(t,) why each track is set aside, "" where it is not."""
        alike = likeness(embeddings, len(tracks))
        length = vector_length(embeddings, detections, len(tracks))
        sure = recognised(embeddings, detections, len(tracks))
        each = range(len(tracks))
        reasons = [self._reason(tracks, detections, t, alike[t], length[t], sure[t]) for t in each]
        good = [t for t in each if not reasons[t]]
        alive = np.zeros(len(tracks), np.bool_)
        alive[[t for t in good if self._alive(tracks, detections, t, alike[t], surroundings)]] = True
        mean = _means(embeddings, len(tracks))
        for t in (t for t in good if self._still(tracks, detections, t, alike[t], surroundings)):
            beside = alive & _meets(tracks, t)
            known = (mean[alive & ~beside] @ mean[t] >= self.known).any()
            if not known and (surroundings is None or beside.any() or rest_moves(tracks, t, surroundings)):
                reasons[t] = PICTURE
        return tuple(reasons)

    def _reason(
        self, tracks: Tracks, detections: Detections, track: int, alike: float, length: float, sure: bool
    ) -> str:
        rows = tracks.rows(track)
        side = (tracks.box[rows, 2:] - tracks.box[rows, :2]).min(1)
        score = detections.score[_found(tracks, track)]
        if np.median(side) < self.smallest:
            return TOO_SMALL
        if self._is_no_face(float(np.median(score)), float(score.max()), length, sure):
            return NOT_A_FACE
        return TOO_FEW if np.isnan(alike) else ""

    def _is_no_face(self, usual: float, best: float, length: float, sure: bool) -> bool:
        """From the scores of a track's detections and the length of its vectors, NaN where none is clear."""
        if length < self.short and best < self.doubt:
            return True
        weak = best < self.best_score or (usual < self.usual_score and best < self.sure_score)
        return weak and not sure

    def _still(
        self, tracks: Tracks, detections: Detections, track: int, alike: float, around: Surroundings | None
    ) -> bool:
        """Whether a face hardly changes, and its pictures are hardly different."""
        found = _found(tracks, track)
        motion = self._motion(found, around)
        if motion is not None:
            return bool(np.quantile(motion, 0.9) <= self.rigid and motion.max() <= self.blink * self.rigid)
        if len(found) < self.looks:
            return False
        stir = jitter(detections[found]) / self.stillest
        first, last = int(tracks.first[track]), int(tracks.last[track])
        seconds = 0.0 if around is None else float(around.clock.time(last + 1) - around.clock.time(first))
        if seconds < self.long:
            return stir <= 1 and alike >= self.likest
        return (stir <= 1 and alike >= self.likest_long) or (stir <= 4 / 3 and alike >= self.likest_stirred)

    def _motion(self, found: NDArray[np.int64], around: Surroundings | None) -> NDArray[np.float32] | None:
        """Non-rigid motion of these detections where it was measured; None: in too few of them."""
        if around is None or around.motion is None:
            return None
        motion = around.motion[found]
        motion = motion[np.isfinite(motion)]
        # From so many moving looks on, the other looks were not compared.
        moves = int((motion > self.blink * self.rigid).sum()) >= MOVING
        return motion if moves or len(motion) >= self.compared else None

    def _alive(
        self, tracks: Tracks, detections: Detections, track: int, alike: float, around: Surroundings | None
    ) -> bool:
        """Whether a face moves within itself, or, where that was not measured, it and its vectors stir."""
        found = _found(tracks, track)
        motion = self._motion(found, around)
        if motion is not None:
            return bool(np.quantile(motion, 0.9) > self.blink * self.rigid)
        moves = len(found) >= self.looks and jitter(detections[found]) > self.stillest
        return moves and alike < self.likest_long


CLEAR = 0.1  # quality of a picture whose vector's length says whether it shows a face
USUAL = 8  # clear faces beyond doubt that a film must have for its usual length of a vector
BEYOND_DOUBT = 0.85  # score
RECOGNISED = 0.25  # quality of a picture that makes up for the detector's doubts,
LONG = 0.95  # if its vector is nearly as long as usual
LEAST_SCORE = 0.55  # of which even that makes no face


def vector_length(embeddings: Embeddings, detections: Detections, count: int) -> NDArray[np.float64]:
    """(count,) the longest vector of each track's clear pictures, over the film's usual length; NaN: none."""
    return _longest(embeddings, _relative(embeddings, detections), CLEAR, count)


@typed_arguments
def mean_length(embeddings: Embeddings, detections: Detections, count: int) -> NDArray[np.float64]:
    """(count,) length of each track's vectors over the film's usual, the longest counting most; NaN: unknown.

    The weights are those of a track's mean (`track_means`): the fourth power of the length, where a picture
    has quality, else one.
    """
    length = np.linalg.norm(embeddings.vector.astype(np.float64), axis=1)
    weight = (embeddings.quality > 0) * length**4
    total = np.bincount(embeddings.track, weight, count)
    weight = np.where(total[embeddings.track] > 0, weight, 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        sums = np.bincount(embeddings.track, weight * _relative(embeddings, detections), count)
        return np.asarray(sums / np.bincount(embeddings.track, weight, count))


@typed_arguments
def recognised(embeddings: Embeddings, detections: Detections, count: int) -> NDArray[np.bool_]:
    """(count,) whether a track has a picture so clear, and a vector so long, that it is somebody's face.

    Dark, very large and profile faces have middling scores; this tells them from a fist.
    """
    usual = np.zeros(count)
    known = embeddings[embeddings.detection >= 0]
    for t in np.unique(known.track):
        usual[t] = np.median(detections.score[known.detection[known.track == t]])
    long = _longest(embeddings, _relative(embeddings, detections), RECOGNISED, count) >= LONG
    return np.asarray(long & (usual >= LEAST_SCORE))


def _relative(embeddings: Embeddings, detections: Detections) -> NDArray[np.float64]:
    """(k,) lengths of vectors over that of clear faces beyond doubt; NaN where there are too few of them."""
    length = np.linalg.norm(embeddings.vector.astype(np.float64), axis=1)
    known = (embeddings.quality >= CLEAR) & (embeddings.detection >= 0)
    known[known] = detections.score[embeddings.detection[known]] >= BEYOND_DOUBT
    return length / np.median(length[known]) if known.sum() >= USUAL else np.full(len(length), np.nan)


def _longest(
    embeddings: Embeddings, length: NDArray[np.float64], quality: float, count: int
) -> NDArray[np.float64]:
    """(count,) the longest of each track's vectors of at least this quality; NaN: there is none."""
    longest = np.full(count, np.nan)
    clear = embeddings.quality >= quality
    np.fmax.at(longest, embeddings.track[clear], length[clear])
    return longest


STIR = 5.0  # levels of brightness, of 255, that a cell must change by; encoding alone stays below 2
STIRRED = 0.25  # of the cells around the face
FIXED = 0.15  # face widths by which the face itself may move: the camera does not
GROWS = 0.03  # share by which it may grow or shrink: neither camera nor picture comes nearer


def rest_moves(tracks: Tracks, track: int, around: Surroundings) -> bool:
    """Whether what surrounds a face moves while the face stays where and as it is."""
    rows = tracks.rows(track)
    box = tracks.box[rows].astype(np.float64)
    centre, size = (box[:, :2] + box[:, 2:]) / 2, (box[:, 2:] - box[:, :2]).mean(0)
    if np.abs(centre - centre.mean(0)).max() > FIXED * max(size.max(), 1.0) or _grows(box):
        return False
    frames = slice(int(tracks.first[track]), int(tracks.last[track]) + 1)
    change = _change(around.cells[frames])
    if not change.size:
        return False
    inside = _covered(change.shape, centre.mean(0), size, around)
    if inside.all():
        return False
    calm = float(np.median(change[inside])) < STIR if inside.any() else True
    return calm and float((change[~inside] >= STIR).mean()) >= STIRRED


def _grows(box: NDArray[np.float64]) -> bool:
    """Whether the last third of boxes (r, 4) is larger or smaller than the first."""
    third = max(len(box) // 3, 1)
    first, last = (np.median((b[:, 2:] - b[:, :2]).sum(1)) for b in (box[:third], box[-third:]))
    return bool(abs(np.log(max(last, 1e-6) / max(first, 1e-6))) > GROWS)


def _change(cells: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(rows, columns) by how much each cell changes over time, the first and last moments left out."""
    if not cells.size:
        return np.zeros(cells.shape[1:])
    low, high = np.quantile(cells, (0.05, 0.95), axis=0)
    return np.asarray(high - low, np.float64)


def _covered(
    shape: tuple[int, ...], centre: NDArray[np.float64], size: NDArray[np.float64], around: Surroundings
) -> NDArray[np.bool_]:
    """(rows, columns) cells that a face and its hair may touch."""
    near = [
        np.abs((np.arange(n) + 0.5) * side / n - middle) <= 0.75 * face + side / n / 2
        for n, side, middle, face in zip(
            shape, (around.height, around.width), centre[::-1].tolist(), size[::-1].tolist(), strict=True
        )
    ]
    return np.asarray(near[0][:, None] & near[1][None])


def _meets(tracks: Tracks, track: int) -> NDArray[np.bool_]:
    """(t,) the tracks that are seen in the same shot at the same time as one of them, that one not."""
    others = tracks.shot == tracks.shot[track]
    others &= (tracks.first <= tracks.last[track]) & (tracks.last >= tracks.first[track])
    others[track] = False
    return np.asarray(others)


def _means(embeddings: Embeddings, count: int) -> NDArray[np.float64]:
    """(count, d) unit means of each track's vectors, longer ones counting more; zeros where it has none."""
    vector = embeddings.vector.astype(np.float64)
    total = np.zeros((count, vector.shape[1]))
    np.add.at(total, embeddings.track, vector * np.linalg.norm(vector, axis=1, keepdims=True))
    return unit(total)


def _found(tracks: Tracks, track: int) -> NDArray[np.int64]:
    """The detections of a track."""
    found = tracks.detection[tracks.rows(track)]
    return found[found >= 0]


def jitter(faces: Detections) -> float:
    """How much the landmarks of one face shift against one another from picture to picture, in face sizes.

    The root mean square distance of the landmarks from where they lie on average, once their common
    shift and the face's size are taken out, so that neither camera nor zoom counts.
    """
    size = (faces.box[:, 2:] - faces.box[:, :2]).max(1)
    points = faces.landmarks / np.maximum(size, 1e-6)[:, None, None]
    points = points - points.mean(1, keepdims=True)
    return float(np.sqrt(((points - points.mean(0)) ** 2).sum(2).mean()))


def likeness(embeddings: Embeddings, count: int) -> NDArray[np.float64]:
    """(count,) mean cosine between the vectors of each track; 1 for a single one, NaN for none."""
    total = np.zeros((count, embeddings.vector.shape[1]))
    np.add.at(total, embeddings.track, unit(embeddings.vector))
    n = np.bincount(embeddings.track, minlength=count).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        pairs = ((total**2).sum(1) - n) / (n * (n - 1))
    return np.asarray(np.where(n > 1, pairs, np.where(n == 1, 1.0, np.nan)))


@typed_arguments
def tells_nothing(embeddings: Embeddings, count: int) -> NDArray[np.bool_]:
    """(count,) whether most of a track's faces have quality 0, and not even two have more.

    A blurred face is much like every other blurred face, and so says nothing of who it is. Who comes into
    focus, or comes nearer, is known by the clear ones, and the others weigh nothing in the track's mean.
    """
    faces = np.bincount(embeddings.track, minlength=count)
    clear = np.bincount(embeddings.track[embeddings.quality > 0], minlength=count)
    return np.asarray((2 * clear < faces) & (clear < ENOUGH))


@typed_arguments
def kept(reasons: tuple[str, ...]) -> NDArray[np.bool_]:
    """(t,) whether each track is kept; `reasons` (t,) say why one was set aside, "" where it was not."""
    return np.array([not reason for reason in reasons], np.bool_)
