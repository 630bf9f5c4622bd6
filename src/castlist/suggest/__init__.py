"""What to ask a person next, from the faces and from what was decided: arrays, no disk."""

from __future__ import annotations

from castlist.suggest.batches import Batch, Item
from castlist.suggest.checks import Check
from castlist.suggest.doubt import Doubt, Outlook
from castlist.suggest.questions import Asker, Question, questions

__all__ = ["Asker", "Batch", "Check", "Doubt", "Item", "Outlook", "Question", "questions"]
