"""A film of so many faces that comparing them takes more memory than there is."""

from __future__ import annotations

import dataclasses
import importlib
from pathlib import Path

import pytest

from castlist import machine_limits
from castlist.cli import run
from castlist.cluster import Average
from castlist.pipeline.identify import PAIR_BYTES, identify
from castlist.recipe import Recipe
from castlist.store import Workspace
from castlist.types import Scan, Video

identifying = importlib.import_module("castlist.pipeline.identify")


@pytest.fixture(scope="module")
def looked_at(found_film: tuple[object, Path]) -> tuple[Video, Recipe, Scan]:
    """(video, recipe, scan) of the small film."""
    with Workspace.open(found_film[1], write=False) as keep:
        video, recipe = keep.video(), Recipe.parse(keep.runs()[-1].recipe)
        assert video is not None
        scan = keep.scan(recipe.scan_key(video))
        assert scan is not None
        return video, recipe, scan


def short_of_memory(monkeypatch: pytest.MonkeyPatch, tracks: int, free: int | None) -> None:
    """Look at the memory from so many tracks on, of which so many bytes are free."""
    monkeypatch.setattr(identifying, "MANY", tracks)
    monkeypatch.setattr(machine_limits, "memory", lambda *, swap=False: free)


def test_too_many_tracks_for_the_memory_are_refused_before_they_are_compared(
    looked_at: tuple[Video, Recipe, Scan], monkeypatch: pytest.MonkeyPatch
) -> None:
    video, recipe, scan = looked_at
    found = identify(video, scan, recipe)
    tracks = len(set(found.embeddings.track.tolist()))
    enough = PAIR_BYTES * tracks**2
    short_of_memory(monkeypatch, 2, enough - 1)
    with pytest.raises(ValueError, match=f"{tracks:,} tracks of faces were found.*GB are free"):
        identify(video, scan, recipe)
    short_of_memory(monkeypatch, tracks + 1, enough - 1)  # a film of few tracks is never refused
    identify(video, scan, recipe)
    for free in (enough, None):
        short_of_memory(monkeypatch, 2, free)
        identify(video, scan, recipe)


def test_a_linkage_that_needs_less_memory_is_not_refused(
    looked_at: tuple[Video, Recipe, Scan], monkeypatch: pytest.MonkeyPatch
) -> None:
    video, recipe, scan = looked_at
    short_of_memory(monkeypatch, 2, 0)
    identify(video, scan, dataclasses.replace(recipe, link=Average()))


def test_what_was_read_of_a_film_of_too_many_tracks_is_kept(
    small_film: tuple[Path, object],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(small_film[0].read_bytes())
    with monkeypatch.context() as little:
        short_of_memory(little, 2, 0)
        assert run(["find", str(film)]) == 2
    said = capsys.readouterr().err
    assert said.splitlines()[-1].startswith("castlist: ")
    assert "run the same command again" in said
    with monkeypatch.context() as unread:
        unread.setattr(
            importlib.import_module("castlist.pipeline.find"), "scan_in_parallel", None
        )  # the film is not read again
        assert run(["find", str(film)]) == 0


def test_free_swap_space_counts_where_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine_limits, "GROUP", tmp_path)
    monkeypatch.setattr(machine_limits, "MEMINFO", tmp_path / "meminfo")
    assert machine_limits.memory(swap=True) is None
    (tmp_path / "meminfo").write_text("MemAvailable:   2048 kB\nSwapTotal: 9 kB\nSwapFree:  1024 kB\n")
    assert machine_limits.memory() == 2 << 20
    assert machine_limits.memory(swap=True) == 3 << 20
