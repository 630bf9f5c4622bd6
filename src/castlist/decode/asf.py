"""What FFmpeg leaves out of a Windows Media file that is cut short: how long it was.

FFmpeg gives no duration where the file's size is not that of its header. [Advanced Systems Format
specification, section 3.2, "File Properties Object"]
"""

from __future__ import annotations

import struct
from fractions import Fraction

from castlist.decode.readable import Readable, beginning

__all__ = ["stated_duration"]

_HEADER = 1 << 20  # bytes in which the header's objects lie; they come first
_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")  # GUID of the file's properties
_LENGTH = struct.Struct("<QQQI")  # at byte 64: play and send duration (100 ns), preroll (ms), flags
_AT, _BROADCAST = 64, 1


def stated_duration(file: Readable) -> Fraction:
    """Seconds that the film lasts by its header; 0 where it does not say.

    The file is left at the place where it was.
    """
    head = beginning(file, _HEADER)
    at = head.find(_PROPERTIES)
    if at < 0 or len(head) < at + _AT + _LENGTH.size:
        return Fraction(0)
    plays, _, preroll, flags = _LENGTH.unpack_from(head, at + _AT)
    if flags & _BROADCAST:
        return Fraction(0)
    return max(Fraction(0), Fraction(plays, 10**7) - Fraction(preroll, 1000))
