"""The release of BallClustering (Tapaswi, Law and Fidler, ICCV 2019): names in `.ids`, tracks in `.npy`.

    ids/<video>.ids               CVHCI_TRACKLABELS_V1, then one "trackid name" on each line
    features/<video>/<track>.npy  (faces, 256) float, one file for each track

The release has frame numbers in another file (`tracks.tar.gz`), so co-occurrences are not known here.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO

import numpy as np

from castlist.errors import InputError
from castlist.research.features.npz import read_npy
from castlist.research.features.table import FeatureSet, check_amount, check_plain, gather, sentence

__all__ = ["HEADER", "find", "holds", "is_video", "read", "source_files"]

HEADER = "CVHCI_TRACKLABELS_V1"
DIGITS = 18  # most digits of a track number: a 64-bit integer always holds so many


def read(path: Path) -> FeatureSet:
    """The features of one video of the release.

    Args:
        path: `ids/<video>.ids`, or `features/<video>`, or the directory with both, if it has one video only.

    Raises:
        InputError: the layout is another, a file is damaged, or a named track has no features.
    """
    path = Path(path)
    with sentence(path):
        ids, folder = _locate(path)
        names = _names(ids) if ids.exists() else {}
        files = _files(folder)
        if not files:
            raise InputError(f"no features for {ids.stem}; expected features/{ids.stem}/<track>.npy")
        missing = sorted(names.keys() - files.keys())
        if missing:
            raise InputError(
                f"{len(missing)} tracks have a name but no features, the first is "
                f"{missing[0]}; expected features/{ids.stem}/{missing[0]}.npy"
            )
        numbers = sorted(files)
        check_amount(sum(file.stat().st_size for file in files.values()), 1, ids.stem)
        parts = [_track(files[n]) for n in numbers]
        widths = {part.shape[1] for part in parts}
        if len(widths) > 1:
            raise InputError(f"tracks have vectors of different lengths: {sorted(widths)}")
        return gather(
            ids.stem,
            np.concatenate(parts),
            np.repeat(np.arange(len(parts)), [len(part) for part in parts]),
            track_id=numbers,
            label=[names.get(n, "") for n in numbers] if names else None,
        )


def source_files(path: Path) -> list[Path]:
    """The files that `read` opens: the names, if there are any, and the tracks.

    Raises:
        InputError: the layout is another.
    """
    ids, folder = _locate(path)
    return [*([ids] if ids.exists() else []), *_files(folder).values()]


def find(directory: Path) -> list[Path]:
    """The `.ids` files of a release, sorted; each of them can be read."""
    return sorted((directory / "ids").glob("*.ids"))


def holds(file: Path) -> bool:
    """Whether an `.npy` is a track of a release: its name is a number, and its folder has an `.ids` file."""
    return file.stem.isdecimal() and _ids_of(file.absolute().parent).exists()


def is_video(folder: Path) -> bool:
    """Whether a folder has `.npy` files, all with numbers as names, like the tracks of one video."""
    files = list(folder.glob("*.npy"))
    return bool(files) and all(file.stem.isdecimal() for file in files)


def _ids_of(folder: Path) -> Path:
    """The path of the `.ids` file for `features/<video>`."""
    return folder.parent.parent / "ids" / f"{folder.name}.ids"


def _locate(path: Path) -> tuple[Path, Path]:
    """The `.ids` file and the feature directory of one video."""
    if path.suffix == ".ids":
        if not path.exists():
            raise FileNotFoundError(path)
        return path, path.parent.parent / "features" / path.stem
    if (path / "ids").is_dir():
        videos = find(path)
        if len(videos) == 1:
            return _locate(videos[0])
        raise InputError(f"holds {len(videos)} videos; give one of its ids/<video>.ids files")
    if any(path.glob("*.npy")):
        return _ids_of(path), path
    raise InputError("not a BCL release; expected ids/<video>.ids and features/<video>/<track>.npy")


def _names(path: Path) -> dict[int, str]:
    check_plain(path)
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise InputError(f"{path.name} is not UTF-8 text; save the names as UTF-8") from None
    if not lines or lines[0].strip() != HEADER:
        raise InputError(f"the first line must be {HEADER}")
    names: dict[int, str] = {}
    for number, line in enumerate(lines[1:], start=2):
        if not line.strip():
            continue
        track, name = _named(line, number)
        if names.setdefault(track, name) != name:
            raise InputError(f"line {number} calls track {track} {name!r}, an earlier line {names[track]!r}")
    return names


def _named(line: str, number: int) -> tuple[int, str]:
    """Track and name of one line, which has the number, blanks, and the name."""
    track, *name = line.split(maxsplit=1)
    if not (
        track.isascii() and track.isdecimal() and len(track) <= DIGITS and name and name[0].isprintable()
    ):
        raise InputError(f'line {number} must be "trackid name", got {line[:40]!r}')
    return int(track), name[0].strip()


def _files(folder: Path) -> dict[int, Path]:
    """The file of each track number."""
    files: dict[int, Path] = {}
    for file in sorted(folder.glob("*.npy")):
        if (earlier := files.setdefault(_number(file), file)) != file:
            raise InputError(f"{earlier.name} and {file.name} are the same track; leave one of them out")
    return files


def _number(file: Path) -> int:
    if not (file.stem.isascii() and file.stem.isdecimal() and len(file.stem) <= DIGITS):
        raise InputError(f"{file.name} is not named by a track number")
    return int(file.stem)


def _opened(file: Path) -> IO[bytes]:
    check_plain(file)
    return file.open("rb")


def _track(file: Path) -> np.ndarray:
    with sentence(file), _opened(file) as stream:
        vector = read_npy(stream, file.stat().st_size, "the track")
        if vector.ndim != 2 or not len(vector) or vector.dtype.kind != "f":
            raise InputError(f"a track must be floats of shape (faces, d), got {vector.dtype} {vector.shape}")
        return vector
