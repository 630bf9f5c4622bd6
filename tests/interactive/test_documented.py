"""What README and docs show in Python runs, as it stands there, beside a film and its workspace."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from castlist.research.features import write
from castlist.research.from_film import features_of
from castlist.review import Session

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    "README.md",
    "docs/python.md",
    "docs/report.md",
    "docs/redact.md",
    "docs/reel.md",
    "docs/exports.md",
    "docs/cluster.md",
    "docs/workspace.md",  # renames a person
)
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def place(two_people, tmp_path_factory) -> Path:
    """A copy of the film and its workspace, in which the two are called Anna and Bob."""
    folder = tmp_path_factory.mktemp("documented") / "here"
    shutil.copytree(two_people, folder)
    with Session.open(folder / "film.castlist") as session:
        for name in ("Anna", "Bob"):
            person = next(group.id for group in session.view.groups if not group.name)
            session.decide({"action": "name", "person": person, "name": name})
    write(features_of(folder / "film.castlist"), folder / "film.npz")
    return folder


@pytest.mark.parametrize("page", PAGES)
def test_the_snippets_of_a_page_run_one_after_another(page, place, monkeypatch, capsys) -> None:
    monkeypatch.chdir(place)
    blocks = BLOCK.findall((ROOT / page).read_text("utf-8"))
    assert blocks, f"{page} shows no Python"
    names: dict[str, object] = {}
    for number, block in enumerate(blocks, 1):
        exec(compile(block, f"{page}, block {number}", "exec"), names)  # noqa: S102
    if page == "docs/python.md":
        assert "<Cast of film.mp4: 2 people in 1.4 s: Anna, Bob>" in capsys.readouterr().out
        assert (place / "timeline.png").exists()
