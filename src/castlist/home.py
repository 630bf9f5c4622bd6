"""Which workspace a film has: the one beside it, also where the film got another name since it was made."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from castlist.errors import CastlistError, InputError
from castlist.store import Workspace
from castlist.types import Video

__all__ = ["check_film", "home_of"]

LOOKED_AT = 2000  # workspaces in one folder that are read to find the one of a renamed film


def home_of(film: Path) -> Path:
    """The folder of a film's workspace, which may not be there yet.

    It is `Workspace.beside(film)`. Where that is not there, but another workspace in the same folder is of
    this film, or of a film of the same content that is gone, the film was renamed, and that one is meant.
    """
    place = Workspace.beside(film)
    if os.path.exists(place / "cast.db") or not os.path.isfile(film):
        return place
    digest = ""
    for other, video in _others(film.absolute().parent):
        if os.path.abspath(video.path) == os.path.abspath(film):
            return film.with_name(other)
        if os.path.exists(video.path):
            continue
        digest = digest or _digest(film)
        if video.digest == digest:
            return film.with_name(other)
    return place


def _others(folder: Path) -> Iterator[tuple[str, Video]]:
    """The workspaces in a folder by name, and their films."""
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if entry.name.endswith(".castlist"))
    except OSError:
        return
    for name in names[:LOOKED_AT]:
        if not os.path.isfile(folder / name / "cast.db"):
            continue
        with suppress(CastlistError), Workspace.open(folder / name, write=False) as opened:
            video = opened.video()
            if video is not None:
                yield name, video


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
    video = None
    with suppress(CastlistError), Workspace.open(workspace, write=False) as opened:
        video = opened.video()
    if video is not None and video.digest != _digest(film):
        raise InputError(
            f"{film}: is another film than the one whose cast is in {workspace.name}; find its cast in "
            f"another folder (castlist find FILM --out FOLDER), or name {workspace.name} itself to use what "
            "is in it"
        )
