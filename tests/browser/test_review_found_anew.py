"""A page that is open while castlist find runs shows what was found anew."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from page_steps import until

from castlist.store import Workspace

pytestmark = pytest.mark.xdist_group("browser")


def test_an_open_page_loads_itself_again(
    found: Any, start: Callable[[Path], Any], opened: Callable[..., Any], tmp_path: Path
) -> None:
    place = tmp_path / "a film.castlist"
    shutil.copytree(found.place, place)
    running = start(place)
    try:
        page = opened(running.url())
        page.evaluate("() => { window.before = true; }")
        with Workspace.open(place) as workspace:
            cast, portraits, base = workspace.cast(), workspace.portraits(), workspace.machine()
            run = workspace.run_started("", version="0", models={})
            workspace.put_cast(cast, portraits, run=run)
            workspace.run_finished(run, {}, {})
            workspace.put("machine", f"run {run}", base)
        until(page, "() => !window.before && document.querySelector('#rows .open')")
    finally:
        running.stop()
