"""Who is unsure, and the next step: said alike by terminal, report and page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from castlist.cli import run
from castlist.decisions import Decision, apply
from castlist.pipeline.outlook import outlook, outlook_of
from castlist.review import Session
from castlist.review.actions import decision
from castlist.store import Workspace
from castlist.suggest import Asker
from castlist.suggest.batches import Lines
from castlist.suggest.doubt import MISS_PERSON, MISS_TRACK, Work, clicks_until_the_end

TRUTH = [0] * 8 + [1] * 8 + [2] * 8
PARTED = [0] * 6 + [3] * 2 + TRUTH[8:]  # two tracks of person 0 stand apart


def test_terminal_report_and_page_say_who_is_unsure(made: Callable[..., Any], capsys: Any) -> None:
    place = made(TRUTH, PARTED).place
    with Workspace.open(place, write=False) as workspace:
        left = outlook(workspace)
    (doubt,) = left.doubts
    assert doubt.whole
    assert doubt.probability > 0.5
    assert left.clicks > 0
    assert run(["info", str(place)]) == 0
    told = capsys.readouterr().out
    assert f"may be the same person as Person {doubt.other}" in told
    assert f"castlist review {place}, about {left.clicks} click" in told
    assert run(["report", str(place)]) == 0
    page = (place / "report.html").read_text("utf-8")
    assert "One person is unsure" in page
    assert page.count('<span class="doubt">unsure') == 1
    assert f"<code>castlist review {place.name}</code>, about {left.clicks}" in page
    with Session.open(place) as session:
        assert [d[0] for d in session.checks()["doubts"]] == [f"p{doubt.person}"]
        session.decide({"action": "merge", "people": [f"p{doubt.person}", f"p{doubt.other}"]})
        assert session.checks()["doubts"] == []
    capsys.readouterr()
    assert run(["info", str(place)]) == 0
    assert "unsure" not in capsys.readouterr().out.casefold()
    assert "unsure" not in (place / "report.html").read_text("utf-8").split("<body>")[1].casefold()


@pytest.mark.parametrize(("sureness", "unsure"), [(0.4, True), (0.95, False), (np.nan, False)])
def test_tracks_that_are_too_blurred_to_be_asked_about_make_their_person_unsure(
    made: Callable[..., Any], sureness: float, unsure: bool
) -> None:
    workspace = made(TRUTH, TRUTH)
    with Session.open(workspace.place) as session:
        base, video = session.base, session.video
    rows = np.isin(np.arange(len(TRUTH)), [5, 6, 7])
    mean, values = base.mean.copy(), np.full(len(TRUTH), np.nan, np.float32)
    mean[rows], values[rows] = 0, sureness
    base = replace(base, mean=mean, sureness=values)
    asker = Asker(base)
    asker.look(apply(base, video, []))
    doubts = asker.outlook().doubts
    person = int(asker.view.groups[int(asker.view.label[5])].number)
    assert [d.person for d in doubts if not d.whole] == ([person] if unsure else [])
    looked = next(c for c in asker.checks() if c.group == asker.view.label[5])
    alone = [piece.tolist() for piece in looked.pieces if len(piece) == 1]
    assert all([t] in alone for t in (5, 6, 7)) == unsure


@pytest.mark.parametrize(("sureness", "unsure"), [(0.65, True), (0.9, False), (0.4, False)])
def test_a_track_that_was_placed_with_little_evidence_makes_its_person_unsure(
    made: Callable[..., Any], sureness: float, unsure: bool
) -> None:
    """With less than the machine places by (0.6), the linkage put the track there, by evidence of its own."""
    with Session.open(made(TRUTH, TRUTH).place) as session:
        base, video = session.base, session.video
        values = np.full(len(TRUTH), np.nan, np.float32)
        values[5] = sureness
        base = replace(base, sureness=values)
        asker = Asker(base)
        asker.look(apply(base, video, []))
        person = asker.view.groups[int(asker.view.label[5])]
        assert [d.person for d in asker.outlook().doubts] == ([person.number] if unsure else [])
        looked = next(c for c in asker.checks() if c.group == asker.view.label[5])
        assert not unsure or [5] in [piece.tolist() for piece in looked.pieces]
        confirmed = decision({"action": "confirm", "tracks": [5]}, base, video, asker.view)
        asker.look(apply(base, video, [replace(confirmed, id=1)]))
        assert asker.outlook().doubts == ()


def test_nobody_is_unsure_where_everybody_has_a_name(made: Callable[..., Any], capsys: Any) -> None:
    place = made(TRUTH, TRUTH).place
    with Session.open(place) as session:
        for group in list(session.view.groups):
            session.decide({"action": "name", "person": group.id, "name": f"[b]{group.number}[/b] \x1b[31m"})
    assert run(["info", str(place)]) == 0
    told = capsys.readouterr().out
    assert "click" not in told
    assert "\x1b" not in told


def test_the_outlook_is_worked_out_once_for_each_cast(made: Callable[..., Any], monkeypatch: Any) -> None:
    place = made(TRUTH, PARTED).place
    with Session.open(place) as session:
        session.decide({"action": "name", "person": "p1", "name": "Anna"})
    with Workspace.open(place, write=False) as workspace:
        stored = outlook(workspace)
        base, video, log = workspace.machine(), workspace.video(), workspace.decisions.all()
    assert base is not None
    assert video is not None
    assert stored == outlook_of(base, apply(base, video, log))  # published with the cast
    with Workspace.open(place, write=False) as workspace, monkeypatch.context() as patch:
        patch.setattr("castlist.pipeline.outlook.outlook_of", lambda *_: pytest.fail("worked out again"))
        assert outlook(workspace) == stored
    with Workspace.open(place, write=False) as workspace:
        made_before = workspace.decisions.all()[0]
        workspace.decisions.append(Decision("confirm", made_before.anchors))
        fresh = outlook(workspace)  # the stored one is of the cast before that decision
        log = workspace.decisions.all()
    assert fresh == outlook_of(base, apply(base, video, log))


def test_clicks_until_the_end_by_hand() -> None:
    nothing = Work(0, 0, False, 0, 0)
    assert clicks_until_the_end(nothing) == 0
    assert clicks_until_the_end(replace(nothing, sheet=True)) == 1
    assert clicks_until_the_end(replace(nothing, people=1, aside=1)) == 1  # all of it is one page
    assert clicks_until_the_end(replace(nothing, people=1, aside=4)) == 4
    assert clicks_until_the_end(replace(nothing, aside=2)) == 2
    assert clicks_until_the_end(replace(nothing, sheet=True, wrong_people=10)) == round(1 + 10 * MISS_PERSON)
    assert clicks_until_the_end(replace(nothing, wrong_tracks=10)) == round(10 * MISS_TRACK)


def test_a_track_is_proposed_to_leave_only_where_another_is_clearly_likelier(
    made: Callable[..., Any],
) -> None:
    with Session.open(made(TRUTH, PARTED).place) as session:
        asker = session._asks(session.refresh())
        own = int(session.view.label[0])
        other, third = (k for k in range(3) if k != own)
        lines = Lines(np.array([0]), False)
        lines.add([(other, 0.45), (own, 0.4), (third, 0.1)], 0.4, 10, 0.6)
        lines.done()
        item = asker._item(lines, 0)
        group = {k: asker._face(k, 0) for k in range(3)}
        assert (item.guess, item.others) == (group[own], (group[other], group[third]))
        assert item.probability == 0.4
        lines.chance[0] = [0.65, 0.3, 0.05]
        assert asker._item(lines, 0).guess == group[other]
