"""The form in which names of people are compared."""

from __future__ import annotations

import unicodedata

__all__ = ["comparable"]


def comparable(name: str) -> str:
    """A name in lower case, composed (NFC), with one space between words: names that read alike are equal.

    macOS stores "é" in file names as "e" and an accent, other systems and castlist as one character.

    >>> comparable("E\\u0301ric  Blanc ") == comparable("\\u00e9ric blanc")
    True
    """
    composed = unicodedata.normalize("NFC", name).casefold()
    return " ".join(unicodedata.normalize("NFC", composed).split())
