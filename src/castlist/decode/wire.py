"""The protocol between the reader and its decoding child: fixed-size records, some with JSON.

The child writes records to a pipe: for each frame its time and, on request, a thumbnail. It holds a few
frames. The parent asks for the picture of one of these, which the child paints into shared memory, and tells
the child up to which frame it needs no more. Reader and child share this file and no other code.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import TypedDict, TypeVar


class RecordKind(IntEnum):
    """The kinds of records from the child."""

    HEADER = 0
    FRAME = 1
    PAINTED = 2
    ALIVE = 3
    END = 4
    ERROR = 5
    TIMES = 6


class WishKind(IntEnum):
    """The parent's requests about a frame, which is identified by its time."""

    ASK = 0
    DONE = 1


class Fault(StrEnum):
    """The faults of a file, as the child reports them; the messages are in process.py."""

    NOT_A_VIDEO = "not a video"
    NO_INDEX = "no index"
    PICTURE = "picture"
    AUDIO_ONLY = "audio only"
    NO_DECODER = "no decoder"
    NO_FRAME = "no frame"
    TOO_LARGE = "too large"
    NO_MEMORY = "no memory"
    UNREADABLE = "unreadable"  # the detail is the system's text
    UNWRITTEN = "unwritten"  # the detail is the whole sentence
    BROKEN = "broken"
    MOVING_WEBP = "moving webp"


class Unusable(Exception):
    """The file cannot be used; `code` is the reason, and the text a detail for the message."""

    def __init__(self, code: Fault, detail: str = "") -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


_RECORD = struct.Struct("<Biqqqq")  # kind, bytes of text, pts, damaged, retimed, unread
SIZE = _RECORD.size
_WISH = struct.Struct("<Bq")  # kind, pts


@dataclass(frozen=True, slots=True)
class Record:
    """One message of the child."""

    kind: RecordKind
    text: int = 0  # number of bytes that follow: JSON, a frame's thumbnail, or times of packets (int64)
    pts: int = 0  # ticks from the start of the file
    damaged: int = 0  # frames so far that could not be decoded
    retimed: int = 0  # frames so far whose time differs from that in the file
    unread: int = 0  # ticks of the film so far of which no frame could be read

    def pack(self, text: bytes = b"") -> bytes:
        """The bytes of this record and of its text."""
        counts = (self.damaged, self.retimed, self.unread)
        return _RECORD.pack(self.kind, len(text), self.pts, *counts) + text


def unpack(data: bytes) -> Record:
    """The record in `SIZE` bytes."""
    kind, *counts = _RECORD.unpack(data)
    return Record(RecordKind(kind), *counts)


def wish(kind: WishKind, pts: int) -> bytes:
    """The bytes of a request: ASK for the picture of a frame, or DONE with all frames up to this one."""
    return _WISH.pack(kind, pts)


_LENGTH = struct.Struct("<I")


def more(job: DecodeJob) -> bytes:
    """The rest of a job, for a waiting child."""
    text = json.dumps(job).encode()
    return _LENGTH.pack(len(text)) + text


def read_more(read: Callable[[int], bytes]) -> DecodeJob:
    """The job that `more` wrote.

    Raises:
        BrokenPipeError: the parent has ended.
    """
    (length,) = _LENGTH.unpack(_exactly(read, _LENGTH.size))
    return load(_exactly(read, length), DecodeJob)


def _exactly(read: Callable[[int], bytes], size: int) -> bytes:
    data = b""
    while len(data) < size:
        part = read(size - len(data))
        if not part:
            raise BrokenPipeError
        data += part
    return data


class Wishes:
    """Assembles the parent's requests from pieces of data."""

    def __init__(self) -> None:
        self._rest = b""

    def __call__(self, data: bytes) -> list[tuple[WishKind, int]]:
        """(kind, pts) of each request that this piece completes."""
        data = self._rest + data
        whole = len(data) // _WISH.size * _WISH.size
        self._rest = data[whole:]
        return [(WishKind(kind), pts) for kind, pts in _WISH.iter_unpack(data[:whole])]


T = TypeVar("T")


def dump(value: Mapping[str, object]) -> bytes:
    """A small mapping as JSON bytes."""
    return json.dumps(value).encode()


def load(data: bytes, kind: type[T]) -> T:
    """The mapping that `dump` wrote, as that type."""
    value: T = json.loads(data)
    return value


class DecodeJob(TypedDict, total=False):
    """The job of the decoding child."""

    file: int  # descriptor of the film; `life` and `out` are those of the parent's life and of the answers
    life: int
    out: int
    threads: int
    memory: int  # bytes
    max_pixels: int
    canvas: int  # descriptor of the memory for pictures; -1: only the header is wanted
    start: int  # ticks
    max_side: int
    thumb: tuple[int, int] | None
    width: int  # of the film as shown
    height: int
    ahead: int  # frames
    exact: bool
    packets: bool  # only report the times of the frames, from the packets
    waits: bool  # report the header, then wait for the rest of the job


class Begun(TypedDict):
    """Reported before the first frame."""

    unit: str  # seconds of a tick, exact


class PacketsRead(TypedDict):
    """Reported after the times of all packets."""

    complete: bool  # whether these are the times of all frames


class Header(Begun):
    """The properties of a film."""

    width: int
    height: int
    rate: str
    duration: str
    codec: str
    pixel_format: str
    timecode: str
    hidden: int  # number of frames that the edit list leaves out
    sound: list[int] | None  # channels and samples a second of the first sound track


class Trouble(TypedDict):
    """Why the job could not be done."""

    code: str
    detail: str
