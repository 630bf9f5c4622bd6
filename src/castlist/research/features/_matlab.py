"""The struct array `Tracks` of the MATLAB releases, from classic files and from HDF5 (v7.3).

The result is the same for both: for each field, a list with one plain value for each track, a string or a
flat array. A single struct with columns as fields is read, too: one row or column of numbers, a cell array or
a character matrix with a value for each track.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeGuard

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.extras import needed
from castlist.research.features._mat5 import Struct, Value
from castlist.research.features.table import check_amount

if TYPE_CHECKING:
    import h5py

__all__ = [
    "FIELDS",
    "TrackTable",
    "feature_name",
    "hdf5_dataset",
    "hdf5_fields",
    "hdf5_floats",
    "struct_fields",
    "table",
]

FIELDS = (
    "trackerId",
    "numframes",
    "labelid",
    "label",
    "groundTruthIdentity",
    "frames",
    "first",
    "last",
    "faces",
    "faceBox",
    "faceQuality",
    "mustLink",
    "cannotLink",
    "linksComplete",
)
TEXT = ("label", "groundTruthIdentity")  # read as text if the file does not give their type
SIGNATURE = b"\x89HDF\r\n\x1a\n"  # of HDF5
SIGNATURE_LIMIT = 1 << 20  # bytes from the start of a file that are searched for it
LARGEST = 1 << 53  # a double holds every whole number up to this
PADDING = " \t\0"  # characters that fill up a row
LONGEST = 1 << 24  # most values in one field of one track


@dataclass(frozen=True, eq=False, slots=True)
class TrackTable:
    """The columns of `Tracks` that castlist uses, t rows."""

    track_id: NDArray[np.int64]
    stored: NDArray[np.int64]  # faces that the file stores, `numframes`
    label: list[str] | None
    frame: NDArray[np.int64] | None  # (k,) frames of all stored faces, track after track
    first: NDArray[np.int64] | None  # spans and sizes, if the file does not store all faces
    last: NDArray[np.int64] | None
    size: NDArray[np.int64] | None
    box: NDArray[np.float64] | None  # (k, 4) x, y, width, height in pixels
    quality: NDArray[np.float64] | None  # (k,)
    must: NDArray[np.int64]  # (q, 2) numbers of tracks
    cannot: NDArray[np.int64]  # (q, 2)
    complete: bool  # whether these links hold all co-occurring tracks


CELLS = "a field of Tracks holds a cell array or text of several rows; expected one number or text"

Plain: TypeAlias = "str | NDArray[np.generic]"  # text, or numbers in a row


def table(fields: dict[str, list[Plain]]) -> TrackTable:
    """The track table of raw fields, checked.

    Raises:
        InputError: `numframes` or `trackerId` is missing, or the fields of a track disagree.
    """
    for name in ("numframes", "trackerId"):
        if name not in fields:
            raise InputError(f"Tracks has no field `{name}`; it has {', '.join(sorted(fields)) or 'none'}")
    stored = _column(fields, "numframes")
    if np.any((stored < 1) | (stored > LONGEST)) or stored.sum() > LONGEST:
        raise InputError("Tracks.numframes must be 1 or more for each track")
    track_id, quality = _column(fields, "trackerId"), _face_columns(fields, "faceQuality", stored, 1)
    first, last, size = (_column(fields, n) if n in fields else None for n in ("first", "last", "faces"))
    return TrackTable(
        track_id,
        stored,
        label=_labels(fields),
        frame=_frames(fields, stored),
        first=first,
        last=last,
        size=size,
        box=_face_columns(fields, "faceBox", stored, 4),
        quality=None if quality is None else quality[:, 0],
        must=_links(fields, "mustLink", track_id),
        cannot=_links(fields, "cannotLink", track_id),
        complete="linksComplete" in fields and bool((_column(fields, "linksComplete") == 1).all()),
    )


def _face_columns(
    fields: dict[str, list[Plain]], name: str, stored: NDArray[np.int64], width: int
) -> NDArray[np.float64] | None:
    """(k, width) the values of a field with `width` numbers for each face, track after track."""
    if name not in fields:
        return None
    values = fields[name]
    for value, count in zip(values, stored, strict=True):
        if isinstance(value, str) or value.size != count * width:
            each = "a number" if width == 1 else f"{width} numbers"
            raise InputError(f"Tracks.{name} must have {each} for each of the numframes faces of a track")
    return np.concatenate(
        [np.zeros((0, width)), *(np.asarray(v, np.float64).reshape(width, -1).T for v in values)]
    )


def _links(fields: dict[str, list[Plain]], name: str, track_id: NDArray[np.int64]) -> NDArray[np.int64]:
    """(q, 2) pairs of a track's number and each number in its field."""
    values = fields.get(name, [])
    if not all(_is_whole(v) for v in values):
        raise InputError(f"Tracks.{name} must be numbers of tracks (trackerId), [] where there are none")
    pairs = [
        (int(track), int(other))
        for track, value in zip(track_id, values, strict=False)
        for other in np.asarray(value, np.float64)
    ]
    return np.array(pairs, np.int64).reshape(-1, 2)


def _column(fields: dict[str, list[Plain]], name: str) -> NDArray[np.int64]:
    values = fields[name]
    if not all(_is_whole(v) and v.size == 1 for v in values):
        raise InputError(f"Tracks.{name} must be one number for each track, a whole one")
    return np.array([int(v[0]) for v in values if not isinstance(v, str)], np.int64)


def _is_whole(value: Plain) -> TypeGuard[NDArray[np.generic]]:
    """Whether a value is whole numbers that a double holds exactly."""
    if isinstance(value, str):
        return False
    number = value.astype(np.float64)
    return bool(np.all(np.abs(number) < LARGEST) and np.all(number == np.round(number)))


def _labels(fields: dict[str, list[Plain]]) -> list[str] | None:
    """Names if there are any, else the numbers of `labelid` as text; None if all names are empty."""
    for name in ("groundTruthIdentity", "label", "labelid"):
        if name in fields:
            found = [_person(v, name) for v in fields[name]]
            return found if any(found) or not found else None
    return None


def _person(value: Plain, field: str) -> str:
    """A name without padding, or a number as text; "" for NaN and []."""
    if isinstance(value, str):
        return value.strip(PADDING)
    if value.size == 0 or (value.size == 1 and np.isnan(value[0])):
        return ""
    if value.size > 1 or not _is_whole(value):
        raise InputError(f"Tracks.{field} must be one name or one whole number for each track")
    return str(int(value[0]))


def _frames(fields: dict[str, list[Plain]], stored: NDArray[np.int64]) -> NDArray[np.int64] | None:
    if "frames" not in fields:
        return None
    for value, count in zip(fields["frames"], stored, strict=True):
        if not _is_whole(value) or value.size != count:
            raise InputError("Tracks.frames must have numframes values for each track, whole numbers")
    return np.concatenate([np.asarray(v, np.float64) for v in fields["frames"]]).astype(np.int64)


def feature_name(names: list[str]) -> str | None:
    """The variable with the features: the first with a name that begins with `features_`."""
    found = sorted(name for name in names if name.startswith("features_"))
    return found[0] if found else None


def struct_fields(tracks: Value) -> dict[str, list[Plain]]:
    """The fields of a struct array from `_mat5.load`."""
    if not isinstance(tracks, Struct):
        raise InputError("Tracks must be a struct array with the fields numframes and trackerId")
    fields = {name: tracks.fields[name] for name in FIELDS if name in tracks.fields}
    size = np.asarray(fields["numframes"][0]).size if len(fields.get("numframes", [])) == 1 else 1
    if size > 1 and isinstance(fields["numframes"][0], np.ndarray):
        fields = {name: _spread(column[0], name, size) for name, column in fields.items()}
    return {name: [_plain(v) for v in column] for name, column in fields.items()}


def _spread(column: Value, name: str, tracks: int) -> list[Value]:
    """The values of a column, one for each track."""
    values: Value = column
    if isinstance(column, np.ndarray):
        values = list(column.ravel(order="F").reshape(-1, 1))
    if not isinstance(values, list) or len(values) != tracks:
        raise InputError(f"Tracks.{name} must have a value for each of the {tracks} tracks of numframes")
    return values


def _plain(value: Value) -> Plain:
    """Text, or numbers in a row; a cell with one value is that value."""
    while isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        if value:
            raise InputError(CELLS)
        return np.zeros(0)
    if not isinstance(value, np.ndarray):
        raise InputError("a field of Tracks holds neither a number nor text")
    return value.ravel(order="F")


def hdf5_dataset(file: h5py.File, name: str, where: str = "the file") -> h5py.Dataset:
    """A dataset of an HDF5 file, with its data in the file itself.

    Raises:
        InputError: the dataset is missing, or a link to another place, which is never followed.
    """
    with needed("an HDF5 file (.h5, or .mat of version 7.3)", "features"):
        import h5py

    if name not in file:
        raise InputError(f"{where} has no `{name}`")
    link, found = file.get(name, getlink=True), None
    if isinstance(link, h5py.HardLink):
        found = file[name]
    if not isinstance(found, h5py.Dataset) or found.external or found.is_virtual:
        raise InputError(f"`{name}` must be a dataset inside the file itself")
    return found


def hdf5_floats(file: h5py.File, name: str) -> h5py.Dataset:
    """As `hdf5_dataset`, of real floating-point numbers.

    Raises:
        InputError: as there, or the type is another.
    """
    found = hdf5_dataset(file, name)
    if found.dtype.kind != "f":
        raise InputError(f"`{name}` must be a block of floats, got {found.dtype}")
    return found


def hdf5_fields(file: h5py.File) -> dict[str, list[Plain]]:
    """The fields of the group `Tracks` of a v7.3 file."""
    with needed("an HDF5 file (.h5, or .mat of version 7.3)", "features"):
        import h5py

    link = file.get("Tracks", getlink=True) if "Tracks" in file else None
    group = file["Tracks"] if isinstance(link, h5py.HardLink) else None
    if not isinstance(group, h5py.Group):
        raise InputError("no struct array `Tracks` in it; expected the fields numframes and trackerId")
    datasets = {name: hdf5_dataset(group, name, "Tracks") for name in FIELDS if name in group}
    tracks = _tracks(datasets.get("numframes"))
    found = {name: _hdf5_column(file, dataset, name, tracks) for name, dataset in datasets.items()}
    if len({len(column) for column in found.values()}) > 1:
        sizes = ", ".join(f"{name} {len(column)}" for name, column in found.items())
        raise InputError(f"the fields of Tracks have different lengths: {sizes}")
    return found


def _tracks(numframes: h5py.Dataset | None) -> int:
    """The number of tracks of columns that hold their values themselves; 1 if they hold references."""
    return 1 if numframes is None or numframes.dtype.kind not in "biuf" else max(1, numframes.size)


def _hdf5_column(file: h5py.File, dataset: h5py.Dataset, name: str, tracks: int) -> list[Plain]:
    """One value for each track: from references, or from the dataset itself, a column or a single value."""
    with needed("an HDF5 file (.h5, or .mat of version 7.3)", "features"):
        import h5py

    check_amount(dataset.size, 8, "a field of Tracks")
    if h5py.check_ref_dtype(dataset.dtype) is h5py.Reference:
        return [_hdf5_value(file, reference, name in TEXT) for reference in dataset[()].ravel()]
    if tracks == 1 and h5py.check_string_dtype(dataset.dtype) is None:
        return [_hdf5_plain(dataset, name in TEXT)]
    return _hdf5_spread(dataset, name in TEXT)


def _hdf5_value(file: h5py.File, reference: h5py.Reference, text: bool) -> Plain:
    with needed("an HDF5 file (.h5, or .mat of version 7.3)", "features"):
        import h5py

    for _ in range(3):  # a label may be a cell that holds a string
        if not reference:
            raise InputError("a field of Tracks refers to nothing; every track needs a value, [] if unknown")
        target = file[reference]
        if not isinstance(target, h5py.Dataset) or target.external or target.is_virtual:
            raise InputError("a field of Tracks refers to something that is not an array")
        if h5py.check_ref_dtype(target.dtype) is not h5py.Reference:
            return _hdf5_plain(target, text)
        if target.size != 1:
            raise InputError(CELLS)
        reference = target[()].ravel()[0]
    raise InputError("a field of Tracks is nested too deep")


def _hdf5_plain(dataset: h5py.Dataset, text: bool) -> Plain:
    """Text, or numbers in a row."""
    if dataset.attrs.get("MATLAB_empty", 0):
        return "" if dataset.attrs.get("MATLAB_class") == b"char" else np.zeros(0)
    value = _hdf5_array(dataset)
    if value.dtype.kind == "U" or _is_text(dataset, text):
        rows = _characters(value)
        if len(rows) != 1:
            raise InputError("a field of Tracks holds text of several rows; expected one name for each track")
        return rows[0]
    return value.ravel()


def _hdf5_spread(dataset: h5py.Dataset, text: bool) -> list[Plain]:
    """The values of a column."""
    value = _hdf5_array(dataset)
    if value.dtype.kind == "U" or _is_text(dataset, text and value.ndim == 2 and min(value.shape) > 1):
        return list(_characters(value))
    return list(value.ravel().reshape(-1, 1))


def _hdf5_array(dataset: h5py.Dataset) -> NDArray[np.generic]:
    """The numbers, codes of characters or strings of the file."""
    with needed("an HDF5 file (.h5, or .mat of version 7.3)", "features"):
        import h5py

    if dataset.size > LONGEST:
        raise InputError(f"a field of Tracks claims {dataset.size} values for one track")
    if h5py.check_string_dtype(dataset.dtype) is not None:
        return np.asarray(dataset.asstr("utf-8", "replace")[()]).astype(np.str_)
    if dataset.dtype.kind not in "biuf":
        raise InputError("a field of Tracks holds neither a number nor text")
    return np.asarray(dataset[()])


def _is_text(dataset: h5py.Dataset, text: bool) -> bool:
    """Whether numbers are codes of characters: by the file, or for a name without a type."""
    unnamed = b"char" if text and dataset.dtype.kind == "u" else b""
    return bool(dataset.attrs.get("MATLAB_class", unnamed) == b"char")


def _characters(value: NDArray[np.generic]) -> list[str]:
    """Strings unchanged; of codes of characters (UTF-16; characters, rows) the text of each row."""
    if value.dtype.kind == "U":
        return [str(v) for v in value.ravel()]
    if value.dtype.kind != "u" or value.ndim > 2:
        raise InputError("a field of Tracks holds text in no known form; expected one name for each track")
    rows = value.T if value.ndim == 2 and min(value.shape) > 1 else value.reshape(1, -1)
    return [row.astype("<u2").tobytes().decode("utf-16-le", "replace") for row in rows]


def is_hdf5(path: Path) -> bool:
    """Whether a `.mat` is an HDF5 file, with the signature at byte 0, 512, 1024, 2048, ..."""
    with path.open("rb") as file:
        start = file.read(SIGNATURE_LIMIT + len(SIGNATURE))
    places = [0, *(512 << i for i in range(12))]
    return any(start.startswith(SIGNATURE, place) for place in places if place <= SIGNATURE_LIMIT)
