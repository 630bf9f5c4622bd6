"""Requests that cannot be met are reported, and no request is ignored."""

from __future__ import annotations

import shutil
import threading
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import castlist
from castlist.cli import run
from castlist.decisions import Anchor, Decision, DecisionKind
from castlist.errors import InputError
from castlist.io.exports import FORMATS, Options
from castlist.reel import reel
from castlist.store import Stale, Workspace


@pytest.fixture
def film(two_people: Path, tmp_path: Path) -> Path:
    """A workspace that the test may change, beside its film."""
    shutil.copy(two_people / "film.mp4", tmp_path / "film.mp4")
    return Path(shutil.copytree(two_people / "film.castlist", tmp_path / "film.castlist"))


@pytest.mark.parametrize(
    ("people", "sentence"),
    [
        ("1", "1 people were asked for, and 2 are in the cast: people who are seen in one frame"),
        ("7-9", "7 to 9 people were asked for, and 3 are in the cast: no other person is seen long"),
        ("2", ""), ("1-4", ""),
    ],
)  # fmt: skip
def test_a_number_of_people_that_is_not_met_is_told(
    film: Path, capsys: pytest.CaptureFixture[str], people: str, sentence: str
) -> None:
    assert run(["find", str(film.with_suffix(".mp4")), "--people", people, "-q"]) == 0
    told = capsys.readouterr().err
    assert sentence in told
    assert bool(sentence) == ("were asked for" in told)


def test_who_decides_at_the_same_moment_waits_for_a_turn(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from castlist.store.log import Log

    added, failures = Log.added, iter([True, True, False, False, False])
    face = (Anchor(Fraction(0), (0.0, 0.0, 1.0, 1.0)),)

    def late(log: Log, *args: Any, **kwargs: Any) -> object:
        if next(failures):
            raise Stale((Decision(DecisionKind.NAME, face),))
        return added(log, *args, **kwargs)

    monkeypatch.setattr(Log, "added", late)
    assert run(["decide", str(film), "name", "p1", "Anna"]) == 0
    assert run(["decide", str(film), "name", "p2", "Bea"]) == 0
    with Workspace.open(film, write=False) as opened:
        assert [p.name for p in opened.cast()] == ["Anna", "Bea"]


def test_two_who_name_people_at_once_both_succeed(film: Path) -> None:
    codes: list[int] = []
    work = [
        threading.Thread(
            target=lambda i=i: codes.append(run(["decide", str(film), "name", f"p{i}", f"N{i}"]))
        )
        for i in (1, 2)
    ]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join()
    assert codes == [0, 0]
    with Workspace.open(film, write=False) as opened:
        assert {p.name for p in opened.cast()} == {"N1", "N2"}


def test_people_who_are_seen_together_are_merged_with_a_warning(
    film: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["decide", str(film), "name", "p1", "Anna"]) == 0
    assert "same frames" not in capsys.readouterr().err
    assert run(["decide", str(film), "merge", "p1", "p2"]) == 0
    told = capsys.readouterr().err
    assert f"castlist decide {film} undo 2" in told
    assert run(["decide", str(film), "undo", "2"]) == run(["decide", str(film), "name", "p2", "anna"]) == 0
    assert "faces that are seen in the same frames" in capsys.readouterr().err


def test_an_export_of_nobody_is_no_export_of_everybody(film: Path) -> None:
    with Workspace.open(film, write=False) as opened:
        cast = opened.cast()
    for wrong in ([], (), 5, [5], [None]):
        with pytest.raises(InputError):
            Options(person=wrong)  # type: ignore[arg-type]
    for rate in ("25", True, 0, float("nan")):
        with pytest.raises(InputError):
            Options(rate=rate)  # type: ignore[arg-type]
    by_person = FORMATS["rttm"].text(cast, Options(person=(cast[0],)))  # type: ignore[arg-type]
    assert by_person == FORMATS["rttm"].text(cast, Options(person=(cast[0].name,)))
    for target in (None, 5):
        with pytest.raises(InputError, match="open binary file"):
            FORMATS["rttm"].write(cast, target)  # type: ignore[arg-type]


def test_a_time_that_is_none_is_told_with_all_ways_to_write_it(film: Path) -> None:
    with Workspace.open(film, write=False) as opened:
        cast = opened.cast()
    for wrong in ("12s", "1,5x", "", "noon"):
        with pytest.raises(InputError, match=r"give seconds \(83\.5\)"):
            cast.at(wrong)
    with pytest.raises(InputError, match="is not a timecode"):
        cast.at("aa:bb:cc:dd")
    assert cast.at("0.3") == cast.at(0.3)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [("Anna,-5,-1\n", "no person is seen there"), ("Anna,0,1,2,3\n", "has more columns than the first line")],
)
def test_names_for_times_outside_of_the_film_are_nobodys(
    film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: str, sentence: str
) -> None:
    table = tmp_path / "names.csv"
    table.write_text(f"person,in,out\n{rows}", "utf-8")
    run(["propose", str(film), str(table)])
    told = capsys.readouterr()
    assert sentence in told.out + told.err
    assert castlist.proposals(film) == []


def test_a_reel_says_what_is_wrong_with_its_numbers(film: Path, tmp_path: Path) -> None:
    for wrong in ("60s", float("inf"), float("nan")):
        with pytest.raises(InputError, match="is a number of seconds"):
            reel(film, tmp_path / "reel.mp4", "p1", longest=wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="shorter than a picture"):
        reel(film, tmp_path / "reel.mp4", "p1", longest=Fraction(1, 10**9))
    assert reel(film, tmp_path / "reel.mp4", "p1", together="p2").output.is_file()
