"""Files of the cast that the page offers, and what the history says of some tracks of a person."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from review_made import Made, Served

from castlist.errors import CastlistError, InputError
from castlist.io.exports import FORMATS
from castlist.review import Session
from castlist.review.downloads import downloads, exported
from castlist.store import Workspace

Make = Callable[..., Made]
TRUTH = [0, 0, 0, 1, 1]


def test_every_file_is_what_castlist_export_writes_after_every_decision(made: Make) -> None:
    place = made(TRUTH, TRUTH, "a: film.mov").place
    with Session.open(place) as session:
        session.decide({"action": "name", "person": "p1", "name": "Anna"})
        offered = downloads(session)
        assert offered[0]["file"] == "a_ film.edl"
        assert len({d["file"] for d in offered}) == len(offered)
        with Workspace.open(place, write=False) as opened:
            cast = opened.cast()
        for name in (d["name"] for d in offered if d["name"] != "report"):
            text = exported(session, name).decode()
            assert "Anna" in text
            if name not in ("json", "fcpxml"):  # these say when they were written
                assert text == FORMATS[name].text(cast)
        with pytest.raises(CastlistError, match="no report yet"):
            exported(session, "report")
        session.save()
        assert exported(session, "report") == (place / "report.html").read_bytes()


@pytest.mark.parametrize("name", ["../cast.db", "faces", "", "EDL"])
def test_nothing_else_can_be_had(made: Make, name: str) -> None:
    with (
        Session.open(made(TRUTH, TRUTH).place) as session,
        pytest.raises(InputError, match="choose from edl"),
    ):
        exported(session, name)


def test_a_report_that_is_a_link_is_not_followed(made: Make, tmp_path: Path) -> None:
    place = made(TRUTH, TRUTH).place
    (tmp_path / "secret").write_text("a secret")
    (place / "report.html").symlink_to(tmp_path / "secret")
    with Session.open(place) as session, pytest.raises(CastlistError, match="link"):
        exported(session, "report")


def test_the_server_sends_files_to_be_saved_to_browsers_that_were_let_in(standing: Served) -> None:
    status, headers, body = standing.ask("/export/edl")
    assert (status, headers["content-disposition"]) == (200, "attachment")
    assert headers["content-type"] == "application/octet-stream"
    assert body.startswith(b"TITLE:")
    status, _, body = standing.ask("/export/nothing")
    assert (status, b"choose from edl" in body) == (422, True)
    assert standing.ask("/export/edl", headers={"Cookie": ""})[0] == 403


def test_confirmed_tracks_are_counted_and_not_all_of_their_person(made: Make) -> None:
    with Session.open(made(TRUTH, TRUTH).place) as session:
        group = session.view.group("p1")
        assert group is not None
        one = int(group.tracks[0])
        number = session.decide({"action": "confirm", "tracks": [one]})
        assert session.sentence(number) == "1 of the 3 tracks of Person 1: confirmed"
        number = session.decide({"action": "confirm", "people": ["p1", "p2"]})
        assert session.sentence(number) == "Person 1 and Person 2, 5 tracks: confirmed"
        number = session.decide({"action": "key", "track": one})
        assert session.sentence(number) == "Person 1: picture chosen"
