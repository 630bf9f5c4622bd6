"""Marks that turn the direction of writing: with one in a name, a line shows in another order than it is."""

from __future__ import annotations

import re

__all__ = ["without_direction_marks"]

# Embeddings, overrides and isolates [Unicode Standard Annex 9]. The marks U+200E and U+200F stay: names of
# right-to-left scripts hold them, and they turn nothing around them.
_MARKS = re.compile("[\u202a-\u202e\u2066-\u2069]")


def without_direction_marks(text: str) -> str:
    """A text without the marks that turn the direction of what follows.

    >>> without_direction_marks("Anna\\u202e")
    'Anna'
    """
    return _MARKS.sub("", text)
