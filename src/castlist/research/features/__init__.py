"""Features of face tracks as other people's archives and our own files hold them: the front door.

`read` looks at what a file contains, not at its name, and calls the module that knows the layout:
`ssiam_mat`, `fgg`, `bcl` and `npz`, one published packing each.
"""

from __future__ import annotations

from pathlib import Path

from castlist.errors import InputError
from castlist.outputs import check_output, unwritten, whole
from castlist.research.features import _matlab, bcl, fgg, npz, ssiam_mat
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

__all__ = [
    "MAX_BYTES",
    "UNKNOWN_FRAME",
    "FeatureSet",
    "gather",
    "left_out",
    "read",
    "read_structure",
    "write",
]


def read(path: str | Path) -> FeatureSet:
    """The features of one video, from any packing that we know, chosen by what the file holds.

    Args:
        path: an SSIAM `.mat` (v5, v7 or v7.3), an FGG `.mat` or `.h5` (HDF5), a BCL directory or `.ids`
            file, or an `.npz` of castlist. Nothing in it is ever unpickled.

    Raises:
        InputError: the file is missing, truncated, of no such layout, too large, or holds no features.
    """
    features = read_structure(path)
    if not features.dim:
        raise InputError(f"{Path(path).name} holds tracks but no features; give the file with the features")
    return features


def read_structure(path: str | Path) -> FeatureSet:
    """As `read`, but a file with tracks and no features is fine too: its vectors have dimension 0."""
    path = Path(path)
    with sentence(path):
        if path.is_dir() or path.suffix == ".ids":
            return bcl.read(path)
        check_plain(path)
        with path.open("rb") as stream:
            head = stream.read(128)
        if head.startswith(b"PK"):
            return npz.read(path)
        if _matlab.is_hdf5(path):
            return fgg.read(path) if fgg.fits(path) else ssiam_mat.read(path)
        if head.startswith(b"MATLAB"):
            return ssiam_mat.read(path)
        if head.startswith(b"\x93NUMPY"):
            raise InputError(
                f"a single .npy is one track of a BCL release; give its .ids file or directory, or {SAVED}"
            )
        raise InputError(f"not a feature file; expected {LAYOUTS}; {SAVED}")


def write(features: FeatureSet, path: str | Path) -> None:
    """Write a set where other code can read it: `.npz` (ours) or `.mat` (the layout of SSIAM's release).

    The folder is made where it is missing. A file that is there is replaced once the new one is complete.
    `left_out` says what a `.mat` has no place for.

    Raises:
        InputError: another suffix, the file cannot be written, or is one that castlist does not replace
            (`castlist.outputs`).
    """
    writers = {".npz": npz.write, ".mat": ssiam_mat.write}
    path = Path(path)
    if path.suffix not in writers:
        raise InputError(f"cannot write {path.name}: name it .npz or .mat")
    check_output(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with whole(path) as part:
            writers[path.suffix](features, part)
    except OSError as error:
        raise InputError(unwritten(path, error)) from None


def left_out(features: FeatureSet, path: str | Path) -> tuple[str, ...]:
    """What `write` leaves out of a set at this path, in words; nothing for an `.npz`."""
    return ssiam_mat.left_out(features, Path(path)) if Path(path).suffix == ".mat" else ()
