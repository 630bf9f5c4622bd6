"""The timecode rate of an MXF file, which FFmpeg does not give.

A camera of 50 or 60 pictures a second may count its timecode at 25 or 30; FFmpeg gives only the label. [SMPTE
ST 377-1, "Timecode Component"]
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from fractions import Fraction

from castlist.decode.readable import Readable, beginning
from castlist.timecode import Timebase

__all__ = ["timecode_rate"]

_HEADER = 4 << 20  # bytes at the file's beginning that are searched for the header's metadata
# Key of a timecode component; its eighth byte is the version of the register.
_COMPONENT = bytes.fromhex("060e2b34025301010d01010101011400")
_START, _COUNT, _DROP = 0x1501, 0x1502, 0x1503  # local tags: first frame, frames a second, drop-frame


def timecode_rate(file: Readable, label: str) -> Fraction | None:
    """The rate, in frames a second, of the component whose timecode is this label; None if there is none.

    The file's read position is unchanged.
    """
    head = beginning(file, _HEADER)
    for start, count, drop in _components(head):
        rate = Fraction(count * 1000, 1001) if drop else Fraction(count)
        if Timebase(rate, drop and count % 30 == 0, start).label(0) == label.replace(".", ";"):
            return Fraction(count)
    return None


def _components(head: bytes) -> Iterator[tuple[int, int, bool]]:
    """First frame, frames a second, and whether it is drop-frame, for each timecode component."""
    at = head.find(_COMPONENT)
    while at >= 0:
        begin, size = _length(head, at + len(_COMPONENT))
        tags = dict(_tags(head[begin : begin + size]))
        start, count = tags.get(_START, b""), tags.get(_COUNT, b"")
        if len(start) == 8 and len(count) == 2 and int.from_bytes(count, "big"):
            drop = bool(int.from_bytes(tags.get(_DROP, b""), "big"))
            yield int.from_bytes(start, "big"), int.from_bytes(count, "big"), drop
        at = head.find(_COMPONENT, at + 1)


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Where a value begins, and its size, from its length field in BER."""
    first = data[at] if at < len(data) else 0
    more = first & 0x7F if first & 0x80 else 0
    return at + 1 + more, int.from_bytes(data[at + 1 : at + 1 + more], "big") if more else first


def _tags(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(data):
        tag, size = struct.unpack_from(">HH", data, at)
        yield tag, data[at + 4 : at + 4 + size]
        at += 4 + size
