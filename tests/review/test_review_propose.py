"""Names from other programs become proposals, and decisions only when a user accepts them."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from castlist.cli import run
from castlist.decisions import apply
from castlist.io.exports.faces_csv import harmless
from castlist.io.exports.xmp import picture
from castlist.review import Session
from castlist.store import Workspace
from castlist.suggest.names import Hint, propose_names

SHARE = "person,in,out\n"


@pytest.fixture
def film(made: Callable[..., Any]) -> Any:
    """Three people on tracks 0 to 2, 3 to 4 and 5, each 0.4 s long; track 6 belongs to no person."""
    return made([0, 0, 0, 1, 1, 2, 3], [0, 0, 0, 1, 1, 2, -1])


def proposed(
    film: Any, names: Path, capsys: pytest.CaptureFixture[str], *options: str
) -> list[dict[str, Any]]:
    assert run(["propose", str(film.place), str(names), "--json", *options]) == 0
    found: list[Any] = json.loads(capsys.readouterr().out)
    return found


def decisions(film: Any) -> list[tuple[str, str, str]]:
    with Workspace.open(film.place, write=False) as workspace:
        return [(d.kind, d.value, d.author) for d in workspace.decisions.all()]


def table(folder: Path, text: str, name: str = "names.csv") -> Path:
    (folder / name).write_text(text, "utf-8")
    return folder / name


def test_times_by_hand(film: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Anna has the 1.2 s of p1; Bob's 0.6 of 0.8 s and 0.2 s beyond; Cy is where no person is."""
    names = table(tmp_path, SHARE + "Anna,0,1.2\nBob,1.4,2.2\nCy,50,60\n")
    anna, bob, cy = proposed(film, names, capsys)
    assert (anna["person"], anna["state"], anna["agree"], anna["next"]) == ("p1", "clear", 1, None)
    assert (bob["person"], bob["state"], bob["agree"]) == ("p2", "clear", 0.6)
    assert (bob["next"], bob["next_agree"]) == ("p3", round(0.2 / 1.0, 4))
    assert (cy["person"], cy["state"]) == (None, "nobody")
    assert decisions(film) == []


@pytest.mark.parametrize(
    ("start", "stop", "person", "agree"),
    [
        ("1.2", "1.2", "p2", 1 / 20),  # a moment: the frame shown then, the first of p2
        ("1.199", "1.199", "p2", 1 / 20),  # as a program rounds it
        ("1.16", "1.16", "p1", 1 / 30),
        ("1.19", "2.01", "p2", 1.0),  # a span: from and to the frame nearest to each
        ("1.23", "2.01", "p2", 19 / 20),
        ("1.2", "1.201", "p2", 1 / 20),  # at least a frame
        ("0", "99", "p1", 30 / 70),
    ],
)
def test_a_time_is_that_of_the_nearest_frame(
    film: Any, start: str, stop: str, person: str, agree: float
) -> None:
    """Frames last 0.04 s; p1 has the frames 0 to 29, p2 30 to 49, p3 50 to 59."""
    view = apply(film.base, film.video, ())
    (found,) = propose_names(
        [Hint("Anna", Fraction(start), Fraction(stop))], view, film.base.tracks, film.base.clock
    )
    assert view.groups[found.group].id == person
    assert found.agree == pytest.approx(agree)


def test_of_a_name_with_faces_every_face_counts(film: Any) -> None:
    """Two faces of p1, one of p2, and one where no person was found."""
    view, box = apply(film.base, film.video, ()), (100 / 640, 50 / 360, 200 / 640, 170 / 360)
    hints = [Hint("Anna", Fraction(t), Fraction(t), box) for t in ("0.2", "0.6", "1.4")]
    hints.append(Hint("Anna", Fraction("0.2"), Fraction("0.2"), (0.9, 0.9, 1.0, 1.0)))
    (found,) = propose_names(hints, view, film.base.tracks, film.base.clock)
    assert (view.groups[found.group].id, found.agree, found.second_agree) == ("p1", 0.5, 0.25)


@pytest.mark.parametrize("label", [[0, 0], [-1, -1]], ids=["one person", "nobody"])
def test_a_film_of_one_person_or_of_nobody(
    made: Callable[..., Any], label: list[int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = table(tmp_path, SHARE + "Anna,0,0.8\n")
    (anna,) = proposed(made([0, 0], label), names, capsys)
    assert (anna["person"], anna["state"]) == (("p1", "clear") if label[0] == 0 else (None, "nobody"))
    assert (anna["next"], anna["next_agree"]) == (None, 0)


def test_nothing_is_decided_before_somebody_says_so(
    film: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = table(tmp_path, SHARE + "Anna,0,1.2\nBob,1.2,2.0\n")
    assert run(["propose", str(film.place), str(names)]) == 0
    assert "no person was named; 2 proposals were stored" in capsys.readouterr().out
    assert decisions(film) == []
    assert run(["propose", str(film.place), str(names), "--apply", "--only", "Anna", "--author", "me"]) == 0
    assert decisions(film) == [("name", "Anna", "me")]
    assert run(["propose", str(film.place), str(names), "--apply"]) == 0
    assert [d[1] for d in decisions(film)] == ["Anna", "Bob"]
    capsys.readouterr()
    again = proposed(film, names, capsys, "--apply")[:2]
    assert {p["state"] for p in again} == {"has this name already"}
    assert len(decisions(film)) == 2
    with Workspace.open(film.place, write=False) as workspace:
        assert [p.name for p in workspace.cast().people][:2] == ["Anna", "Bob"]


@pytest.mark.parametrize(
    ("rows", "states"),
    [
        ("Anna,0,1.2\nBert,0,1.2\n", {"unclear"}),  # one person for two names
        ("Anna,0,1.2\nBert,0,0.9\n", {"clear", "unclear"}),
        ("Anna,0.3,2.1\n", {"unclear"}),  # two people agree about alike
        ("Anna,0,0.4\n", {"unclear"}),  # a third of p1
    ],
)
def test_what_is_not_clear_is_left(
    film: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: str, states: set[str]
) -> None:
    found = proposed(film, table(tmp_path, SHARE + rows), capsys)
    assert {p["state"] for p in found} == states
    assert all(p["why"] for p in found if p["state"] == "unclear")


def test_a_name_that_is_taken_is_never_given(
    film: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Session.open(film.place) as session:
        session.decide({"action": "name", "person": "p1", "name": "Anna"})
    (anna,) = proposed(film, table(tmp_path, SHARE + "Anna,1.2,2.0\n"), capsys, "--apply")
    assert (anna["person"], anna["state"]) == ("p2", "unclear")
    (eve,) = proposed(film, table(tmp_path, SHARE + "Eve,0,1.2\n"), capsys, "--apply")
    assert (eve["person"], eve["state"], eve["why"]) == (
        "p1",
        "has another name",
        "this person is called Anna",
    )
    assert len(decisions(film)) == 1


def test_a_table_of_faces(film: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Boxes as castlist writes them; one of three is where no face is."""
    rows = "frame,time,x,y,w,h,track,person,score\n"
    rows += "5,0.2,100,50,100,120,0,Anna,1\n15,0.6,104,50,100,118,1,Anna,1\n15,0.6,500,200,60,60,1,Anna,1\n"
    rows += "35,1.4,100,50,100,120,3,Person 2,1\n"  # castlist's own label for a person without a name
    (anna,) = proposed(film, table(tmp_path, rows), capsys)
    assert (anna["name"], anna["person"], anna["by"], anna["state"]) == ("Anna", "p1", "faces", "clear")
    assert anna["agree"] == round(2 / 3, 4)


def test_regions_of_a_picture(film: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = picture(640, 360, [("Anna", (100, 50, 200, 170)), ("Nobody", (400, 200, 500, 300))])
    names = table(tmp_path, text, "still.xmp")
    anna, nobody = proposed(film, names, capsys, "--at", "0:00.5")
    assert (anna["person"], anna["state"], nobody["state"]) == ("p1", "clear", "nobody")
    (tmp_path / "still.jpg").write_bytes(b"\xff\xd8\xff\xe1" + text.encode() + b"\xff\xd9")
    assert proposed(film, tmp_path / "still.jpg", capsys, "--at", "1.4")[0]["person"] == "p2"


def test_markers_and_tables_that_castlist_wrote(
    film: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Session.open(film.place) as session:
        session.decide({"action": "name", "person": "p1", "name": "=Anna"})
        session.decide({"action": "name", "person": "p2", "name": "Bob"})
    for name in ("a.otio", "a.csv"):
        assert (
            run(["export", str(film.place), "-o", str(tmp_path / name), "--start-timecode", "10:00:00:00"])
            == 0
        )
        found = proposed(film, tmp_path / name, capsys, "--start-timecode", "10:00:00:00")
        assert [(p["name"], p["person"], p["agree"]) for p in found] == [("=Anna", "p1", 1), ("Bob", "p2", 1)]


WRITTEN = (
    "می\u200cخواهم", "\U0001f469\u200d\U0001f680", "שלום", "名前 é Ω", "=1+1", "Bob, Jr. \"Bo\"", "x" * 300,
    "a | b --> c", "../../etc/passwd", "<b>&amp;",
)  # fmt: skip


@pytest.mark.parametrize("form", ["csv", "xmp"])
def test_names_come_back_as_they_were_written(
    film: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    """Joiners, which hold words of Persian and emoji together, are part of a name."""
    for number, name in enumerate(WRITTEN):
        place = tmp_path / f"{number}.{form}"
        if form == "csv":
            with open(place, "w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([("person", "in", "out"), (harmless(name), 0, 1.2)])
        else:
            place.write_text(picture(640, 360, [(name, (10, 10, 60, 60))]), "utf-8")
        options = ("--at", "0:00.2") if form == "xmp" else ()
        (found,) = proposed(film, place, capsys, *options)
        assert found["name"] == name


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Marker Name\tIn\tOut\nAnna\t00:00:00:00\t00:00:01:05\n", "p1"),
        ("name;start;length\nAnna;0:00:01.2;0.8\n", "p2"),
        ("\ufeffNAME,TIMECODE,DURATION\nAnna,00:00:01:05,00:00:00:20\n", "p2"),
        ("person,time\nAnna,1.3\nAnna,1.9\n", "p2"),
    ],
)
def test_tables_of_others(
    film: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, first: str
) -> None:
    assert proposed(film, table(tmp_path, text), capsys)[0]["person"] == first


BOMB = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><!DOCTYPE a [<!ENTITY b "c">]></x:xmpmeta>'


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "who,when\nAnna,1\n", "has no column person"),
        ("a.csv", "person\nAnna\n", "has no column in"),
        ("a.csv", SHARE, "contains no names"),
        ("a.csv", SHARE + "Person 1,0,1\n", "contains no names"),
        ("a.csv", SHARE + "Anna,noon,\n", "line 2: 'noon' is no time"),
        ("a.csv", SHARE + "Anna,00:00:00:30,\n", "line 2: '00:00:00:30' is not a timecode at 25"),
        ("a.csv", "person,in,x,y,w,h\nAnna,1,a,b,c,d\n", "must be numbers"),
        ("a.csv", "person,in,x,y,w,h\nAnna,1,0,0,-5,9\n", "must be a box"),
        ("a.csv", "person,in,x,y,w,h\nAnna,1,nan,0,5,9\n", "must be a box"),
        ("a.csv", b"\xff\x00\xfe", "is not text in UTF-8"),
        ("a.csv", '"' + "x" * 200_000, "is not a table"),
        ("a.otio", "{}", "contains no timeline"),
        ("a.otio", "{", "is not an OpenTimelineIO file"),
        ("a.otio", '{"OTIO_SCHEMA": "Clip.1"}', "contains no timeline"),
        ("a.xmp", "<x/>", "contains no XMP"),
        ("a.xmp", BOMB, "declares XML entities"),
        ("a.xmp", "<x:xmpmeta><a></x:xmpmeta>", "is damaged"),
        ("a.doc", "x", "none of these suffixes"),
    ],
)
def test_files_that_cannot_be_used(
    film: Any,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
    content: str | bytes,
    message: str,
) -> None:
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    at = [] if name.endswith((".csv", ".otio")) else ["--at", "1"]
    assert run(["propose", str(film.place), str(tmp_path / name), "--apply", *at]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert message in said.err
    assert said.err.count("\n") == 1
    assert decisions(film) == []


def test_places_that_are_no_files(film: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.csv").mkdir()
    for place, words in ((tmp_path / "a.csv", "is not a regular file"), (tmp_path / "b.csv", "No such file")):
        assert run(["propose", str(film.place), str(place)]) == 2
        assert words in capsys.readouterr().err
    (tmp_path / "p.xmp").write_text("<x:xmpmeta></x:xmpmeta>")
    assert run(["propose", str(film.place), str(tmp_path / "p.xmp")]) == 2
    assert "a picture does not say when it was taken" in capsys.readouterr().err


def test_times_as_people_write_them() -> None:
    from castlist.io.imports.files import moment
    from castlist.timecode import Timebase

    base = Timebase(Fraction(30000, 1001), True, 17_982)  # from 00:10:00;00
    assert moment("83.5", base) == Fraction(167, 2)
    assert moment("1:02:03.5", base) == 3723 + Fraction(1, 2)
    assert moment("2:03,25", base) == 123 + Fraction(1, 4)
    assert moment("00:10:01;00", base) == 30 * base.tick
    assert moment("00;10;01;00", base) == 30 * base.tick
