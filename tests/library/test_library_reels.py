"""A person of a library as a film of their appearances in all of its films."""

from __future__ import annotations

import csv
import shutil
from io import StringIO

import opentimelineio as otio
import pytest

from castlist.cli import run
from castlist.decode import open_video
from castlist.errors import InputError
from castlist.library import Library
from castlist.library.reels import found_in


@pytest.fixture(scope="module")
def season(season_films, tmp_path_factory) -> Library:
    """The first two films, copied since names go into them; the one who is in both is called Anna."""
    folder = tmp_path_factory.mktemp("reels")
    films = shutil.copytree(season_films, folder / "films")
    library = Library(folder / "season")
    for film in ("e01.mp4", "e02.mp4"):
        library.add(films / film)
    (both,) = [p for p in library.people if len(p.films) == 2]
    library.name(both.id, "Anna")
    return library


def test_a_reel_holds_the_appearances_in_every_film_and_the_lists_say_where(season, tmp_path, capsys) -> None:
    output, table, edit = tmp_path / "anna.mp4", tmp_path / "anna.csv", tmp_path / "anna.otio"
    assert run(["reel", str(season.path), "anna", "-o", str(output), "--list", str(table), "-q"]) == 0
    assert "of 2 films" in capsys.readouterr().out
    rows = list(csv.DictReader(StringIO(table.read_text())))
    assert {row["film"] for row in rows} == {"e01.mp4", "e02.mp4"}
    assert open_video(output).duration == pytest.approx(float(rows[-1]["reel_out"]), abs=0.002)
    shown = sum(float(row["film_out"]) - float(row["film_in"]) for row in rows)
    assert shown >= season.person("Anna").screen_time - 0.1
    asked = [season.person("Anna").id[-8:], "--film", "*02.mp4", "--max", "1s", "--list", str(edit)]
    assert run(["reel", str(season.path), *asked, "-o", str(tmp_path / "one.mp4"), "-q"]) == 0
    clips = list(otio.adapters.read_from_file(str(edit)).find_clips())
    assert {clip.name for clip in clips} == {"e02.mp4"}
    assert sum(clip.source_range.duration.to_seconds() for clip in clips) == pytest.approx(1, abs=0.04)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["Zoe"], "nobody"),
        (["Anna", "--film", "x*"], "no film of the library is called"),
        (["Anna", "--list", "cuts.txt"], "can be written as .csv, .otio or .edl"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_nothing_written(
    season, tmp_path, capsys, options, sentence
) -> None:
    assert run(["reel", str(season.path), *options, "-o", str(tmp_path / "reel.mp4"), "-q"]) == 2
    assert sentence in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_two_who_share_no_film_and_films_of_a_single_workspace(
    season, season_films, tmp_path, capsys
) -> None:
    apart = [p for p in season.people if len(p.films) == 1]
    with pytest.raises(InputError, match="are together in none of these films"):
        found_in(season, apart[0].id, together=[apart[1].id])
    place = str(season_films / "e01.castlist")
    assert run(["reel", place, "Person 1", "--film", "x", "-o", str(tmp_path / "reel.mp4"), "-q"]) == 2
    assert "--film chooses films of a library" in capsys.readouterr().err
