"""The dense pass: detects faces in every frame at several sizes, including uncertain ones.

Every viewer of the film sees a face that is missed here, so this pass does not save work as `castlist find`
does: it searches every frame at every size, and keeps detections down to a score at which most are no faces.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, is_dataclass, replace

import numpy as np
from numpy.typing import NDArray

from castlist.decode import read_frames
from castlist.detect import Detector, YuNet
from castlist.detect.sampling import merged
from castlist.noise import smoothed
from castlist.track import MotionTracker
from castlist.types import Clock, Detections, Machine, Shots, Tracks, Video

__all__ = ["DenseSearch", "dense", "followed"]

Real = Callable[[int, NDArray[np.uint8], Detections], NDArray[np.bool_]]
MAX_SIDE = 1920  # pixels; frames are scaled down to this size before the search


@dataclass(frozen=True, slots=True)
class DenseSearch:
    """The settings of the dense pass."""

    detector: Detector = field(default_factory=YuNet)
    min_score: float = 0.3  # a tenth of YuNet's detections in films at this score are faces
    sides: tuple[int, ...] = (640, 320, 1152)  # pixels of the long side, as in castlist find
    enlarge: float = 2.0  # largest factor by which a frame is enlarged
    smallest: float = 6.0  # pixels of the shorter side of a face

    def finder(self) -> Detector:
        """The detector with the low score."""
        assert is_dataclass(self.detector)  # noqa: S101 - a step is one
        weak: Detector = replace(self.detector, min_score=self.min_score)
        return weak


def dense(
    video: Video,
    search: DenseSearch,
    *,
    machine: Machine = Machine(),
    real: Real | None = None,
    watch: Callable[[int], None] = lambda frames: None,
) -> tuple[Clock, Detections]:
    """The times of all frames, and all possible faces in them.

    Args:
        real: gets a frame's number, its picture (h, w, 3) BGR (perhaps scaled down) and the faces found in
            it, and returns which faces (n,) to keep; by default all are kept.

    Raises:
        VideoError: the film cannot be read to its end.
    """
    detector, pts, found = search.finder(), [], []
    with read_frames(video, max_side=MAX_SIDE) as reader:
        for number, frame in enumerate(reader):
            pts.append(frame.pts)
            image = smoothed(frame.image)
            faces = _faces(image, detector, search, machine)
            if real is not None and len(faces):
                faces = faces[real(number, image, faces)]
            zoom = np.float32(video.width / frame.image.shape[1])
            side = (faces.box[:, 2:] - faces.box[:, :2]).min(1) if len(faces) else np.zeros(0)
            faces = faces[side * zoom >= search.smallest]
            at = np.full(len(faces), number)
            found.append(Detections(at, faces.box * zoom, faces.score, faces.landmarks * zoom))
            watch(number + 1)
        return Clock(np.array(pts, np.int64), reader.unit), Detections.concatenate(found)


def _faces(image: NDArray[np.uint8], detector: Detector, search: DenseSearch, machine: Machine) -> Detections:
    """The faces of one picture, detected at all sizes and merged."""
    long = max(image.shape[:2])
    scales = sorted({min(search.enlarge, side / long) for side in search.sides})
    return merged([detector(image, scale=scale, machine=machine) for scale in scales])


def followed(found: Detections, shots: Shots, clock: Clock) -> Tracks:
    """All detections as tracks; each detection that the tracker could not join is a track of its own."""
    tracker = MotionTracker(min_score=0.0, max_gap=1.0, min_seconds=0.0)
    tracks = tracker(shots, found, clock)
    taken = np.zeros(len(found), bool)
    taken[tracks.detection[tracks.detection >= 0]] = True
    alone = np.flatnonzero(~taken)
    return Tracks(
        np.concatenate([tracks.frame, found.frame[alone]]),
        np.concatenate([tracks.box, found.box[alone]]),
        np.concatenate([tracks.score, found.score[alone]]),
        np.concatenate([tracks.detection, alone]),
        np.concatenate([tracks.offset, tracks.offset[-1] + 1 + np.arange(len(alone))]),
        np.concatenate([tracks.shot, shots.of(found.frame[alone])]),
    )
