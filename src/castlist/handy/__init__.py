"""What makes a cast pleasant in a script or a notebook: tables, a picture of it as HTML, a timeline."""

from __future__ import annotations

from castlist.handy.notebook import html, person_html
from castlist.handy.plot import timeline
from castlist.handy.tables import TABLES, columns, to_arrow, to_pandas, to_polars
from castlist.handy.times import moment

__all__ = [
    "TABLES",
    "columns",
    "html",
    "moment",
    "person_html",
    "timeline",
    "to_arrow",
    "to_pandas",
    "to_polars",
]
