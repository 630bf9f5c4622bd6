"""castlist reel from end to end on the small drawn film."""

from __future__ import annotations

import csv
from io import StringIO

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
    assert "a film is written as" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
