"""A film in which only some people can be seen, and the proof: everybody else is hidden, then looked for."""

from __future__ import annotations

from castlist.redact.plan import Hide
from castlist.redact.proof import Leak
from castlist.redact.redact import Redaction, UnsureTrack, check, redact

__all__ = ["Hide", "Leak", "Redaction", "UnsureTrack", "check", "redact"]
