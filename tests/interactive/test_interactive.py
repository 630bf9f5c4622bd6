"""A cast in scripts and notebooks: tables, questions, pictures, short texts."""

from __future__ import annotations

import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from castlist.cast import Cast
from castlist.errors import InputError, MissingExtra
from castlist.interactive import columns, html, timeline
from castlist.types import CUT, NOISE, START, Clock, Portraits, Shots, Tracks, Video

RATE, FRAMES = 10, 100
CLOCK = Clock(np.arange(FRAMES), Fraction(1, RATE))
SHOTS = Shots(np.array([0, 50]), np.array([50, 100]), np.array([START, CUT]))


def made(names=("Anna", "<Bob>"), late: int = 0) -> Cast:
    """Anna in frames 0-30 and 60-80, Bob in 20-50; 90-95 set aside; the first frame is at `late`."""
    spans = [(0, 30), (20, 50), (60, 80), (90, 95)]
    frame = np.concatenate([np.arange(a, b) for a, b in spans])
    offset = np.cumsum([0, *(b - a for a, b in spans)])
    box = np.tile((10, 10, 30, 40), (len(frame), 1))
    tracks = Tracks(
        frame, box, np.full(len(frame), 0.9), np.arange(len(frame)), offset, np.array([0, 0, 1, 1])
    )
    video = Video(Path("film.mp4"), 64, 48, Fraction(RATE), Fraction(FRAMES, RATE), "digest")
    clock = Clock(late + np.arange(FRAMES), Fraction(1, RATE))
    portraits = Portraits(
        np.array([5]), np.array([[10, 10, 30, 40]]), np.array([0]), np.array([0.7]), ("ab",)
    )
    label = np.array([0, 1, 0, NOISE])
    return Cast.of(video, clock, SHOTS, tracks, label, names=names, portraits=portraits)


def test_slices_names_and_membership() -> None:
    cast = made()
    assert [p.name for p in cast[:1]] == ["Anna"]
    assert cast[-1] is cast["<Bob>"]
    assert "Anna" in cast
    assert cast[0] in cast
    assert "Zoe" not in cast
    assert 7 not in cast
    with pytest.raises(IndexError, match="nobody at position 2; the cast has 2, counted from 0"):
        cast[2]


def test_texts_are_short() -> None:
    cast = made()
    assert repr(cast) == "<Cast of film.mp4: 2 people in 10.0 s: Anna, <Bob>>"
    assert repr(cast[0]) == "<Person 'Anna': 5.0 s in 2 appearances, 2 tracks>"
    assert repr(cast[0].appearances[0]) == "<Appearance 0.00–3.00 s>"
    assert repr(cast[0].faces[0]) == "<Face at 0.50 s, quality 0.70>"


@pytest.mark.parametrize(
    ("time", "who"),
    [
        (0, ["Anna"]), (2.0, ["Anna", "<Bob>"]), (Fraction(299, 100), ["Anna", "<Bob>"]), (3, ["<Bob>"]),
        (5, []), (7.95, ["Anna"]), (9.2, []), (-1, []), (10, []), (1e9, []),
    ],
)  # fmt: skip
def test_who_is_seen_at_a_time(time, who) -> None:
    assert [p.name for p in made().at(time)] == who


@pytest.mark.parametrize(
    ("text", "who"), [("2", ["Anna", "<Bob>"]), ("0:02.5", ["Anna", "<Bob>"]), ("00:00:03:00", ["<Bob>"])]
)
def test_a_time_may_be_written_as_people_write_it(text, who) -> None:
    assert [p.name for p in made().at(text)] == who


def test_what_is_no_time_is_one_sentence() -> None:
    with pytest.raises(InputError, match="noon"):
        made().at("noon")


def test_a_film_that_starts_late() -> None:
    cast = made(late=5)
    assert [p.name for p in cast.at(0.5)] == ["Anna"]
    assert cast.at(0.4) == []
    assert cast.share(cast[0]) == 0.5
    assert columns(cast)["start"][0] == 0.5


def test_together_is_exact_and_of_frames() -> None:
    cast = made()
    assert cast.together("Anna", "<Bob>") == cast.together(cast[1], cast[0]) == ((Fraction(2), Fraction(3)),)
    with pytest.raises(InputError, match="is one person"):
        cast.together("Anna", "anna")
    with pytest.raises(InputError, match="nobody is called"):
        cast.together("Anna", "Zoe")


def test_tables_have_the_same_rows_however_they_are_given() -> None:
    cast = made()
    for table, rows in (("people", 2), ("appearances", 3), ("faces", 85)):
        plain = columns(cast, table)
        frames = [cast.to_pandas(table), cast.to_polars(table).to_pandas(), cast.to_arrow(table).to_pandas()]
        for frame in frames:
            assert list(frame.columns) == list(plain)
            assert len(frame) == rows
            for name, column in plain.items():
                assert frame[name].tolist() == list(column)
    assert columns(cast)["name"] == ["Anna", "<Bob>", "Anna"]
    assert columns(cast)["stop_frame"].tolist() == [30, 50, 80]
    assert set(columns(cast, "faces")["name"][-5:]) == {""}


def test_an_empty_cast_has_empty_tables_and_a_picture() -> None:
    empty = Cast.of(made().video, CLOCK, SHOTS, Tracks.empty(), np.zeros(0))
    for table in ("people", "appearances", "faces"):
        assert (
            len(empty.to_pandas(table)) == len(empty.to_polars(table)) == empty.to_arrow(table).num_rows == 0
        )
    assert "0 people" in html(empty)
    assert len(timeline(empty).patches) == 0


def test_an_unknown_table_and_a_missing_library_say_what_to_do(monkeypatch) -> None:
    with pytest.raises(InputError, match="people, appearances, faces, not 'shots'"):
        made().to_pandas("shots")
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(MissingExtra, match="pip install"):
        made().to_polars()


def test_a_notebook_shows_faces_and_escapes_names() -> None:
    cast = made(names=("Anna", "<img src=x onerror=alert(1)>")).with_pictures(
        lambda name: b"\xff\xd8\xff" + name.encode()
    )
    shown = cast._repr_html_()
    assert "onerror" in shown
    assert "<img src=x" not in shown
    assert shown.count("data:image/jpeg") == 1
    assert cast[0].images() == [b"\xff\xd8\xffab"]
    assert made()[0].images() == []
    assert cast[0]._repr_html_().count("data:image/jpeg") == 1
    assert "<img src=x" not in cast[1]._repr_html_()


def test_a_notebook_takes_the_name_of_any_file_and_person() -> None:
    """A file's name that is no UTF-8, a control character: what is shown can be written as UTF-8 and XML."""
    cast = made(names=("\x07\u202eAnna", "Bob"))
    cast = replace(cast, video=replace(cast.video, path=Path("/films/\udcff\x1b[31m.mov")))
    for shown in (cast._repr_html_(), cast[0]._repr_html_()):
        assert shown.encode("utf-8")
        assert not {"\x07", "\x1b"} & set(shown)
        assert "<bdi>" in shown


def test_a_timeline_has_a_lane_a_person_and_a_bar_an_appearance() -> None:
    axes = made(names=("$x_", "Bob")).plot()
    axes.figure.canvas.draw()
    assert [t.get_text() for t in axes.get_yticklabels()] == [r"\$x_", "Bob"]
    assert sum(len(c.get_paths()) for c in axes.collections) == 3


def test_renaming_and_merging_go_to_the_log_and_can_be_undone(two_people, tmp_path) -> None:
    import shutil

    from castlist.review.by_name import undo
    from castlist.store import Workspace

    place = tmp_path / "film.castlist"
    shutil.copytree(two_people / "film.castlist", place)
    with Workspace.open(place, write=False) as keep:
        cast = keep.cast()
    named = cast.rename(cast[0], "Anna").rename("Person 2", "Bob")
    assert sorted(p.name for p in named) == ["Anna", "Bob"]
    assert named["Anna"].images(1)[0].startswith(b"\xff\xd8")
    assert [p.name for p in cast] == ["Person 1", "Person 2"]  # itself it never changes
    one = named.merge("Anna", named["Bob"], author="me")
    assert [p.name for p in one] == ["Anna"]
    with Workspace.open(place, write=False) as keep:
        assert [d.author for d in keep.decisions.all()] == ["", "", "me"]
        assert [p.name for p in keep.cast()] == ["Anna"]
    assert len(undo(place)) == 2
    with pytest.raises(InputError, match="the same person already"):
        named.merge("Anna", "anna")


def test_a_cast_of_no_workspace_takes_no_decision() -> None:
    with pytest.raises(InputError, match="in no workspace"):
        made().rename("Anna", "Zoe")
