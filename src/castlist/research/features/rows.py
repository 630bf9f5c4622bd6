"""A user's own features as a bare `.npy`: a row of numbers for each face, with optional further files.

    film.npy         (faces, d)  float or int   the vectors
    film.tracks.npy  (faces,)    int            the track of each row, 0 or more           (optional)
    film.frames.npy  (faces,)    int            the frame of each row                      (optional)
    film.labels.npy  (faces,)    str or int     true person, "" or -1 for none             (optional)

Without `film.tracks.npy` each row is a track of its own, as for means of tracks.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.research.features.columns import feature_set, labels_of_tracks
from castlist.research.features.npz import read_npy
from castlist.research.features.table import (
    UNKNOWN_FRAME,
    FeatureSet,
    as_labels,
    check_plain,
    numbered,
    sentence,
)

__all__ = ["COMPANIONS", "companions", "is_companion", "left_out", "read", "write"]

COMPANIONS = {"tracks": "track_id", "frames": "frame", "labels": "label"}  # arrays of the layout in `columns`


def read(path: Path, **given: Path) -> FeatureSet:
    """The features of one video.

    Args:
        path: the `.npy` of the vectors.
        given: files instead of those in the same folder, by "tracks", "frames", "labels".

    Raises:
        InputError: a file is missing, damaged or holds Python objects; the vectors are not a table of
            numbers; or another file does not have one value for each row.
    """
    with sentence(path):
        vector = _array(path)
        if vector.ndim != 2 or not vector.shape[1] or vector.dtype.kind not in "fiu":
            raise InputError(
                f"features must be numbers of shape (faces, dimensions), got {vector.dtype} of shape "
                f"{vector.shape}"
            )
        column = {"features": vector, "track_id": np.arange(len(vector))}
        for name, file in _companions(path, given).items():
            column[COMPANIONS[name]] = _values(file, name, len(vector), path)
        if "label" in column:
            column |= labels_of_tracks(np.asarray(column["track_id"], np.int64), column["label"])
        return feature_set(path.stem, column)


def write(features: FeatureSet, path: Path) -> None:
    """Write only the vectors, as float32."""
    with path.open("wb") as stream:  # with a path, `np.save` would add .npy to the unfinished file's name
        np.save(stream, features.embeddings.vector, allow_pickle=False)


def left_out(features: FeatureSet, path: Path) -> tuple[str, ...]:
    """The data of a set that `write` leaves out, in words: such a file has only vectors."""
    present = {
        "the tracks": len(features) < len(features.embeddings),
        "the frames": bool((features.frame != UNKNOWN_FRAME).any()),
        "the labels": features.label is not None,
        "the boxes": features.box is not None,
        "the links": bool(len(features.links)),
    }
    return (
        *(name for name, is_there in present.items() if is_there),
        *(f"the view {v}" for v in features.view_names),
    )


def is_companion(path: Path) -> bool:
    """Whether a `.npy` belongs to another one, by its name."""
    return any(path.name.endswith(f".{name}.npy") for name in COMPANIONS)


def companions(path: Path, **given: Path) -> list[Path]:
    """The further files that `read` opens: the given ones, else those in the same folder."""
    return list(_companions(path, given).values())


def _companions(path: Path, given: dict[str, Path]) -> dict[str, Path]:
    """The further files by "tracks", "frames" and "labels"."""
    usual = {name: path.with_name(f"{path.stem}.{name}.npy") for name in COMPANIONS}
    return {name: file for name, file in (usual | given).items() if name in given or file.exists()}


def _array(file: Path) -> NDArray[np.generic]:
    check_plain(file)
    with file.open("rb") as stream:
        return read_npy(stream, file.stat().st_size, "the array")


def _values(file: Path, name: str, rows: int, features: Path) -> NDArray[np.generic]:
    """(rows,) one value for each row of the features."""
    with sentence(file):
        values = _array(file)
        if values.shape != (rows,):
            raise InputError(
                f"has shape {values.shape}; give one value for each of the {rows} rows of {features.name}"
            )
        return as_labels(values) if name == "labels" else numbered(values, name, "faces")
