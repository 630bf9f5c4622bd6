"""A cast found with a class of one's own is reviewed and explained, and no module is imported for it."""

from __future__ import annotations

import sys

import pytest

from castlist import find
from castlist.cli import run
from castlist.errors import WorkspaceError
from castlist.pipeline import explain
from castlist.recipe import Recipe

STEP = """
from dataclasses import dataclass
from castlist.track import TrackFilter

@dataclass(frozen=True, slots=True)
class Mine(TrackFilter):
    pass
"""


def test_a_step_of_ones_own(small_film, tmp_path, monkeypatch, capfd):
    (tmp_path / "own_step_module.py").write_text(STEP)
    monkeypatch.syspath_prepend(tmp_path)
    recipe = Recipe().with_setting("filter.use=own_step_module:Mine")
    assert recipe.own == ("filter",)
    assert Recipe().own == ()
    place = tmp_path / "film.castlist"
    cast = find(small_film[0], workspace=place, recipe=recipe)
    monkeypatch.delitem(sys.modules, "own_step_module")
    assert run(["decide", str(place), "list"]) == 0
    assert capfd.readouterr().out.count('"tracks"') == len(cast.everybody)
    with pytest.raises(WorkspaceError, match="not a step of castlist"):
        explain(place, 1, 2)
    assert "own_step_module" not in sys.modules
    assert explain(place, 1, 2, recipe=recipe).sentences
    assert run(["explain", str(place), "1", "2", "-o", "-", "--set", "filter.use=own_step_module:Mine"]) == 0
