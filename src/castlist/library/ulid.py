"""Ids that are never used twice: ULIDs, 128 bits of time and chance as 26 letters that sort by age."""

from __future__ import annotations

import os
import re
import time

__all__ = ["is_ulid", "milliseconds_of", "new_ulid"]

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


def new_ulid(milliseconds: int | None = None) -> str:
    """A new id: 48 bits of milliseconds since 1970, 80 random bits. [github.com/ulid/spec]"""
    time_ms = time.time_ns() // 1_000_000 if milliseconds is None else milliseconds
    value = (time_ms & ((1 << 48) - 1)) << 80 | int.from_bytes(os.urandom(10), "big")
    return "".join(LETTERS[value >> shift & 31] for shift in range(125, -1, -5))


def milliseconds_of(ulid: str) -> int:
    """The time at which an id was made, in milliseconds since 1970."""
    return sum(LETTERS.index(letter) << 5 * digit for digit, letter in enumerate(reversed(ulid[:10])))


def is_ulid(text: object) -> bool:
    """Whether a value is such an id, in capitals."""
    return isinstance(text, str) and _ULID.fullmatch(text) is not None
