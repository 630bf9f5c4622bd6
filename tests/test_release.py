"""Files that must have the same version before a release is tagged."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
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


def test_every_core_requirement_has_an_oldest_version_that_is_tried() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/oldest.py"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    tried = dict(line.split("==") for line in done.stdout.split())
    assert list(tried) == [re.split(r"[<>=!]", r)[0] for r in project["dependencies"]]
    assert tried["numpy"] == "1.26.*"
    assert tried["threadpoolctl"] == "3.0.*"
