"""JSON that steers no terminal: what would is escaped, which changes nothing for a program."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

__all__ = ["pieces", "text"]

# DEL and C1 controls (CSI is one of them), line separators, overrides of direction, halves of surrogates.
# All others are escaped by json itself.
_STEERING = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def pieces(value: object) -> Iterator[str]:
    """The JSON text of a value, piece by piece; ValueError for NaN and infinity, which JSON has not."""
    for piece in json.JSONEncoder(ensure_ascii=False, indent=1, allow_nan=False).iterencode(value):
        yield _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", piece)


def text(value: object) -> str:
    """The whole JSON text of a value."""
    return "".join(pieces(value))
