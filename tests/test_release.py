"""What has to say the same version before a tag is made."""

from __future__ import annotations

import re
from pathlib import Path

import castlist

ROOT = Path(__file__).parents[1]


def test_version_changelog_and_citation_agree() -> None:
    dated = re.findall(
        r"^## (\d+\.\d+\.\d+) \((\d{4}-\d\d-\d\d)\)$", (ROOT / "CHANGELOG.md").read_text(), re.M
    )
    citation = (ROOT / "CITATION.cff").read_text()
    assert dated[0][0] == castlist.__version__
    assert f"version: {dated[0][0]}\n" in citation
    assert f"date-released: {dated[0][1]}\n" in citation


def test_sections_of_the_changelog_have_known_names() -> None:
    sections = re.findall(r"^### (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert set(sections) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    releases = (ROOT / "CHANGELOG.md").read_text().split("\n## ")[1:]
    for release in releases:
        found = re.findall(r"^### (.*)$", release, re.M)
        assert len(found) == len(set(found))
