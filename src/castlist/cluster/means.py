"""Faces -> tracks: the unit mean vector of each track, its quality, and labels for tracks without faces."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from castlist.argument_types import typed_arguments
from castlist.errors import InputError
from castlist.types import NOISE, Clustering, Constraints, Embeddings
from castlist.vectors import shaped, unit

__all__ = ["extend", "how_many_tracks", "track_labels", "track_means", "track_quality"]


@typed_arguments
def track_means(
    embeddings: Embeddings, tracks: int = 0, *, length: bool = False
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """(t, d) unit mean vector and (t,) number of faces of each track.

    A track's mean is that of its faces' unit vectors, weighted by quality (evenly where all qualities of a
    track are 0), scaled to unit length. With `length` the weight is the fourth power of the vector's length,
    as face models give short vectors to uninformative pictures, and faces of quality 0 are left out. t is the
    largest track named plus one, or `tracks` if that is more; a track without faces has a zero vector and the
    number 0.
    """
    t = max(tracks, int(embeddings.track.max(initial=-1)) + 1)
    faces = np.bincount(embeddings.track, minlength=t).astype(np.int64)
    weight = np.clip(embeddings.quality, 0, None).astype(np.float64)
    if length and len(weight):
        weight = (weight > 0) * (embeddings.vector.astype(np.float64) ** 2).sum(axis=1) ** 2
    total = np.bincount(embeddings.track, weight, minlength=t)
    weight = np.where(total[embeddings.track] > 0, weight, 1.0).astype(np.float32)
    order = np.argsort(embeddings.track, kind="stable")
    rows = unit(embeddings.vector)[order] * weight[order, None]
    mean = np.zeros((t, embeddings.vector.shape[1]), np.float32)
    present = np.flatnonzero(faces)
    if len(present):
        start = np.concatenate([[0], np.cumsum(faces[present])[:-1]])
        mean[present] = unit(np.add.reduceat(rows, start, axis=0))
    return mean, faces


def track_quality(embeddings: Embeddings, tracks: int = 0) -> NDArray[np.float64]:
    """(t,) quality to rank tracks by: mean vector length times mean quality of the track's faces."""
    t = max(tracks, int(embeddings.track.max(initial=-1)) + 1)
    faces = np.maximum(np.bincount(embeddings.track, minlength=t), 1)
    length = np.linalg.norm(embeddings.vector, axis=1).astype(np.float64)
    quality = np.clip(embeddings.quality, 0, None).astype(np.float64)
    sums = [np.bincount(embeddings.track, column, minlength=t) / faces for column in (length, quality)]
    return np.asarray(sums[0] * (sums[1] if quality.any() else 1.0))


def track_labels(
    label: NDArray[np.int64], embeddings: Embeddings, constraints: Constraints
) -> NDArray[np.int64]:
    """(t,) the label of each track, NOISE for those without.

    Raises:
        InputError: labels are not whole numbers from NOISE up, or fewer than the tracks with faces or links.
    """
    label = shaped(label, np.int64, ("t",), "label")
    if label.min(initial=NOISE) < NOISE:
        raise InputError(f"a label is {label.min()}; labels are 0 or more, or {NOISE} for none")
    tracks = how_many_tracks(embeddings, constraints)
    if len(label) < tracks:
        raise InputError(f"label has {len(label)} rows, one for each track, but there are {tracks} tracks")
    return label


def how_many_tracks(embeddings: Embeddings, constraints: Constraints) -> int:
    """The largest track that either table names, plus one."""
    named = (embeddings.track, constraints.a, constraints.b)
    return max(int(column.max(initial=-1)) for column in named) + 1


@typed_arguments
def extend(clustering: Clustering, tracks: int) -> Clustering:
    """The clustering of at least `tracks` tracks, with NOISE for those after its last."""
    missing = max(0, tracks - len(clustering))
    return Clustering(np.concatenate([clustering.label, np.full(missing, NOISE, np.int32)]))
