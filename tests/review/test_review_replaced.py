"""A workspace that is moved, replaced, brought back or searched again while a review of it is open."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from review_made import Made, workspace

from castlist.errors import WorkspaceError
from castlist.review import Session
from castlist.review.page import Page
from castlist.store import FoundAnew, Workspace

TRUTH = np.arange(12) % 4


def found_again(place: Path, label: np.ndarray, path: str = "film.mp4") -> Made:
    """The workspace as another run leaves it, in the place of the one that was there."""
    shutil.move(place, place.with_name("away.castlist"))
    return workspace(place, TRUTH, label, path, content=b"" if path == "film.mp4" else b"another film")


def names(place: Path) -> set[str]:
    with Workspace.open(place, write=False) as opened:
        return {p.name for p in opened.cast().everybody if p.named}


@pytest.fixture
def made_here(tmp_path: Path) -> Made:
    return workspace(tmp_path / "film.castlist", TRUTH, TRUTH)


def cast_of(place: Path) -> tuple[str, list[int]]:
    with Workspace.open(place, write=False) as opened:
        return opened.cast().video.digest, opened.cast().person.tolist()


def test_nothing_is_decided_in_another_films_workspace(made_here: Made) -> None:
    """Neither a decision nor the cast and the report of the film that was reviewed come into it."""
    place = made_here.place
    session = Session.open(place)
    session.decide({"action": "name", "person": "p1", "name": "Ann"})
    session.save()
    found_again(place, TRUTH[::-1].copy(), "other.mp4")
    before = cast_of(place)
    with pytest.raises(WorkspaceError, match=r"the cast of another film \(other.mp4\)"):
        session.decide({"action": "name", "person": "p2", "name": "Bea"})
    with pytest.raises(WorkspaceError, match="the cast of another film"):
        session.save()
    with pytest.raises(WorkspaceError, match="the cast of another film"):
        session.close()
    assert names(place) == set()
    assert cast_of(place) == before
    assert names(place.with_name("away.castlist")) == {"Ann"}


def test_what_a_page_shows_is_not_decided_on_tracks_of_another_run(made_here: Made) -> None:
    """Numbers of tracks mean others in it, and the log says nothing: it is as long as before."""
    with Session.open(made_here.place) as session:
        before = session.head()["scan_state"]
        found_again(made_here.place, np.roll(TRUTH, 1))
        with pytest.raises(FoundAnew), session.deciding_on(before):
            session.decide({"action": "not-a-face", "tracks": [0]}, revision=0)
        after = session.head()["scan_state"]
        assert after != before
        with session.deciding_on(after):
            assert session.decide({"action": "not-a-face", "tracks": [0]}, revision=0) == 1


def test_a_run_that_ends_while_somebody_decides_is_not_decided_on(made_here: Made) -> None:
    """Also where it ends between what was looked at and what is stored."""
    with Session.open(made_here.place) as session:
        with session.deciding_on(session.head()["scan_state"]):
            found_again(made_here.place, np.roll(TRUTH, 1))
            with pytest.raises(FoundAnew):
                session.decide({"action": "not-a-face", "tracks": [0]})
        assert session.history() == []


def test_a_page_hears_of_another_run_and_asks_about_its_tracks(made_here: Made) -> None:
    with Session.open(made_here.place) as session:
        page = Page(session)
        state, asked = page.news(), page.questions()
        assert page.changes(0, scan_state=str(state["scan_state"])) is None
        found_again(made_here.place, np.roll(TRUTH, 1))
        news = page.changes(0, scan_state=str(state["scan_state"]))
        assert news is not None
        assert (news["scan_state"] != state["scan_state"], news["since"]) == (True, None)
        assert page.questions() is not asked


def test_an_earlier_copy_that_is_brought_back_is_gone_on_with(made_here: Made) -> None:
    """Its log is shorter than the one that was read; nothing of what it lacks is taken for decided."""
    place, copy = made_here.place, made_here.place.with_name("copy.castlist")
    with Session.open(place) as session:
        session.decide({"action": "name", "person": "p1", "name": "Ann"})
        session.save()
        shutil.copytree(place, copy)
        for name in ("Bea", "Cleo"):
            session.decide({"action": "name", "person": "p2", "name": name})
        shutil.rmtree(place)
        copy.rename(place)
        assert session.refresh().revision == 1
        assert session.decide({"action": "name", "person": "p3", "name": "Dora"}, revision=1) == 2
    assert names(place) == {"Ann", "Dora"}


@pytest.mark.parametrize("away", [shutil.rmtree, lambda place: place.rename(place.with_name("away"))])
def test_a_run_writes_nothing_into_a_workspace_that_is_gone(
    made_here: Made, away: Callable[[Path], object]
) -> None:
    """What it wrote there would be lost, and its end would look like a success."""
    with Workspace.open(made_here.place) as opened:
        away(made_here.place)
        with pytest.raises(WorkspaceError, match="was moved, deleted or replaced"):
            opened.put_video(made_here.video)
    assert not made_here.place.exists()


def test_the_page_is_told_to_load_itself_again(made_here: Made, served: Callable[..., Any]) -> None:
    client = served(made_here.place)
    state = json.loads(client.ask("/api/state")[2])
    found_again(made_here.place, np.roll(TRUTH, 1))
    body = {"action": "not-a-face", "tracks": [0], "revision": 0, "scan_state": state["scan_state"]}
    status, _, answer = client.ask("/api/decide", method="POST", body=body)
    told = json.loads(answer)
    assert (status, told["changes"]) == (409, [])
    assert "castlist find ran on this film meanwhile" in told["error"]
    assert told["state"]["scan_state"] != state["scan_state"]
    body["scan_state"] = told["state"]["scan_state"]
    status, _, _ = client.ask("/api/decide", method="POST", body=body)
    assert status == 200
