"""The library's log: one JSON object a line, append-only; an event counts once it is on disk.

The log and the film workspaces are the whole data of a library: ids, links, merges, splits, names, answers
and erasures. The catalogue is made from them and can be made again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple, TypedDict

from castlist.errors import WorkspaceError
from castlist.store.folder import Folder

__all__ = [
    "DECIDED",
    "MERGED_BY_ANSWER",
    "PARTED_ALIKE",
    "Data",
    "Event",
    "EventKind",
    "EventLog",
    "LinkOrigin",
    "LoggedMove",
    "LoggedQuestion",
    "PairAnswer",
    "now",
]

VERSION = 1  # of the log that is written; a log of a later version is refused
PARTED_ALIKE = "alike"  # `by` of a split: castlist found that the film-people taken out are one person
MERGED_BY_ANSWER = "answer"  # `by` of a merge: by an answer about two film-people, for all their films
LONGEST = 64 << 20  # bytes of a line, at most: a film of ten thousand people takes a tenth


class EventKind(StrEnum):
    """The kinds of events in the log of a library."""

    BEGIN = "begin"
    FILM = "film"  # a film was added or read again
    GONE = "gone"  # a film was removed
    PLACE = "place"  # a film or its workspace was moved
    MERGE = "merge"
    JOIN = "join"  # a film-person of the background is a person
    WEIGHED = "weighed"  # moves of film-people and changes of questions, after all films were compared
    SPLIT = "split"
    NAME = "name"
    ANSWER = "answer"  # to the question whether two film-people are one person
    COMPARED = "compared"  # a user compared people of several films side by side
    FORGET = "forget"
    UNDO = "undo"


class PairAnswer(StrEnum):
    """The answer whether two film-people are one person."""

    SAME = "same"
    DIFFERENT = "different"
    UNSURE = "unsure"


class LinkOrigin(StrEnum):
    """How a film-person became a person of the library."""

    NEW = "new"
    LINKED = "linked"  # by appearance
    USER = "told"  # by a user's decision
    ANSWERED = "answered"  # by an answer that two film-people are one person; others of their films followed


DECIDED = (LinkOrigin.USER, LinkOrigin.ANSWERED)  # castlist never changes these assignments


class FilmPerson(TypedDict, total=False):
    """A film-person, in the event that adds the film."""

    key: str  # key within the film, permanent
    person: str | None  # id in the library; None for the background
    how: str  # a LinkOrigin
    p: float | None  # probability of the link
    at: list[list[str | float]]  # a few faces: exact time, left, top, right, bottom as shares of the picture


class LoggedQuestion(NamedTuple):
    """A question about a film-person and one of another film, in logs of earlier versions; a list there."""

    key: str  # key of the film-person
    digest: str  # of the other film
    other: str  # key of the film-person there
    probability: float
    why: str


class LoggedMove(NamedTuple):
    """A new assignment of a film-person to a person; a list in the log."""

    digest: str  # of the film
    key: str
    person: str | None  # id; None for no person of the library
    p: float | None  # probability of the link


class LoggedAsk(NamedTuple):
    """A question whether two film-people are one person; a list in the log."""

    digest: str  # of the film
    key: str
    there: str  # digest of the other film
    other: str  # key of the film-person there
    probability: float
    why: str


class Data(TypedDict, total=False):
    """The data of an event; its kind determines the keys. A damaged log may lack any: `apply` checks."""

    library: str
    digest: str
    name: str
    path: str
    workspace: str
    near: str  # path of the workspace relative to the library
    people: list[FilmPerson]
    questions: list[LoggedQuestion]
    into: str
    gone: str
    person: str
    p: float
    new: str
    member: list[str]  # digest and key
    members: list[list[str]]  # digests and keys
    moves: list[LoggedMove]
    asked: list[LoggedAsk]
    withdrawn: list[list[list[str]]]  # questions that are not asked any more: digest and key of either side
    a: list[str]
    b: list[str]
    said: str  # a PairAnswer
    by: str  # who gave a name; of a merge, MERGED_BY_ANSWER or nothing; of a split, PARTED_ALIKE or nothing
    ids: list[str]
    away: list[str]  # for an erased person: digests of removed films that could not be reached yet
    of: int  # the decision that is undone


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a library."""

    kind: EventKind
    data: Data = field(default_factory=Data)
    author: str = ""  # "" for castlist itself
    time: str = ""  # UTC, ISO 8601
    number: int = 0  # its place in the log, from 1


class EventLog:
    """The file log.jsonl of a library's folder. Only a process that holds the library's lock adds to it."""

    def __init__(self, folder: Folder, name: str) -> None:
        self.folder, self.name = folder, name
        self.path = folder.path / name

    def read(self, after: int = 0) -> Iterator[Event]:
        """The events after a number, in order. A partial last line, of a killed writer, is ignored.

        Raises:
            WorkspaceError: a line is damaged, or a later castlist wrote it.
        """
        if self.folder.check(self.name) is None:
            return
        with open(self.folder.open(self.name), "rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(LONGEST), b""), 1):
                if not line.endswith(b"\n"):
                    if len(line) >= LONGEST:
                        raise self._damaged(number, "it is too long")
                    return
                if number > after:
                    yield self._event(number, line)

    def _event(self, number: int, line: bytes) -> Event:
        try:
            row = json.loads(line)
            kind, *rest = (row[key] for key in ("kind", "data", "by", "at", "n"))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise self._damaged(number, repr(error)) from None
        if kind not in list(EventKind) or row.get("v", 0) > VERSION:
            raise WorkspaceError(f"{self.path}: was written by a newer castlist; upgrade castlist to open it")
        event = Event(EventKind(kind), *rest)
        if event.number != number or not isinstance(event.data, dict) or not isinstance(event.author, str):
            raise self._damaged(number, "a line before it is missing or doubled")
        return event

    def _damaged(self, number: int, why: str) -> WorkspaceError:
        return WorkspaceError(
            f"{self.path}: line {number} is damaged ({why}); nothing was changed: bring back a copy of "
            f"the file"
        )

    def count(self) -> int:
        """The number of whole lines."""
        if self.folder.check(self.name) is None:
            return 0
        with open(self.folder.open(self.name), "rb") as file:
            return sum(piece.count(b"\n") for piece in iter(lambda: file.read(1 << 20), b""))

    def extend(self, events: Sequence[Event]) -> int:
        """Add numbered events, all of them or none; they are on disk when this returns.

        Returns:
            The former size of the log in bytes, for `cut`.

        Raises:
            OSError: the disk is full or cannot be written; nothing was added.
        """
        data = b"".join(_line(event) for event in events)
        fd = self.folder.open(self.name, os.O_RDWR | os.O_CREAT, one_name=True)
        try:
            end = _whole(fd)
            try:
                _write(fd, end, data)
                os.fsync(fd)
            except OSError:
                os.ftruncate(fd, end)
                raise
            return end
        finally:
            os.close(fd)

    def cut(self, size: int) -> None:
        """Cut the log back to a former size, after the catalogue could not take the added events."""
        fd = self.folder.open(self.name, os.O_RDWR, one_name=True)
        try:
            os.ftruncate(fd, size)
            os.fsync(fd)
        finally:
            os.close(fd)


def _line(event: Event) -> bytes:
    row = {
        "n": event.number, "v": VERSION, "at": event.time, "by": event.author, "kind": event.kind,
        "data": event.data,
    }  # fmt: skip
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"


def _whole(fd: int) -> int:
    """The end of the last whole line; a partial line of a killed writer after it is cut off."""
    size = os.fstat(fd).st_size
    end = size
    while end > 0:
        start = max(0, end - (1 << 16))
        at = os.pread(fd, end - start, start).rfind(b"\n")
        if at >= 0:
            end = start + at + 1
            break
        end = start
    if end != size:
        os.ftruncate(fd, end)
    return end


def _write(fd: int, at: int, data: bytes) -> None:
    while data:
        done = os.pwrite(fd, data, at)
        data, at = data[done:], at + done


def now() -> str:
    """The current time, UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
