"""Finds the workspace of a film: the folder beside the film, also after the film was renamed."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from castlist.errors import CastlistError, InputError, VideoError
from castlist.shell_words import shell_path
from castlist.store import Workspace
from castlist.store.paths import FilmNoted, film_noted

__all__ = ["check_film", "workspace_of"]

LOOKED_AT = 2000  # workspaces of a folder that are read in search of the workspace of a renamed film


class _Noted(NamedTuple):
    """A workspace and the film that is recorded in it."""

    name: str  # of the workspace's folder
    film: FilmNoted


def workspace_of(film: Path) -> Path:
    """The folder of a film's workspace, which may not exist yet.

    It is `Workspace.beside(film)`, if that exists. Otherwise it is a workspace in the same folder whose film
    was renamed to this film, or whose film is missing and has the same content as this film.
    """
    place = Workspace.beside(film)
    if os.path.exists(place / "cast.db") or not os.path.isfile(film):
        return place
    folder, digest = film.absolute().parent, ""
    gone = []
    for other in _others(folder):
        noted = other.film.path if other.film.path.is_absolute() else folder / other.film.path.name
        if other.film.renamed and os.path.abspath(noted) == os.path.abspath(film):
            return film.with_name(other.name)
        if not os.path.exists(noted) and not os.path.exists(folder / noted.name):
            digest = digest or _digest(film)
            if other.film.digest == digest:
                gone.append((other.name != Workspace.beside(folder / noted.name).name, other.name))
    # workspaces named as usual come before those made with --out
    return film.with_name(min(gone)[1]) if gone else place


def _others(folder: Path) -> tuple[_Noted, ...]:
    """The workspaces in a folder, and their films."""
    try:
        return _read(folder, os.stat(folder).st_mtime_ns)
    except OSError:
        return ()


@lru_cache(maxsize=16)  # `workspace_of` asks about the same folder for each film in it
def _read(folder: Path, changed: int) -> tuple[_Noted, ...]:
    """`_others` of a folder; `changed`, the folder's time of change, is part of the cache's key."""
    names = sorted(entry.name for entry in os.scandir(folder) if entry.name.endswith(".castlist"))
    noted = ((name, film_noted(folder / name)) for name in names[:LOOKED_AT])
    return tuple(_Noted(name, film) for name, film in noted if film is not None)


def _digest(film: Path) -> str:
    from castlist.decode.files import digest_of

    with suppress(CastlistError):  # the decoder reports what is wrong with the film
        return digest_of(film)
    return "unreadable"


def check_film(film: Path, workspace: Path) -> None:
    """Refuse a film whose workspace belongs to another film that had the same name.

    Raises:
        InputError: the film was replaced after its cast was found, or it cannot be read.
    """
    if not os.path.isfile(film) or not os.path.isfile(workspace / "cast.db"):
        return
    noted = film_noted(workspace)
    if noted is None:
        return
    from castlist.decode.files import digest_of, has_grown

    try:
        digest = digest_of(film)
    except VideoError as error:
        raise InputError(f"{error}, or name {workspace.name} itself to use what is in it") from error
    if noted.digest == digest:
        return
    with Workspace.open(workspace, write=False) as opened:
        size = opened.film_size()
    if has_grown(film, size, noted.digest):
        raise InputError(
            f"{film}: has grown since its cast was found, as a film that was still being copied or recorded; "
            f"run castlist find {shell_path(str(film))} again, which keeps all decisions, or name "
            f"{workspace.name} itself to use what is in it"
        )
    raise InputError(
        f"{film}: is another film than the one whose cast is in {workspace.name}; find its cast in "
        f"another folder (castlist find FILM --out FOLDER), or name {workspace.name} itself to use what "
        "is in it"
    )
