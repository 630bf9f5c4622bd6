"""Paths and folders -> films, their workspaces, and the films of a shard."""

from __future__ import annotations

import itertools
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from castlist.decode import OF_PICTURES, printable
from castlist.decode.files import system_words
from castlist.errors import InputError
from castlist.film_workspace import workspace_of
from castlist.outputs import kind_of_folder
from castlist.shell_words import shell_path
from castlist.store import Workspace
from castlist.web_addresses import refuse_address

__all__ = ["FILM_SUFFIXES", "WHOLE", "Shard", "films_of", "places_of", "workspaces_in"]

# Names that are films inside a folder; a file that is given by its path may have any name.
FILM_SUFFIXES = frozenset(
    {
        ".3g2", ".3gp", ".asf", ".avi", ".divx", ".dv", ".f4v", ".flv", ".gxf", ".h264", ".hevc", ".ivf",
        ".m1v", ".m2ts", ".m2v", ".m4v", ".mkv", ".mod", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".mxf",
        ".nut", ".ogm", ".ogv", ".qt", ".rm", ".rmvb", ".tod", ".ts", ".vob", ".webm", ".wmv", ".wtv",
        ".y4m",
    }
)  # fmt: skip

# Names in sequences of pictures, of scanners and of effects.
PICTURE_SUFFIXES = frozenset(
    {".bmp", ".dng", ".dpx", ".exr", ".j2c", ".j2k", ".jp2", ".jpeg", ".jpg", ".png", ".tga", ".tif", ".tiff"}
)


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several equal parts of a list of films: part `number` (from 1) of `count`."""

    number: int = 1
    count: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count:
            raise InputError(
                f"--shard takes a part and the number of parts, as in 3/40; got {self.number}/{self.count}"
            )

    @classmethod
    def parse(cls, text: str) -> Shard:
        """The shard of a text such as "3/40".

        Raises:
            InputError: the text has another form.
        """
        found = re.fullmatch(r"([0-9]{1,9})/([0-9]{1,9})", text.strip())
        if not found:
            raise InputError(f"--shard takes a part and the number of parts, as in 3/40; got {text!r}")
        return cls(int(found[1]), int(found[2]))

    def of(self, films: Sequence[Path]) -> list[Path]:
        """Every `count`-th film, from the `number`-th on: all shards together have all films."""
        return list(films[self.number - 1 :: self.count])


WHOLE = Shard()


def films_of(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    skipped: Callable[[str], None] = lambda sentence: None,
) -> list[Path]:
    """The films of paths and folders, or of one path, each once, in the order given.

    Folders are searched with all folders in them, in the order of names. Hidden files, workspaces and links
    to folders are left out.

    Args:
        skipped: called with a sentence for each folder within another that cannot be read.

    Raises:
        InputError: a folder has no film or cannot be read, or a value is not a path.
    """
    found: list[Path] = []
    if not isinstance(paths, str | os.PathLike | Iterable):
        raise InputError(f"films are given by their paths, not by {type(paths).__name__}")
    for given in [paths] if isinstance(paths, str | os.PathLike) else paths:
        if not isinstance(given, str | os.PathLike):
            raise InputError(f"a film is given by its path, not by {type(given).__name__}")
        refuse_address(given)
        path = Path(given)
        if not os.path.isdir(path):
            found.append(path)
            continue
        inside, unread = _searched(path)
        if any(os.fspath(error.filename or "") == os.fspath(path) for error in unread):
            raise InputError(
                f"{_unread(unread[0])}; check its permissions and the disk, or name another folder"
            )
        if not inside:
            raise InputError(f"{printable(path)}: contains no film{_besides(unread)}; {_advice(path)}")
        for error in unread:
            skipped(f"{_unread(error)}, so films in it are left out")
        found += inside
    return list({os.path.realpath(path): path for path in reversed(found)}.values())[::-1]


def workspaces_in(path: Path) -> list[Path]:
    """The path itself if it is a workspace, or the workspaces in a folder without films; else none."""
    if os.path.exists(path / "cast.db"):  # unlike Path.exists, also for a name that is too long for a file
        return [path]
    if not os.path.isdir(path) or next(iter(_inside(path)), None) is not None:
        return []
    with suppress(OSError):  # `films_of` says that the folder cannot be read
        return sorted(inside for inside in path.iterdir() if os.path.exists(inside / "cast.db"))
    return []


def _advice(folder: Path) -> str:
    """The advice about a folder without films."""
    name = shell_path(str(folder))
    match kind_of_folder(folder):
        case "workspace":
            return f"it is the workspace of a film: give the film, or see its cast by castlist info {name}"
        case "library":
            return f"it is a library: castlist library list {name} names its films"
    for _, _, names in itertools.islice(os.walk(folder), 1):
        if any(Path(name).suffix.lower() in PICTURE_SUFFIXES for name in names):
            return f"if its pictures are a sequence, make a film of them first, for example: {OF_PICTURES}"
    return f"the names of films end in {', '.join(sorted(FILM_SUFFIXES))}"


def _searched(folder: Path) -> tuple[list[Path], list[OSError]]:
    """The films below a folder, and why folders in it could not be read."""
    errors: list[OSError] = []
    films = list(_inside(folder, errors.append))
    gone = (FileNotFoundError, NotADirectoryError)  # removed meanwhile, as folders of processes in /proc are
    return films, [error for error in errors if not isinstance(error, gone)]


def _unread(error: OSError) -> str:
    return f"{printable(error.filename or 'a folder')}: cannot be read ({system_words(error)})"


def _besides(unread: Sequence[OSError]) -> str:
    """What to add where nothing was found and some folders could not be read."""
    return f" that can be read, and {len(unread)} of its folders cannot be" if unread else ""


def _inside(folder: Path, failed: Callable[[OSError], None] | None = None) -> Iterable[Path]:
    """The films below a folder; `failed` is called with the error of each folder that cannot be read."""
    for root, folders, files in os.walk(folder, onerror=failed, followlinks=False):
        folders[:] = sorted(f for f in folders if not f.startswith(".") and not _is_ours(Path(root, f)))
        for name in sorted(files):
            if Path(name).suffix.lower() in FILM_SUFFIXES and not name.startswith("."):
                yield Path(root, name)


def _is_ours(folder: Path) -> bool:
    """Whether a folder is a workspace or a library."""
    return any(os.path.exists(folder / name) for name in ("cast.db", "catalogue.db"))


def places_of(films: Sequence[Path], out: Path | None = None) -> list[Path]:
    """The workspace of each film, all different: beside the film, or in the folder `out`.

    The same list of films always gives the same workspaces, for each shard of it.
    """
    names = Counter(_stem(film) for film in films)
    taken: set[str] = set()  # in lower case, as some file systems ignore case
    places = []
    for film in films:
        path = workspace_of(film) if out is None else out / _told_apart(film, names)
        if str(path).casefold() in taken:
            path = film.with_name(f"{film.name}.castlist")
        taken.add(str(path).casefold())
        places.append(path)
    return places


def _stem(film: Path) -> str:
    return film.stem.casefold()


def _told_apart(film: Path, names: Counter[str]) -> str:
    """film.castlist; with a hash of the film's whole path if another film has the same name."""
    if names[_stem(film)] < 2:
        return Workspace.beside(Path("/nowhere") / film.name).name
    mark = sha256(os.fsencode(os.path.realpath(film))).hexdigest()[:8]
    return Workspace.beside(Path("/nowhere") / f"{film.stem}-{mark}{film.suffix}").name
