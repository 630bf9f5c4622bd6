"""Decisions: the log of them, and what they say about tracks."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from castlist.decisions import (
    Anchor,
    Base,
    Decision,
    DecisionKind,
    active,
    apply,
    completed_log,
    locate,
    to_redo,
    to_undo,
)
from castlist.decisions.sides import Together
from castlist.errors import InputError, WorkspaceError
from castlist.store import Stale, Workspace
from castlist.types import (
    BACKGROUND,
    NOISE,
    PERSON,
    SET_ASIDE,
    Clock,
    CuePairs,
    Portraits,
    Shots,
    Tracks,
    Video,
)

VIDEO = Video(Path("a.mp4"), 100, 100, Fraction(25), Fraction(4), "d")
CLOCK = Clock(np.arange(100), Fraction(1, 25))
# Five tracks of ten frames, one after the other, each at its own place: track t at x = 10 t, y = 20.
BOX = [[10 * t, 20, 10 * t + 10, 30] for t in range(5)]
TRACKS = Tracks(
    frame=np.arange(50),
    box=np.repeat(BOX, 10, 0),
    score=np.ones(50),
    detection=np.arange(50),
    offset=np.arange(0, 60, 10),
    shot=np.zeros(5),
)


def on(track, side=0):
    return Anchor.at(CLOCK, VIDEO, 10 * track + 5, BOX[track], side)


def decide(*kinds):
    """Decisions numbered from 1, each given as (kind, tracks, value or sides)."""
    made = []
    for i, (kind, *rest) in enumerate(kinds, 1):
        if kind == "undo":
            made.append(Decision("undo", undoes=rest[0], id=i))
        else:
            sides = rest[0] if isinstance(rest[0], dict) else {0: rest[0]}
            anchors = tuple(on(t, side) for side, tracks in sides.items() for t in tracks)
            made.append(Decision(kind, anchors, rest[1] if len(rest) > 1 else "", id=i))
    return made


BASE = Base(
    CLOCK, Shots([0], [100], [0]), TRACKS, Portraits.empty(), np.arange(5, dtype=np.int32),
    np.zeros(5, np.int8), ("",) * 5, np.eye(5, dtype=np.float32), np.zeros((0, 2)), np.zeros(4),
)  # fmt: skip


def settled(*kinds, base=BASE):
    return apply(base, VIDEO, decide(*kinds))


def people(view):
    """The tracks of all people."""
    return {tuple(g.tracks.tolist()) for g in view.groups}


def pairs(table):
    return {tuple(pair) for pair in table.tolist()}


def test_nothing_decided():
    view = settled()
    assert people(view) == {(0,), (1,), (2,), (3,), (4,)}
    assert [g.id for g in view.groups] == ["p1", "p2", "p3", "p4", "p5"]
    assert not view.labelled.any()
    assert (view.conflicts, view.missing, view.joined) == ((), (), ())


def test_no_tracks():
    none = Base(
        CLOCK, Shots([0], [100], [0]), Tracks.empty(), Portraits.empty(), [], [], (), np.zeros((0, 5)),
        np.zeros((0, 2)), np.zeros(4),
    )  # fmt: skip
    view = settled(("same", [0, 1]), base=none)
    assert view.groups == ()
    assert [(m.decision, m.lost, m.of) for m in view.missing] == [(1, 2, 2)]


def test_no_frames():
    assert locate([on(0)], Tracks.empty(), Clock([], Fraction(1, 25)), VIDEO).tolist() == [NOISE]


def test_what_numpy_gives_for_a_face_is_stored_as_plain_numbers():
    face = Anchor(np.float64(1.5), tuple(np.float32([0.25, 0.25, 0.5, 0.5])), np.int64(1))
    assert face == Anchor(Fraction(3, 2), (0.25, 0.25, 0.5, 0.5), 1)
    assert [type(value) for value in (face.time, *face.box, face.side)] == [Fraction, *[float] * 4, int]


def test_same_different_unsure():
    view = settled(("same", [0, 1, 2]), ("different", {0: [0], 1: [3]}), ("unsure", [3, 4]))
    assert people(view) == {(0, 1, 2), (3,), (4,)}
    assert pairs(view.cannot) == {(0, 3)}
    assert pairs(view.unsure) == {(3, 4)}
    assert view.conflicts == ()


def test_each_of_many_is_another_person():
    decision = replace(Decision.different(on(0), on(1), on(2)), id=1)
    view = apply(BASE, VIDEO, [decision])
    assert pairs(view.cannot) == {(0, 1), (0, 2), (1, 2)}


def test_different_parts_whoever_was_joined_before_and_says_so():
    view = settled(("same", [0, 1]), ("same", [1, 2]), ("different", {0: [0], 1: [2]}))
    assert view.label[0] != view.label[2]
    (conflict,) = view.conflicts
    assert (conflict.decision, conflict.against) == (3, 2)


def test_same_joins_whoever_was_parted_before_and_says_so():
    view = settled(("different", {0: [0], 1: [2]}), ("same", [0, 1]), ("same", [1, 2]))
    assert (0, 1, 2) in people(view)
    (conflict,) = view.conflicts
    assert (conflict.decision, conflict.against) == (3, 1)


def test_an_undone_decision_says_nothing_and_redo_brings_it_back():
    assert people(settled(("same", [0, 1]), ("undo", 1))) == people(settled())
    assert (0, 1) in people(settled(("same", [0, 1]), ("undo", 1), ("undo", 2)))


def test_two_faces_on_one_track_cannot_be_two_people():
    view = settled(("different", {0: [1], 1: [1]}))
    assert people(view) == people(settled())


def test_names():
    view = settled(("name", [0, 1], "Ann"), ("name", [3], "Bob"), ("name", [0], "Anna"))
    assert {g.name: g.tracks.tolist() for g in view.groups if g.name} == {"Anna": [0, 1], "Bob": [3]}


def test_one_name_is_one_person():
    assert (0, 2) in people(settled(("name", [0], "Ann"), ("name", [2], " ann\n")))
    view = settled(("name", [0], "Ann"), ("name", [2], "Ann"), ("name", [2], "Bob"))
    assert {g.name: g.tracks.tolist() for g in view.groups if g.name} == {"Bob": [0, 2]}


@pytest.mark.parametrize(
    ("cut", "left"),
    [
        (("move", {0: [1, 2], 2: [0]}), [0]),
        (("move", {0: [1], 2: [0]}), [0, 2]),
        (("sort", {0: [1], 2: [0], 3: [2], 5: [0]}), [0]),
        (("sort", {0: [0], 3: [1]}), [2]),
        (("different", {0: [2], 1: [0]}), [1, 2]),
        (("different", {0: [0], 1: [1], 2: [2]}), [0]),
        (("move", {0: [1, 2], 1: [3], 2: [0]}), [0]),
    ],
)
def test_a_name_stays_with_whoever_is_left(cut, left):
    """However many faces are taken out: they have no name, and an undo gives the person back."""
    log = decide(("name", [0, 1, 2], "Ann"), cut)
    view = apply(BASE, VIDEO, log)
    assert {g.id: (g.name, g.tracks.tolist()) for g in view.groups if g.name} == {"p1": ("Ann", left)}
    assert set(view.named.nonzero()[0].tolist()) == set(left)
    whole = completed_log(BASE, VIDEO, log)
    assert [g.name for g in apply(BASE, VIDEO, whole).groups] == [g.name for g in view.groups]
    back = apply(BASE, VIDEO, [*log, Decision("undo", undoes=2, id=3)])
    assert {g.id: (g.name, g.tracks.tolist()) for g in back.groups if g.name} == {"p1": ("Ann", [0, 1, 2])}


def test_a_name_goes_on_with_a_person_of_whom_nobody_is_left():
    view = settled(("name", [0, 1], "Ann"), ("move", {0: [0, 1]}))
    assert {g.id: (g.name, g.tracks.tolist()) for g in view.groups if g.name} == {"p1": ("Ann", [0, 1])}


def test_a_move_that_names_somebody_joins_whoever_has_the_name():
    view = settled(("name", [0], "Ann"), ("same", [1, 2]), ("move", {0: [2], 2: [1]}, "Ann"))
    assert {g.name: g.tracks.tolist() for g in view.groups if g.name} == {"Ann": [0, 2]}


def test_an_empty_name_takes_the_name_away():
    assert settled(("name", [0], "Ann"), ("name", [0], "")).groups[0].name == ""


def test_not_a_face_is_set_aside_until_somebody_says_otherwise():
    view = settled(("same", [0, 1]), ("name", [1], "Ann"), ("not-a-face", [1]))
    assert view.no_face.tolist() == [False, True, False, False, False]
    assert {g.name: g.tracks.tolist() for g in view.groups if g.name} == {"Ann": [0]}
    assert view.conflicts == ()
    later = settled(("not-a-face", [1]), ("same", [0, 1]))
    assert (0, 1) in people(later)
    assert [(c.decision, c.against) for c in later.conflicts] == [(2, 1)]
    assert (0, 1) in people(settled(("same", [0, 1]), ("not-a-face", [1]), ("face", [1])))


def test_hide_show_background_foreground():
    view = settled(("hide", [0, 1]), ("show", [1]), ("background", [2, 3]), ("foreground", [3]))
    assert view.hidden.tolist() == [True, False, False, False, False]
    assert view.fate.tolist() == [SET_ASIDE, PERSON, BACKGROUND, PERSON, PERSON]


def test_a_move_outranks_what_joined_the_face_before():
    view = settled(("same", [0, 1, 2]), ("name", [0, 1, 2], "Ann"), ("move", {0: [2], 1: [3], 2: [0]}))
    assert people(view) == {(0, 1), (2, 3), (4,)}
    assert pairs(view.cannot) == {(2, 0)}
    assert {g.name: g.tracks.tolist() for g in view.groups if g.name} == {"Ann": [0, 1]}
    assert view.conflicts == ()


def test_a_move_to_a_new_person_with_a_name():
    view = settled(("same", [0, 1, 2]), ("move", {0: [1, 2], 2: [0]}, "Bob"))
    assert people(view) == {(0,), (1, 2), (3,), (4,)}
    assert {g.name: g.tracks.tolist() for g in view.groups if g.name} == {"Bob": [1, 2]}


def test_an_earlier_decision_can_be_undone_alone():
    """A name given after a merge stays with the kept person; the merged one is separate again."""
    log = decide(("same", [0, 1]), ("name", [0], "Ann"))
    whole = completed_log(BASE, VIDEO, log)
    view = apply(BASE, VIDEO, [*whole, Decision("undo", undoes=1, id=3)])
    assert {g.id: (g.name, g.tracks.tolist()) for g in view.groups if 0 in g.tracks or 1 in g.tracks} == {
        "p1": ("Ann", [0]),
        "p2": ("", [1]),
    }


@pytest.mark.parametrize("seed", range(20))
def test_the_latest_word_on_two_faces_holds(seed):
    rng = np.random.default_rng(seed)
    kinds = []
    for _ in range(25):
        a, b = rng.choice(5, 2, replace=False).tolist()
        kinds.append(
            [("same", [a, b]), ("different", {0: [a], 1: [b]}), ("move", {0: [a], 1: [b]})][rng.integers(3)]
        )
        view = settled(*kinds)
        assert (view.label[a] == view.label[b]) == (kinds[-1][0] != "different")
        assert sorted(t for group in people(view) for t in group) == [0, 1, 2, 3, 4]
        assert len({g.number for g in view.groups}) == len(view.groups)


def test_faces_are_found_again_after_a_re_encode():
    """Another frame rate, another size, other boxes and other track numbers: the same faces."""
    order = [3, 0, 4, 1, 2]  # the new track 0 is the old track 3, ...
    clock = Clock(np.arange(60) * 1001, Fraction(1, 15000))  # 14.985 frames a second
    video = replace(VIDEO, width=320, height=240)
    frames = [np.flatnonzero((clock.seconds() >= 0.4 * t) & (clock.seconds() < 0.4 * (t + 1))) for t in order]
    jitter = np.array([-4, 5, 6, -5])
    box = np.concatenate(
        [
            np.repeat([np.array(BOX[t]) * (3.2, 2.4, 3.2, 2.4) + jitter], len(f), 0)
            for t, f in zip(order, frames, strict=True)
        ]
    )
    n = len(box)
    tracks = Tracks(
        np.concatenate(frames),
        box,
        np.ones(n),
        np.arange(n),
        np.cumsum([0, *(len(f) for f in frames)]),
        np.zeros(5),
    )
    assert locate([on(t) for t in range(5)], tracks, clock, video).tolist() == [
        order.index(t) for t in range(5)
    ]


def test_a_trimmed_copy_needs_its_offset():
    kept = slice(20, 50)
    tracks = Tracks(
        TRACKS.frame[kept] - 20,
        TRACKS.box[kept],
        np.ones(30),
        np.arange(30),
        np.arange(0, 40, 10),
        np.zeros(3),
    )
    anchors = [on(0), on(2), on(4)]
    found = locate(anchors, tracks, CLOCK, VIDEO, offset=Fraction(-20, 25))
    assert found.tolist() == [NOISE, 0, 2]


def test_the_next_shots_face_does_not_take_its_place():
    """At the cut a face of another shot lies nearly where this one was: the one seen at that time counts."""
    tracks = Tracks(
        [5, 6, 7, 8],
        [[2, 2, 12, 12], [2, 2, 12, 12], [0, 0, 10, 10], [0, 0, 10, 10]],
        np.ones(4),
        np.arange(4),
        [0, 2, 4],
        [0, 1],
    )
    clock = Clock(np.arange(10), Fraction(1, 10))
    assert locate([Anchor.at(clock, VIDEO, 6, [0, 0, 10, 10])], tracks, clock, VIDEO).tolist() == [0]


def test_undo_and_redo_walk_the_log():
    log = decide(("same", [0, 1]), ("hide", [2]))
    assert (to_undo(log), to_redo(log)) == (2, None)
    log = decide(("same", [0, 1]), ("hide", [2]), ("undo", 2))
    assert (to_undo(log), to_redo(log)) == (1, 3)
    log = decide(("same", [0, 1]), ("hide", [2]), ("undo", 2), ("undo", 1))
    assert (to_undo(log), to_redo(log)) == (None, 4)
    log = decide(("same", [0, 1]), ("hide", [2]), ("undo", 2), ("undo", 1), ("undo", 4))
    assert (to_undo(log), to_redo(log)) == (1, 3)
    log = decide(("same", [0, 1]), ("undo", 1), ("hide", [2]))
    assert (to_undo(log), to_redo(log)) == (3, None)
    assert (to_undo([]), to_redo([])) == (None, None)
    assert [d.id for d in active(log)] == [3]


BAD = {
    "kind": lambda: Decision("love", (on(0),)),
    "too few": lambda: Decision("same", (on(0),)),
    "no face": lambda: Decision("hide"),
    "one side": lambda: Decision("different", (on(0), on(1))),
    "undo of nothing": lambda: Decision("undo"),
    "undoes": lambda: Decision("hide", (on(0),), undoes=3),
    "name": lambda: Decision("name", (on(0),), "x" * 10_001),
    "box": lambda: Anchor(Fraction(0), (0.5, 0, 0.2, 1)),
    "nan": lambda: Anchor(Fraction(0), (float("nan"), 0, 0.2, 1)),
    "pixels": lambda: Anchor(Fraction(0), (10, 10, 20, 20)),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_decisions(name):
    with pytest.raises(InputError, match=r"^[^\n]+$"):
        BAD[name]()


def test_names_are_one_clean_line():
    assert Decision("name", (on(0),), " A\nn\x1b[31m\ud800n\u0065\u0301 ").value == "A n [31m\ufffdné"


@pytest.fixture
def workspace(tmp_path):
    with Workspace.open(tmp_path / "a.castlist", create=True) as workspace:
        yield workspace


@pytest.mark.parametrize("kind", [k for k in DecisionKind if k != DecisionKind.UNDO])
def test_the_log_gives_back_what_it_was_given(workspace, kind):
    time = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    anchors = (on(0), replace(on(1), time=Fraction(1001, 24000), side=1))
    decision = Decision(kind, anchors, "Ann <b> é", "me", time)
    number = workspace.decisions.append(decision)
    assert workspace.decisions.all() == [replace(decision, id=number)]


def test_undo_in_the_log(workspace):
    log = workspace.decisions
    first = log.append(Decision("hide", (on(0),)))
    undo = log.undo(first, author="me")
    assert log.active() == []
    with pytest.raises(InputError, match="undone already"):
        log.undo(first)
    with pytest.raises(InputError, match="no decision 77"):
        log.undo(77)
    log.undo(undo)
    assert [d.id for d in log.active()] == [first]
    assert len(log.all()) == 3


def test_a_decision_on_an_old_view_is_refused_with_what_came_between(workspace):
    log = workspace.decisions
    assert log.last() == 0
    log.append(Decision("hide", (on(0),)), revision=0)
    with pytest.raises(Stale, match="look again") as refused:
        log.append(Decision("show", (on(0),)), revision=0)
    assert [d.kind for d in refused.value.decisions] == ["hide"]
    assert log.last() == 1
    log.append(Decision("show", (on(0),)), revision=1)


def test_readers_decide_while_a_run_is_on(workspace):
    with Workspace.open(workspace.path, write=False) as reader:
        reader.decisions.append(Decision("hide", (on(0),)))
        assert len(reader.decisions.all()) == 1
    assert len(workspace.decisions.all()) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM decisions",
        "UPDATE decisions SET kind = 'show'",
        "DELETE FROM anchors",
        "UPDATE anchors SET left = 0",
    ],
)
def test_the_database_itself_keeps_decisions(workspace, statement):
    workspace.decisions.append(Decision("hide", (on(0),)))
    db = sqlite3.connect(workspace.path / "cast.db")
    with pytest.raises(sqlite3.IntegrityError, match="undo is another row"):
        db.execute(statement)
    db.close()


def test_garbage_in_the_log_is_one_sentence(workspace):
    db = sqlite3.connect(workspace.path / "cast.db")
    db.execute("INSERT INTO decisions (kind, value, author, time) VALUES ('hide', '', '', 'yesterday')")
    db.commit()
    db.close()
    with pytest.raises(WorkspaceError, match="damaged"):
        workspace.decisions.all()


def test_what_is_outranked_is_what_joined_or_parted_these_tracks():
    """Neither a confirmation nor a name in between is blamed, nor blames: 1, 2 and 4 put tracks together."""
    log = [("same", [0, 1]), ("same", [2, 3]), ("confirm", [0]), ("same", [1, 2]), ("name", [3], "Ann")]
    outranked = [
        {c.against for c in settled(*log, ("confirm", [0]), ("different", {0: [a], 1: [b]})).conflicts}
        for a, b in ((0, 1), (2, 3), (0, 2), (1, 3), (0, 3))
    ]
    assert outranked == [{1}, {2}, {4}, {4}, {4}]
    parted = [("different", {0: [0], 1: [1]}), ("same", [0, 1]), ("confirm", [1]), ("name", [0], "Ann")]
    assert [(c.decision, c.against) for c in settled(*parted).conflicts] == [(2, 1)]
    again = settled(*parted, ("different", {0: [0], 1: [1]}), ("move", {0: [0], 1: [1]}), ("confirm", [0]))
    assert [(c.decision, c.against) for c in again.conflicts] == [(2, 1), (5, 2), (6, 1), (6, 5)]


def test_whatever_stood_between_two_tracks_stays_between_them_where_others_go():
    rng = np.random.default_rng(2)
    for _ in range(50):
        whole = Together(rng.permutation(9), rng.integers(1, 7, 9))
        part = whole.where(rng.random(9) < 0.6)
        for a, b in combinations(part.track.tolist(), 2):
            assert part.joined(a, b) == whole.joined(a, b)


@pytest.mark.parametrize("number", [[-1, -1], [3, 3], [0, 1]])
def test_people_of_one_number_are_refused(number):
    people = int(BASE.label.max()) + 1
    assert people > 1
    with pytest.raises(InputError, match="number"):
        replace(BASE, number=np.resize(np.array(number, np.int64), people))


def test_no_two_decisions_of_a_log_have_one_time(workspace, monkeypatch):
    """Author, kind and time tell decisions apart where they are imported, also where a clock stands still."""
    from castlist.store import log

    class Still(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2026, 1, 2, 3, 4, 5, 999_999, tz)

    monkeypatch.setattr(log, "datetime", Still)
    hide = [Decision("hide", (on(t),), author="me") for t in range(3)]
    workspace.decisions.extend(hide)
    workspace.decisions.append(hide[0])
    assert len({d.time for d in workspace.decisions.all()}) == 4


def test_a_thousand_decisions_at_once_take_a_time_each(workspace):
    """A list of names or a page of faces that are no people; one that keeps its time stays as it is."""
    kept = datetime.now(UTC) + timedelta(microseconds=5)
    made = [Decision(DecisionKind.HIDE, (on(0),)) for _ in range(1000)]
    made[500] = replace(made[500], time=kept)
    times = [d.time for d in workspace.decisions.added(made)]
    assert times[500] == kept
    assert len(set(times)) == len(times)
    assert sorted(times[:500] + times[501:]) == times[:500] + times[501:]


def test_an_undo_of_nothing_is_read_and_says_nothing(workspace):
    """A log that was edited by hand: its undo names a decision that is not there."""
    numbers = workspace.decisions.extend([Decision("hide", (on(t),)) for t in (0, 1)])
    with closing(sqlite3.connect(workspace.path / "cast.db")) as db, db:
        for row in (
            "9, 'hide', '', '', '2026-01-01T00:00:00+00:00', NULL",
            "12, 'undo', '', '', '2026-01-01T00:00:00+00:00', 11",
        ):
            db.execute(f"INSERT INTO decisions VALUES ({row})")  # noqa: S608
        db.execute(
            "INSERT INTO anchors SELECT 9, number, time, left, top, right, bottom, side FROM anchors"
            " WHERE decision = 1"
        )
    log = workspace.decisions.all()
    assert [d.id for d in active(log)] == [*numbers, 9]
    assert (to_undo(log), to_redo(log)) == (9, None)


@pytest.mark.parametrize(
    "change",
    [
        {"turned": -1}, {"turned": 45}, {"damaged": -1}, {"next_number": 2}, {"next_number": 10**30},
        {"sureness": np.full(5, 2.0)}, {"sureness": np.full(5, np.inf)}, {"sureness": np.full(5, -0.1)},
        {"vector": np.full((5, 2), 3e38)}, {"mean": np.full((5, 2), -7.0)},
        {"cue": lambda: CuePairs(np.full((5, 2), 1e38), np.zeros((5, 2)))},
    ],
)  # fmt: skip
def test_a_base_that_no_run_makes_is_refused(change):
    """A stranger's workspace: a report of it would fail, or warn of numbers that are too large."""
    known = {"number": np.arange(1, 1 + BASE.label.max() + 1), "next_number": 9}
    replace(BASE, **known)
    with pytest.raises(InputError):
        replace(BASE, **known | {name: v() if callable(v) else v for name, v in change.items()})
