"""What the pages are made of is served whole: no file is forgotten, and none is asked for in vain."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

import castlist.library.review
import castlist.review
from castlist.library.review import routes as library
from castlist.report import page
from castlist.review import assets

REVIEW = Path(castlist.review.__file__).parent / "static"
LIBRARY = Path(castlist.library.review.__file__).parent / "static"
TEMPLATES = Path(page.__file__).parent / "templates"


def paths(served: Mapping[str, assets.Asset], package: str) -> list[str]:
    return sorted(path for asset in served.values() if asset.package == package for path in asset.paths)


def test_every_script_and_style_sheet_is_served() -> None:
    review = sorted(f"static/{p.name}" for kind in ("*.js", "*.css") for p in REVIEW.glob(kind))
    assert paths(assets.ASSETS, "castlist.review") == review
    own = sorted(f"static/{p.name}" for kind in ("*.js", "*.css") for p in LIBRARY.glob(kind))
    assert paths(library.ASSETS, "castlist.library.review") == own
    reports = sorted(p.name for p in TEMPLATES.glob("report*.css"))
    assert sorted(name for name in page.STYLES if name.startswith("report")) == reports


@pytest.mark.parametrize("served", [assets.ASSETS, library.ASSETS], ids=["review", "library"])
def test_scripts_import_only_what_is_served(served: Mapping[str, assets.Asset]) -> None:
    for name, asset in served.items():
        imported = re.findall(r'from "\./([^"]+)"', asset.text()) if name.endswith(".js") else []
        assert set(imported) <= set(served), name


@pytest.mark.parametrize("folder", [REVIEW, LIBRARY], ids=["review", "library"])
def test_scripts_are_files_of_one_trade(folder: Path) -> None:
    assert {p.name: n for p in folder.iterdir() if (n := len(p.read_text("utf-8").split("\n"))) > 600} == {}


def test_styles_of_narrow_windows_and_paper_come_last() -> None:
    """What they say must outrank the rest, and rules of one weight count in their order."""
    assert assets.LOOK["review.css"].paths[-1] == "static/narrow.css"
    assert page.STYLES[-1] == "report_media.css"
    assert assets.LOOK["review.css"].text().rstrip().endswith((REVIEW / "narrow.css").read_text().rstrip())


def test_styles_are_whole() -> None:
    for name in ("look.css", "review.css"):
        text = assets.LOOK[name].text()
        assert text.count("{") == text.count("}") > 20
