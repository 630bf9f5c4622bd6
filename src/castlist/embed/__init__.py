"""Faces -> vectors: align, assess quality, select and embed."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from castlist.embed.align import CHIP, align_faces, halved
from castlist.embed.network import ArcFace, SFace
from castlist.embed.nonrigid import face_patch, track_motion
from castlist.embed.quality import detail, face_quality, sharpness
from castlist.embed.select import best_faces, doubtful
from castlist.types import Machine

__all__ = [
    "CHIP",
    "EMBEDDERS",
    "ArcFace",
    "Embedder",
    "SFace",
    "align_faces",
    "best_faces",
    "detail",
    "doubtful",
    "face_patch",
    "face_quality",
    "halved",
    "sharpness",
    "track_motion",
]


class Embedder(Protocol):
    """Turns chips (n, 112, 112, 3) BGR into vectors (n, d)."""

    @property
    def model(self) -> str:
        """The model's name: vectors of two models are never compared."""
        ...

    @property
    def per_second(self) -> float:
        """Number of faces embedded for each second of a track."""
        ...

    @property
    def least(self) -> int:
        """Least number of faces embedded for each track."""
        ...

    def __call__(self, chips: NDArray[np.uint8], /, *, machine: Machine) -> NDArray[np.float32]: ...


EMBEDDERS = {"sface": SFace, "arcface": ArcFace}
