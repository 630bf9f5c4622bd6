"""Two faces in one frame are two people: no person in the same frame is offered for a face."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from review_made import LENGTH, Made

from castlist.decisions import Base, Decision, apply
from castlist.review.actions import decision
from castlist.suggest.pairs import seen_together
from castlist.suggest.questions import Asker
from castlist.types import NOISE

TRUTH = [0] * 6 + [1] * 6 + [2] * 6 + [0, 0]
TWO = [*TRUTH[:18], NOISE, NOISE]  # the last two tracks were set aside


def beside(base: Base, track: int, other: int, frames: int = LENGTH, left: float = 250) -> Base:
    """The base with the first faces of a track in frames of an earlier one, so far to the right of it."""
    frame, box = base.tracks.frame.copy(), base.tracks.box.copy()
    mine, theirs = base.tracks.rows(track), base.tracks.rows(other)
    frame[mine][:frames] = frame[theirs][:frames]
    box[mine] += np.float32([left, 0, left, 0])
    tracks, shown = replace(base.tracks, frame=frame, box=box), base.portraits
    row = tracks.offset[shown.track] + LENGTH // 2  # where `tables` takes the pictures
    portraits = replace(shown, frame=frame[row], box=box[row])
    return replace(base, tracks=tracks, portraits=portraits, digest="")


def asked(base: Base, it: Made, *requests: dict[str, Any]) -> Asker:
    """The questions after some decisions."""
    view, log = apply(base, it.video, []), list[Decision]()
    for request in requests:
        log.append(replace(decision(request, base, it.video, view), id=len(log) + 1))
        view = apply(base, it.video, log)
    asker = Asker(base)
    asker.look(view)
    return asker


def offered(asker: Asker, track: int) -> list[int]:
    """The people, by their true numbers, who are offered for a track that was set aside."""
    return [TRUTH[t] for t in asker.elsewhere([np.array([track])])[0]]


@pytest.mark.parametrize("frames", [1, 2, LENGTH])
def test_a_track_set_aside_is_never_somebody_in_the_same_frame(
    made: Callable[..., Made], frames: int
) -> None:
    it = made(TRUTH, TWO)
    assert offered(asked(it.base, it), 18)[0] == 0  # looks like the first person
    asker = asked(beside(it.base, 18, 2, frames), it)
    assert sorted(offered(asker, 18)) == [1, 2]
    assert 0 in offered(asker, 19)  # of another track set aside, nothing is said


def test_a_face_found_twice_is_no_second_person(made: Callable[..., Made]) -> None:
    it = made(TRUTH, TWO)
    assert offered(asked(beside(it.base, 18, 2, left=10), it), 18)[0] == 0


def test_a_track_that_is_probably_somebody_elses_says_nothing_of_its_person(
    made: Callable[..., Made],
) -> None:
    it = made(TRUTH, [*TWO[:11], 0, *TWO[12:]])  # track 11, of the second person, is with the first
    asker = asked(beside(it.base, 18, 11), it)
    assert 0 in offered(asker, 18)


def test_pieces_of_a_person_are_nobody_in_the_same_frame(made: Callable[..., Made]) -> None:
    it = made([*TRUTH[:18], 1, 1], [*TWO[:18], 0, 0])  # two tracks of the second person are with the first
    piece = np.array([18, 19])
    free = asked(it.base, it).elsewhere([piece], [0])[0]
    met = asked(replace(it.base, cannot=np.array([[7, 19]])), it).elsewhere([piece], [0])[0]
    assert [TRUTH[t] for t in free] == [1, 2]
    assert [TRUTH[t] for t in met] == [2]


@pytest.mark.parametrize("how", ["linked", "taken back"])
def test_a_person_of_one_track_is_nobody_in_the_same_frame(made: Callable[..., Made], how: str) -> None:
    """Whether the machine knew that they are seen together, or had set the track aside."""
    label = [*TRUTH[:18], 3 if how == "linked" else NOISE, NOISE]
    it = made(TRUTH, label)
    back = [{"action": "check", "items": [], "back": [18]}] if how == "taken back" else []

    def may_be(base: Base) -> set[int]:
        asker = asked(base, it, *back)
        shown = [[i.guess, *i.others] for i in asker.sheet().items if i.whole and i.track == 18]
        return {TRUTH[t] for tracks in shown for t in tracks if t != NOISE}

    apart = (
        replace(it.base, cannot=np.array([[4, 18]])) if how == "linked" else beside(it.base, 18, 4, frames=1)
    )
    assert may_be(it.base) == {0, 1, 2}
    assert may_be(apart) == {1, 2}


def test_pairs_of_tracks_that_were_not_set_aside_are_those_of_the_base(made: Callable[..., Made]) -> None:
    it = made(TRUTH, TWO)
    base = replace(beside(beside(it.base, 18, 2), 7, 3), cannot=np.array([[1, 9]]))
    assert seen_together(base).tolist() == [[1, 9], [2, 18], [9, 1], [18, 2]]  # not 3 with 7: see `Base`
    assert not len(seen_together(replace(it.base, label=np.array(TRUTH), fate=np.zeros(20, np.int8))))


def test_a_person_of_one_track_is_not_compared_with_whom_they_are_seen_with(
    made: Callable[..., Made],
) -> None:
    truth = [0] * 6 + [1] * 6 + [0]
    it = made(truth, [*truth[:12], 2])  # the last track alone is the first person again
    ends = [{q.a, q.b} for q in asked(it.base, it).questions() if q.kind == "same"]
    assert any(12 in pair and min(pair) < 6 for pair in ends)
    met = asked(replace(it.base, cannot=np.array([[2, 12]])), it)
    assert not [q for q in met.questions() if q.kind == "same" and 12 in (q.a, q.b) and min(q.a, q.b) < 6]
    assert met.outlook().doubts == ()
