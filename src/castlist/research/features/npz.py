"""castlist's own feature files: one compressed `.npz` with plain arrays, read without pickle.

`columns` lists the arrays.
"""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.research.features.columns import VIEW, feature_set, is_known
from castlist.research.features.table import FeatureSet, check_amount, check_unpacked, sentence

__all__ = ["read", "read_npy", "write"]


def read(path: Path) -> FeatureSet:
    """The features in an `.npz` of that layout; dimension 0 where it has no `features`.

    Raises:
        InputError: the file has another format, is truncated, has columns that disagree, or holds a pickle.
    """
    path = Path(path)
    with sentence(path):
        return feature_set(path.stem, _arrays(path))


def write(features: FeatureSet, path: Path) -> None:
    """Write a set in that layout, as float32, for `read`."""
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
        InputError: it holds Python objects, or its header does not match its size.
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
        wanted = [(name, m) for name, m in members if is_known(name)]
        size = sum(member.file_size for _, member in wanted)  # many small files can be a bomb together
        check_unpacked(size, sum(member.compress_size for _, member in wanted))
        for name, member in wanted:
            if name in found:
                raise InputError(f"`{name}` is in it twice")
            with archive.open(member) as stream:
                found[name] = read_npy(stream, member.file_size, f"`{name}`")
    return found
