"""The cast for assistants, by the Model Context Protocol: answers to questions, and decisions if allowed."""

from __future__ import annotations

from castlist.serve.answers import Answers
from castlist.serve.server import server

__all__ = ["Answers", "server"]
