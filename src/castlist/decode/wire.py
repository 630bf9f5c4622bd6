"""The little language between the reader and its decoding child: fixed records, some with a JSON text.

The child writes records to a pipe; a frame's pixels lie in a ring of slots in memory that both share.
The parent writes one byte a slot that it has emptied. Both sides import this file and nothing else of
each other.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any

HEADER, FRAME, ALIVE, END, ERROR = range(5)

# What can be wrong with a file, as the child names it; the sentences are in process.py.
NOT_A_VIDEO, PICTURE, AUDIO_ONLY, NO_DECODER, NO_FRAME, TOO_LARGE, NO_MEMORY, BROKEN = (
    "not a video",
    "picture",
    "audio only",
    "no decoder",
    "no frame",
    "too large",
    "no memory",
    "broken",
)

_RECORD = struct.Struct("<BBHiqqq")  # kind, -, slot, bytes of text, pts, damaged, dropped
SIZE = _RECORD.size


@dataclass(frozen=True, slots=True)
class Record:
    """One message of the child."""

    kind: int
    slot: int = 0
    text: int = 0  # bytes of JSON that follow
    pts: int = 0  # ticks from the start of the file
    damaged: int = 0  # frames that could not be decoded, so far
    dropped: int = 0  # frames whose time did not rise, so far

    def pack(self, text: bytes = b"") -> bytes:
        """The bytes of this record and of its text."""
        head = _RECORD.pack(self.kind, 0, self.slot, len(text), self.pts, self.damaged, self.dropped)
        return head + text


def unpack(data: bytes) -> Record:
    """The record in `SIZE` bytes."""
    kind, _, slot, text, pts, damaged, dropped = _RECORD.unpack(data)
    return Record(kind, slot, text, pts, damaged, dropped)


def dump(value: dict[str, Any]) -> bytes:
    """A small mapping as JSON bytes."""
    return json.dumps(value).encode()


def load(data: bytes) -> dict[str, Any]:
    """What `dump` wrote."""
    value: dict[str, Any] = json.loads(data)
    return value
