"""The form in which names of people are compared."""

from __future__ import annotations

import unicodedata

__all__ = ["comparable"]


def comparable(name: str) -> str:
    """A name in small letters, composed (NFC), one blank between its words: equal for what reads alike.

    macOS writes "é" in names of files as "e" and an accent, other systems and castlist as one character.

    >>> comparable("E\\u0301ric  Blanc ") == comparable("\\u00e9ric blanc")
    True
    """
    composed = unicodedata.normalize("NFC", name).casefold()
    return " ".join(unicodedata.normalize("NFC", composed).split())
