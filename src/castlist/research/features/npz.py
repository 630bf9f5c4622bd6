"""Our own feature files: one compressed `.npz` with plain arrays, read without ever unpickling.

    features     (faces, d)  float   vectors as the model gave them, float16 or float32
    track_id     (faces,)    int     the track each face belongs to, 0 or more; a collection of pictures
                                     leaves it out, and each face stands alone
    frame        (faces,)    int     frame of each face                                    (optional)
    box          (faces, 4)  float   x, y, width, height in pixels                         (optional)
    quality      (faces,)    float   of the picture, 0 to 1                                (optional)
    view_NAME    (faces, dv) float   other descriptors of the same faces, any number       (optional)
    tracks       (tracks,)   int     the track numbers, in the order of the columns below: needed with
                                     them, unless the numbers rise from face to face       (optional)
    label        (tracks,)   str     true person, "" or -1 where there is none             (optional)
    track_first, track_last, track_faces  (tracks,)  int  span and size of each track, where the file
                                     stores only some of its faces                         (optional)
    must_link, cannot_link  (pairs, 2)  int  track numbers known to be one person, such as those of a camera
                                     set-up that returns, or two people                    (optional)
    links_complete  ()       bool    whether cannot_link holds all tracks seen together; if not, tracks whose
                                     frames overlap are cannot-linked, too                 (optional)
    name         ()          str     of the video                                          (optional)

Two tracks are seen together, and so are two people, if they share a frame; where some faces of one of them
are not stored, if their ranges of frames overlap.

Files of track structure alone have no `features`, and `x, y, w, h` (faces,) and `identity` (tracks,)
instead of `box` and `label`. Other arrays are ignored.
"""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.research.features.table import FeatureSet, check_amount, gather, kind_of, numbered, sentence

__all__ = ["read", "read_npy", "write"]

KNOWN = (
    *("features", "track_id", "frame", "box", "quality", "x", "y", "w", "h"),
    *("tracks", "label", "identity", "track_first", "track_last", "track_faces", "name"),
    *("must_link", "cannot_link", "links_complete"),
)
OF_TRACKS = ("label", "identity", "track_first", "track_last", "track_faces")  # one row a track
VIEW = "view_"  # arrays of this prefix are other descriptors
BOMB = 64 << 20  # a member larger than this ...
RATIO = 200  # ... that shrank this much is no feature file: vectors hardly compress


def read(path: Path) -> FeatureSet:
    """The features in an `.npz` of the layout above; dimension 0 where it has no `features`.

    Raises:
        InputError: not such a file, truncated, columns that disagree, or a pickle inside.
    """
    path = Path(path)
    with sentence(path):
        column = _arrays(path)
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
        name = column.get("name")
        return gather(
            path.stem if name is None else str(name),
            vector,
            _places(face_id, tracks),
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


def _links_complete(column: dict[str, NDArray[np.generic]]) -> bool:
    value = column.get("links_complete", np.array(False))
    if value.size != 1 or value.dtype.kind not in "biu":
        raise InputError(f"links_complete must be true or false, got {kind_of(value)}")
    return bool(value.item())


def _face_id(column: dict[str, NDArray[np.generic]]) -> NDArray[np.generic]:
    """The track of each face; in a collection of pictures each face stands alone."""
    if "track_id" in column:
        return column["track_id"]
    if "features" in column and column["features"].ndim != 2:
        raise InputError(f"features must have shape (faces, d), got {column['features'].shape}")
    if "features" not in column or any(name in column for name in ("frame", "tracks", "track_first")):
        raise InputError("no array `track_id`; expected features (faces, d) and track_id (faces,)")
    return np.arange(len(column["features"]))


def write(features: FeatureSet, path: Path) -> None:
    """Write a set in the layout above, as float32; `read` gives it back."""
    columns: dict[str, NDArray[np.generic]] = {
        "features": features.embeddings.vector,
        "track_id": features.track_id[features.embeddings.track],
        "tracks": features.track_id,
        "track_faces": features.size,
        "name": np.array(features.name),
    }
    if features.timed:
        columns |= {"frame": features.frame, "track_first": features.first, "track_last": features.last}
    if features.box is not None:
        left, top, right, bottom = features.box.T
        columns["box"] = np.stack([left, top, right - left, bottom - top], 1)
    if (features.embeddings.quality != 1).any():
        columns["quality"] = features.embeddings.quality
    if features.label is not None:
        columns["label"] = features.label
    if len(features.links):
        columns["must_link"] = features.track_id[features.links.must]
        columns["cannot_link"] = features.track_id[features.links.cannot]
    if features.links_complete:
        columns["links_complete"] = np.array(True)
    for name, view in zip(features.view_names, features.views, strict=True):
        columns[VIEW + name] = view
    np.savez_compressed(path, allow_pickle=False, **columns)


def read_npy(stream: IO[bytes], size: int, name: str) -> NDArray[np.generic]:
    """The array of one `.npy` of `size` bytes, its header checked before memory is taken.

    Raises:
        InputError: Python objects inside, or a header that claims more or less than there is.
    """
    version = np.lib.format.read_magic(stream)
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in readers:
        raise InputError(f"{name} is .npy version {version}; expected 1.0 or 2.0")
    shape, fortran, dtype = readers[version](stream)
    if dtype.hasobject:
        raise InputError(f"{name} holds Python objects (a pickle), which are never loaded; save plain arrays")
    count = math.prod(shape)
    if min(shape, default=0) < 0 or count * dtype.itemsize != size - stream.tell():
        raise InputError(f"{name} says it has shape {shape} of {dtype}, but its data has another size")
    check_amount(count, dtype.itemsize, name)
    data = stream.read(count * dtype.itemsize)
    flat = np.frombuffer(data, dtype) if count and dtype.itemsize else np.zeros(count, dtype)
    return flat.reshape(shape, order="F" if fortran else "C")


def _arrays(path: Path) -> dict[str, NDArray[np.generic]]:
    found: dict[str, NDArray[np.generic]] = {}
    with zipfile.ZipFile(path) as archive:
        members = [(m.filename.removesuffix(".npy"), m) for m in archive.infolist()]
        wanted = [(name, m) for name, m in members if name in KNOWN or name.startswith(VIEW)]
        size = sum(member.file_size for _, member in wanted)  # all together: many small bombs are one
        if size > BOMB and size > RATIO * sum(member.compress_size for _, member in wanted):
            raise InputError(f"it unpacks to {RATIO} times its size; such a file is not opened")
        check_amount(size, 1, "it")
        for name, member in wanted:
            if name in found:
                raise InputError(f"`{name}` is in it twice")
            with archive.open(member) as stream:
                found[name] = read_npy(stream, member.file_size, f"`{name}`")
    return found


def _same_length(
    column: dict[str, NDArray[np.generic]], tracks: NDArray[np.generic], label: NDArray[np.generic] | None
) -> None:
    names = [name for name in OF_TRACKS[2:] if name in column]
    for name, array in [("label", label)] * (label is not None) + [(n, column[n]) for n in names]:
        if array is not None and array.shape != tracks.shape:
            raise InputError(f"`{name}` must have one row per track, ({len(tracks)},), got {array.shape}")


def _by_appearance(
    face_id: NDArray[np.generic], column: dict[str, NDArray[np.generic]]
) -> NDArray[np.generic]:
    """The track numbers in the order in which they come, where no `tracks` lists them.

    Raises:
        InputError: columns of tracks are there, which could be in this order or in that of the numbers.
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


def _places(face_id: NDArray[np.generic], tracks: NDArray[np.generic]) -> NDArray[np.int64]:
    """Where each face's track stands in `tracks`."""
    order = np.argsort(tracks, kind="stable")
    place = np.searchsorted(tracks, face_id, sorter=order)
    if len(face_id) and (place.max() >= len(tracks) or np.any(tracks[order][place] != face_id)):
        raise InputError("track_id names a track that is not in `tracks`")
    return order[place].astype(np.int64) if len(face_id) else np.zeros(0, np.int64)


def _boxes(column: dict[str, NDArray[np.generic]]) -> NDArray[np.float32] | None:
    """Boxes as left, top, right, bottom; the files hold small unsigned x, y, width, height."""
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
