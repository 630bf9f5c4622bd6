"""The duration of a truncated Windows Media file, which FFmpeg does not give.

FFmpeg gives no duration if the file's size differs from that in its header. [Advanced Systems Format
specification, section 3.2, "File Properties Object"]
"""

from __future__ import annotations

import struct
from fractions import Fraction

from castlist.decode.readable import Readable, beginning

__all__ = ["stated_duration"]

_HEADER = 1 << 20  # bytes at the file's beginning that are searched for the objects of its header
_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")  # GUID of the file's properties
_LENGTH = struct.Struct("<QQQI")  # at byte 64: play and send duration (100 ns), preroll (ms), flags
_AT, _BROADCAST = 64, 1


def stated_duration(file: Readable) -> Fraction:
    """Duration in seconds by the film's header; 0 if unknown.

    The file's read position is unchanged.
    """
    head = beginning(file, _HEADER)
    at = head.find(_PROPERTIES)
    if at < 0 or len(head) < at + _AT + _LENGTH.size:
        return Fraction(0)
    plays, _, preroll, flags = _LENGTH.unpack_from(head, at + _AT)
    if flags & _BROADCAST:
        return Fraction(0)
    return max(Fraction(0), Fraction(plays, 10**7) - Fraction(preroll, 1000))
