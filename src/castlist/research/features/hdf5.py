"""A user's own features in an HDF5 file: datasets at its root, with the names in `columns`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.extras import needed
from castlist.research.features._matlab import hdf5_dataset
from castlist.research.features.columns import feature_set, is_known
from castlist.research.features.table import FeatureSet, check_unpacked, sentence

if TYPE_CHECKING:
    import h5py

__all__ = ["fits", "read"]


def read(path: Path) -> FeatureSet:
    """The features of an HDF5 file; groups, and datasets with other names, are not read.

    Raises:
        InputError: the file is damaged, an array is stored in another file, or arrays do not fit each other.
        MissingExtra: h5py is not installed.
    """
    with needed("an HDF5 file (.h5, or .mat of version 7.3)", "features"):
        import h5py

    with sentence(path), h5py.File(path, "r") as file:
        datasets = {name: hdf5_dataset(file, name) for name in file if is_known(name)}
        check_unpacked(
            sum(dataset.size * dataset.dtype.itemsize for dataset in datasets.values()),
            sum(dataset.id.get_storage_size() for dataset in datasets.values()),
        )
        return feature_set(path.stem, {name: _array(name, dataset) for name, dataset in datasets.items()})


def fits(path: Path) -> bool:
    """Whether an HDF5 file holds `features`, which no published layout has."""
    with needed("an HDF5 file (.h5, or .mat of version 7.3)", "features"):
        import h5py

    with h5py.File(path, "r") as file:
        return "features" in file


def _array(name: str, dataset: h5py.Dataset) -> NDArray[np.generic]:
    """The numbers or text of a dataset."""
    with needed("an HDF5 file (.h5, or .mat of version 7.3)", "features"):
        import h5py

    if h5py.check_string_dtype(dataset.dtype) is not None:
        return np.asarray(dataset.asstr("utf-8", "strict")[()]).astype(np.str_)
    if dataset.dtype.kind not in "biuf":
        raise InputError(f"`{name}` must be numbers or text, got {dataset.dtype}")
    return np.asarray(dataset[()])
