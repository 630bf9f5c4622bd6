"""Contact sheets, and pages about one person."""

from __future__ import annotations

import re

import numpy as np
import pytest

from castlist.cli import run
from castlist.report.sheet import likeness, render_sheet


def test_a_contact_sheet_has_everybody_and_a_page_one_person(film) -> None:
    made = film(4, 20, tracks=8, names=("<b>Anna</b>", "Bob"))
    sheet = render_sheet(made.cast, thumbs=made.thumbs, film="../film.mp4")
    assert sheet.count('class="card"') == 4
    assert "<b>Anna" not in sheet
    assert '<a class="t" href="../film.mp4#t=' in sheet
    one = render_sheet(made.cast, made.cast.people[1], thumbs=made.thumbs)
    assert 'class="card"' not in one
    assert "With whom" in one
    assert 'href="../film' not in one


def test_look_alikes_and_the_least_sure_track_by_hand(film) -> None:
    made = film(3, 20, tracks=6)
    cast = made.cast
    mean = np.zeros((len(cast.tracks), 2), np.float32)
    angle = dict(zip([p.id for p in cast.people], (0.0, 0.3, 1.2), strict=True))
    for person in cast.people:
        for k, track in enumerate(person.tracks):
            turned = angle[person.id] + 0.01 * k
            mean[track] = np.cos(turned), np.sin(turned)
    told = likeness(cast, cast.people[0], mean)
    assert [name for name, _ in told.others] == [p.name for p in cast.people[1:]]
    assert told.others[0][1] > told.others[1][1]
    assert {track for track, _ in told.hardest} <= set(cast.people[0].tracks)
    assert likeness(cast, cast.people[0], 0 * mean).others == ()


def test_a_page_about_somebody_shows_poses_doubts_and_where_to_look_first(film) -> None:
    made = film(3, 60, tracks=16, names=("Anna",))
    anna, other = made.cast.people[:2]
    pose = {f.image: (0.0, -0.9, 1.2)[i % 3] for i, f in enumerate(anna.faces)}
    mean = np.random.default_rng(3).normal(size=(len(made.cast.tracks), 8)).astype(np.float32)
    mean /= np.linalg.norm(mean, axis=1, keepdims=True)
    page = render_sheet(
        made.cast, anna, thumbs=made.thumbs, likeness=likeness(made.cast, anna, mean),
        alike={anna.id: [(other.id, 0.2)]}, pose=pose, film="f.mp4",
    )  # fmt: skip
    parts = re.split(r'<h2 class="pose">', page)[1:]
    assert [part.split("<")[0] for part in parts] == [
        "From the front",
        "Turned to the left",
        "Turned to the right",
    ]
    taken = sorted(f.time for f in anna.faces[::3])
    shown = [float(t) for t in re.findall(r"#t=([\d.]+)", parts[0].split("</ul>")[0])]
    assert {*shown} <= {round(float(t), 3) for t in taken}
    assert all(abs(a - b) > 0.998 for i, a in enumerate(shown) for b in shown[:i])
    assert len(shown) == 8 or all(min(abs(float(t) - s) for s in shown) < 1 for t in taken)
    assert f"Possibly the same person as <bdi>{other.name}</bdi>" in page
    hardest = page.split("Check these first")[1].split("</section>")[0]
    assert hardest.count("<img") == 3
    assert "likeness" not in page.split("<details")[0]
    assert "h2 class" not in render_sheet(made.cast, anna, thumbs=made.thumbs)


@pytest.mark.parametrize("suffix", [".pdf", ".png"])
def test_paper_and_pictures_are_made_by_a_browser(suffix, two_people, tmp_path, monkeypatch, capsys) -> None:
    import shutil

    from castlist.cli.sheet import BROWSERS

    place = str(two_people / "film.castlist")
    if any(shutil.which(name) for name in BROWSERS):
        assert run(["sheet", place, "-o", str(tmp_path / f"cast{suffix}")]) == 0
        start = (tmp_path / f"cast{suffix}").read_bytes()[:4]
        assert start in (b"%PDF", b"\x89PNG")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run(["sheet", place, "-o", str(tmp_path / f"none{suffix}")]) == 2
    assert "needs Chromium" in capsys.readouterr().err
    assert not (tmp_path / f"none{suffix}").exists()


def test_the_command_writes_html_and_refuses_what_it_cannot(two_people, tmp_path, capsys) -> None:
    place = str(two_people / "film.castlist")
    assert run(["sheet", place, "Person 1", "-o", str(tmp_path / "one.html")]) == 0
    page = (tmp_path / "one.html").read_text("utf-8")
    assert "How sure" in page
    assert "Turned to the right" in page  # as the one on the left was drawn
    assert run(["sheet", place, "Zoe", "-o", str(tmp_path / "zoe.html")]) == 2
    assert run(["sheet", place, "-o", str(tmp_path / "cast.doc")]) == 2
    assert "written as .html, .pdf or .png" in capsys.readouterr().err
