"""The layout of "Self-supervised Face-Grouping on Graphs" (Roethlingshoefer et al., ACM MM 2019), HDF5.

    features_vgg  2048 x faces, or 2048 x faces x crops, faces stacked in the order of the tracks
    Tracks        struct with trackerId, numframes, frames, and label or groundTruthIdentity (text)

It has the data of SSiam's release, named `data/<series>/<episode>/tracks.mat`, without the padding.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from castlist.errors import InputError
from castlist.extras import needed
from castlist.research.features import _matlab
from castlist.research.features.ssiam_mat import in_a_row, pack
from castlist.research.features.table import FeatureSet, check_amount, sentence

__all__ = ["fits", "read"]


def read(path: Path, *, crop: int = 0) -> FeatureSet:
    """The features of one video; if faces have several crops, those of one crop.

    Args:
        path: an HDF5 file of the layout above.
        crop: number of the crop; the authors' code reads 0 and, of ten crops, 4 (the centre).

    Raises:
        InputError: a variable or field is missing, shapes disagree, or the file is damaged.
    """
    with needed("an HDF5 file (.h5, or .mat of version 7.3)", "features"):
        import h5py

    path = Path(path)
    with sentence(path), h5py.File(path, "r") as file:
        feature = _matlab.feature_name(list(file))
        if feature is None:
            raise InputError("no variable `features_...` in it; an FGG file holds features_vgg and Tracks")
        block = _matlab.hdf5_floats(file, feature)
        tracks = _matlab.table(_matlab.hdf5_fields(file))
        if block.ndim not in (2, 3) or block.shape[-2] != tracks.stored.sum():
            raise InputError(
                f"`{feature}` has shape {block.shape[::-1]}; expected d x {tracks.stored.sum()} (x crops)"
            )
        crops = block.shape[0] if block.ndim == 3 else 1
        if not 0 <= crop < crops:
            raise InputError(f"there is no crop {crop}; the file has {crops}, counted from 0")
        check_amount(block.shape[-2] * block.shape[-1], 4, f"`{feature}`")
        vector = np.asarray(block[crop] if block.ndim == 3 else block[()], np.float32)
        name = path.absolute().parent.name if path.stem == "tracks" else path.stem
        return pack(name, vector, tracks)


def fits(path: Path) -> bool:
    """Whether an HDF5 file has this layout (faces in a row), and not that of SSiam (a block of tracks)."""
    with needed("an HDF5 file (.h5, or .mat of version 7.3)", "features"):
        import h5py

    with h5py.File(path, "r") as file:
        feature = _matlab.feature_name(list(file))
        if feature is None or "Tracks" not in file:
            return False
        shape = _matlab.hdf5_dataset(file, feature).shape
        stored = _matlab.table(_matlab.hdf5_fields(file)).stored
        return in_a_row(shape, stored)
