"""The result of one pass over a film: faces, cues beside them, and their vectors."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from fractions import Fraction
from typing import Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.types.columns import Rows, freeze
from castlist.types.film import Clock
from castlist.vectors import width

Scalar = TypeVar("Scalar", bound=np.generic)


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
        score = np.zeros(0, np.float32)
        return cls(np.zeros(0, np.int64), score.reshape(0, 4), score, score.reshape(0, 5, 2))

    @classmethod
    def concatenate(cls, parts: list[Detections]) -> Detections:
        """The rows of several tables, in the given order."""
        if not parts:
            return cls.empty()
        return cls(*(np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls)))

    def __len__(self) -> int:
        return len(self.frame)

    def __getitem__(self, rows: Rows) -> Detections:
        return Detections(self.frame[rows], self.box[rows], self.score[rows], self.landmarks[rows])


@dataclass(frozen=True, eq=False, slots=True)
class Cue:
    """A cue beside the faces (clothes), one vector for each face. Rows of quality 0 carry no information."""

    vector: NDArray[np.uint8]  # (k, c)
    quality: NDArray[np.float32]  # (k,) 0 to 1

    def __post_init__(self) -> None:
        c = width(self.vector, "Cue.vector")
        freeze(self, vector=(np.uint8, (None, c)), quality=(np.float32, (None,)))

    @classmethod
    def empty(cls, rows: int = 0) -> Self:
        return cls(np.zeros((rows, 0), np.uint8), np.zeros(rows, np.float32))

    def __len__(self) -> int:
        return len(self.quality)

    def __getitem__(self, rows: Rows) -> Cue:
        return Cue(self.vector[rows], self.quality[rows])


@dataclass(frozen=True, eq=False, slots=True)
class Scan:
    """The result of one pass over a film, or over a part of it.

    In a part, frames and rows count from the part's beginning; `Scan.join` joins parts.
    """

    clock: Clock  # f frames
    signal: NDArray[np.uint8]  # (f, s) features of each frame for `split`
    detections: Detections  # n faces
    quality: NDArray[np.float32]  # (n,) of each detected face, 0 to 1
    embedded: NDArray[np.int64]  # (k,) rows of detections with an embedding
    vector: NDArray[np.float32]  # (k, d) their embeddings, as the model outputs them
    image: tuple[str, ...]  # (k,) file name of a small JPEG among the workspace's thumbs
    damaged: int = 0  # frames that could not be decoded
    cue: Cue = field(default_factory=Cue.empty)  # (k,) cue beside each embedded face
    motion: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    # (n,) non-rigid motion of each face, in face sizes; NaN: not measured (default)

    def __post_init__(self) -> None:
        s = width(self.signal, "Scan.signal")
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
        index, number = np.zeros(0, np.int64), np.zeros(0, np.float32)
        clock, signal = Clock(index, Fraction(1)), np.zeros((0, 0), np.uint8)
        return cls(clock, signal, Detections.empty(), number, index, number.reshape(0, 0), ())

    @classmethod
    def join(cls, parts: list[Scan]) -> Scan:
        """One scan made of consecutive parts; at least one part is needed."""
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
