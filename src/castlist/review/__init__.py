"""The review page: from the machine's cast to the right one by a few answers, none of which is ever lost.

with Session.open("film.castlist") as session:
    session.decide({"action": "merge", "people": ["p0", "p3"]})
serve("film.castlist")
"""

from __future__ import annotations

from castlist.decisions import Base
from castlist.review.server import serve
from castlist.review.session import Session

__all__ = ["Base", "Session", "serve"]
