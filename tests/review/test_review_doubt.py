"""Who is unsure, and the next step: said alike by terminal, report and page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from castlist.cli import run
from castlist.pipeline.outlook import outlook
from castlist.review import Session
from castlist.store import Workspace

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
    assert f"may be Person {doubt.other}" in told
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


def test_nobody_is_unsure_where_everybody_has_a_name(made: Callable[..., Any], capsys: Any) -> None:
    place = made(TRUTH, TRUTH).place
    with Session.open(place) as session:
        for group in list(session.view.groups):
            session.decide({"action": "name", "person": group.id, "name": f"[b]{group.number}[/b] \x1b[31m"})
    assert run(["info", str(place)]) == 0
    told = capsys.readouterr().out
    assert "click" not in told
    assert "\x1b" not in told
