"""Faces tracked through shots, and data of each track: vectors, pictures, cues."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.types.columns import Rows, freeze
from castlist.types.film import Clock
from castlist.vectors import width

INTERPOLATED = -1  # Tracks.detection of an interpolated face
LARGEST = 1.01  # most of a number in a vector of length 1, with rounding


def _no_span() -> NDArray[np.float64]:
    return np.zeros((0, 3))


def _unbounded() -> NDArray[np.float64]:
    return np.zeros(2)


@dataclass(frozen=True, eq=False, slots=True)
class CuePairs:
    """Similarity of a cue beside the face (clothes) for pairs of t tracks, fitted to the film; t may be 0."""

    vector: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    # (t, c) of length 1, zeros where the cue is not visible
    times: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 2)))
    # (t, 2) start and end of each track in seconds
    spans: NDArray[np.float64] = field(default_factory=_no_span)
    # (s, 3) for tracks at most this many seconds apart: slope of the log odds by similarity, neutral
    # similarity
    bounds: NDArray[np.float64] = field(default_factory=_unbounded)  # (2,) largest log odds against and for

    def __post_init__(self) -> None:
        c = width(self.vector, "CuePairs.vector")
        freeze(self, vector=(np.float32, (None, c)), times=(np.float64, (None, 2)))
        freeze(self, spans=(np.float64, (None, 3)))
        freeze(self, bounds=(np.float64, (2,)))
        finite = (self.vector, self.times, self.spans[:-1, 0], self.spans[:, 1:])
        if not all(np.isfinite(column).all() for column in finite):
            raise InputError("CuePairs holds numbers that are not finite")
        if np.abs(self.vector).max(initial=0) > LARGEST:
            raise InputError("CuePairs.vector must have rows of length 1")
        if len(self.spans) and not (np.all(np.diff(self.spans[:, 0]) > 0) and self.spans[-1, 0] == np.inf):
            raise InputError("CuePairs.spans must rise, and end with one that has no end")
        if len(self.spans) and not (np.all(self.bounds > 0) and np.exp(-self.bounds).sum() < 1):
            raise InputError("CuePairs.bounds must be more than 0, and not both small")

    def __len__(self) -> int:
        return len(self.vector)

    @property
    def speaks(self) -> bool:
        """Whether the cue gives log odds for any pair."""
        return bool(self.vector.size and self.spans[:, 1].any())


@dataclass(frozen=True, eq=False, slots=True)
class Tracks:
    """Faces of one person tracked through one shot, one row for each face and frame.

    Between two detections faces are interpolated; their `detection` is INTERPOLATED.
    """

    frame: NDArray[np.int64]  # (m,) rising within a track
    box: NDArray[np.float32]  # (m, 4) left, top, right, bottom in pixels
    # (m,) of the detection; for interpolated faces the lower score of the two detections
    score: NDArray[np.float32]
    detection: NDArray[np.int64]  # (m,) row in Detections, or INTERPOLATED
    offset: NDArray[np.int64]  # (t + 1,) faces of track t are rows offset[t]:offset[t + 1]
    shot: NDArray[np.int64]  # (t,) the shot of each track

    def __post_init__(self) -> None:
        freeze(
            self,
            frame=(np.int64, (None,)),
            box=(np.float32, (None, 4)),
            score=(np.float32, (None,)),
            detection=(np.int64, (None,)),
        )
        freeze(self, shot=(np.int64, (None,)))
        freeze(self, offset=(np.int64, (len(self.shot) + 1,)))
        o = self.offset
        if o[0] != 0 or o[-1] != len(self.frame) or np.any(np.diff(o) < 1):
            raise InputError("Tracks.offset must rise from 0 to the number of faces, each track having one")

    @classmethod
    def empty(cls) -> Self:
        index, number = np.zeros(0, np.int64), np.zeros(0, np.float32)
        return cls(index, number.reshape(0, 4), number, index, np.zeros(1, np.int64), index)

    def __len__(self) -> int:
        return len(self.shot)

    def rows(self, track: int) -> slice:
        """The rows of one track's faces."""
        return slice(int(self.offset[track]), int(self.offset[track + 1]))

    @property
    def track(self) -> NDArray[np.int64]:
        """(m,) the track of each face."""
        return np.repeat(np.arange(len(self)), np.diff(self.offset))

    @property
    def first(self) -> NDArray[np.int64]:
        """(t,) first frame of each track."""
        return self.frame[self.offset[:-1]]

    @property
    def last(self) -> NDArray[np.int64]:
        """(t,) last frame of each track, inclusive."""
        return self.frame[self.offset[1:] - 1]

    def seconds(self, clock: Clock) -> NDArray[np.float64]:
        """(m,) seconds for which each face is shown."""
        ends = np.append(clock.pts, clock.pts[-1:] + clock.tick())
        return np.asarray((ends[self.frame + 1] - ends[self.frame]) * float(clock.unit))

    def prominence(self, clock: Clock, height: int) -> NDArray[np.float64]:
        """(m,) prominence of each face: its seconds times its relative area; `height` of the frame in pixels.

        Faces of at least a tenth of the frame's height have the full weight of 1.
        """
        size = np.sqrt(np.prod(np.maximum(self.box[:, 2:] - self.box[:, :2], 0), axis=1, dtype=np.float64))
        return np.asarray(self.seconds(clock) * np.minimum(size / max(0.1 * height, 1.0), 1.0) ** 2)

    @property
    def size(self) -> NDArray[np.int64]:
        """(t,) number of faces of each track."""
        return np.diff(self.offset)


@dataclass(frozen=True, eq=False, slots=True)
class Embeddings:
    """Vectors of faces as the model outputs them (not normalised: their length carries picture quality)."""

    vector: NDArray[np.float32]  # (k, d)
    track: NDArray[np.int64]  # (k,) the track of each vector
    detection: NDArray[np.int64]  # (k,) row in Detections of the cropped face, or -1
    quality: NDArray[np.float32]  # (k,) 0 to 1: weight in the mean of the track
    model: str = ""
    views: tuple[int, ...] = ()  # widths of concatenated views in d; (): one view
    share: float = 0.5  # weight in a similarity of all views after the first (0 to 1)

    def __post_init__(self) -> None:
        freeze(self, track=(np.int64, (None,)), detection=(np.int64, (None,)), quality=(np.float32, (None,)))
        d = width(self.vector, "Embeddings.vector")
        freeze(self, vector=(np.float32, (None, d)), track=(np.int64, (None,)))
        if self.views and sum(self.views) != d:
            raise InputError(f"Embeddings.views {self.views} must add up to the vectors' {d} columns")
        if not 0 <= self.share <= 1:
            raise InputError(f"Embeddings.share must lie in [0, 1], got {self.share}")
        if not np.isfinite(self.vector).all():
            raise InputError("Embeddings.vector holds NaN or infinite values; remove those faces first")

    def __len__(self) -> int:
        return len(self.vector)

    def __getitem__(self, rows: Rows) -> Embeddings:
        return replace(
            self,
            vector=self.vector[rows],
            track=self.track[rows],
            detection=self.detection[rows],
            quality=self.quality[rows],
        )


@dataclass(frozen=True, eq=False, slots=True)
class Portraits:
    """Pictures of the best faces of each track, for users to look at."""

    frame: NDArray[np.int64]  # (k,)
    box: NDArray[np.float32]  # (k, 4) left, top, right, bottom in pixels
    track: NDArray[np.int64]  # (k,)
    quality: NDArray[np.float32]  # (k,) 0 to 1
    image: tuple[str, ...]  # (k,) file name of a small JPEG among the workspace's thumbs, "" for none

    def __post_init__(self) -> None:
        freeze(
            self,
            frame=(np.int64, (None,)),
            box=(np.float32, (None, 4)),
            track=(np.int64, (None,)),
            quality=(np.float32, (None,)),
        )
        if len(self.image) != len(self.frame):
            raise InputError(f"Portraits.image has {len(self.image)} rows, expected {len(self.frame)}")

    @classmethod
    def empty(cls) -> Self:
        index, number = np.zeros(0, np.int64), np.zeros(0, np.float32)
        return cls(index, number.reshape(0, 4), index, number, ())

    def __len__(self) -> int:
        return len(self.frame)
