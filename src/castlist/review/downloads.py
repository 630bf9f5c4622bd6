"""Files of the cast for other programs, offered by the page when a review is done."""

from __future__ import annotations

from io import BytesIO
from typing import TypedDict

from castlist.errors import InputError, WorkspaceError
from castlist.io.exports import FORMATS
from castlist.outputs import file_name
from castlist.report.formatting import short_line
from castlist.review.session import Session
from castlist.store import Workspace
from castlist.store.folder import Folder

__all__ = ["downloads", "exported"]

# Formats for editing programs, tables and players; castlist export writes the others.
OFFERED = ("edl", "fcpxml", "fcp7", "otio", "avid", "ale", "appearances", "srt", "webvtt", "json")
REPORT = "report"
LARGEST_REPORT = 1 << 28  # bytes; the report of a film of 81 minutes with 300 people has 4.7 MB


class Download(TypedDict):
    """A file offered by the page."""

    name: str  # of the format, or REPORT
    file: str
    title: str
    about: str


def downloads(session: Session) -> list[Download]:
    """The offered files, named after the film."""
    stem = file_name(session.video.path.stem)
    found = [FORMATS[name] for name in OFFERED]
    return [
        *(
            Download(name=e.name, file=stem + e.suffixes[0], title=e.title, about=e.about)
            for e in found
        ),
        Download(
            name=REPORT,
            file=f"{stem}.report.html",
            title="Report (HTML)",
            about="all people with pictures and times, on one page that needs no network",
        ),
    ]  # fmt: skip


def exported(session: Session, name: str) -> bytes:
    """The content of an offered file, after all decisions.

    Raises:
        InputError: there is no such file, or the format does not fit the film (a rate without timecode).
        WorkspaceError: the cast or the report cannot be read.
    """
    if name == REPORT:
        return _report(session)
    if name not in OFFERED:
        raise InputError(
            f"there is no file {short_line(name)!r}; choose from {', '.join((*OFFERED, REPORT))}"
        )
    with Workspace.open(session.path, write=False) as opened:
        cast = opened.cast()
    content = BytesIO()
    FORMATS[name].write(cast, content)
    return content.getvalue()


def _report(session: Session) -> bytes:
    try:
        return Folder(session.path).read("report.html", LARGEST_REPORT)
    except FileNotFoundError:
        raise WorkspaceError("there is no report yet: it is written when castlist find ends") from None
    except OSError as error:
        raise WorkspaceError(f"the report cannot be read: {error.strerror or error}") from error
