"""Reads and writes features of face tracks, of published archives and of a user's own files.

`read` examines the content of a file, not its name, and calls the module for its layout: `ssiam_mat`, `fgg`
and `bcl` for one published archive each; for a user's own features, `npz`, `hdf5` and `tensors` (arrays by
the names in `columns`), `rows` (a bare `.npy`) and `table_file`.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

from castlist.errors import InputError
from castlist.outputs import check_output, kind_of_folder, looks_like_film, unwritten, whole
from castlist.research.features import (
    _matlab,
    bcl,
    fgg,
    hdf5,
    npz,
    rows,
    ssiam_mat,
    table_file,
    tensors,
)
from castlist.research.features.table import (
    LAYOUTS,
    MAX_BYTES,
    SAVED,
    UNKNOWN_FRAME,
    FeatureSet,
    check_plain,
    gather,
    sentence,
)
from castlist.shell_words import shell_path

__all__ = [
    "MAX_BYTES",
    "SUFFIXES",
    "UNKNOWN_FRAME",
    "FeatureSet",
    "gather",
    "left_out",
    "read",
    "read_structure",
    "source_files",
    "write",
]

SUFFIXES = (  # of files in a folder of features; `read` itself examines the content
    *(".npz", ".npy", ".csv", ".tsv", ".parquet", ".mat", ".h5", ".hdf5", ".safetensors"),
)
FROM_FILM = "write the features of its faces by castlist features {} -o film.npz"
HEAD = 400  # first bytes of a file, which show its kind
ZIP = b"PK"
PICKLES = (".pt", ".pth", ".pkl", ".pickle", ".joblib")
PICKLED = (
    "holds pickled Python objects (as PyTorch, pickle and joblib save them), which castlist never opens: "
    "they can run code; save them by np.save('features.npy', features), a tensor as features.cpu().numpy()"
)


def read(
    path: str | Path,
    *,
    tracks: str | Path | None = None,
    frames: str | Path | None = None,
    labels: str | Path | None = None,
) -> FeatureSet:
    """The features of one video, from a file of any known layout, recognised by its content.

    Args:
        path: an SSIAM `.mat` (v5, v7 or v7.3), an FGG `.mat` or `.h5` (HDF5), a BCL directory or `.ids` file;
            or your own features: an `.npz`, HDF5 or safetensors file with the arrays listed in `columns`, a
            bare `.npy` (`rows`), a `.csv`, `.tsv` or Parquet table (`table_file`). No pickle is ever loaded.
        tracks, frames, labels: with a bare `.npy` (faces, d), other `.npy` files with the track number, frame
            and label of each row; by default those in the same folder, named as in `rows`.

    Raises:
        InputError: the file is missing, truncated, too large, of another layout, or holds no features.
        MissingExtra: HDF5 and safetensors need castlist[features], tables castlist[arrow].
    """
    features = read_structure(path, tracks=tracks, frames=frames, labels=labels)
    if not features.dim:
        raise InputError(f"{Path(path).name} holds tracks but no features; give the file with the features")
    return features


def read_structure(
    path: str | Path,
    *,
    tracks: str | Path | None = None,
    frames: str | Path | None = None,
    labels: str | Path | None = None,
) -> FeatureSet:
    """As `read`, but a file with tracks and no features is accepted, too: its vectors have dimension 0."""
    path, named = Path(path), _named(tracks=tracks, frames=frames, labels=labels)
    with sentence(path):
        reader = _reader(path)
        if named and reader is not rows.read:
            raise InputError(
                f"is no .npy file and must hold the {next(iter(named))} itself; leave the second file out"
            )
        return reader(path, **named)


def source_files(
    path: str | Path,
    *,
    tracks: str | Path | None = None,
    frames: str | Path | None = None,
    labels: str | Path | None = None,
) -> list[Path]:
    """All files that `read` opens with the same arguments, which a result must not overwrite.

    In addition to the file itself: the companions of a bare `.npy` (`rows`), the names and tracks of a BCL
    release, the file with `Tracks` of an SSIAM `.mat` with features only.

    Raises:
        InputError: the file is missing, or has an unknown layout.
    """
    path, named = Path(path), _named(tracks=tracks, frames=frames, labels=labels)
    with sentence(path):
        reader = _reader(path)
        if reader is bcl.read:
            return bcl.source_files(path)
        beside = [*named.values()]
        if reader is rows.read:
            beside = rows.companions(path, **named)
        elif reader is ssiam_mat.read:
            beside = [ssiam_mat.sibling(path)]
        return [path, *beside]


def _named(**given: str | Path | None) -> dict[str, Path]:
    """The given files, as paths."""
    return {name: Path(file) for name, file in given.items() if file is not None}


def _reader(path: Path) -> Callable[..., FeatureSet]:
    """The function that reads a file or folder, by its first bytes.

    Raises:
        InputError: the layout is unknown.
    """
    if kind_of_folder(path) == "workspace":
        raise InputError(
            f"is the workspace of a film, not a feature file; {FROM_FILM.format(shell_path(str(path)))}"
        )
    if path.is_dir() or path.suffix == ".ids":
        return bcl.read
    check_plain(path)
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    if head.startswith(ZIP):
        _check_no_pickle(path)
        return npz.read
    if _matlab.is_hdf5(path):
        return hdf5.read if hdf5.fits(path) else fgg.read if fgg.fits(path) else ssiam_mat.read
    if head.startswith(b"MATLAB"):
        return ssiam_mat.read
    if head.startswith(b"\x93NUMPY"):
        if bcl.holds(path):
            raise InputError("is one track of a BCL release; give its .ids file, or the folder that it is in")
        return rows.read
    if tensors.fits(head):
        return tensors.read
    if head.startswith(table_file.PARQUET) or path.suffix.lower() in table_file.SUFFIXES:
        return table_file.read
    if path.suffix.lower() in PICKLES or re.match(rb"\x80[\x02-\x05]", head):
        raise InputError(PICKLED)
    if looks_like_film(head):
        place = shell_path(str(path.with_suffix(".castlist")))
        raise InputError(
            f"is a film, not a feature file; find its cast by castlist find {shell_path(str(path))}, then "
            f"{FROM_FILM.format(place)}"
        )
    raise InputError(f"not a feature file; expected {LAYOUTS}; {SAVED}")


def _check_no_pickle(path: Path) -> None:
    """Refuse files saved by PyTorch: ZIP files like `.npz`, but with a pickle inside."""
    with zipfile.ZipFile(path) as archive:
        if any(name.endswith(".pkl") for name in archive.namelist()):
            raise InputError(PICKLED)


def write(features: FeatureSet, path: str | Path) -> None:
    """Write a set as `.npz` (castlist's format), `.mat` (as in SSIAM's release) or `.npy`.

    An `.npy` holds only the vectors, a row for each face in the order in which they were read.

    A missing folder is made. An existing file is replaced when the new one is complete. `left_out` lists the
    data that a `.mat` or `.npy` cannot hold.

    Raises:
        InputError: the suffix is another, the file cannot be written, or castlist does not replace a file of
            that kind (`castlist.outputs`).
    """
    writers = {".npz": npz.write, ".mat": ssiam_mat.write, ".npy": rows.write}
    path = Path(path)
    if path.suffix not in writers:
        raise InputError(f"cannot write {path.name}: name it .npz, .mat or .npy")
    check_output(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path) as part:
            writers[path.suffix](features, part)
    except OSError as error:
        raise InputError(unwritten(path, error)) from None


def left_out(features: FeatureSet, path: str | Path) -> tuple[str, ...]:
    """The data that `write` leaves out of a set at this path, in words; none for an `.npz`."""
    kinds = {".mat": ssiam_mat.left_out, ".npy": rows.left_out}
    suffix = Path(path).suffix
    return kinds[suffix](features, Path(path)) if suffix in kinds else ()
