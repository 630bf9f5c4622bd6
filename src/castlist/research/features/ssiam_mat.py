"""The layout of SSiam's release (Sharma et al., FG 2019): a zero-padded block of features for each video.

    features_vgg  (d, most faces, tracks)  single; any name that begins with `features_` is accepted
    Tracks        (1, tracks)  struct with numframes, trackerId, labelid, and, where known, frames and
                  label (text) or groundTruthIdentity; castlist adds faceBox (numframes, 4; x, y, width,
                  height), faceQuality (numframes, 1), mustLink and cannotLink (numbers of other tracks),
                  and linksComplete (1 if these hold all co-occurring tracks)

The faces of track t are `features_vgg(:, 1:numframes(t), t)`. Files are v5, v7, or v7.3, which is HDF5 with
reversed axes. `<series>_sSSeEE_features_VGG2.mat` holds both variables; if it has features only, `Tracks`
comes from `<series>_sSSeEE.mat` in the same folder. A v5 or v7 file with faces in a row, as in FGG (`fgg`),
is read, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.extras import needed
from castlist.research.features import _mat5, _matlab
from castlist.research.features._matlab import Plain
from castlist.research.features.table import (
    UNKNOWN_FRAME,
    FeatureSet,
    check_amount,
    check_plain,
    gather,
    sentence,
)

if TYPE_CHECKING:
    import h5py

__all__ = ["LARGEST_V7", "UNKNOWN_LABEL", "faces_of", "left_out", "read", "sibling", "write"]

LARGEST_V7 = 1 << 28  # bytes of the padded block; v7 could hold 2 GB, but v7.3 needs no padding in memory
UNKNOWN_LABEL = 2  # the release's number for all people outside the main cast
CORNERS = np.array([[1, 0, 1, 0], [0, 1, 0, 1], [0, 0, 1, 0], [0, 0, 0, 1]])  # of x, y, width, height
HOLDS = "an SSIAM file holds features_vgg (d x faces x tracks) and the struct array Tracks"


Block: TypeAlias = NDArray[np.generic] | list[NDArray[np.float32]]  # padded, or already unpadded
# One value for each track, as it is written.
Fields: TypeAlias = dict[str, Sequence[float | str | NDArray[np.float64]]]


def read(path: Path) -> FeatureSet:
    """The features of one video in the layout above; labels are names, or numbers of labelid as text.

    Raises:
        InputError: a variable or field is missing, shapes disagree, or the file is damaged.
    """
    path = Path(path)
    with sentence(path):
        block, fields = _read_hdf5(path) if _matlab.is_hdf5(path) else _read_classic(path)
        tracks = _matlab.table(fields)
        return pack(_name(path), _unpad(block, tracks.stored), tracks)


def pack(name: str, vector: NDArray[np.generic], tracks: _matlab.TrackTable) -> FeatureSet:
    """A FeatureSet of vectors (k, d), ordered by track."""
    if len(vector) != tracks.stored.sum():
        raise InputError(
            f"there are {len(vector)} feature vectors, but numframes add up to {tracks.stored.sum()}"
        )
    return gather(
        name,
        vector,
        np.repeat(np.arange(len(tracks.stored)), tracks.stored),
        track_id=tracks.track_id,
        frame=tracks.frame,
        label=tracks.label,
        first=tracks.first,
        last=tracks.last,
        size=tracks.size,
        box=None if tracks.box is None else tracks.box @ CORNERS,
        quality=tracks.quality,
        must_link=tracks.must,
        cannot_link=tracks.cannot,
        links_complete=tracks.complete,
    )


def sibling(path: Path) -> Path:
    """The path of the file with `Tracks` for a file with features; the file itself, if it has both."""
    return path.with_name(_name(path) + path.suffix)


def _name(path: Path) -> str:
    return path.stem.partition("_features_")[0]


def _read_classic(path: Path) -> tuple[Block, dict[str, list[Plain]]]:
    found = _mat5.load(path, lambda name: name.startswith("features_") or name == "Tracks", _matlab.FIELDS)
    feature = _matlab.feature_name(list(found))
    if feature is None:
        raise InputError(f"no variable `features_...` in it; {HOLDS}")
    block = found[feature]
    if not isinstance(block, np.ndarray) or block.dtype.kind != "f" or block.ndim not in (2, 3):
        raise InputError(f"`{feature}` must be a block of floats; {HOLDS}")
    fields = _matlab.struct_fields(found["Tracks"]) if "Tracks" in found else _sibling_fields(path)
    return block.T, fields


def _read_hdf5(path: Path) -> tuple[Block, dict[str, list[Plain]]]:
    with needed("an HDF5 file (.h5, or .mat of version 7.3)", "features"):
        import h5py

    with h5py.File(path, "r") as file:
        feature = _matlab.feature_name(list(file))
        if feature is None:
            raise InputError(f"no variable `features_...` in it; {HOLDS}")
        block = _matlab.hdf5_floats(file, feature)
        fields = _matlab.hdf5_fields(file) if "Tracks" in file else _sibling_fields(path)
        stored = _matlab.table(fields).stored
        _check_block(block.shape, stored)
        if block.ndim == 2:
            return block[()], fields
        # Track by track, so that the padding, most of the block, is never in memory.
        check_amount(int(stored.sum()) * block.shape[2], 4, f"`{feature}`")
        return [block[t, :n].astype(np.float32) for t, n in enumerate(stored)], fields


def _sibling_fields(path: Path) -> dict[str, list[Plain]]:
    """`Tracks` of `<series>_sSSeEE.mat` in the folder of the features."""
    with needed("an HDF5 file (.h5, or .mat of version 7.3)", "features"):
        import h5py

    beside = sibling(path)
    if beside == path or not beside.exists():
        raise InputError(f"no struct array `Tracks` in it, and no {_name(path)}{path.suffix} beside it")
    with sentence(beside):
        check_plain(beside)
        if _matlab.is_hdf5(beside):
            with h5py.File(beside, "r") as file:
                return _matlab.hdf5_fields(file)
        found = _mat5.load(beside, lambda name: name == "Tracks", _matlab.FIELDS)
        if "Tracks" not in found:
            raise InputError(f"no struct array `Tracks` in it, nor in {path.name}")
        return _matlab.struct_fields(found["Tracks"])


def in_a_row(shape: tuple[int, ...], stored: NDArray[np.int64]) -> bool:
    """Whether features have FGG's layout, (faces, d) or (crops, faces, d), and are not a block of tracks."""
    padded = len(shape) == 3 and shape[0] == len(stored) and shape[1] == stored.max(initial=0)
    return len(shape) in (2, 3) and not padded and shape[-2] == stored.sum()


def _check_block(shape: tuple[int, ...], stored: NDArray[np.int64]) -> None:
    """Check that a block with axes (tracks, faces, d) can hold these tracks."""
    if len(shape) == 2:  # MATLAB drops a last axis of length 1: there is one track
        shape = (1, *shape)
    if len(shape) != 3 or shape[0] != len(stored) or (len(stored) and shape[1] < stored.max()):
        most = int(stored.max(initial=0))
        raise InputError(
            f"features have shape {shape[::-1]} for {len(stored)} tracks of at most {most} faces; {HOLDS}"
        )


def _unpad(block: Block, stored: NDArray[np.int64]) -> NDArray[np.float32]:
    """The vectors (k, d) of a padded block (tracks, most faces, d), or of a list without padding."""
    if isinstance(block, list):
        return np.concatenate(block) if block else np.zeros((0, 0), np.float32)
    if in_a_row(block.shape, stored):
        return (block if block.ndim == 2 else block[0]).astype(np.float32)
    _check_block(block.shape, stored)
    block = block.reshape((-1, *block.shape[-2:]))
    return np.concatenate([block[t, :n] for t, n in enumerate(stored)]).astype(np.float32)


# Writing


def write(features: FeatureSet, path: Path) -> None:
    """Write a set in the layout above: v7 where the padded block is small, else v7.3.

    Names are written to `label`; `labelid` numbers them 1, 3, 4, ..., and 2 is for tracks without a name, as
    in the release. Its evaluation also leaves out the largest number (there: false faces), so add such a
    track if you use it. `left_out` lists the data that such a file cannot hold.
    """
    padded = len(features) * int(_stored(features).max(initial=0)) * features.dim * 4
    if padded <= LARGEST_V7:
        _write_classic(features, path)
    else:
        _write_hdf5(features, path)


def left_out(features: FeatureSet, path: Path) -> tuple[str, ...]:
    """The data of a set that `write` leaves out, in words, as the layout cannot hold them.

    The name of the video is that of the file, and frames are written only if all are known.
    """
    views = [f"the view {name}" for name in features.view_names]
    frames = ["the frames of faces, some of which are unknown"] * (_timed_in_part(features))
    name = [f"the name {features.name}"] * (features.name != _name(path))
    return (*views, *frames, *name)


def _timed_in_part(features: FeatureSet) -> bool:
    known = features.frame != UNKNOWN_FRAME
    return bool(known.any() and not known.all())


def _stored(features: FeatureSet) -> NDArray[np.int64]:
    return np.bincount(features.embeddings.track, minlength=len(features))


def faces_of(features: FeatureSet) -> list[NDArray[np.int64]]:
    """The rows of each track's faces, in order of their frames."""
    track = features.embeddings.track
    order = np.lexsort((features.frame, track))
    return np.split(order, np.cumsum(_stored(features))[:-1]) if len(features) else []


def _fields(features: FeatureSet, rows: list[NDArray[np.int64]]) -> Fields:
    names = features.label if features.label is not None else np.full(len(features), "")
    known = sorted(set(names.tolist()) - {""})
    number = {name: i + 1 + (i + 1 >= UNKNOWN_LABEL) for i, name in enumerate(known)}
    if all(name.isdecimal() for name in known):
        number = {name: int(name) for name in known}
    fields: Fields = {
        "trackerId": [float(i) for i in features.track_id],
        "numframes": [float(len(r)) for r in rows],
        "labelid": [float(number.get(name, UNKNOWN_LABEL)) for name in names],
        "faces": [float(n) for n in features.size],
    }
    fields["label"] = names.tolist()
    if len(features) and features.timed:
        fields["first"] = [float(f) for f in features.first]
        fields["last"] = [float(f) for f in features.last]
        if np.all(features.frame != UNKNOWN_FRAME):
            fields["frames"] = [features.frame[r].astype(np.float64)[:, None] for r in rows]
    if features.box is not None:
        box = features.box.astype(np.float64) @ np.linalg.inv(CORNERS)
        fields["faceBox"] = [box[r] for r in rows]
    if (features.embeddings.quality != 1).any():
        quality = features.embeddings.quality.astype(np.float64)
        fields["faceQuality"] = [quality[r][:, None] for r in rows]
    for name, pairs in (("mustLink", features.links.must), ("cannotLink", features.links.cannot)):
        if len(pairs):
            other = features.track_id.astype(np.float64)
            fields[name] = [other[pairs[pairs[:, 0] == t, 1]][:, None] for t in range(len(features))]
    if features.links_complete:
        fields["linksComplete"] = [1.0] * len(features)
    return fields


def _write_classic(features: FeatureSet, path: Path) -> None:
    from scipy.io import savemat

    rows = faces_of(features)
    most = max((len(r) for r in rows), default=0)
    block = np.zeros((features.dim, most, len(rows)), np.float32, order="F")
    for t, r in enumerate(rows):
        block[:, : len(r), t] = features.embeddings.vector[r].T
    fields = _fields(features, rows)
    tracks = np.zeros((1, len(rows)), [(name, object) for name in fields])
    for name, column in fields.items():
        for t, value in enumerate(column):
            tracks[name][0, t] = value
    savemat(path, {"features_vgg": block, "Tracks": tracks}, do_compression=True)


def _write_hdf5(features: FeatureSet, path: Path) -> None:
    with needed("an HDF5 file (.h5, or .mat of version 7.3)", "features"):
        import h5py

    rows = faces_of(features)
    most = max(len(r) for r in rows)
    # Without HDF5's lock: `castlist.outputs` already has the unfinished file open.
    with h5py.File(path, "w", userblock_size=512, locking=False) as file:
        block = file.create_dataset(
            "features_vgg",
            (len(rows), most, features.dim),
            np.float32,
            chunks=(1, min(most, 64), features.dim),
            compression=1,
        )
        block.attrs["MATLAB_class"] = np.bytes_("single")
        for t, r in enumerate(rows):
            block[t, : len(r)] = features.embeddings.vector[r]
        _write_hdf5_struct(file, _fields(features, rows))
    with path.open("r+b") as stream:  # the 512 bytes before the HDF5 part are MATLAB's header
        text = "MATLAB 7.3 MAT-file, Platform: GLNXA64, Created by: castlist HDF5 schema 1.00 ."
        stream.write(text.encode().ljust(116) + b"\0" * 8 + b"\x00\x02IM")


def _write_hdf5_struct(file: h5py.File, fields: Fields) -> None:
    with needed("an HDF5 file (.h5, or .mat of version 7.3)", "features"):
        import h5py

    group, store = file.create_group("Tracks"), file.create_group("#refs#")
    group.attrs["MATLAB_class"] = np.bytes_("struct")
    for name, column in fields.items():
        references = np.zeros((len(column), 1), h5py.ref_dtype)
        for t, value in enumerate(column):
            text = isinstance(value, str)
            if isinstance(value, str):
                array = np.array([[ord(c)] for c in value], np.uint16)
            else:
                array = np.atleast_2d(value).T
            empty = array.size == 0
            item = store.create_dataset(f"{name}{t}", data=np.zeros(2, np.uint64) if empty else array)
            item.attrs["MATLAB_class"] = np.bytes_("char" if text else "double")
            if text:
                item.attrs["MATLAB_int_decode"] = np.int32(2)
            if empty:
                item.attrs["MATLAB_empty"] = np.uint8(1)
            references[t, 0] = item.ref
        group.create_dataset(name, data=references, dtype=h5py.ref_dtype)
