"""JSON that cannot control a terminal: such characters are escaped, and programs read the same text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

__all__ = ["pieces", "text"]

# DEL and C1 controls (CSI is one of them), line separators, direction overrides, halves of surrogates.
# Python's json escapes all others itself.
_STEERING = re.compile("[\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def pieces(value: object) -> Iterator[str]:
    """The JSON text of a value, piece by piece; ValueError for NaN and infinity, which JSON lacks."""
    for piece in json.JSONEncoder(ensure_ascii=False, indent=1, allow_nan=False).iterencode(value):
        yield _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", piece)


def text(value: object) -> str:
    """The whole JSON text of a value."""
    return "".join(pieces(value))
