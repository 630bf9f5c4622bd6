"""The tables that stages of the pipeline exchange.

A table is a frozen dataclass of NumPy columns of equal length, checked once when it is made. `table[rows]`
selects rows by mask, slice or index array. A reference to a row of another table is an index
(`Detections.frame`, `Tracks.shot`), and ragged rows are offsets, as in a compressed sparse matrix: the faces
of track t are rows `offset[t]:offset[t + 1]`.

    Video ─▶ Clock, Shots, Detections ─▶ Tracks ─▶ Embeddings, Constraints ─▶ Tree ─▶ Clustering ─▶ Cast

A frame number is an index, never a time. Times are exact: integer timestamps and one rational unit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from castlist import _former
from castlist.types.clustering import NOISE, Clustering, Constraints, Tree
from castlist.types.codes import (
    BACKGROUND,
    CO_OCCURRENCE,
    CUT,
    DISSOLVE,
    FADE,
    PERSON,
    SET_ASIDE,
    START,
    USER,
    Fate,
    Origin,
    Transition,
)
from castlist.types.columns import Rows, freeze, same
from castlist.types.film import Clock, Shots, Video
from castlist.types.json import Json, JsonObject
from castlist.types.machine import Machine
from castlist.types.scan import Cue, Detections, Scan
from castlist.types.tracks import INTERPOLATED, CuePairs, Embeddings, Portraits, Tracks

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
    "freeze",
    "same",
]

if not TYPE_CHECKING:
    __getattr__ = _former.names(
        __name__,
        FATES=("Fate", _former.words),
        ORIGINS=("Origin", _former.words),
        TRANSITIONS=("Transition", _former.words),
    )
