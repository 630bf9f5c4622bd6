"""castlist reel from end to end on the small drawn film."""

from __future__ import annotations

import csv
from io import StringIO

import opentimelineio as otio
import pytest

from castlist.cli import run
from castlist.decode import open_video
from castlist.errors import InputError
from castlist.reel import reel


def test_the_reel_holds_the_appearances_and_the_list_says_where(found_film, tmp_path, capsys) -> None:
    cast, folder = found_film
    name = cast.people[0].name
    output, cuts = tmp_path / "reel.mp4", tmp_path / "cuts.csv"
    asked = ["reel", str(folder), name.lower(), "-o", str(output), "--max", "2s", "--list", str(cuts), "-q"]
    assert run(asked) == 0
    assert name in capsys.readouterr().out
    rows = list(csv.DictReader(StringIO(cuts.read_text())))
    assert open_video(output).duration == pytest.approx(float(rows[-1]["reel_out"]), abs=0.002)
    assert float(rows[-1]["reel_out"]) == pytest.approx(2, abs=0.04)
    shots = set(cast.shots.start.tolist()) | set(cast.shots.stop.tolist())
    assert int(rows[0]["first_frame"]) in shots


def test_who_is_never_seen_together_or_unknown_is_one_sentence(found_film, tmp_path, capsys) -> None:
    cast, folder = found_film
    with pytest.raises(InputError, match="nobody is called 'Zoe'"):
        reel(folder, tmp_path / "reel.mp4", "Zoe")
    with pytest.raises(InputError, match="longer than 0"):
        reel(folder, tmp_path / "reel.mp4", cast.people[0].name, longest=0)
    assert run(["reel", str(folder), cast.people[0].name, "-o", str(tmp_path / "reel.txt"), "-q"]) == 2
    assert "a film can be written as" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("form", ["otio", "edl"])
def test_the_list_of_cuts_is_one_that_editing_programs_read(found_film, tmp_path, form) -> None:
    cast, folder = found_film
    name, cuts = cast.people[0].name, tmp_path / f"cuts.{form}"
    assert run(["reel", str(folder), name, "-o", str(tmp_path / "reel.mp4"), "--list", str(cuts), "-q"]) == 0
    frames = round(open_video(tmp_path / "reel.mp4").duration * 25)
    if form == "otio":
        assert otio.adapters.read_from_file(str(cuts)).duration().value == frames
    else:
        last = cuts.read_text().split("AX       V     C        ")[-1].split()[3]
        assert otio.opentime.from_timecode(last, 25).value - 90_000 == frames


def test_a_list_of_another_kind_is_refused_before_anything_is_written(found_film, tmp_path, capsys) -> None:
    cast, folder = found_film
    asked = ["reel", str(folder), cast.people[0].name, "-o", str(tmp_path / "a.mp4")]
    for name in ("cuts.aaf", "cuts"):
        assert run([*asked, "--list", str(tmp_path / name)]) == 2
        assert "can be written as .csv, .otio or .edl" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
