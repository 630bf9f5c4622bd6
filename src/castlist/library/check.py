"""Problems of a library: films, workspaces and pictures that are missing, moved or changed."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from castlist.decode.files import digest_of, printable
from castlist.errors import CastlistError
from castlist.library import storage, views
from castlist.library.harvest import stamp_of
from castlist.library.names import outdated_names
from castlist.library.views import LibraryFilm
from castlist.shell_words import shell_path
from castlist.store import Workspace

__all__ = ["Problem", "applied", "checked", "names_complete", "note_names_complete", "workspace_away"]

_NAMED = "named"  # in the table `meta`: number of the event up to which the films have all names

_OUTDATED = "has a name that the library does not use for that person any more; run castlist library update"


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem that `check` found."""

    film: str
    what: str  # one sentence, with what to do


def checked(db: sqlite3.Connection, library: Path) -> list[Problem]:
    """The problems of a library whose catalogue is open."""
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
    if names_complete(db) is False:
        found.append(
            Problem(
                "",
                "a command was interrupted before it could write names into all films; run castlist library "
                "update",
            )
        )
    outdated = outdated_names(db)
    stamps = dict(db.execute("SELECT id, stamp FROM film").fetchall())
    for film in views.films(db, library):
        found += _checked(film, stamps[film.id], views.pictures(db, film.id))
        if film.digest in outdated:
            found.append(Problem(film.name, _OUTDATED))
    return found


def applied(db: sqlite3.Connection) -> int:
    """The number of events of the log that the catalogue has."""
    row = db.execute("SELECT value FROM meta WHERE key = 'applied'").fetchone()
    return int(row[0]) if row and str(row[0]).isdigit() else 0


def names_complete(db: sqlite3.Connection) -> bool | None:
    """Whether the names that follow from all events were written to the films; None where unknown.

    False where a command was killed before it wrote them.
    """
    row = db.execute("SELECT value FROM meta WHERE key = ?", (_NAMED,)).fetchone()
    return None if row is None else bool(row[0] == str(applied(db)))


def note_names_complete(db: sqlite3.Connection) -> None:
    """Note that the names that follow from all events so far were written to the films."""
    db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_NAMED, str(applied(db))))


def workspace_away(film: LibraryFilm) -> str:
    """A sentence with what to do where the workspace of a film is missing; "" where it is there."""
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
        film_path, workspace = (shell_path(printable(path)) for path in (video.path, film.workspace))
        command = f"castlist find {film_path} --out {workspace}"
        sentence = f"{lost} of {len(pictures)} pictures of its people are missing or damaged; run {command}"
        found.append(Problem(film.name, f"{sentence}, which cuts them out of the film again"))
    return found + _checked_file(film, [video.path, film.file])


def _checked_file(film: LibraryFilm, paths: list[Path]) -> list[Problem]:
    """The problems of the film's own file, which is at one of these paths."""
    path = next((path for path in paths if path.exists()), None)
    if path is None:
        sentence = f"the film itself is not at {film.path} any more; add the film again from its new place"
        return [Problem(film.name, sentence)]
    try:
        if digest_of(path) == film.digest:
            return []
    except CastlistError as error:
        return [Problem(film.name, str(error))]
    sentence = (
        f"{printable(path)} is another film now, or was changed; bring the film back under this name, or "
        "remove it from the library (castlist library remove) and add the new one"
    )
    return [Problem(film.name, sentence)]
