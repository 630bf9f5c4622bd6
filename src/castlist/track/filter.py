"""Filters tracks by whether their faces can be identified; gives the reason for each track set aside."""

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

MOVING = 3  # detections with certain motion, after which others are not compared (`embed/nonrigid.py`)
ENOUGH = 2  # clear faces that identify a track, even if all its other faces are blurred


@dataclass(frozen=True, eq=False, slots=True)
class Surroundings:
    """Data on a film around its faces."""

    clock: Clock
    cells: NDArray[np.uint8]  # (f, rows, columns) brightness of coarse cells of each frame; no rows: unknown
    width: int  # pixels of a frame
    height: int
    motion: NDArray[np.float32] | None = None  # (n,) non-rigid motion of each detection; NaN: not measured


@dataclass(frozen=True, slots=True)
class TrackFilter:
    """Sets aside tracks that show no face, a picture of a face, or a face too unclear to identify.

    A lamp or a fold of cloth is detected now and then, with middling scores. A face has a high score at some
    time, or a clear picture for which the face model gives a long vector: for an object that is no face the
    vector is short, however clear the picture [Meng et al.: MagFace. CVPR 2021].

    A portrait on a wall is a face, but living people move: eyes, nose and mouth shift relative to one another
    by a hundredth of the face and more within a second, and no two pictures are alike. A face is taken for a
    picture if it is still while the rest of its shot moves: where all is still, the film itself shows a
    photograph, and the person on it belongs to the film. Stillness is measured in the pictures of all
    detections (`embed/nonrigid.py`), so that a photo on a phone in a hand is still, and a person who blinks
    is not. Where there are few such pictures, or none in an old scan, landmarks and vectors are used.
    """

    usual_score: float = 0.7  # least median score of a track's detections
    best_score: float = 0.75  # least best score of a track's detections
    sure_score: float = 0.85  # best score from which the median may be lower
    doubt: float = 0.84  # best score below which a clear picture with a short vector shows no face
    short: float = 0.7  # shortness: the longest vector of clear pictures, as a share of the film's usual
    smallest: float = 10.0  # pixels of the shorter side, median of the track
    stillest: float = 0.012  # shift of the landmarks relative to one another, in face sizes, of a still face
    likest: float = 0.98  # least mean cosine of the vectors of a still face's track
    long: float = 2.0  # seconds from which encoding makes the pictures of a still face less alike
    likest_long: float = 0.95  # `likest` for a longer track
    likest_stirred: float = 0.97  # the same where landmarks shift by up to a third more, as in small faces
    looks: int = 6  # least number of detections to judge stillness
    # Most non-rigid motion in nine tenths of the detections: photographs reach .006, people start at .009.
    rigid: float = 0.007
    blink: float = 1.5  # most non-rigid motion of any detection, in `rigid`: a blink or a word has more
    compared: int = 8  # least number of detections with measured non-rigid motion to judge stillness by it
    # Cosine with a living face at another time, from which a still face shows the same person.
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
        """Whether a track shows no face, by median and best score and length of clear vectors (NaN: none)."""
        if length < self.short and best < self.doubt:
            return True
        weak = best < self.best_score or (usual < self.usual_score and best < self.sure_score)
        return weak and not sure

    def _still(
        self, tracks: Tracks, detections: Detections, track: int, alike: float, around: Surroundings | None
    ) -> bool:
        """Whether a face hardly moves, and its pictures hardly differ."""
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
        """Non-rigid motion of the detections where it was measured; None: in too few detections."""
        if around is None or around.motion is None:
            return None
        motion = around.motion[found]
        motion = motion[np.isfinite(motion)]
        # After so many moving detections, the others were not compared.
        moves = int((motion > self.blink * self.rigid).sum()) >= MOVING
        return motion if moves or len(motion) >= self.compared else None

    def _alive(
        self, tracks: Tracks, detections: Detections, track: int, alike: float, around: Surroundings | None
    ) -> bool:
        """Whether a face has non-rigid motion; where unmeasured, whether landmarks and vectors change."""
        found = _found(tracks, track)
        motion = self._motion(found, around)
        if motion is not None:
            return bool(np.quantile(motion, 0.9) > self.blink * self.rigid)
        moves = len(found) >= self.looks and jitter(detections[found]) > self.stillest
        return moves and alike < self.likest_long


CLEAR = 0.1  # quality from which the length of a picture's vector shows whether it is a face
USUAL = 8  # clear faces with score BEYOND_DOUBT that a film needs, at least, for its usual vector length
BEYOND_DOUBT = 0.85  # score of a certain face
RECOGNISED = 0.25  # quality from which a picture makes up for a low score,
LONG = 0.95  # if its vector has at least this share of the usual length
LEAST_SCORE = 0.55  # median score below which a track is no face even then


def vector_length(embeddings: Embeddings, detections: Detections, count: int) -> NDArray[np.float64]:
    """(count,) length of the longest clear vector of each track, as a share of the usual; NaN: none."""
    return _longest(embeddings, _relative(embeddings, detections), CLEAR, count)


@typed_arguments
def mean_length(embeddings: Embeddings, detections: Detections, count: int) -> NDArray[np.float64]:
    """(count,) weighted mean length of each track's vectors, as a share of the film's usual; NaN: unknown.

    The weights are those of `track_means`: the fourth power of the length, for pictures with a quality above
    0; equal weights where a track has none.
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
    """(count,) whether a track has so clear a picture, and so long a vector, that it shows a face.

    Dark, very large and profile faces have middling scores; this separates them from, say, a fist.
    """
    usual = np.zeros(count)
    known = embeddings[embeddings.detection >= 0]
    for t in np.unique(known.track):
        usual[t] = np.median(detections.score[known.detection[known.track == t]])
    long = _longest(embeddings, _relative(embeddings, detections), RECOGNISED, count) >= LONG
    return np.asarray(long & (usual >= LEAST_SCORE))


def _relative(embeddings: Embeddings, detections: Detections) -> NDArray[np.float64]:
    """(k,) lengths of vectors, as a share of the median of certain clear faces; NaN where these are few."""
    length = np.linalg.norm(embeddings.vector.astype(np.float64), axis=1)
    known = (embeddings.quality >= CLEAR) & (embeddings.detection >= 0)
    known[known] = detections.score[embeddings.detection[known]] >= BEYOND_DOUBT
    return length / np.median(length[known]) if known.sum() >= USUAL else np.full(len(length), np.nan)


def _longest(
    embeddings: Embeddings, length: NDArray[np.float64], quality: float, count: int
) -> NDArray[np.float64]:
    """(count,) the greatest length among each track's faces of at least this quality; NaN: there is none."""
    longest = np.full(count, np.nan)
    clear = embeddings.quality >= quality
    np.fmax.at(longest, embeddings.track[clear], length[clear])
    return longest


STIR = 5.0  # change of a cell's brightness (of 255) that counts as movement; encoding alone stays below 2
STIRRED = 0.25  # least share of moving cells around the face
FIXED = 0.15  # most movement of the face itself, in face widths: else the camera moves
GROWS = 0.03  # most relative growth of the face: else the camera or the picture comes nearer


def rest_moves(tracks: Tracks, track: int, around: Surroundings) -> bool:
    """Whether the surroundings of a face move while the face keeps its position and size."""
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
    """(rows, columns) change of each cell over time: between its 5th and its 95th percentile."""
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
    """(t,) whether each other track overlaps in time with `track`, in the same shot."""
    others = tracks.shot == tracks.shot[track]
    others &= (tracks.first <= tracks.last[track]) & (tracks.last >= tracks.first[track])
    others[track] = False
    return np.asarray(others)


def _means(embeddings: Embeddings, count: int) -> NDArray[np.float64]:
    """(count, d) unit means of each track's vectors, weighted by length; zeros where it has none."""
    vector = embeddings.vector.astype(np.float64)
    total = np.zeros((count, vector.shape[1]))
    np.add.at(total, embeddings.track, vector * np.linalg.norm(vector, axis=1, keepdims=True))
    return unit(total)


def _found(tracks: Tracks, track: int) -> NDArray[np.int64]:
    """The detections of a track."""
    found = tracks.detection[tracks.rows(track)]
    return found[found >= 0]


def jitter(faces: Detections) -> float:
    """Shift of the landmarks of one face relative to one another between pictures, in face sizes.

    It is the root mean square distance of the landmarks from their mean positions, without their common shift
    and the face's size, so that camera and zoom have no effect.
    """
    size = (faces.box[:, 2:] - faces.box[:, :2]).max(1)
    points = faces.landmarks / np.maximum(size, 1e-6)[:, None, None]
    points = points - points.mean(1, keepdims=True)
    return float(np.sqrt(((points - points.mean(0)) ** 2).sum(2).mean()))


def likeness(embeddings: Embeddings, count: int) -> NDArray[np.float64]:
    """(count,) mean cosine between the vectors of each track; 1 for a single vector, NaN for none."""
    total = np.zeros((count, embeddings.vector.shape[1]))
    np.add.at(total, embeddings.track, unit(embeddings.vector))
    n = np.bincount(embeddings.track, minlength=count).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        pairs = ((total**2).sum(1) - n) / (n * (n - 1))
    return np.asarray(np.where(n > 1, pairs, np.where(n == 1, 1.0, np.nan)))


@typed_arguments
def tells_nothing(embeddings: Embeddings, count: int) -> NDArray[np.bool_]:
    """(count,) whether most of a track's faces have quality 0, and fewer than ENOUGH a higher quality.

    A blurred face resembles every other blurred face, and so carries no information on its person. A person
    who comes into focus, or nearer, is identified by the clear faces; the others have no weight in the
    track's mean.
    """
    faces = np.bincount(embeddings.track, minlength=count)
    clear = np.bincount(embeddings.track[embeddings.quality > 0], minlength=count)
    return np.asarray((2 * clear < faces) & (clear < ENOUGH))


@typed_arguments
def kept(reasons: tuple[str, ...]) -> NDArray[np.bool_]:
    """(t,) whether each track is kept; `reasons` (t,) say why a track was set aside, "" if it was not."""
    return np.array([not reason for reason in reasons], np.bool_)
