"""The report: one self-contained page that shows a cast; it needs no network and no other file.

html = report.render(cast, thumbs=workspace.image, evidence=evidence)
report.write(cast, "report.html", thumbs=workspace.image, evidence=evidence)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from castlist import _former
from castlist.report.evidence import Evidence, ModelUse, Unsure
from castlist.report.explained import render_explanation, write_explanation
from castlist.report.page import render, write

__all__ = ["Evidence", "ModelUse", "Unsure", "render", "render_explanation", "write", "write_explanation"]

if not TYPE_CHECKING:
    __getattr__ = _former.names(__name__, Model="ModelUse")
