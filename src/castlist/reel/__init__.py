"""A film of one person's appearances, and the list of its cuts."""

from __future__ import annotations

from castlist.reel.choose import Piece, chosen
from castlist.reel.reel import Reel, reel, reel_of

__all__ = ["Piece", "Reel", "chosen", "reel", "reel_of"]
