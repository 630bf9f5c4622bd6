"""A film of one person's appearances, and the list of its cuts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from castlist import _former
from castlist.reel.choose import Piece, chosen_pieces
from castlist.reel.reel import Reel, reel, reel_of

__all__ = ["Piece", "Reel", "chosen_pieces", "reel", "reel_of"]

if not TYPE_CHECKING:
    __getattr__ = _former.names(__name__, chosen="chosen_pieces")
