"""Conveniences for scripts and notebooks: a cast as tables, as HTML, as a plot; decisions about it."""

from __future__ import annotations

from castlist.interactive.notebook import html, person_html
from castlist.interactive.plot import timeline
from castlist.interactive.tables import TABLES, columns, to_arrow, to_pandas, to_polars
from castlist.interactive.times import moment

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
