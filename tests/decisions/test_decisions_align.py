"""One film's copies laid upon each other, and what was decided about one said about the other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from castlist.decisions import Alignment, Anchor, Copy, Decision, align_films, carry
from castlist.errors import InputError
from castlist.types import INTERPOLATED, Clock, Tracks, Video


def copy(
    start: list[float],
    length: list[float],
    left: list[float],
    *,
    rate: int = 25,
    width: int = 640,
    digest: str = "a",
    vector: np.ndarray | None = None,
) -> Copy:
    """Tracks that begin at seconds, last so long, and lie at fractions of the width."""
    first = np.round(np.array(start) * rate).astype(int)
    size = np.maximum(1, np.round(np.array(length) * rate).astype(int))
    offset = np.concatenate([[0], np.cumsum(size)])
    frame = np.concatenate([np.arange(f, f + n) for f, n in zip(first, size, strict=True)])
    corner = np.repeat(np.array(left) * width, size)
    box = np.stack([corner, corner * 0 + 30, corner + 0.2 * width, corner * 0 + 90], 1)
    end = int(frame.max()) + rate
    tracks = Tracks(
        frame, box, np.ones(len(box)), np.full(len(box), INTERPOLATED), offset, np.zeros(len(size))
    )
    video = Video(Path("f.mp4"), width, 360 * width // 640, Fraction(rate), Fraction(end, rate), digest)
    height = video.height / 360
    tracks = Tracks(frame, box * [1, height, 1, height], tracks.score, tracks.detection, offset, tracks.shot)
    return Copy(tracks, Clock(np.arange(end), Fraction(1, rate)), video, vector)


def drawn(seed: int, n: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return np.sort(rng.uniform(5, 300, n)), rng.uniform(0.6, 5, n), rng.choice([0.1, 0.3, 0.5, 0.7], n)


def test_a_trimmed_rescaled_copy_at_another_rate() -> None:
    start, length, left = drawn(0)
    old = copy(start, length, left)
    kept = start > 8.2
    new = copy(start[kept] - 3.2, length[kept], left[kept], rate=30, width=320, digest="b")
    found = align_films(old, new)
    assert found.speed == 1
    assert abs(found.offset + Fraction(32, 10)) < Fraction(1, 20)
    assert found.agreeing >= 0.8 * kept.sum()


@pytest.mark.parametrize("speed", [Fraction(24, 25), Fraction(25, 24)])
def test_a_copy_that_runs_faster(speed: Fraction) -> None:
    start, length, left = drawn(1)
    old = copy(start, length, left)
    new = copy(start * float(speed) + 2, length * float(speed), left, digest="b")
    found = align_films(old, new)
    assert found.speed == speed
    assert abs(found.offset - 2) < Fraction(1, 10)
    assert abs(found.time(Fraction(100)) - (100 * speed + 2)) < Fraction(1, 10)


def test_an_excerpt_and_other_detections() -> None:
    """A minute out of five, a third of whose tracks another detector found otherwise."""
    start, length, left = drawn(2, 80)
    rng = np.random.default_rng(5)
    inside = (start > 100) & (start < 160)
    noise = np.where(rng.random(80) < 0.3, rng.uniform(0.5, 2, 80), 0)
    new = copy((start + noise)[inside] - 100, length[inside], left[inside], digest="b")
    found = align_films(copy(start, length, left), new)
    assert abs(found.offset + 100) < Fraction(1, 20)


def test_the_same_file_needs_no_votes() -> None:
    one = copy([1.0], [1.0], [0.1])
    assert align_films(one, one) == Alignment(Fraction(1), Fraction(0), 1, 1)


@pytest.mark.parametrize("seed", range(5))
def test_another_film_is_refused(seed: int) -> None:
    with pytest.raises(InputError, match="cannot be aligned in time"):
        align_films(copy(*drawn(seed)), copy(*drawn(seed + 100), digest="b"))


def test_a_film_without_faces_is_refused() -> None:
    start, length, left = drawn(0, 3)
    one = copy(start, length, left)
    empty = replace(one, tracks=Tracks.empty(), video=replace(one.video, digest="b"))
    for a, b in ((one, empty), (empty, one)):
        with pytest.raises(InputError, match="cannot be aligned in time"):
            align_films(a, b)


def test_what_repeats_itself_needs_the_faces_to_tell() -> None:
    """Two people who appear in turn, alike in place and length: only their faces differ."""
    start = np.arange(5.0, 205.0, 10)
    who = np.random.default_rng(0).integers(0, 2, 20)
    vector = np.eye(2, dtype=np.float32)[who]
    old = copy(start, [2.0] * 20, [0.3] * 20, vector=vector)
    new = copy(start[5:] - 50, [2.0] * 15, [0.3] * 15, digest="b", vector=vector[5:])
    with pytest.raises(InputError, match="on another one"):
        align_films(old, new)  # too much alike to be sure: said, not guessed
    new = copy(start[5:] - 50, [2.0 + i / 4 for i in range(15)], [0.3] * 15, digest="b", vector=vector[5:])
    old = copy(start, [*[1.0] * 5, *[2.0 + i / 4 for i in range(15)]], [0.3] * 20, vector=vector)
    assert abs(align_films(old, new).offset + 50) < Fraction(1, 20)


# Carrying decisions over

WHEN = datetime(2026, 1, 2, tzinfo=UTC)
PLAIN = Alignment(Fraction(1), Fraction(-10), 9, 9)
HERE = copy([0.0, 5.0, 10.0, 20.0], [2.0, 2.0, 2.0, 2.0], [0.1, 0.3, 0.5, 0.7])


def face(track: int, side: int = 0) -> Anchor:
    """A face of a track of HERE, in the time of the other copy: ten seconds later."""
    begin, left = ((0, 0.1), (5, 0.3), (10, 0.5), (20, 0.7))[track]
    return Anchor(Fraction(begin) + 11, (left, 30 / 360, left + 0.2, 90 / 360), side)


GONE = Anchor(Fraction(25), (0.8, 0.8, 0.9, 0.9))
BEFORE = Anchor(Fraction(3), (0.1, 0.1, 0.3, 0.3))


def decided(kind: str, *anchors: Anchor, value: str = "", number: int = 1) -> Decision:
    return Decision(kind, anchors, value, "me", WHEN.replace(minute=number), id=number)


def test_times_move_and_author_and_time_stay() -> None:
    found = carry([decided("name", face(2), value="Ann")], [], PLAIN, HERE)
    (made,) = found.decisions
    assert (made.kind, made.value, made.author, made.time) == ("name", "Ann", "me", WHEN.replace(minute=1))
    assert made.anchors[0].time == Fraction(11)
    assert found.left == ()


@pytest.mark.parametrize(
    ("made", "kept", "why", "wholly"),
    [
        (decided("name", GONE, value="Ann"), 0, "not found", True),
        (decided("name", BEFORE, value="Ann"), 0, "in a part that this film does not have", True),
        (decided("same", face(0), GONE), 0, "not found", True),
        (decided("same", face(0), face(1), GONE), 2, "1 of its 3 faces", False),
        (decided("different", face(0), replace(GONE, side=1)), 0, "not found", True),
        (decided("unsure", face(0), BEFORE), 0, "does not have", True),
        (decided("move", GONE, face(1, 1)), 0, "not found", True),
        (decided("move", face(0), replace(GONE, side=1)), 0, "not found", True),
        (decided("move", face(0), face(1, 1), replace(GONE, side=2)), 2, "1 of its 3", False),
        (decided("sort", face(0), face(1, 1), replace(GONE, side=3), face(2, 4)), 2, "2 of its 4", False),
        (decided("sort", replace(GONE, side=0), face(2, 1)), 0, "not found", True),
        (decided("hide", face(3), GONE), 1, "1 of its 2", False),
    ],
)
def test_what_cannot_be_placed_is_said(made: Decision, kept: int, why: str, wholly: bool) -> None:
    found = carry([made], [], PLAIN, HERE)
    assert sum(len(d.anchors) for d in found.decisions) == kept
    (left,) = found.left
    assert why in left.why
    assert (left.wholly, left.decision) == (wholly, made)


def test_undone_decisions_stay_behind_and_nothing_is_carried_twice() -> None:
    log = [
        decided("name", face(0), value="Ann"),
        decided("hide", face(1), number=2),
        Decision("undo", undoes=2, id=3),
    ]
    first = carry(log, [], PLAIN, HERE)
    assert [d.kind for d in first.decisions] == ["name"]
    again = carry(log, first.decisions, PLAIN, HERE)
    assert (again.decisions, again.known, again.left) == ((), 1, ())


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        ("same", (face(0), face(1)), (face(2), face(3))),
        ("same", (face(0), face(1)), (face(1), face(2))),
        ("hide", (face(0),), (face(1),)),
        ("move", (face(0), face(1, 1)), (face(2), face(1, 1))),
        ("different", (face(0), face(1, 1)), (face(0), face(2, 1))),
        ("key", (face(0),), (face(2),)),
    ],
)
def test_decisions_of_one_moment_are_told_apart(
    kind: str, first: tuple[Anchor, ...], second: tuple[Anchor, ...]
) -> None:
    """One author, kind and time: as in a batch of the page, or in a log written by hand."""
    a, b = decided(kind, *first), replace(decided(kind, *second), id=2)
    both = carry([a, b], [], PLAIN, HERE)
    assert len(both.decisions) == 2
    (only,) = carry([a], [], PLAIN, HERE).decisions
    for log, expected in (([a, b], 1), ([b], 0), ([b, a], 1), ([a, replace(a, id=2)], 1)):
        found = carry(log, [only], PLAIN, HERE)
        assert (len(found.decisions), found.known) == (1, expected)
        again = carry(log, [only, *found.decisions], PLAIN, HERE)
        assert (again.decisions, again.known) == ((), len(log))
    assert carry([a, b], both.decisions, PLAIN, HERE).known == 2
    assert carry([b, a], both.decisions[::-1], PLAIN, HERE).known == 2


def test_a_decision_without_faces_that_were_cut_off_is_not_taken_twice() -> None:
    log = [decided("same", face(0), face(1), GONE), replace(decided("same", face(2), face(3), BEFORE), id=2)]
    first = carry(log, [], PLAIN, HERE)
    assert [len(d.anchors) for d in first.decisions] == [2, 2]
    for existing in (first.decisions, first.decisions[::-1]):
        assert carry(log, existing, PLAIN, HERE).known == 2
    assert carry(first.decisions, log, replace(PLAIN, offset=Fraction(10)), HERE).known == 2  # and back


def test_what_was_imported_with_a_wrong_offset_is_imported_with_the_right_one() -> None:
    """The same box is there at two times: a person who sits still."""
    still = copy([0.0, 5.0], [2.0, 2.0], [0.1, 0.1])
    log = [decided("hide", face(0))]
    wrong = carry(log, [], replace(PLAIN, offset=Fraction(-5)), still)
    right = carry(log, wrong.decisions, PLAIN, still)
    assert (len(wrong.decisions), len(right.decisions), right.known) == (1, 1, 0)
    assert carry(log, right.decisions, replace(PLAIN, offset=PLAIN.offset + Fraction(1, 5)), still).known == 1


def test_a_stand_in_is_not_taken_twice() -> None:
    log = [decided("name", BEFORE, value="Ann")]
    first = carry(log, [], PLAIN, HERE, stand_ins=lambda anchor: [face(0)])
    assert carry(log, first.decisions, PLAIN, HERE, stand_ins=lambda anchor: [face(0)]).known == 1


def test_a_name_that_was_erased_in_one_copy_neither_comes_back_nor_goes() -> None:
    named, blank = decided("name", face(0), value="Ann"), decided("name", face(0), value="")
    (here,) = carry([named], [], PLAIN, HERE).decisions
    assert carry([blank], [here], PLAIN, HERE, ["Ann", "", "", ""]).known == 1
    assert carry([named], [replace(here, value="")], PLAIN, HERE).known == 1


def test_a_name_given_here_is_not_taken_away() -> None:
    found = carry([decided("name", face(0), value="")], [], PLAIN, HERE, ["Berta", "", "", ""])
    assert not found.decisions
    assert found.left[0].why == "this person is called 'Berta' here already"


def test_conflicts_are_said_and_the_decisions_made_here_stand() -> None:
    here = [
        Decision(
            "different", (replace(face(0), time=Fraction(1)), replace(face(1, 1), time=Fraction(6))), id=7
        )
    ]
    log = [decided("same", face(0), face(1)), decided("same", face(2), face(3), number=2)]
    found = carry(log, here, PLAIN, HERE)
    assert [d.anchors[0].time for d in found.decisions] == [11]
    (left,) = found.left
    assert left.wholly
    assert "they were decided to be two people before (decision 7)" in left.why


def test_a_name_given_here_is_not_replaced() -> None:
    log = [decided("name", face(0), value="Ann"), decided("name", face(1), value="Bob", number=2)]
    found = carry(log, [], PLAIN, HERE, ["Anna", "", "", ""])
    assert [d.value for d in found.decisions] == ["Bob"]
    assert found.left[0].why == "this person is called 'Anna' here already"
    assert len(carry(log, [], PLAIN, HERE, ["Ann", "", "", ""]).decisions) == 2


def test_a_name_that_is_no_name_here_is_left() -> None:
    found = carry([decided("name", face(0), value="p2")], [], PLAIN, HERE)
    assert not found.decisions
    assert found.left[0].why.startswith("'p2' is no name")


def test_another_face_of_the_person_stands_in_for_one_that_is_cut_off() -> None:
    log = [
        decided("name", BEFORE, value="Ann"),
        decided("move", GONE, face(1, 1), number=2),
        decided("move", face(1), replace(BEFORE, side=1), number=3),
    ]
    found = carry(log, [], PLAIN, HERE, stand_ins=lambda anchor: [GONE, face(0)])
    assert [[(a.time, a.side) for a in d.anchors] for d in found.decisions] == [[(1, 0)], [(6, 0), (1, 1)]]
    assert [left.decision.kind for left in found.left] == ["move"]  # it is about one track


def test_nothing_to_carry() -> None:
    found = carry([], [], PLAIN, HERE)
    assert (found.decisions, found.left, found.known) == ((), (), 0)
