"""A copy of a film in which only some people are visible, and the proof: a search for all other faces."""

from __future__ import annotations

from castlist.redact.plan import Hide
from castlist.redact.proof import Leak
from castlist.redact.redact import Redaction, UnsureTrack, check, redact

__all__ = ["Hide", "Leak", "Redaction", "UnsureTrack", "check", "redact"]
