"""The tables that stages of the pipeline exchange.

A table is a frozen dataclass of NumPy columns of equal length, checked once when it is made and then
trusted. `table[rows]` picks rows by mask, slice or index array. A row that belongs to another table
names it by its index there (`Detections.frame`, `Tracks.shot`), and ragged rows are offsets, as in a
compressed sparse matrix: the faces of track t are rows `offset[t]:offset[t + 1]`.

    Video ─▶ Clock, Shots, Detections ─▶ Tracks ─▶ Embeddings, Constraints ─▶ Tree ─▶ Clustering ─▶ Cast

A frame number is an index, never a time. Times are exact: integer timestamps and one rational unit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import IntEnum
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from castlist import _former
from castlist.errors import InputError
from castlist.machine_limits import cores

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

__all__ = [
    "BACKGROUND",
    "CO_OCCURRENCE",
    "CUT",
    "DISSOLVE",
    "FADE",
    "INTERPOLATED",
    "NOISE",
    "PERSON",
    "SET_ASIDE",
    "START",
    "USER",
    "Clock",
    "Clustering",
    "Constraints",
    "Cue",
    "CuePairs",
    "Detections",
    "Embeddings",
    "Fate",
    "Json",
    "JsonObject",
    "Machine",
    "Origin",
    "Portraits",
    "Rows",
    "Scan",
    "Shots",
    "Tracks",
    "Transition",
    "Tree",
    "Video",
    "same",
]

# A value of a JSON document, and a JSON object. Read-only: what is checked by its type is not changed.
Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
JsonObject: TypeAlias = Mapping[str, Json]

Rows: TypeAlias = slice | NDArray[np.bool_ | np.integer]  # picks rows of a table: a slice, a mask, indices
Scalar = TypeVar("Scalar", bound=np.generic)

NOISE = -1  # Clustering.label of a track that belongs to no person
INTERPOLATED = -1  # Tracks.detection of a face that lies between two detected ones


class Code(IntEnum):
    """A small number in a column, and the word for it in a file."""

    @property
    def word(self) -> str:
        """The word that stands for it in exports and in the database: "set aside" for SET_ASIDE."""
        return self.name.lower().replace("_", " ")

    @classmethod
    def of(cls, word: object) -> Self:
        """The code that a word stands for.

        Raises:
            ValueError: there is none; the message lists the words.
        """
        for code in cls:
            if code.word == word:
                return code
        raise ValueError(
            f"one of {', '.join(code.word for code in cls)} was expected, not {str(word)[:40]!r}"
        )


class Transition(Code):
    """How a shot begins: the codes of `Shots.transition`."""

    START = 0  # the first shot of a film
    CUT = 1
    DISSOLVE = 2
    FADE = 3


class Origin(Code):
    """Where a constraint comes from: the codes of `Constraints.origin`."""

    CO_OCCURRENCE = 0  # two faces in one frame
    USER = 1  # somebody decided it

    @property
    def word(self) -> str:
        return self.name.lower().replace("_", "-")


class Fate(Code):
    """What a track is in the cast: the codes of `Cast.fate`."""

    PERSON = 0
    BACKGROUND = 1  # a real face, of somebody who is hardly seen
    SET_ASIDE = 2  # no face, or not to be recognised


START, CUT, DISSOLVE, FADE = Transition
CO_OCCURRENCE, USER = Origin
PERSON, BACKGROUND, SET_ASIDE = Fate


def freeze(table: DataclassInstance, **columns: tuple[type, tuple[int | None, ...]]) -> None:
    """Check the columns of a frozen dataclass and make them read-only arrays of their own dtype.

    Each column is given as `name=(dtype, shape)`; a shape's None is the number of rows, which must be
    the same for all such columns.

    Raises:
        InputError: a column has the wrong shape or number of rows; the message names it.
    """
    kind = type(table).__name__
    rows: int | None = None
    for name, (dtype, shape) in columns.items():
        given = getattr(table, name)
        frozen = isinstance(given, np.ndarray) and given.dtype == dtype and not given.flags.writeable
        array: NDArray[np.generic] = given if frozen else np.array(given, dtype=dtype)
        if array.size == 0 and array.ndim != len(shape):
            array = array.reshape(tuple(0 if n is None else n for n in shape))
        fits = array.ndim == len(shape) and all(
            n is None or n == m for n, m in zip(shape, array.shape, strict=False)
        )
        if not fits:
            wanted = ", ".join("n" if n is None else str(n) for n in shape) + "," * (len(shape) == 1)
            raise InputError(f"{kind}.{name} must have shape ({wanted}), got {array.shape}")
        if shape and shape[0] is None:
            if rows is None:
                rows = len(array)
            if len(array) != rows:
                raise InputError(f"{kind}.{name} has {len(array)} rows, expected {rows}")
        array.flags.writeable = False
        object.__setattr__(table, name, array)


def same(a: DataclassInstance, b: DataclassInstance) -> bool:
    """Whether two tables hold the same values, NaN equal to NaN (`==` does not work on columns)."""
    if type(a) is not type(b):
        return False
    for column in fields(a):
        x, y = getattr(a, column.name), getattr(b, column.name)
        if isinstance(x, np.ndarray):
            floats = np.issubdtype(x.dtype, np.floating)
            if x.dtype != y.dtype or not np.array_equal(x, y, equal_nan=floats):
                return False
        elif x != y:
            return False
    return True


@dataclass(frozen=True, slots=True)
class Video:
    """A film as its header describes it. Frames are obtained from `decode`, not held here."""

    path: Path
    width: int  # pixels as shown: after rotation and sample aspect ratio
    height: int
    frame_rate: Fraction  # average, frames per second; frames need not be evenly spaced
    duration: Fraction  # seconds, as the header says; 0 where it does not
    digest: str  # of the content: the key under which results are kept
    codec: str = ""
    pixel_format: str = ""
    timecode: str = (
        ""  # of the film's time 0 as its file says; ";" before the frames: drop-frame; "" for none
    )

    @property
    def frame_count_estimate(self) -> int:
        """About how many frames there are, for progress; 0 where the header does not say."""
        return round(self.duration * self.frame_rate)


@dataclass(frozen=True, eq=False, slots=True)
class Clock:
    """When each frame is shown: `time(frame) == pts[frame] * unit` seconds from the start of the file."""

    pts: NDArray[np.int64]  # (f,) rising presentation timestamps, the file's own start at 0
    unit: Fraction  # seconds per tick
    retimed: int = 0  # frames whose time the file gives wrongly or not at all: it was worked out
    unread: int = 0  # ticks of the film for which no picture could be read

    def __post_init__(self) -> None:
        freeze(self, pts=(np.int64, (None,)))

    def __len__(self) -> int:
        return len(self.pts)

    def lasts(self, header: Fraction) -> Fraction:
        """Seconds that the film lasts: from its first picture to the end of the last, or as its header says.

        Args:
            header: seconds by the film's header, which count where pictures could not be read.
        """
        read = self.time(len(self)) - self.time(0) if len(self) else Fraction(0)
        return max(read, header) if self.unread else read

    def time(self, frame: int) -> Fraction:
        """The exact time at which a frame is first shown. `time(len(clock))` is when the last one ends."""
        n = len(self.pts)
        if frame < n:
            return int(self.pts[frame]) * self.unit
        return (int(self.pts[-1]) + self.tick()) * self.unit if n else Fraction(0)

    def tick(self) -> int:
        """The usual distance of two frames in units (their median); how long the last frame is shown."""
        return max(1, int(np.median(np.diff(self.pts)))) if len(self.pts) > 1 else 1

    def seconds(self, frames: ArrayLike | None = None) -> NDArray[np.float64]:
        """Times of frames (all of them by default) as floats, for display."""
        pts = self.pts if frames is None else self.pts[np.asarray(frames, np.int64)]
        return np.asarray(pts * float(self.unit))


@dataclass(frozen=True, eq=False, slots=True)
class Shots:
    """Runs of frames between two cuts, in order, together all the frames of the film."""

    start: NDArray[np.int64]  # (s,) first frame
    stop: NDArray[np.int64]  # (s,) frame after the last: start <= f < stop
    transition: NDArray[np.int8]  # (s,) how the shot comes in: START, CUT, DISSOLVE, FADE

    def __post_init__(self) -> None:
        freeze(self, start=(np.int64, (None,)), stop=(np.int64, (None,)), transition=(np.int8, (None,)))
        if len(self.start) and (np.any(self.stop <= self.start) or np.any(self.start[1:] != self.stop[:-1])):
            raise InputError("Shots must follow one another without gap or overlap")

    def __len__(self) -> int:
        return len(self.start)

    def of(self, frames: ArrayLike) -> NDArray[np.int64]:
        """The shot in which each frame lies."""
        return np.searchsorted(self.stop, np.asarray(frames, np.int64), side="right").astype(np.int64)


@dataclass(frozen=True, eq=False, slots=True)
class Detections:
    """Faces found in a video, one row per face, ordered by frame."""

    frame: NDArray[np.int64]  # (n,) index into the video's frames
    box: NDArray[np.float32]  # (n, 4) left, top, right, bottom in pixels of the frame as shown
    score: NDArray[np.float32]  # (n,) 0 to 1
    landmarks: NDArray[np.float32]  # (n, 5, 2) x, y: right eye, left eye, nose, mouth right, mouth left

    def __post_init__(self) -> None:
        freeze(
            self,
            frame=(np.int64, (None,)),
            box=(np.float32, (None, 4)),
            score=(np.float32, (None,)),
            landmarks=(np.float32, (None, 5, 2)),
        )
        if np.any(np.diff(self.frame) < 0):
            raise InputError("Detections must be ordered by frame")

    @classmethod
    def empty(cls) -> Self:
        return cls(*(np.zeros(s) for s in ((0,), (0, 4), (0,), (0, 5, 2))))  # type: ignore[arg-type]

    @classmethod
    def concatenate(cls, parts: list[Detections]) -> Detections:
        """One table of several, in the order given."""
        if not parts:
            return cls.empty()
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)))

    def __len__(self) -> int:
        return len(self.frame)

    def __getitem__(self, rows: Rows) -> Detections:
        return Detections(self.frame[rows], self.box[rows], self.score[rows], self.landmarks[rows])


@dataclass(frozen=True, eq=False, slots=True)
class Cue:
    """What is seen beside faces, in one vector a face. Rows of quality 0 say nothing."""

    vector: NDArray[np.uint8]  # (k, c)
    quality: NDArray[np.float32]  # (k,) 0 to 1

    def __post_init__(self) -> None:
        c = np.shape(self.vector)[1] if np.ndim(self.vector) == 2 else 0
        freeze(self, vector=(np.uint8, (None, c)), quality=(np.float32, (None,)))

    @classmethod
    def empty(cls, rows: int = 0) -> Self:
        return cls(np.zeros((rows, 0), np.uint8), np.zeros(rows, np.float32))

    def __len__(self) -> int:
        return len(self.quality)

    def __getitem__(self, rows: Rows) -> Cue:
        return Cue(self.vector[rows], self.quality[rows])


def _no_span() -> NDArray[np.float64]:
    return np.zeros((0, 3))


def _unbounded() -> NDArray[np.float64]:
    return np.zeros(2)


@dataclass(frozen=True, eq=False, slots=True)
class CuePairs:
    """What a cue beside the face (clothes) says of pairs of t tracks, as the film taught it; t may be 0."""

    vector: NDArray[np.float32] = field(default_factory=lambda: np.zeros((0, 0), np.float32))
    # (t, c) of length 1, zeros where the cue is not seen
    times: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 2)))
    # (t, 2) seconds of each track's first and last moment
    spans: NDArray[np.float64] = field(default_factory=_no_span)
    # (s, 3) for tracks at most so many seconds apart: the log odds for a step of 1 in likeness, and the
    # likeness that speaks for neither
    bounds: NDArray[np.float64] = field(default_factory=_unbounded)  # (2,) largest log odds against and for

    def __post_init__(self) -> None:
        c = np.shape(self.vector)[1] if np.ndim(self.vector) == 2 else 0
        freeze(self, vector=(np.float32, (None, c)), times=(np.float64, (None, 2)))
        freeze(self, spans=(np.float64, (None, 3)))
        freeze(self, bounds=(np.float64, (2,)))
        finite = (self.vector, self.times, self.spans[:-1, 0], self.spans[:, 1:])
        if not all(np.isfinite(column).all() for column in finite):
            raise InputError("CuePairs holds numbers that are not finite")
        if len(self.spans) and not (np.all(np.diff(self.spans[:, 0]) > 0) and self.spans[-1, 0] == np.inf):
            raise InputError("CuePairs.spans must rise, and end with one that has no end")
        if len(self.spans) and not (np.all(self.bounds > 0) and np.exp(-self.bounds).sum() < 1):
            raise InputError("CuePairs.bounds must be more than 0, and not both small")

    def __len__(self) -> int:
        return len(self.vector)

    @property
    def speaks(self) -> bool:
        """Whether the cue says anything of any pair."""
        return bool(self.vector.size and self.spans[:, 1].any())


@dataclass(frozen=True, eq=False, slots=True)
class Scan:
    """What one pass over a film, or over a piece of it, brings home.

    In a piece, frames and rows count from the piece's own beginning; `Scan.join` makes one of many.
    """

    clock: Clock  # f frames
    signal: NDArray[np.uint8]  # (f, s) what `split` needs of each frame
    detections: Detections  # n faces
    quality: NDArray[np.float32]  # (n,) of each detected face, 0 to 1
    embedded: NDArray[np.int64]  # (k,) rows of detections that were embedded
    vector: NDArray[np.float32]  # (k, d) their vectors, as the model gives them
    image: tuple[str, ...]  # (k,) file name of a small JPEG among the workspace's thumbs
    damaged: int = 0  # frames that could not be decoded
    cue: Cue = field(default_factory=Cue.empty)  # (k,) what was seen beside the embedded faces
    motion: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    # (n,) non-rigid motion of each detected face, in face sizes; NaN: not measured, as where none is given

    def __post_init__(self) -> None:
        s = np.shape(self.signal)[1] if np.ndim(self.signal) == 2 else 0
        k, d = np.shape(self.vector) if np.ndim(self.vector) == 2 else (0, 0)
        freeze(self, signal=(np.uint8, (len(self.clock), s)), quality=(np.float32, (len(self.detections),)))
        freeze(self, embedded=(np.int64, (None,)), vector=(np.float32, (None, d)))
        if len(self.image) != k:
            raise InputError(f"Scan.image has {len(self.image)} rows, expected {k}")
        if not len(self.cue):
            object.__setattr__(self, "cue", Cue.empty(k))
        if len(self.cue) != k:
            raise InputError(f"Scan.cue has {len(self.cue)} rows, expected {k}")
        if not len(self.motion):
            object.__setattr__(self, "motion", np.full(len(self.detections), np.nan, np.float32))
        freeze(self, motion=(np.float32, (len(self.detections),)))

    def __len__(self) -> int:
        return len(self.clock)

    @classmethod
    def empty(cls) -> Self:
        zero = np.zeros(0)
        clock = Clock(zero, Fraction(1))  # type: ignore[arg-type]
        none = np.zeros((0, 0))
        return cls(clock, none, Detections.empty(), zero, zero, none, ())  # type: ignore[arg-type]

    @classmethod
    def join(cls, parts: list[Scan]) -> Scan:
        """One scan of pieces that follow one another; at least one piece is needed."""
        frames = np.cumsum([0, *(len(p) for p in parts)])
        faces = np.cumsum([0, *(len(p.detections) for p in parts)])
        found = [p.detections for p in parts]
        return cls(
            Clock(
                np.concatenate([p.clock.pts for p in parts]),
                parts[0].clock.unit,
                sum(p.clock.retimed for p in parts),
                sum(p.clock.unread for p in parts),
            ),
            _stack([p.signal for p in parts]),
            Detections(
                np.concatenate([d.frame + f for d, f in zip(found, frames[:-1], strict=True)]),
                np.concatenate([d.box for d in found]),
                np.concatenate([d.score for d in found]),
                np.concatenate([d.landmarks for d in found]),
            ),
            np.concatenate([p.quality for p in parts]),
            np.concatenate([p.embedded + n for p, n in zip(parts, faces[:-1], strict=True)]),
            _stack([p.vector for p in parts]),
            tuple(name for p in parts for name in p.image),
            sum(p.damaged for p in parts),
            Cue(_stack([p.cue.vector for p in parts]), np.concatenate([p.cue.quality for p in parts])),
            np.concatenate([p.motion for p in parts]),
        )


def _stack(blocks: list[NDArray[Scalar]]) -> NDArray[Scalar]:
    """Rows of all blocks; empty blocks may have any width."""
    return np.concatenate([b for b in blocks if len(b)] or blocks[:1])


@dataclass(frozen=True, eq=False, slots=True)
class Tracks:
    """Faces of one person followed through one shot, one row per face and frame.

    Between two detections a face is interpolated, and says so: its `detection` is INTERPOLATED.
    """

    frame: NDArray[np.int64]  # (m,) rising within a track
    box: NDArray[np.float32]  # (m, 4) left, top, right, bottom in pixels
    score: NDArray[np.float32]  # (m,) of the detection; interpolated faces: of the weaker neighbour
    detection: NDArray[np.int64]  # (m,) row in Detections, or INTERPOLATED
    offset: NDArray[np.int64]  # (t + 1,) faces of track t are rows offset[t]:offset[t + 1]
    shot: NDArray[np.int64]  # (t,) the shot it lies in

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
        zero = np.zeros(0)
        return cls(zero, np.zeros((0, 4)), zero, zero, np.zeros(1), zero)  # type: ignore[arg-type]

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
        """(t,) last frame of each track, itself included."""
        return self.frame[self.offset[1:] - 1]

    def seconds(self, clock: Clock) -> NDArray[np.float64]:
        """(m,) how long each face is shown."""
        ends = np.append(clock.pts, clock.pts[-1:] + clock.tick())
        return np.asarray((ends[self.frame + 1] - ends[self.frame]) * float(clock.unit))

    def prominence(self, clock: Clock, height: int) -> NDArray[np.float64]:
        """(m,) how much each face is seen: its seconds by its area, in frames of that height in pixels.

        From a tenth of the frame's height on a face is as large as faces need be, and counts its whole time.
        """
        size = np.sqrt(np.prod(np.maximum(self.box[:, 2:] - self.box[:, :2], 0), axis=1, dtype=np.float64))
        return np.asarray(self.seconds(clock) * np.minimum(size / max(0.1 * height, 1.0), 1.0) ** 2)

    @property
    def size(self) -> NDArray[np.int64]:
        """(t,) number of faces of each track."""
        return np.diff(self.offset)


@dataclass(frozen=True, eq=False, slots=True)
class Embeddings:
    """Vectors of faces as the model gives them (not normalised: their length carries picture quality)."""

    vector: NDArray[np.float32]  # (k, d)
    track: NDArray[np.int64]  # (k,) the track of each vector
    detection: NDArray[np.int64]  # (k,) row in Detections it was cut from, or -1
    quality: NDArray[np.float32]  # (k,) 0 to 1: weight in its track's mean
    model: str = ""
    views: tuple[int, ...] = ()  # widths of the views that lie side by side in d; (): one view
    share: float = 0.5  # weight of the views after the first, all together, in a likeness (0 to 1)

    def __post_init__(self) -> None:
        freeze(self, track=(np.int64, (None,)), detection=(np.int64, (None,)), quality=(np.float32, (None,)))
        d = np.shape(self.vector)[1] if np.ndim(self.vector) == 2 else 0
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
    """Pictures kept of the best faces of each track, for a person to look at."""

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
        zero = np.zeros(0)
        return cls(zero, np.zeros((0, 4)), zero, zero, ())  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(self.frame)


@dataclass(frozen=True, eq=False, slots=True)
class Constraints:
    """Pairs of tracks known to show one person (must-link) or two (cannot-link).

    That the faces of one track are one person needs no row: the track itself says it.
    """

    a: NDArray[np.int64]  # (c,) a track
    b: NDArray[np.int64]  # (c,) another track
    same: NDArray[np.bool_]  # (c,) must-link or cannot-link
    origin: NDArray[np.int8]  # (c,) CO_OCCURRENCE or USER

    def __post_init__(self) -> None:
        freeze(
            self,
            a=(np.int64, (None,)),
            b=(np.int64, (None,)),
            same=(np.bool_, (None,)),
            origin=(np.int8, (None,)),
        )
        if np.any(self.a == self.b):
            raise InputError("Constraints must join two different tracks")

    @classmethod
    def empty(cls) -> Self:
        zero = np.zeros(0)
        return cls(zero, zero, zero, zero)  # type: ignore[arg-type]

    def __len__(self) -> int:
        return len(self.a)

    def __getitem__(self, rows: Rows) -> Constraints:
        return Constraints(self.a[rows], self.b[rows], self.same[rows], self.origin[rows])

    @property
    def cannot(self) -> NDArray[np.int64]:
        """(q, 2) the cannot-linked pairs."""
        return np.stack([self.a, self.b], 1)[~self.same]

    @property
    def must(self) -> NDArray[np.int64]:
        """(q, 2) the must-linked pairs."""
        return np.stack([self.a, self.b], 1)[self.same]


@dataclass(frozen=True, eq=False, slots=True)
class Tree:
    """A hierarchy of merges over k leaves in SciPy's order: node k + i is made by merge i.

    Forbidden merges have height infinity, so that a cut at any finite height keeps every cannot-link.
    """

    merge: NDArray[np.int64]  # (k - 1, 2) the two nodes joined, smaller first
    height: NDArray[np.float64]  # (k - 1,) rising
    size: NDArray[np.int64]  # (k - 1,) leaves under the new node

    def __post_init__(self) -> None:
        freeze(self, merge=(np.int64, (None, 2)), height=(np.float64, (None,)), size=(np.int64, (None,)))

    @property
    def leaves(self) -> int:
        return len(self.height) + 1

    @property
    def linkage(self) -> NDArray[np.float64]:
        """(k - 1, 4) as `scipy.cluster.hierarchy` takes it."""
        return np.column_stack([self.merge.astype(np.float64), self.height, self.size.astype(np.float64)])


@dataclass(frozen=True, eq=False, slots=True)
class Clustering:
    """A person for each track, numbered by first appearance, so that equal partitions are equal arrays."""

    label: NDArray[np.int32]  # (t,) 0, 1, ... or NOISE

    def __post_init__(self) -> None:
        label = np.asarray(self.label)
        if label.ndim == 1 and len(label):
            values, first, inverse = np.unique(label, return_index=True, return_inverse=True)
            kept = values >= 0
            rank = np.full(len(values), NOISE, np.int32)
            rank[np.flatnonzero(kept)[np.argsort(first[kept])]] = np.arange(kept.sum())
            object.__setattr__(self, "label", rank[inverse])
        freeze(self, label=(np.int32, (None,)))

    def __len__(self) -> int:
        return len(self.label)

    @property
    def count(self) -> int:
        """How many clusters there are, NOISE not counted."""
        return int(self.label.max(initial=-1)) + 1


MOST_THREADS = 1024  # more than any machine that runs castlist has cores
DEVICES = ("auto", "cpu", "cuda", "mps")


@dataclass(frozen=True, slots=True)
class Machine:
    """Where and how fast, never what: no value here changes a result's key."""

    device: str = "auto"  # auto, cpu, cuda, mps
    threads: int = 0  # 0: as many as there are cores

    def __post_init__(self) -> None:
        if self.device not in DEVICES:
            raise InputError(f"unknown device {self.device!r}; choose from {', '.join(DEVICES)}")
        whole = isinstance(self.threads, int) and not isinstance(self.threads, bool)
        if not whole or not 0 <= self.threads <= MOST_THREADS:
            raise InputError(
                f"Machine.threads must be a whole number from 0 to {MOST_THREADS}, got {self.threads!r}"
            )

    @property
    def cores(self) -> int:
        """How many threads may be at work: those asked for, or one a core that this process may use."""
        return self.threads or cores()

    @property
    def shared(self) -> Machine:
        """The machine as a network uses it while one other is at work beside it.

        Threads of one network wait for each other after every layer; two networks beside each other do not.
        """
        return replace(self, threads=(self.cores + 1) // 2)


if not TYPE_CHECKING:
    __getattr__ = _former.names(
        __name__,
        FATES=("Fate", _former.words),
        ORIGINS=("Origin", _former.words),
        TRANSITIONS=("Transition", _former.words),
    )
