"""A FeatureSet from named arrays of a file: `.npz`, HDF5, safetensors, or the columns of a table.

    features     (faces, d)  float   output vectors of the model, float16 or float32
    track_id     (faces,)    int     the track each face belongs to, 0 or more; a collection of pictures
                                     leaves it out, and each face is a track of its own
    frame        (faces,)    int     frame of each face                                    (optional)
    box          (faces, 4)  float   x, y, width, height in pixels                         (optional)
    quality      (faces,)    float   of the picture, 0 to 1                                (optional)
    view_NAME    (faces, dv) float   other descriptors of the same faces, any number       (optional)
    tracks       (tracks,)   int     the track numbers, in the order of the columns below: needed with
                                     them, unless the numbers rise from face to face       (optional)
    label        (tracks,)   str     true person, "" or -1 for none                        (optional)
    track_first, track_last, track_faces  (tracks,)  int  span and size of each track, where the file
                                     stores only some of its faces                         (optional)
    must_link, cannot_link  (pairs, 2)  int  track numbers known to be one person, such as those of a camera
                                     set-up that returns, or two people                    (optional)
    links_complete  ()       bool    whether cannot_link holds all co-occurring tracks; if not, tracks with
                                     overlapping frames are cannot-linked, too             (optional)
    name         ()          str     of the video                                          (optional)

Two tracks co-occur, and so are two people, if they share a frame; if some faces of one are not stored, if
their ranges of frames overlap.

Files with only the structure of tracks have no `features`, and `x, y, w, h` (faces,) and `identity` (tracks,)
instead of `box` and `label`. Other arrays are ignored.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.research.features.table import FeatureSet, as_labels, gather, kind_of, numbered

__all__ = ["VIEW", "feature_set", "is_known", "labels_of_tracks"]

Columns = Mapping[str, NDArray[np.generic]]

KNOWN = (
    *("features", "track_id", "frame", "box", "quality", "x", "y", "w", "h"),
    *("tracks", "label", "identity", "track_first", "track_last", "track_faces", "name"),
    *("must_link", "cannot_link", "links_complete"),
)
OF_TRACKS = ("label", "identity", "track_first", "track_last", "track_faces")  # one row for each track
VIEW = "view_"  # prefix of arrays with other descriptors


def is_known(name: str) -> bool:
    """Whether an array of this name is read; others are ignored."""
    return name in KNOWN or name.startswith(VIEW)


def feature_set(name: str, column: Columns) -> FeatureSet:
    """The features of one video from arrays with the names above; `name` is the default name.

    Raises:
        InputError: a required array is missing, or arrays do not fit each other.
    """
    face_id = numbered(_face_id(column), "track_id", "faces")
    if len(face_id) and face_id.min() < 0:
        raise InputError(
            f"track_id holds {face_id.min()}: leave out faces that belong to no track, or give each a "
            "number of its own, 0 or more"
        )
    vector = column.get("features", np.zeros((len(face_id), 0), np.float32))
    tracks = (
        numbered(column["tracks"], "tracks", "tracks")
        if "tracks" in column
        else _by_appearance(face_id, column)
    )
    label = column.get("label", column.get("identity"))
    _same_length(column, tracks, label)
    return gather(
        str(column.get("name", name)),
        vector,
        _rows_of(face_id, tracks),
        track_id=tracks,
        frame=column.get("frame"),
        box=_boxes(column),
        label=label,
        first=column.get("track_first"),
        last=column.get("track_last"),
        size=column.get("track_faces"),
        quality=column.get("quality"),
        must_link=column.get("must_link"),
        cannot_link=column.get("cannot_link"),
        links_complete=_links_complete(column),
        views={key.removeprefix(VIEW): column[key] for key in sorted(column) if key.startswith(VIEW)},
    )


def labels_of_tracks(
    track_id: NDArray[np.int64], label: NDArray[np.generic]
) -> dict[str, NDArray[np.generic]]:
    """The arrays `tracks` and `label` of the layout, from a label for each face.

    Raises:
        InputError: the faces of one track have different labels, or labels are neither text nor whole
            numbers.
    """
    text = as_labels(label)
    tracks, first, of_face = np.unique(track_id, return_index=True, return_inverse=True)
    wrong = np.flatnonzero(text != text[first][of_face])
    if len(wrong):
        row = wrong[0]
        raise InputError(
            f"track {track_id[row]} has two labels, {str(text[first][of_face[row]])!r} and "
            f"{str(text[row])!r} (row {row + 1}); give all faces of a track the same label"
        )
    order = np.argsort(first)
    return {"tracks": tracks[order], "label": text[first][order]}


def _links_complete(column: Columns) -> bool:
    value = column.get("links_complete", np.array(False))
    if value.size != 1 or value.dtype.kind not in "biu":
        raise InputError(f"links_complete must be true or false, got {kind_of(value)}")
    return bool(value.item())


def _face_id(column: Columns) -> NDArray[np.generic]:
    """The track of each face; in a collection of pictures each face is a track of its own."""
    if "track_id" in column:
        return column["track_id"]
    if "features" in column and column["features"].ndim != 2:
        raise InputError(f"features must have shape (faces, d), got {column['features'].shape}")
    if "features" not in column or any(name in column for name in ("frame", "tracks", "track_first")):
        raise InputError("no array `track_id`; expected features (faces, d) and track_id (faces,)")
    return np.arange(len(column["features"]))


def _same_length(column: Columns, tracks: NDArray[np.generic], label: NDArray[np.generic] | None) -> None:
    names = [name for name in OF_TRACKS[2:] if name in column]
    for name, array in [("label", label)] * (label is not None) + [(n, column[n]) for n in names]:
        if array is not None and array.shape != tracks.shape:
            raise InputError(f"`{name}` must have one row per track, ({len(tracks)},), got {array.shape}")


def _by_appearance(face_id: NDArray[np.generic], column: Columns) -> NDArray[np.generic]:
    """The track numbers in order of appearance, if no `tracks` lists them.

    Raises:
        InputError: there are columns of tracks, which could have this order or that of the numbers.
    """
    values, first = np.unique(face_id, return_index=True)
    found = values[np.argsort(first)]
    of_tracks = [name for name in OF_TRACKS if name in column]
    if of_tracks and not np.array_equal(found, values):
        raise InputError(
            f"`{of_tracks[0]}` has one row a track, but nothing says of which: add `tracks`, the track "
            "numbers in the same order"
        )
    return np.asarray(found)


def _rows_of(face_id: NDArray[np.generic], tracks: NDArray[np.generic]) -> NDArray[np.int64]:
    """(faces,) the row of each face's track in `tracks`."""
    order = np.argsort(tracks, kind="stable")
    row = np.searchsorted(tracks, face_id, sorter=order)
    if len(face_id) and (row.max() >= len(tracks) or np.any(tracks[order][row] != face_id)):
        raise InputError("track_id names a track that is not in `tracks`")
    return order[row].astype(np.int64) if len(face_id) else np.zeros(0, np.int64)


def _boxes(column: Columns) -> NDArray[np.float32] | None:
    """Boxes as left, top, right, bottom; the files have small unsigned x, y, width, height."""
    if "box" in column:
        box = column["box"]
        if box.ndim != 2 or box.shape[1] != 4:
            raise InputError(f"box must have shape (faces, 4), got {box.shape}")
        x, y, w, h = box.astype(np.float32).T
    elif all(name in column for name in "xywh"):
        x, y, w, h = (column[name].astype(np.float32) for name in "xywh")
    else:
        return None
    return np.stack([x, y, x + w, y + h], 1)
