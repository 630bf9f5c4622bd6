"""Problems of a library: films, workspaces and pictures that are missing, moved or changed."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from castlist.decode.files import digest_of, printable
from castlist.errors import CastlistError
from castlist.library import storage, views
from castlist.library.harvest import stamp_of
from castlist.library.views import LibraryFilm
from castlist.shell_words import shell_path
from castlist.store import Workspace

__all__ = ["Problem", "applied", "checked", "workspace_away"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that `check` found."""

    film: str
    what: str  # one sentence, with what to do


def checked(db: sqlite3.Connection, library: Path) -> list[Problem]:
    """Everything that is wrong with a library, whose catalogue is open."""
    found = []
    if (log := storage.event_log(library).count()) != applied(db):
        found.append(
            Problem(
                "",
                "the catalogue is behind its log; run castlist library rebuild"
                if log > applied(db)
                else "the catalogue is ahead of its log, which was not copied completely; bring back "
                f"its {storage.LOG}",
            )
        )
    stamps = dict(db.execute("SELECT id, stamp FROM film").fetchall())
    for film in views.films(db, library):
        found += _checked(film, stamps[film.id], views.pictures(db, film.id))
    return found


def applied(db: sqlite3.Connection) -> int:
    """How many events of the log the catalogue holds."""
    row = db.execute("SELECT value FROM meta WHERE key = 'applied'").fetchone()
    return int(row[0]) if row and str(row[0]).isdigit() else 0


def workspace_away(film: LibraryFilm) -> str:
    """What to do where the workspace of a film is not where it was; "" where it is there."""
    if (film.workspace / "cast.db").exists():
        return ""
    return (
        f"its workspace {film.workspace} does not exist any more; connect the disk again, or, if it was "
        "moved, run castlist library add with the library and the new place"
    )


def _checked(film: LibraryFilm, stamp: str, pictures: list[str]) -> list[Problem]:
    if away := workspace_away(film):
        return [Problem(film.name, f"{away}; its people are still known, their pictures are not")]
    try:
        with Workspace.open(film.workspace, write=False) as opened:
            video, now = opened.video(), stamp_of(opened)
            lost = sum(not opened.has_image(name) for name in pictures)
    except CastlistError as error:
        return [Problem(film.name, f"{error}; its people are still known, their pictures are not")]
    if video is None or video.digest != film.digest:
        return [
            Problem(
                film.name, f"{film.workspace} contains another film now; add that one, and remove the old one"
            )
        ]
    found = []
    if now != stamp:
        found.append(Problem(film.name, "changed after it was added; run castlist library update"))
    if lost:
        film_path, place = (shell_path(printable(path)) for path in (video.path, film.workspace))
        command = f"castlist find {film_path} --out {place}"
        sentence = f"{lost} of {len(pictures)} pictures of its people are missing or damaged; run {command}"
        found.append(Problem(film.name, f"{sentence}, which cuts them out of the film again"))
    return found + _checked_file(film, [video.path, Path(film.path)])


def _checked_file(film: LibraryFilm, places: list[Path]) -> list[Problem]:
    """What is wrong with the film's own file, which is at one of these places."""
    place = next((place for place in places if place.exists()), None)
    if place is None:
        sentence = f"the film itself is not at {film.path} any more; add the film again from its new place"
        return [Problem(film.name, sentence)]
    try:
        if digest_of(place) == film.digest:
            return []
    except CastlistError as error:
        return [Problem(film.name, str(error))]
    sentence = (
        f"{printable(place)} is another film now, or was changed; bring the film back under this name, or "
        "remove it from the library (castlist library remove) and add the new one"
    )
    return [Problem(film.name, sentence)]
