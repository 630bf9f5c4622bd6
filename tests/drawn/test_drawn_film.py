"""The drawn film: its ground truth is exact, it is deterministic, and its files have the stated format."""

from __future__ import annotations

import csv
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from castlist import drawn
from castlist.drawn import Actor, Encoding, Picture, Scene, Script
from castlist.drawn.script import ROOMS
from castlist.drawn.truth import NOT_A_FACE
from castlist.errors import InputError
from castlist.types import CUT, DISSOLVE, FADE, START, same

CAST = drawn.people(4)
SIZE = {"width": 192, "height": 108}


def frames(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as film:
        return [f.to_ndarray(format="rgb24") for f in film.decode(video=0)]


def small(*scenes: Scene, **options: object) -> Script:
    return Script("small", CAST, scenes, **{**SIZE, **options})  # type: ignore[arg-type]


def piece() -> Script:
    """Every kind of transition, a picture on the wall, a pan, one person behind another."""
    wall = Picture(CAST[3], 0.8, 0.3, 0.2)
    pair = (Actor(0, 0.3, 0.45, 0.3, to=(0.7, 0.45, 0.3)), Actor(1, 0.7, 0.45, 0.36, to=(0.3, 0.45, 0.36)))
    return small(
        Scene(0.8, pair, "study"),
        Scene(0.8, (Actor(2, 0.4, 0.45, 0.4),), "garden", pictures=(wall,), pan=0.2),
        Scene(0.8, (Actor(1, 0.5, 0.45, 0.4),), "cafe", "dissolve", 0.4),
        Scene(0.8, (Actor(0, 0.5, 0.45, 0.4, start=0.2, stop=0.5),), "street", "fade", 0.4),
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Script, Path, drawn.Truth]:
    path = tmp_path_factory.mktemp("drawn") / "piece.mp4"
    return piece(), path, drawn.render(piece(), path, seed=5)


def test_the_film_has_the_frames_of_the_script(made):
    script, path, truth = made
    pictures = frames(path)
    assert len(pictures) == script.frame_count == 70 == len(truth.clock) == truth.shots.stop[-1]
    assert pictures[0].shape == (108, 192, 3)


def test_shots_by_pencil(made):
    """20 + 20 + 20 + 20 frames less ten shared; the dissolve is half way after its fifth frame."""
    shots = made[2].shots
    assert shots.start.tolist() == [0, 20, 35, 50]
    assert shots.stop.tolist() == [20, 35, 50, 70]
    assert shots.transition.tolist() == [START, CUT, DISSOLVE, FADE]


def test_boxes_lie_inside_the_frame_and_frames_rise(made):
    script, _, truth = made
    assert len(truth) > 60
    assert np.all(np.diff(truth.frame) >= 0)
    assert np.all(truth.box[:, :2] >= 0)
    assert np.all(truth.box[:, 2] <= script.width)
    assert np.all(truth.box[:, 3] <= script.height)
    assert np.all(truth.box[:, 2:] > truth.box[:, :2])


def test_tracks_never_cross_shots_and_hold_one_person(made):
    truth = made[2]
    for track in set(truth.track.tolist()) - {-1}:
        rows = truth.track == track
        assert len(set(truth.shots.of(truth.frame[rows]).tolist())) == 1
        assert len(set(truth.person[rows].tolist()) - {drawn.UNKNOWN}) <= 1
        assert len(set(truth.frame[rows].tolist())) == rows.sum()


def test_who_is_seen_by_pencil(made):
    truth = made[2]
    assert truth.names == ("P1", "P2", "P3", "P4")
    assert truth.person[truth.frame == 0].tolist() == [0, 1]
    assert truth.person[truth.frame == 10].tolist() == [1]  # the person in front hides the other
    assert truth.person[truth.frame == 19].tolist() == [0, 1]
    assert set(truth.person[(truth.frame >= 20) & (truth.frame < 30)].tolist()) == {2, drawn.NOT_A_FACE}
    assert truth.frame[truth.shots.of(truth.frame) == 3].tolist() == list(range(55, 63))  # 0.2 s to 0.5 s


def test_frames_at_a_cut_differ_more_than_their_neighbours(made):
    _, path, truth = made
    pictures = [p.astype(int) for p in frames(path)]
    step = [np.abs(a - b).mean() for a, b in pairwise(pictures)]
    cut = int(truth.shots.start[1])
    assert step[cut - 1] > 4 * max(step[cut - 2], step[cut])


def test_a_fade_passes_through_black(made):
    _, path, truth = made
    light = [p.mean() for p in frames(path)]
    start = int(truth.shots.start[3])
    assert min(light[start - 1], light[start]) < 8 < 40 < light[start - 8]


def test_a_face_lies_where_the_truth_says(tmp_path):
    """Without actors the same frame differs exactly there."""
    scene = Scene(0.2, (Actor(1, 0.5, 0.45, 0.4, turn=0),), "study")
    empty = replace(scene, actors=())
    fine = Encoding(quality=8)
    boxes = drawn.render(small(scene, noise=0, encoding=fine), tmp_path / "a.mp4").box
    drawn.render(small(empty, noise=0, encoding=fine), tmp_path / "b.mp4")
    with_face, without = frames(tmp_path / "a.mp4")[0], frames(tmp_path / "b.mp4")[0]
    changed = np.abs(with_face.astype(int) - without).sum(2) > 30
    left, top, right, bottom = np.round(boxes[0]).astype(int)
    assert changed[top:bottom, left:right].mean() > 0.9
    assert not changed[:, : left - 30].any()


def test_the_same_seed_gives_the_same_pixels_and_another_gives_others(tmp_path):
    script = small(Scene(0.4, (Actor(0),)))
    a, b, c = (drawn.render(script, tmp_path / f"{i}.mp4", seed=s) for i, s in enumerate((1, 1, 2)))
    assert same(a.shots, b.shots)
    assert np.array_equal(a.box, b.box)
    assert not np.array_equal(a.box, c.box)
    assert (tmp_path / "0.mp4").read_bytes() == (tmp_path / "1.mp4").read_bytes()


def test_the_csv_reads_back(made, tmp_path):
    truth = made[2]
    truth.write_csv(tmp_path / "truth.csv")
    with open(tmp_path / "truth.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["frame", "x", "y", "w", "h", "label", "track"]
    assert len(rows) == len(truth)
    assert [int(r["frame"]) for r in rows] == truth.frame.tolist()
    x, w = float(rows[7]["x"]), float(rows[7]["w"])
    assert x + w == pytest.approx(truth.box[7, 2], abs=0.02)
    assert {r["label"] for r in rows} <= {"P1", "P2", "P3", "P4", "NF", "UNK"}


def test_nobody_is_an_empty_truth(tmp_path):
    truth = drawn.render(Script("empty", (), (Scene(0.2),), **SIZE), tmp_path / "n.mp4")
    assert len(truth) == 0
    assert truth.box.shape == (0, 4)
    assert truth.names == ()
    truth.write_csv(tmp_path / "n.csv")
    assert (tmp_path / "n.csv").read_text() == "frame,x,y,w,h,label,track\n"


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_can_be_drawn(room, tmp_path):
    drawn.render(small(Scene(0.08, (), room)), tmp_path / "r.mp4")
    assert len(frames(tmp_path / "r.mp4")) == 2


def test_watch_counts_to_the_end(tmp_path):
    seen: list[tuple[int, int]] = []
    drawn.render(small(Scene(0.2)), tmp_path / "w.mp4", watch=lambda *now: seen.append(now))
    assert seen == [(i, 5) for i in range(1, 6)]


ONE = Scene(0.4, (Actor(0, 0.5, 0.45, 0.4),))


def test_a_variable_frame_rate_is_in_the_file(tmp_path):
    path = tmp_path / "v.mp4"
    truth = drawn.render(small(ONE, encoding=Encoding(variable=True)), path)
    with av.open(str(path)) as film:
        times = [f.pts * f.time_base for f in film.decode(video=0)]
    assert [t - times[0] for t in times] == [truth.clock.time(i) for i in range(len(times))]
    assert len({b - a for a, b in pairwise(times)}) > 1


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_a_turned_film_comes_upright_from_a_player(degrees, tmp_path):
    """The stored frame, turned as its flag says, is the frame drawn; FFmpeg counts anticlockwise."""
    drawn.render(small(ONE), tmp_path / "plain.mp4")
    drawn.render(small(ONE, encoding=Encoding(rotation=degrees)), tmp_path / "t.mp4")
    with av.open(str(tmp_path / "t.mp4")) as film:
        first = next(film.decode(video=0))
        assert first.rotation % 360 == -degrees % 360
        shown = np.rot90(first.to_ndarray(format="rgb24"), first.rotation // 90)
    plain = frames(tmp_path / "plain.mp4")[0]
    assert shown.shape == plain.shape
    assert np.abs(shown.astype(int) - plain).mean() < 6


def test_anamorphic_pixels_are_in_the_file(tmp_path):
    path = tmp_path / "a.mp4"
    drawn.render(small(ONE, encoding=Encoding(sample_aspect_ratio=Fraction(4, 3))), path)
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        assert (stream.width, stream.height) == (144, 108)
        assert stream.sample_aspect_ratio == Fraction(4, 3)


@pytest.mark.parametrize(
    ("name", "codec", "pixels"),
    [("f.mkv", "ffv1", "yuv420p"), ("t.mp4", "libx264", "yuv420p10le"), ("g.avi", "mjpeg", "yuvj420p")],
)
def test_other_containers_and_codecs(name, codec, pixels, tmp_path):
    drawn.render(small(ONE, encoding=Encoding(codec=codec, pixel_format=pixels)), tmp_path / name)
    with av.open(str(tmp_path / name)) as film:
        assert film.streams.video[0].codec_context.pix_fmt == pixels
        assert sum(1 for _ in film.decode(video=0)) == 10


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: small(), "at least one scene"),
        (lambda: small(Scene(1, room="moon")), "scene 1: room is 'moon'; choose from study"),
        (lambda: small(Scene(1, transition="wipe")), "choose from cut, dissolve, fade"),
        (lambda: small(Scene(1, (Actor(9),))), "no person 9; the script has 4 looks"),
        (lambda: small(Scene(1, (Actor(0, size=0),))), "size must be above 0"),
        (lambda: small(Scene(1, (Actor(0, start=2, stop=1),))), "must stop after"),
        (lambda: small(Scene(1), Scene(0.2, transition="dissolve")), "make it longer"),
        (lambda: small(Scene(1), width=33), "even width"),
        (lambda: small(Scene(1), frame_rate=Fraction(0)), "frame rate must be above 0"),
        (lambda: Encoding(rotation=45), "choose from 0, 90, 180, 270"),
        (lambda: Encoding(sample_aspect_ratio=Fraction(0)), "above 0"),
        (lambda: drawn.Look(style="mullet"), "choose from bald"),
        (lambda: drawn.people(-1), "ask for 0 or more"),
    ],
)
def test_bad_input_says_what_to_do(make, says):
    with pytest.raises(InputError, match=says):
        make()


def test_films_that_cannot_be_written_say_so(tmp_path):
    with pytest.raises(InputError, match="cannot write the film"):
        drawn.render(small(Scene(0.1)), tmp_path / "no" / "such.mp4")
    with pytest.raises(InputError, match="cannot encode with 'nonsense'"):
        drawn.render(small(Scene(0.1), encoding=Encoding(codec="nonsense")), tmp_path / "a.mp4")
    with pytest.raises(InputError, match="a rotation flag needs"):
        drawn.render(small(Scene(0.1), encoding=Encoding(rotation=90)), tmp_path / "a.mkv")


def test_people_are_a_prefix_of_more_people():
    assert drawn.people(8)[:3] == drawn.people(3)
    assert drawn.people(0) == ()
    assert len(set(drawn.people(40))) == 40
    assert drawn.people(3, seed=1) != drawn.people(3)


@pytest.mark.parametrize("name", sorted(drawn.FILMS))
def test_every_film_has_a_script(name):
    script = drawn.FILMS[name]()
    assert script.frame_count > 20
    assert drawn.FILMS[name].__doc__


def test_a_photograph_does_not_move_and_its_truth_neither():
    from castlist.drawn.film import picture

    photograph = Scene(0.6, (Actor(0, 0.5, 0.45, 0.4),), still=True)
    (first, faces), *others = picture(small(photograph, noise=0.0), 0)
    assert len(others) == 14
    for frame, rows in others:
        assert (frame == first).all()
        assert str([row[1:] for row in rows]) == str([row[1:] for row in faces])


def test_a_photograph_that_is_zoomed_into_grows_with_its_truth():
    from castlist.drawn.film import picture

    photograph = Scene(0.8, (Actor(0, 0.5, 0.5, 0.3),), still=True, zoom=0.5)
    frames = list(picture(small(photograph, noise=0.0), 0))
    (first, [before]), (last, [after]) = frames[0], frames[-1]
    middle = np.tile(np.array([SIZE["width"], SIZE["height"]]) / 2, 2)
    np.testing.assert_allclose(after.box - middle, 1.5 * (before.box - middle), atol=1e-9)
    assert not (first == last).all()
    with pytest.raises(InputError, match="zoom must be 0 or more"):
        small(Scene(1.0, zoom=-0.1))


def test_a_head_without_stir_stays_where_it_is():
    from castlist.drawn.film import picture

    sizes = []
    for stir in (0.0, 1.0):
        rows = [faces[0] for _, faces in picture(small(Scene(2.0, (Actor(0, stir=stir),))), 0)]
        sizes.append(np.ptp(np.array([row.box for row in rows]), axis=0).max())
    assert sizes[0] == 0 < sizes[1]
    with pytest.raises(InputError, match="stir must be 0 or more"):
        small(Scene(1.0, (Actor(0, stir=-1.0),)))


def test_a_phone_goes_with_the_hand_and_its_face_is_nobodys():
    from castlist.drawn.film import picture

    walk = Actor(0, 0.3, 0.4, 0.3, to=(0.6, 0.4, 0.3), talk=False)
    phone = Picture(CAST[1], 0.12, 0.3, 0.2, holder=0)
    with_phone, without = (
        list(picture(small(Scene(1.2, (walk,), pictures=hung), noise=0.0), 0)) for hung in ((phone,), ())
    )
    middles = []
    for (image, rows), (bare, others) in zip(with_phone, without, strict=True):
        (held,) = [row for row in rows if row[2] == NOT_A_FACE]
        assert not [row for row in others if row[2] == NOT_A_FACE]
        x0, y0, x1, y1 = held[1].round().astype(int)
        changed = np.abs(image.astype(int) - bare).max(2) > 8
        assert changed[y0:y1, x0:x1].mean() > 0.9
        assert changed.sum() < 8 * (x1 - x0) * (y1 - y0)
        middles.append((held[1][:2] + held[1][2:]) / 2)
    gone = middles[-1][0] - middles[0][0]
    assert gone == pytest.approx(0.3 * SIZE["width"], abs=0.15 * SIZE["width"])


@pytest.mark.parametrize("holder", [-1, 1])
def test_a_phone_needs_somebody_who_holds_it(holder):
    with pytest.raises(InputError, match="scene 1: no actor"):
        small(Scene(1.0, (Actor(0),), pictures=(Picture(CAST[1], holder=holder),)))


def test_another_dress_changes_the_clothes_and_nothing_else():
    from castlist.drawn.film import picture

    plain = Actor(0, 0.5, 0.35, 0.4)
    red = replace(plain, shirt=(0.9, 0.1, 0.1))
    one, two = (
        next(iter(picture(small(Scene(0.2, (actor,)), noise=0.0), 0)))[0].astype(int)
        for actor in (plain, red)
    )
    changed = np.abs(one - two).max(2) > 8
    high = one.shape[0]
    assert changed[int(0.7 * high) :].mean() > 0.2
    assert not changed[: int(0.45 * high)].any()


@pytest.mark.parametrize("seed", range(6))
def test_random_films_last_as_long_as_asked(seed):
    script = drawn.random_script(seed, n_people=4, seconds=20)
    assert abs(script.frame_count / 25 - 20) < 2
    assert script == drawn.random_script(seed, n_people=4, seconds=20)


def test_importing_is_cheap():
    code = "import sys, castlist.drawn; print('cv2' in sys.modules, 'av' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["False", "False"]
