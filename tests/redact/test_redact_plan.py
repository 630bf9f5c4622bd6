"""The covers of each frame, on tracks small enough to work out by hand."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from castlist.cast import Cast
from castlist.redact.plan import Hide, planned
from castlist.redact.proof import judged
from castlist.render import BLACK
from castlist.types import CUT, DISSOLVE, INTERPOLATED, START, Clock, Shots, Tracks, Video

RATE = 10  # frames a second
FRAMES = 60
ANNA = (20, 20, 40, 40)
CARL = (120, 20, 140, 40)
VIDEO = Video(Path("film.mp4"), 200, 100, Fraction(RATE), Fraction(FRAMES, RATE), "digest")
CLOCK = Clock(np.arange(FRAMES), Fraction(1, RATE))


def shots(how: int = CUT) -> Shots:
    return Shots(np.array([0, 30]), np.array([30, 60]), np.array([START, how]))


def tracks(*parts: tuple[range, tuple[int, ...], float]) -> Tracks:
    """A track of each (frames, box, score), every face detected."""
    frame = np.concatenate([np.array(list(f)) for f, _, _ in parts])
    box = np.concatenate([np.tile(b, (len(f), 1)) for f, b, _ in parts])
    score = np.concatenate([np.full(len(f), s) for f, _, s in parts])
    offset = np.cumsum([0, *(len(f) for f, _, _ in parts)])
    return Tracks(frame, box, score, np.arange(len(frame)), offset, shots().of([f[0] for f, _, _ in parts]))


def cast_of(found: Tracks, how: int = CUT) -> Cast:
    label = np.arange(len(found))
    return Cast.of(VIDEO, CLOCK, shots(how), found, label)


MARGINS = Hide()


def plan(cast: Cast, faces: Tracks, keep: list[int], hide: Hide = MARGINS, no_face: tuple[int, ...] = ()):
    numbers = np.arange(len(cast.tracks))
    return planned(cast, faces, np.isin(numbers, keep), np.isin(numbers, no_face), hide)


def covered(made, box=CARL) -> list[int]:
    return [f for f in range(FRAMES) if made.covers.share(f, box) > 0.99]


def untouched(made, box=ANNA) -> list[int]:
    return [f for f in range(FRAMES) if made.covers.share(f, box) == 0]


BOTH = tracks((range(10, 20), ANNA, 0.9), (range(10, 20), CARL, 0.9))


def test_who_is_kept_is_open_and_everybody_else_hidden_half_a_second_longer() -> None:
    made = plan(cast_of(BOTH), BOTH, [0])
    assert covered(made) == list(range(5, 25))
    assert untouched(made) == list(range(FRAMES))
    assert sorted(set(made.open_frame.tolist())) == list(range(10, 20))


def test_a_cut_ends_the_hold_but_for_one_frame_and_a_dissolve_does_not() -> None:
    late = tracks((range(10, 29), ANNA, 0.9), (range(10, 29), CARL, 0.9))
    assert covered(plan(cast_of(late), late, [0]))[-1] == 30
    assert covered(plan(cast_of(late, DISSOLVE), late, [0]))[-1] == 33
    early = tracks((range(31, 40), ANNA, 0.9), (range(31, 40), CARL, 0.9))
    assert covered(plan(cast_of(early), early, [0]))[0] == 29
    assert covered(plan(cast_of(early, DISSOLVE), early, [0]))[0] == 26


def test_faces_that_only_the_dense_pass_saw_are_hidden() -> None:
    cast = cast_of(tracks((range(10, 20), ANNA, 0.9)))
    assert covered(plan(cast, BOTH, [0])) == list(range(5, 25))


@pytest.mark.parametrize(
    ("frames", "score", "hidden"),
    [(range(10, 11), 0.5, True), (range(10, 11), 0.35, False), (range(10, 12), 0.35, True)],
)
def test_weak_detections_are_faces_where_they_follow_one_another(frames, score, hidden) -> None:
    cast = cast_of(tracks((range(10, 20), ANNA, 0.9)))
    made = plan(cast, tracks((range(10, 20), ANNA, 0.9), (frames, CARL, score)), [0])
    assert bool(covered(made)) == hidden


def test_a_kept_face_goes_on_beyond_its_track_as_long_as_it_is_found() -> None:
    cast = cast_of(tracks((range(10, 20), ANNA, 0.9)))
    assert untouched(plan(cast, tracks((range(5, 28), ANNA, 0.9)), [0])) == list(range(FRAMES))


def test_after_a_gap_a_face_is_found_anew_and_may_be_anybody() -> None:
    cast = cast_of(tracks((range(10, 15), ANNA, 0.9)))
    seen = tracks((range(10, 25), ANNA, 0.9))
    detection = seen.detection.copy()
    detection[5:9] = INTERPOLATED
    faces = Tracks(seen.frame, seen.box, seen.score, detection, seen.offset, seen.shot)
    made = plan(cast, faces, [0])
    assert set(untouched(made)) >= set(range(10, 14))
    assert set(covered(made, ANNA)) >= set(range(19, 25))


def test_one_track_over_two_people_is_open_only_where_the_kept_one_is_known() -> None:
    known = tracks((range(10, 14), ANNA, 0.9), (range(18, 24), ANNA, 0.9))
    made = plan(cast_of(known), tracks((range(10, 24), ANNA, 0.9)), [0])
    assert set(covered(made, ANNA)) >= set(range(14, 24))
    assert 10 not in covered(made, ANNA)


def test_a_face_on_tracks_of_two_people_at_once_is_hidden() -> None:
    twice = tracks((range(10, 20), ANNA, 0.9), (range(10, 20), ANNA, 0.9))
    assert set(covered(plan(cast_of(twice), tracks((range(10, 20), ANNA, 0.9)), [0]), ANNA)) >= set(
        range(10, 20)
    )


def test_what_somebody_called_no_face_is_not_hidden() -> None:
    made = plan(cast_of(BOTH), BOTH, [0], no_face=(1,))
    assert not covered(made)


def test_the_margin_of_a_head_leaves_a_kept_face_open_but_the_face_itself_does_not() -> None:
    beside = (44, 20, 64, 40)
    both = tracks((range(10, 20), ANNA, 0.9), (range(10, 20), beside, 0.9))
    made = plan(cast_of(both), both, [0])
    assert made.covers.share(15, ANNA) == 0
    assert made.covers.share(15, beside) > 0.99
    assert made.covers.share(15, (42.5, 20, 44, 40)) > 0.9  # hair between the two


def test_the_head_of_a_kept_face_is_open_where_only_the_margin_of_another_reaches() -> None:
    below = (20, 52, 40, 72)  # whose hair begins at 41 by the margin
    both = tracks((range(10, 20), ANNA, 0.9), (range(10, 20), below, 0.9))
    made = plan(cast_of(both), both, [0])
    assert made.covers.share(15, (20, 42.5, 40, 45.5)) == 0
    assert made.covers.share(15, (20, 47, 40, 50)) > 0.99
    assert made.covers.share(15, below) > 0.99


def test_where_a_face_was_a_kept_head_does_not_open_it() -> None:
    beside = (43, 20, 63, 40)
    both = tracks((range(10, 20), ANNA, 0.9), (range(10, 15), beside, 0.9))
    made = plan(cast_of(both), both, [0])
    assert made.covers.share(17, (43, 20, 63, 40)) > 0.99
    assert made.covers.share(17, ANNA) == 0


def side_by_side(left: float, score: float = 0.9, other: float = 0.9, size: float = 20):
    """A plan that keeps Anna, 20 pixels wide, beside another person whose box begins at `left`."""
    box = (left, 20, left + size, 20 + size)
    both = tracks((range(10, 20), ANNA, score), (range(10, 20), box, other))
    return plan(cast_of(both), both, [0]), box


@pytest.mark.parametrize("overlap", [0.5, 1, 2, 2.5])
def test_a_small_overlap_takes_a_little_of_the_kept_face_and_a_little_of_the_other(overlap) -> None:
    made, beside = side_by_side(40 - overlap)
    assert made.covers.share(15, ANNA) <= 0.1
    assert made.covers.share(15, beside) >= 0.9


def test_a_large_overlap_is_hidden_but_for_the_rim_of_the_other() -> None:
    made, beside = side_by_side(30)
    assert made.covers.share(15, beside) >= 0.9
    assert made.covers.share(15, ANNA) == pytest.approx(0.44, abs=0.03)


def test_a_second_box_of_a_kept_face_does_not_hide_it_but_a_sure_one_does() -> None:
    upper = (22, 20, 34, 30)
    for other, hidden in ((0.64, 0.0), (0.85, 0.3)):
        both = tracks((range(10, 20), ANNA, 0.9), (range(10, 20), upper, other))
        made = plan(cast_of(tracks((range(10, 20), ANNA, 0.9))), both, [0])
        assert made.covers.share(15, ANNA) == pytest.approx(hidden, abs=0.1)


def test_a_second_box_on_the_track_of_somebody_else_is_hidden() -> None:
    upper = (22, 20, 34, 30)
    both = tracks((range(10, 20), ANNA, 0.9), (range(10, 20), upper, 0.6))
    assert plan(cast_of(both), both, [0]).covers.share(15, ANNA) > 0.2


def test_a_weak_face_of_somebody_who_is_known_elsewhere_is_hidden_where_a_kept_one_is() -> None:
    beside, frames = (34, 20, 54, 40), range(10, 20)
    faces = tracks((frames, ANNA, 0.9), (frames, beside, 0.45))
    known = tracks((frames, ANNA, 0.9), (range(14, 20), beside, 0.9))
    made = plan(cast_of(known), faces, [0])
    assert made.covers.share(11, beside) > 0.9
    unknown = plan(cast_of(tracks((frames, ANNA, 0.9))), faces, [0])
    assert unknown.covers.share(11, beside) < 0.9


def test_what_a_proof_found_gives_no_way() -> None:
    anna, beside = tracks((range(10, 20), ANNA, 0.9)), (38, 20, 58, 40)
    found = tracks((range(10, 20), beside, 0.9))
    made = planned(cast_of(anna), anna, np.ones(1, bool), np.zeros(1, bool), Hide(), [found])
    assert made.covers.share(15, beside) > 0.99
    black = made.covers.kind == BLACK
    assert sorted({*made.covers.frame[black].tolist()}) == sorted({*found.frame.tolist()})
    assert not (plan(cast_of(anna), anna, []).covers.kind == BLACK).any()


NEAR, FAR = (150, 20, 170, 40), (20, 70, 40, 90)  # beside Carl's cover, and where there is none


@pytest.mark.parametrize(
    ("box", "film", "leaks", "made"),
    [
        (CARL, [], 2, 0),  # Carl himself
        (NEAR, [], 0, 2),  # the film shows no person there
        (NEAR, [(range(12, 13), NEAR, 0.31)], 2, 0),  # the dense pass took it for a face for a moment
        (NEAR, [(range(15, 16), NEAR, 0.31)], 2, 0),  # two frames later
        (NEAR, [(range(17, 18), NEAR, 0.31)], 0, 2),
        (NEAR, [(range(12, 14), (150, 20, 180, 50), 0.31)], 2, 0),  # half of it
        (FAR, [], 2, 0),  # no cover makes that
    ],
)
def test_a_face_in_the_output_is_a_leak_unless_a_cover_makes_it_of_nothing(box, film, leaks, made) -> None:
    dense = tracks((range(10, 20), ANNA, 0.9), (range(10, 20), CARL, 0.9), *film)
    planned_now = plan(cast_of(BOTH), BOTH, [0])
    seen = tracks((range(10, 20), ANNA, 0.9), (range(12, 14), box, 0.7))
    found = judged(seen, planned_now, dense)
    assert [int(marks.sum()) for marks in found] == [leaks, made, 10]


def test_a_kept_face_makes_no_leak_of_what_a_cover_makes_beside_it() -> None:
    """A chin below the kept face, as a cover's edge shows it, overlaps her face in the film by a quarter."""
    below = (20, 30, 40, 55)
    other = (20, 62, 40, 82)
    both = tracks((range(10, 20), ANNA, 0.9), (range(10, 20), other, 0.9))
    made = plan(cast_of(both), both, [0])
    seen = tracks((range(10, 20), ANNA, 0.9), (range(12, 14), below, 0.7))
    assert [int(marks.sum()) for marks in judged(seen, made, both)] == [0, 2, 10]


def test_the_kept_face_does_not_make_a_weak_one_on_its_track_sure() -> None:
    made = plan(cast_of(BOTH), BOTH, [0])
    frame = np.arange(10, 20)
    box = np.array([ANNA] * 8 + [CARL] * 2)
    for weak, leaks in ((0.4, 0), (0.7, 2)):
        score = np.array([0.9] * 8 + [weak] * 2)
        seen = Tracks(frame, box, score, np.arange(10), np.array([0, 10]), np.array([0]))
        assert [int(marks.sum()) for marks in judged(seen, made, BOTH)] == [leaks, 0, 8]


@pytest.mark.parametrize(("score", "leaks"), [(0.6, 0), (0.65, 2)])
def test_the_mouth_of_a_large_kept_face_is_no_leak_but_a_surer_face_before_it_is(score, leaks) -> None:
    large, mouth = (20, 10, 80, 90), (40, 70, 55, 85)
    anna = tracks((range(10, 20), large, 0.92))
    made = plan(cast_of(anna), anna, [0])
    seen = tracks((range(10, 20), large, 0.92), (range(12, 14), mouth, score))
    assert int(judged(seen, made, anna)[0].sum()) == leaks


def test_nothing_found_in_the_output_is_nothing() -> None:
    nothing = judged(Tracks.empty(), plan(cast_of(BOTH), BOTH, [0]), BOTH)
    assert [len(marks) for marks in nothing] == [0, 0, 0]


def test_a_kept_face_is_open_where_castlist_find_saw_it_too() -> None:
    found, seen = (range(10, 20), ANNA, 0.9), (range(10, 20), (24, 24, 44, 44), 0.9)
    other = (range(10, 20), (16, 42, 36, 62), 0.9)  # whose head's margin reaches over Anna's chin
    made = plan(cast_of(tracks(found, other)), tracks(seen, other), [0])
    assert made.covers.share(15, ANNA) <= 0.05


def test_fail_secure_hides_everything_from_where_a_face_is_lost() -> None:
    lost = plan(cast_of(BOTH), BOTH, [0], Hide(fail_secure=True))
    assert [f for f in range(FRAMES) if lost.covers.share(f, (0, 0, 200, 100)) == 1] == list(range(25, 30))
    assert lost.lost == 5
    again = tracks((range(10, 20), ANNA, 0.9), (range(5, 20), CARL, 0.9), (range(27, 30), CARL, 0.9))
    found = plan(cast_of(again), again, [0], Hide(fail_secure=True))
    assert found.lost == 2  # frames 25 and 26


def test_who_walks_out_of_the_picture_is_not_lost() -> None:
    edge = tracks((range(10, 20), ANNA, 0.9), (range(10, 20), (178, 20, 198, 40), 0.9))
    assert plan(cast_of(edge), edge, [0], Hide(fail_secure=True)).lost == 0


def test_a_head_is_followed_to_where_it_was_going() -> None:
    frame = np.arange(10, 20)
    moving = np.array([[20 + 6 * f, 20, 40 + 6 * f, 40] for f in range(10)])
    faces = Tracks(frame, moving, np.full(10, 0.9), np.arange(10), np.array([0, 10]), np.array([0]))
    made = plan(cast_of(faces), faces, [])
    assert made.covers.share(21, (86, 20, 106, 40)) > 0.99  # two frames later, 12 pixels further


def test_nothing_found_hides_nothing() -> None:
    empty = Tracks.empty()
    made = planned(cast_of(empty), empty, np.zeros(0, bool), np.zeros(0, bool), Hide(fail_secure=True))
    assert len(made.covers) == made.hidden == made.lost == 0
