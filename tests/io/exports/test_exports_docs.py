"""docs/exports.md agrees with the table of formats."""

from __future__ import annotations

from pathlib import Path

from castlist.io.exports import FORMATS
from castlist.io.exports.reference import markdown

PAGE = Path(__file__).parents[3] / "docs" / "exports.md"


def test_the_page_is_current():
    assert PAGE.read_text() == markdown(), "python -m castlist.io.exports.reference > docs/exports.md"


def test_every_format_has_a_section():
    for export in FORMATS.values():
        assert f"## {export.title}: `{export.name}`\n\n" in markdown()
        assert f"## {export.title}: `{export.name}`\n\n\n" not in markdown()
