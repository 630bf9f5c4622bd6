"""Marks that change the direction of writing: they make a line display in another order than it is stored."""

from __future__ import annotations

import re

__all__ = ["without_direction_marks"]

# Embeddings, overrides and isolates [Unicode Standard Annex 9]. The marks U+200E and U+200F stay: names in
# right-to-left scripts contain them, and they do not change the direction of the text around them.
_MARKS = re.compile("[\u202a-\u202e\u2066-\u2069]")


def without_direction_marks(text: str) -> str:
    """A text without the marks that change the direction of the text after them.

    >>> without_direction_marks("Anna\\u202e")
    'Anna'
    """
    return _MARKS.sub("", text)
