"""The library's log: one JSON object a line, append-only, each written to disk before it counts.

Together with the film workspaces it is the whole truth of a library: who got which id, what was linked,
merged, split, named, answered and forgotten. The catalogue is made from it and can be made again.
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

VERSION = 1  # of the log that is written; a later one is not opened
PARTED_ALIKE = "alike"  # film-people were taken out of a person; castlist says that they are one person
MERGED_BY_ANSWER = "answer"  # two people of films were compared; others of their films came along
LONGEST = 64 << 20  # bytes of a line: a film of ten thousand people takes a tenth


class EventKind(StrEnum):
    """What can happen to a library."""

    BEGIN = "begin"
    FILM = "film"  # a film was added or read again
    GONE = "gone"  # a film was removed
    PLACE = "place"  # a film or its workspace was moved
    MERGE = "merge"
    JOIN = "join"  # somebody of the background is a person
    WEIGHED = "weighed"  # who is who, and what is to be asked, as all films together say
    SPLIT = "split"
    NAME = "name"
    ANSWER = "answer"  # to the question whether two film-people are one person
    COMPARED = "compared"  # a user looked at people of several films side by side
    FORGET = "forget"
    UNDO = "undo"


class PairAnswer(StrEnum):
    """Whether two film-people are one person."""

    SAME = "same"
    DIFFERENT = "different"
    UNSURE = "unsure"


class LinkOrigin(StrEnum):
    """How a film's person became a person of the library."""

    NEW = "new"
    LINKED = "linked"  # by appearance
    USER = "told"  # by a user's decision
    ANSWERED = "answered"  # a user said that two people are one, and compared others of their films


DECIDED = (LinkOrigin.USER, LinkOrigin.ANSWERED)  # what castlist never changes


class FilmPerson(TypedDict, total=False):
    """Somebody of a film, in the event that adds the film."""

    key: str  # of the film: the same for ever
    person: str | None  # id in the library; None for the background
    how: str  # a LinkOrigin
    p: float | None  # probability of the link
    at: list[list[str | float]]  # a few faces: exact time, left, top, right, bottom as shares of the picture


class LoggedQuestion(NamedTuple):
    """Whether somebody of the film is a person of another film, as a log of before has it; a list there."""

    key: str  # of the film's person
    digest: str  # of the other film
    other: str  # key of the person there
    probability: float
    why: str


class LoggedMove(NamedTuple):
    """Whom of the library somebody of a film is from now on; a list in the log."""

    digest: str  # of the film
    key: str
    person: str | None  # id; None for nobody of the library
    p: float | None  # probability of the link


class LoggedAsk(NamedTuple):
    """Whether two people of films are one person; a list in the log."""

    digest: str  # of the film
    key: str
    there: str  # digest of the other film
    other: str  # key of the person there
    probability: float
    why: str


class Data(TypedDict, total=False):
    """What an event holds: its kind says which of these. A damaged log may lack any: `apply` looks."""

    library: str
    digest: str
    name: str
    path: str
    workspace: str
    near: str  # the workspace as seen from the library
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
    withdrawn: list[list[list[str]]]  # questions that are asked no more: digest and key of either side
    a: list[str]
    b: list[str]
    said: str  # a PairAnswer
    by: str  # who gave a name; of a merge, MERGED_BY_ANSWER or nothing; of a split, PARTED_ALIKE or nothing
    ids: list[str]
    away: list[str]  # of who is erased: digests of removed films that could not be reached yet
    of: int  # the decision that is taken back


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a library."""

    kind: EventKind
    data: Data = field(default_factory=Data)
    author: str = ""  # "" for the machine
    time: str = ""  # UTC, ISO 8601
    number: int = 0  # its place in the log, from 1


class EventLog:
    """The file log.jsonl of a library's folder. Whoever adds to it holds the library's lock."""

    def __init__(self, folder: Folder, name: str) -> None:
        self.folder, self.name = folder, name
        self.path = folder.path / name

    def read(self, after: int = 0) -> Iterator[Event]:
        """The events after a number, in order. Half a line at the end, from a killed writer, is not there.

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
            raise self._damaged(number, "a line before it is missing or twice there")
        return event

    def _damaged(self, number: int, why: str) -> WorkspaceError:
        return WorkspaceError(
            f"{self.path}: line {number} is damaged ({why}); nothing was changed: bring back a copy of "
            f"the file"
        )

    def count(self) -> int:
        """How many whole lines there are."""
        if self.folder.check(self.name) is None:
            return 0
        with open(self.folder.open(self.name), "rb") as file:
            return sum(piece.count(b"\n") for piece in iter(lambda: file.read(1 << 20), b""))

    def extend(self, events: Sequence[Event]) -> int:
        """Add numbered events, all of them or none; they survive a power cut when this returns.

        Returns:
            The size of the log in bytes before, to take them back by `cut`.

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
        """Take back what was added since the log had a size: the catalogue could not take it."""
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
    """Where the last whole line ends; half a line of a killed writer after it is cut off."""
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
    """The time, UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
