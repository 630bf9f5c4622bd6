"""The path of a workspace, and checks whether a folder is one."""

from __future__ import annotations

import os
import re
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from castlist.errors import WorkspaceError
from castlist.outputs import kind_of_folder
from castlist.store import database, files
from castlist.store.folder import EMBEDDINGS, THUMBS, Folder
from castlist.web_addresses import is_address, not_fetched

__all__ = ["RENAMED", "FilmNoted", "beside", "check", "film_noted", "path_from_text", "path_text", "written"]

SUFFIX = ".castlist"
_BYTE = re.compile(rb"\\x([89a-f][0-9a-f])")  # a byte of a name that is not UTF-8, as written by `path_text`
# name of the result that stores, under the workspace's name, that its film got another name
RENAMED = "renamed"
_OURS = {"lock", EMBEDDINGS, THUMBS}  # files of a workspace without cast.db


def beside(video: Path) -> Path:
    """The workspace's path for a film: film.mp4 -> film.castlist in the same folder.

    If that is the workspace of another film that still exists (film.mkv beside film.mp4), the path is
    film.mkv.castlist; a name of more than 255 bytes is cut, with a hash to make it unique.
    """
    full, short = (video.with_name(_fitting(name)) for name in (video.name, video.stem))
    if full.exists() or short == video:
        return full
    owner = _owner(short)
    taken = owner not in (None, video.name) and (video.parent / str(owner)).exists()
    return full if taken else short


def _fitting(stem: str) -> str:
    """stem.castlist; a name of more than 255 bytes is cut, with a hash to make it unique."""
    if len(os.fsencode(stem + SUFFIX)) <= 255:
        return stem + SUFFIX
    digest = sha256(os.fsencode(stem)).hexdigest()[:12]
    cut = os.fsencode(stem)[: 255 - len(SUFFIX) - 13]
    return f"{cut.decode(errors='ignore')}-{digest}{SUFFIX}"


def _owner(path: Path) -> str | None:
    """The file name of a workspace's film, None if unknown."""
    noted = film_noted(path)
    return None if noted is None else noted.path.name


class FilmNoted(NamedTuple):
    """The film of a workspace, as stored there."""

    path: Path  # may be relative to an unknown folder
    digest: str  # of the film's content
    renamed: bool  # whether the film got this name while the workspace had its current name


def film_noted(path: Path) -> FilmNoted | None:
    """The film of a workspace; None if it cannot be read."""
    folder = Folder(path)
    try:
        with files.sentences(path):
            if not path.is_dir() or folder.check(database.DATABASE) is None:
                return None
            with closing(database.connect(folder, write=False)) as db:
                row = db.execute("SELECT path, digest FROM video").fetchone()
                query = "SELECT count(*) FROM results WHERE name = ? AND key = ?"
                renamed = bool(db.execute(query, (RENAMED, path_text(path.name))).fetchone()[0])
    except WorkspaceError:
        return None
    if not row or not isinstance(row[0], str | bytes) or not isinstance(row[1], str):
        return None
    return FilmNoted(Path(os.fsdecode(row[0])), row[1], renamed)


def path_text(path: str | Path) -> str:
    """A path as text in UTF-8: other bytes are written as in `\\xff`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def path_from_text(text: str) -> Path:
    """The path for a result of `path_text`; a file with exactly this text as its name comes first."""
    plain = Path(text)
    meant = Path(os.fsdecode(_BYTE.sub(lambda found: bytes([int(found[1], 16)]), os.fsencode(text))))
    return meant if meant != plain and not plain.exists() and meant.exists() else plain


def written(path: str | os.PathLike[str]) -> Path:
    """A workspace's path from user input.

    Raises:
        WorkspaceError: it cannot be a path.
    """
    try:
        name = os.fsdecode(path)
    except TypeError:
        raise WorkspaceError(
            f"a workspace is given by its path, as in film.castlist, not by {type(path).__name__}"
        ) from None
    if is_address(name):
        raise WorkspaceError(not_fetched(name))
    if not name or "\0" in name:
        raise WorkspaceError(
            f"{name!r} cannot be a workspace: the name is empty or contains a zero character"
        )
    return Path(name)


def check(folder: Folder, create: bool) -> None:
    """Raise an error for anything but a workspace, before any change."""
    path = folder.path
    if path.is_dir() and folder.check(database.DATABASE) is not None:
        return
    if path.exists() and not path.is_dir():
        raise WorkspaceError(
            f"{path}: is a file, not a castlist workspace (a folder such as film.castlist)", elsewhere=True
        )
    if not create:
        if kind_of_folder(path) == "library":
            raise WorkspaceError(
                f"{path}: is a library, not the workspace of one film; castlist library list names its films"
            )
        reason = "is a folder but not a castlist workspace" if path.is_dir() else "does not exist"
        raise WorkspaceError(f"{path}: {reason}; castlist find makes one")
    if path.is_dir() and not all(name in _OURS or folder.removable(name) for name in os.listdir(path)):
        raise WorkspaceError(
            f"{path}: contains other files and is not a castlist workspace (a folder such as film.castlist)",
            elsewhere=True,
        )
