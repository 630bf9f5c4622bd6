"""The review page: a user checks and corrects the cast; each answer is stored at once.

with Session.open("film.castlist") as session:
    session.decide({"action": "merge", "people": ["p0", "p3"]})
serve("film.castlist")
"""

from __future__ import annotations

from castlist.decisions import Base
from castlist.review.server import serve
from castlist.review.session import Session

__all__ = ["Base", "Session", "serve"]
