"""Stills of the film for the appearances that the report lists."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from castlist.cast import Cast
from castlist.cli import run
from castlist.decode import open_video, read_frames
from castlist.errors import CastlistError
from castlist.pipeline.stills import SIDE, kept_stills, make_stills
from castlist.report.page import stills_of
from castlist.store import Workspace
from castlist.types import Video


@pytest.fixture
def place(found_film: tuple[Cast, Path], tmp_path: Path) -> Path:
    """A workspace of its own; its people come back."""
    shutil.copytree(found_film[1], tmp_path / "film.castlist")
    return tmp_path / "film.castlist"


def wanted(cast: Cast) -> list[int]:
    several = [p for p in cast.people if len(p.appearances) > 1]
    return sorted({face.frame for p in several for _, face in stills_of(p) if face is not None})


def test_each_still_is_the_frame_in_which_the_face_is_seen_best(place: Path) -> None:
    with Workspace.open(place) as workspace:
        cast = workspace.cast()
        told: list[tuple[int, int]] = []
        made = make_stills(workspace, cast, lambda done, of: told.append((done, of)))
        assert made.frame.tolist() == wanted(cast)
        assert len(made) >= 4
        assert told[-1] == (len(made), len(made))
        with read_frames(open_video(cast.video.path), max_side=SIDE) as reader:
            frames = {number: frame.image for number, frame in enumerate(reader) if number in made.frame}
        for number, name in zip(made.frame.tolist(), made.image, strict=True):
            image = cv2.imdecode(np.frombuffer(workspace.image(name), np.uint8), cv2.IMREAD_COLOR)
            assert image.shape == frames[number].shape
            assert max(image.shape) <= SIDE
            assert np.abs(image.astype(int) - frames[number]).mean() < 6


def test_a_still_is_cut_out_once_and_swept_away_with_the_person(place: Path) -> None:
    with Workspace.open(place) as workspace:
        cast = workspace.cast()
        made = make_stills(workspace, cast)
        told: list[int] = []
        assert make_stills(workspace, cast, lambda done, of: told.append(done)).image == made.image
        assert not told
        workspace.prune()
        assert all(workspace.has_image(name) for name in made.image)
        workspace.erase(cast.people[0].tracks)
        assert not any(workspace.has_image(name) for name in made.image)
        assert len(kept_stills(workspace)) == 0


def test_the_report_shows_them_with_the_face_marked(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", str(place), "-q"]) == 0
    html = (place / "report.html").read_text("utf-8")
    with Workspace.open(place, write=False) as workspace:
        cast = workspace.cast()
    lines = [line for line in html.splitlines() if 'class="still"' in line]
    assert sum(line.count('class="still"') for line in lines) == sum(
        len(p.appearances) for p in cast.people if len(p.appearances) > 1
    )
    assert f'viewBox="0 0 {cast.video.width} {cast.video.height}"' in html
    left, top, *_ = (round(v, 1) for v in stills_of(cast.people[0])[0][1].box)
    assert f'x="{left}" y="{top}"' in html
    assert run(["report", str(place), "--no-stills", "-o", str(place.parent / "again.html"), "-q"]) == 0
    assert 'class="still"' in (place.parent / "again.html").read_text("utf-8")  # those that are kept


def test_where_the_film_is_gone_the_faces_are_shown(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Workspace.open(place) as workspace:
        video = workspace.video()
        assert video is not None
        workspace.put_video(Video(place.parent / "gone.mp4", *_rest(video)))
        with pytest.raises(CastlistError):
            make_stills(workspace, workspace.cast())
    assert run(["report", str(place), "-q"]) == 0
    assert capsys.readouterr().err.startswith("the report has no new pictures of the film: ")
    assert 'class="still"' not in (place / "report.html").read_text("utf-8")


def _rest(video: Video) -> tuple[object, ...]:
    names = ("width", "height", "frame_rate", "duration", "digest", "codec", "pixel_format", "timecode")
    return tuple(getattr(video, name) for name in names)
