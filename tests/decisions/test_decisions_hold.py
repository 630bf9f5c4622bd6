"""Decisions of a reviewer hold in all views, whatever runs later."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scenes import PLAIN, find, scan_of

from castlist.decisions import apply
from castlist.recipe import Recipe
from castlist.review import Session
from castlist.store import Workspace

SIX = np.random.default_rng(0).permutation(np.repeat(np.arange(6), 10))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "film.castlist"


def stored(path: Path) -> dict[int, tuple[int, ...]]:
    """The tracks of each person, by number, as an export reads them."""
    with Workspace.open(path, write=False) as workspace:
        return {p.id: p.tracks for p in workspace.cast().everybody}


def shown(session: Session) -> dict[int, tuple[int, ...]]:
    return {g.number: tuple(g.tracks.tolist()) for g in session.refresh().groups}


def sizes(people: dict[int, tuple[int, ...]]) -> list[int]:
    return sorted(map(len, people.values()), reverse=True)


def test_a_merge_is_what_find_and_export_have(path: Path) -> None:
    """The page, another `find` and the export say the same of two people who were merged."""
    scan = scan_of(SIX)
    find(path, scan)
    assert sizes(stored(path)) == [10] * 6
    with Session.open(path) as session:
        session.decide({"action": "merge", "people": ["p1", "p2"]})
        page = shown(session)
    assert sizes(stored(path)) == [20, 10, 10, 10, 10]
    find(path, scan)
    assert stored(path) == page
    with Session.open(path) as session:
        assert shown(session) == page
        assert session.save()
    assert stored(path) == page


@pytest.mark.parametrize("noise", [1.0, 1.3, 1.6])
def test_what_was_put_right_stays_under_other_recipes(path: Path, noise: float) -> None:
    """All people are corrected and named; none of them moves, whatever links the tracks later."""
    scan = scan_of(SIX, noise)
    find(path, scan)
    with Session.open(path) as session:
        for person in range(6):
            own = np.flatnonzero(person == SIX)
            home = session.view.label[own[0]]
            others = [t for t in own.tolist() if session.view.label[t] != home]
            if others:
                request = {"action": "move", "tracks": others, "person": session.view.groups[home].id}
                session.decide(request)
            strays = np.setdiff1d(session.view.groups[session.view.label[own[0]]].tracks, own).tolist()
            if strays:
                session.decide({"action": "split", "tracks": strays})
            session.decide({"action": "name", "person": session.view.groups[session.view.label[own[0]]].id,
                            "name": f"Name {person}"})  # fmt: skip
        page = shown(session)
    assert sizes(page) == [10] * 6
    for recipe in (PLAIN.with_step("link", {"use": "ward"}), PLAIN.with_step("cut", {"use": "auto"}), PLAIN):
        find(path, scan, recipe)
        assert stored(path) == page


def test_the_page_that_is_open_follows_a_run(path: Path) -> None:
    scan = scan_of(SIX)
    find(path, scan)
    with Session.open(path) as session:
        session.decide({"action": "merge", "people": ["p1", "p2"]})
        find(path, scan, PLAIN.with_step("link", {"use": "ward"}))
        assert shown(session) == stored(path)
        session.decide({"action": "merge", "people": ["p1", "p3"]})
        assert shown(session) == stored(path)  # read while the page is open, before anything is published


def test_the_report_keeps_its_evidence(found_film: tuple[Any, Path], path: Path) -> None:
    """How well the film's calibration holds is shown after a review as after the run."""
    shutil.copytree(found_film[1], path)
    before = (path / "report.html").read_text("utf-8")
    assert "Predicted and true" in before
    with Session.open(path) as session:
        session.decide({"action": "name", "person": "p1", "name": "Ada"})
    after = (path / "report.html").read_text("utf-8")
    assert "Ada" in after
    assert re.findall(r'class="bin"|separation went from[^.]*', after) == re.findall(
        r'class="bin"|separation went from[^.]*', before
    )


def test_numbers_go_on(path: Path) -> None:
    """Merged, split, undone, found again: a number never means anybody else."""
    scan = scan_of(SIX)
    find(path, scan)
    first = stored(path)
    with Session.open(path) as session:
        session.decide({"action": "merge", "people": ["p3", "p5"]})
        session.decide({"action": "split", "tracks": [int(first[1][0])]})
        assert sorted(shown(session)) == [1, 2, 3, 4, 6, 7]
        assert session.view.group("p5") is session.view.group("p3")
        session.undo(1)
        assert shown(session)[5] == first[5]
        assert shown(session)[3] == first[3]
        session.decide({"action": "split", "tracks": [int(first[1][1])]})
        assert sorted(shown(session)) == [1, 2, 3, 4, 5, 6, 7, 8]
        page = shown(session)
    find(path, scan, Recipe().with_step("refine", {"use": "none"}).with_step("link", {"use": "average"}))
    now = stored(path)  # others may have joined the two who were split off, never left them
    assert all(set(page[n]) <= set(now[n]) for n in (7, 8))
    find(path, scan)
    assert stored(path) == page


def test_a_person_who_is_parted_keeps_the_number_where_it_was_recorded(path: Path) -> None:
    """With hidden tracks beside, neither part has most faces: the number goes where it was recorded."""
    scan = scan_of(np.repeat(np.arange(2), 8))
    find(path, scan)
    with Session.open(path) as session:
        session.decide({"action": "confirm", "people": ["p1"]})
        own = session.view.groups[0].tracks.tolist()
        session.decide({"action": "hide", "tracks": own[:4]})
        session.decide({"action": "different", "tracks": own[4:6]})
        page = shown(session)
        assert sorted(page) == [1, 2, 3]
        session.decide({"action": "restore", "tracks": own[:4]})
        assert set(own[:4]) <= set(shown(session)[1])
    find(path, scan, PLAIN.with_step("link", {"use": "ward"}))
    now = stored(path)
    assert set(page[1]) <= set(now[1])
    assert set(page[3]) <= set(now[3])


def test_a_sheet_holds_on_other_tracks(path: Path) -> None:
    """In a sheet, one track is on several sides: of its own person, and of people that others are not."""
    scan = scan_of(np.repeat(np.arange(4), 5))
    find(path, scan)
    with Session.open(path) as session:
        session.decide({"action": "merge", "people": ["p1", "p2"]})
        own = [g.tracks.tolist() for g in session.view.groups]
        items = [
            {"track": own[0][0], "to": None, "not": [own[0][1]]},
            {"track": own[1][0], "to": own[0][1], "whole": True},
            {"track": own[2][0], "to": own[0][2]},
        ]
        session.decide({"action": "sort", "items": items})
        log, video, base = session._log, session.video, session.base
        exact = {g.number: g.tracks.tolist() for g in session.view.groups}
    other = replace(base, digest="another")  # the same tracks, to be found by time and box
    assert {g.number: g.tracks.tolist() for g in apply(other, video, log).groups} == exact


@pytest.mark.parametrize("merged", [["p1", "p2"], ["p2", "p1"]])
def test_of_two_chosen_pictures_the_one_of_the_person_who_stays_is_kept(
    path: Path, merged: list[str]
) -> None:
    find(path, scan_of(SIX))
    with Session.open(path) as session:
        chosen = {p: int(session.view.group(p).tracks[-1]) for p in ("p2", "p1")}
        for track in chosen.values():
            session.decide({"action": "key", "track": track, "ms": 0})
        pictures = {p: session.view.group(p).key for p in chosen}
        assert [key[0] for key in pictures.values() if key] == list(chosen.values())
        session.decide({"action": "merge", "people": merged})
        assert session.view.group("p1").key == pictures["p1"]


def test_joins_of_one_sort_that_share_a_person_make_one_person_of_all(path: Path) -> None:
    """A face of the second person joins the first, another one the third: the three are one."""
    find(path, scan_of(SIX))
    with Session.open(path) as session:
        first, second, third = (session.view.group(f"p{k}").tracks.tolist() for k in (1, 2, 3))
        items = [{"track": second[0], "whole": True, "to": first[0]},
                 {"track": second[1], "whole": True, "to": third[0]}]  # fmt: skip
        session.decide({"action": "sort", "items": items})
        assert sizes(shown(session)) == [30, 10, 10, 10]
        assert set(shown(session)[1]) == {*first, *second, *third}
        session.undo(1)
        assert sizes(shown(session)) == [10] * 6
