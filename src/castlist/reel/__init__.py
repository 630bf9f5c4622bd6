"""A film of one person's appearances, and the list of its cuts."""

from __future__ import annotations

from castlist.reel.choose import Piece, chosen
from castlist.reel.reel import Reel, reel

__all__ = ["Piece", "Reel", "chosen", "reel"]
