"""Computes what to ask the user next, from faces and decisions: arrays, no disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from castlist import _former
from castlist.suggest.batches import Batch, Item
from castlist.suggest.checks import Check
from castlist.suggest.doubt import Doubt, Outlook
from castlist.suggest.questions import Asker, Question, questions

__all__ = ["Asker", "Batch", "Check", "Doubt", "Item", "Outlook", "Question", "questions"]

if not TYPE_CHECKING:
    __getattr__ = _former.names(__name__, Sheet="Batch")
