"""The workspace of a film: the folder beside it, also if the film was renamed since."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from castlist.errors import CastlistError, InputError
from castlist.store import Workspace
from castlist.store.paths import FilmNoted, film_noted

__all__ = ["check_film", "workspace_of"]

LOOKED_AT = 2000  # workspaces in one folder that are read to find the one of a renamed film


class _Noted(NamedTuple):
    """A workspace and the film that it notes."""

    name: str  # of the workspace's folder
    film: FilmNoted


def workspace_of(film: Path) -> Path:
    """The folder of a film's workspace, which may not be there yet.

    It is `Workspace.beside(film)`. Where that is not there, but another workspace in the same folder is of a
    film that got this name, or is of a film of the same content that is gone, that one is meant.
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
    return film.with_name(min(gone)[1]) if gone else place  # rather the usual one than one of `--out`


def _others(folder: Path) -> tuple[_Noted, ...]:
    """The workspaces in a folder, and their films."""
    try:
        return _read(folder, os.stat(folder).st_mtime_ns)
    except OSError:
        return ()


@lru_cache(maxsize=16)  # a folder of films is asked about for each of them
def _read(folder: Path, changed: int) -> tuple[_Noted, ...]:
    """The same, of a folder that was changed last at that time."""
    names = sorted(entry.name for entry in os.scandir(folder) if entry.name.endswith(".castlist"))
    noted = ((name, film_noted(folder / name)) for name in names[:LOOKED_AT])
    return tuple(_Noted(name, film) for name, film in noted if film is not None)


def _digest(film: Path) -> str:
    from castlist.decode.files import digest_of

    with suppress(CastlistError):  # whoever reads the film says what is wrong with it
        return digest_of(film)
    return "unreadable"


def check_film(film: Path, workspace: Path) -> None:
    """Refuse a film whose workspace is of another one, that had the same name.

    Raises:
        InputError: the film was replaced since its cast was found.
    """
    if not os.path.isfile(film) or not os.path.isfile(workspace / "cast.db"):
        return
    noted = film_noted(workspace)
    if noted is not None and noted.digest != _digest(film):
        raise InputError(
            f"{film}: is another film than the one whose cast is in {workspace.name}; find its cast in "
            f"another folder (castlist find FILM --out FOLDER), or name {workspace.name} itself to use what "
            "is in it"
        )
