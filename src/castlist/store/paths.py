"""The path of a workspace, and whether a folder is one."""

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
_BYTE = re.compile(rb"\\x([89a-f][0-9a-f])")  # of a name that is not UTF-8, as `path_text` writes it
RENAMED = "renamed"  # among a workspace's results the note that its film got another name, by its own name
_OURS = {"lock", EMBEDDINGS, THUMBS}  # before there is a cast.db


def beside(video: Path) -> Path:
    """The workspace's place for a film: film.mp4 -> film.castlist in the same folder.

    Where that one belongs to another film which is still there (film.mkv beside film.mp4), it is
    film.mkv.castlist; where the name would grow beyond 255 bytes, it is cut and told apart by a hash.
    """
    full, short = (video.with_name(_fitting(name)) for name in (video.name, video.stem))
    if full.exists() or short == video:
        return full
    owner = _owner(short)
    taken = owner not in (None, video.name) and (video.parent / str(owner)).exists()
    return full if taken else short


def _fitting(stem: str) -> str:
    """stem.castlist, cut to 255 bytes and told apart by a hash where it is longer."""
    if len(os.fsencode(stem + SUFFIX)) <= 255:
        return stem + SUFFIX
    digest = sha256(os.fsencode(stem)).hexdigest()[:12]
    cut = os.fsencode(stem)[: 255 - len(SUFFIX) - 13]
    return f"{cut.decode(errors='ignore')}-{digest}{SUFFIX}"


def _owner(path: Path) -> str | None:
    """The file name of the film that a workspace belongs to, None where it says nothing."""
    noted = film_noted(path)
    return None if noted is None else noted.path.name


class FilmNoted(NamedTuple):
    """The film that a workspace notes."""

    path: Path  # may be relative to a folder that is not known any more
    digest: str  # of its content
    renamed: bool  # whether it got this name while the workspace had the name that it has


def film_noted(path: Path) -> FilmNoted | None:
    """The film that a workspace notes; None where nothing can be read there."""
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
    """A path as text that can be written as UTF-8: bytes of names that are no UTF-8 as in `\\xff`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def path_from_text(text: str) -> Path:
    """The path of which `path_text` made a text; where a file has that very text for a name, that one."""
    plain = Path(text)
    meant = Path(os.fsdecode(_BYTE.sub(lambda found: bytes([int(found[1], 16)]), os.fsencode(text))))
    return meant if meant != plain and not plain.exists() and meant.exists() else plain


def written(path: str | os.PathLike[str]) -> Path:
    """A workspace's path as somebody wrote it.

    Raises:
        WorkspaceError: it can be no path.
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
    """Refuse whatever is not a workspace, before anything is touched."""
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
