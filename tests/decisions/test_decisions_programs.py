"""Laws of decisions on sequences that broke them once, and on random ones."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from programs import VIDEO, Film, Step, broken, program, told

from castlist.decisions import Base, apply, base_without, cast_of
from castlist.errors import InputError
from castlist.store import Workspace
from castlist.store.erase import Kept
from castlist.types import NOISE

SEEDS = int(os.environ.get("CASTLIST_LAWS", "24"))

# Each broke a law until runs kept the people that decisions had made, and rows recorded later numbers.
BROKEN_ONCE: dict[str, tuple[list[int], list[Step]]] = {
    "looked through, then other tracks": (
        [0, 3, -1, 1, -1, 2, 2, 2, 4],
        [("merge", [6, 0, 7]), ("check", 0, 13), ("again", [-1, 0, 4, 4, 1, -1, 4, 1, 4], 0, 3)],
    ),
    "no face, then somebody after all": (
        [1, 0, 2, 4, -1, -1, 3, -1, 1],
        [("merge", [3, 0]), ("fate", "not-a-face", 3), ("answer", 3, 5, True),
         ("again", [-1, 3, -1, 3, 0, 2, 4, 3, 2], 0, 3)],
    ),
    "looked through on the tracks of a second run": (
        [0, 1, 2, 0, 0, 4, -1, -1, 0],
        [("sort", [(6, 4, False), (14, 7, True), (15, 10, True)]),
         ("again", [3, 0, 3, 0, 3, -1, 3, -1, 2], 0, 1), ("again", [3, 2, 1, 3, 1, 2, 0, 0, 3], 321, 2),
         ("check", 0, 13), ("again", [2, 0, 4, 2, -1, 0, 4, -1, 0], 0, 1)],
    ),
    "a name taken back after two runs": (
        [2, 1, 4, 3, 4, 1, 0, 2, -1],
        [("name", 7, "Bob"), ("again", [2, 4, 3, 0, 3, -1, 4, 3, 0], 0, 2), ("move", [3, 0], -1),
         ("again", [3, 0, -1, 2, 2, -1, 4, 2, 0], 167, 0), ("undo_any", 5)],
    ),
    "a number given after an undo, then another decision": (
        [-1, 4, 0, 3, 3, 4, 0, 0, 0],
        [("again", [2, 2, 0, 0, 0, 2, 0, 0, 3], 28, 3), ("sort", [(3, 5, False)]), ("name", 2, "ann"),
         ("undo_any", 16), ("again", [4, 4, 1, 3, 0, 4, 2, 0, 0], 291, 2), ("check", 1, 13),
         ("move", [5], -3)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN_ONCE)
def test_a_law_that_was_broken_once(name: str) -> None:
    assert broken(*BROKEN_ONCE[name]) is None


@pytest.mark.parametrize("seed", range(SEEDS))
def test_laws_of_a_random_sequence(seed: int) -> None:
    assert broken(*program(seed)) is None


@pytest.mark.parametrize("cut", [0, 0b101010101])
@pytest.mark.parametrize("order", [0, 1, 2])
def test_confirmed_while_a_merge_was_undone(cut: int, order: int) -> None:
    """A person keeps the number got when the merge is done again, at every later run."""
    film = Film([1, 4, 3, 3, 0, 2, 4, 1, 3])
    film.decide({"action": "merge", "people": ["p1", "p2"]})
    film.undo(1)
    film.decide({"action": "confirm", "people": ["p2"]})
    film.undo(2)  # done again
    film.check()
    before = film.numbers()
    film.take(("again", [0, 1, 2, 3, 4, 0, 1, 2, 3], cut, order))
    film.take(("again", [3, 3, 2, 1, 0, 4, 4, 0, 1], 0, 3 - order))
    confirmed = {n: places for n, places in before.items() if n < 3}
    assert confirmed
    assert all(places <= film.numbers()[n] for n, places in confirmed.items())


def test_tracks_that_one_run_does_not_find_come_back_with_the_next() -> None:
    """A confirmed person stays the same, though a run in between found only some of the faces."""
    film = Film([0, 0, 1, 1, 2, 2, 3, 3, 3])
    film.decide({"action": "merge", "people": ["p1", "p2"]})
    film.decide({"action": "name", "person": "p1", "name": "Anna"})
    film.decide({"action": "confirm", "people": ["p3"]})
    before = film.numbers()
    film.take(("again", [0, -2, 0, -2, -2, -2, 1, -2, 1], 0, 1))
    film.decide({"action": "check", "items": [{"person": "Anna", "strangers": []}]})
    film.take(("again", [0, 1, 2, 3, 4, 0, 1, 2, 3], 0b11011, 2))
    now = film.numbers()
    assert all(before[n] <= now[n] for n in (1, 3))
    assert next(g.number for g in film.view.groups if g.name == "Anna") == 1


def test_what_is_no_face_and_was_not_found_by_one_run_is_nobodys_when_it_comes_back() -> None:
    who = [0, 0, 0, 1, 1, 1, 2, 2]
    film = Film(who)
    film.decide({"action": "name", "person": "p1", "name": "Anna"})
    film.take(("fate", "not-a-face", 7))
    film.take(("again", [*who[:7], -2], 0, 1))
    film.take(("again", who, 0, 2))
    assert film.view.label[film.track(7)] == NOISE
    film.take(("fate", "restore", 7))
    anna = next(g for g in film.view.groups if g.name == "Anna")
    assert film.places(anna.tracks) == frozenset([0, 1, 2])


@pytest.mark.parametrize("taken_out", ["split", "different"])
def test_faces_that_were_taken_out_never_get_the_name_back(taken_out: str) -> None:
    """If another run does not find the remaining tracks, the name is unused until they are found again."""
    film = Film([0, 0, 0, 1, 1, 2, 2, 3, 3])
    film.decide({"action": "name", "person": "p1", "name": "Anna"})
    film.decide({"action": taken_out, "tracks": [0, 1] if taken_out == "split" else [0, 1, 2]})
    film.check()

    def named() -> frozenset[int]:
        return film.places(np.flatnonzero(film.view.named))

    left = named()
    assert len(left) == 1
    without = [-2 if place in left else k for place, k in enumerate([0, 0, 0, 1, 1, 2, 2, 3, 3])]
    film.take(("again", without, 0, 1))
    assert not named()
    film.take(("again", [0, 0, 0, 1, 1, 2, 2, 3, 3], 0, 2))
    assert named() == left


def test_a_name_that_an_earlier_version_gave_to_two_people_is_read_from_the_log_again() -> None:
    film = Film([0, 0, 0, 1, 1, 2, 2, 3, 3])
    film.decide({"action": "name", "person": "p1", "name": "Anna"})
    film.decide({"action": "split", "tracks": [0, 1]})
    film.take(("same",))
    stood = film.base.stood[-1]
    both = replace(stood, named_by=np.full(len(stood.named_by), 1))
    film.base = replace(film.base, stood=(*film.base.stood[:-1], both))
    film.view = apply(film.base, VIDEO, film.log)
    film.check()
    assert film.places(np.flatnonzero(film.view.named)) == frozenset([2])


def test_whoever_is_left_of_a_person_keeps_a_number_of_their_own() -> None:
    """A number given after an undo is recorded with it, and later decisions give it to no other person."""
    film = Film([0, 0, 0, 1, 1, 2, 2, 3, 3])
    film.decide({"action": "split", "tracks": [0]})
    film.take(("again", [0, 1, 1, 2, 2, 3, 3, 4, 4], 0, 1))
    film.undo(1)
    given = film.numbers()
    film.decide({"action": "split", "tracks": [film.track(3)]})
    assert all(film.numbers().get(n, places) <= places for n, places in given.items())
    assert len({n for row in film.log for *_, n in row.numbers}) == sum(len(r.numbers) for r in film.log)
    film.check()


def test_decisions_made_before_a_run_can_be_undone_after_it() -> None:
    """An undo after another run gives the people as they stood before the decision, each of several."""
    film = Film([2, 0, 1, 3, 1, 0, 0, 0, 2])
    film.decide({"action": "merge", "people": ["p1", "p2"]})
    film.take(("again", [3, 1, 1, 3, 4, 0, 2, 2, 3], 0, 2))
    for strangers in (3, 1, 2):
        film.take(("check", 0, strangers))
    film.take(("same",))
    assert len(film.before) > 1
    while film.before:
        film.take(("undo_last",))
    film.take(("same",))


def test_people_taken_over_are_stored_and_read_again(tmp_path: Path) -> None:
    film = Film([0, 0, 1, 1, 2, 2, 3, 3, 3])
    film.decide({"action": "merge", "people": ["p1", "p2"]})
    film.decide({"action": "name", "person": "p1", "name": "Anna"})
    film.decide({"action": "hide", "tracks": [film.track(4)]})
    film.decide({"action": "different", "tracks": [film.track(2), film.track(6)]})
    film.take(("same",))
    with Workspace.open(tmp_path / "film.castlist", create=True) as workspace:
        workspace.put("machine", "a run", film.base)
        base = workspace.get("machine", "a run", Base)
    assert base is not None
    assert len(base.stood) == len(film.base.stood) == 4
    assert told(apply(base, VIDEO, film.log)) == told(film.view)


@pytest.mark.parametrize(
    "harm",
    [
        {"no_face": [0]},
        {"apart": [[9, 0, 0]]},
        {"apart": [[0, 0, 99]]},
        {"made_by": [1, 1]},
        {"why": ("a", "b")},
    ],
)
def test_people_taken_over_that_are_not_as_they_are_written(harm: dict[str, Any]) -> None:
    film = Film([0, 0, 1, 1, 2, 2, 3, 3, 3])
    film.decide({"action": "merge", "people": ["p1", "p2"]})
    film.take(("same",))
    with pytest.raises(InputError):
        replace(film.base.stood[-1], **harm)


def erased(film: Film, number: int) -> Film:
    """The same film without one of its people."""
    base, gone = film.base, film.view.groups[number].tracks.tolist()
    kept = Kept.of(cast_of(base, VIDEO, film.view), gone, np.zeros(0, np.int64))
    tracks, pictures = kept.tracks(base.tracks), kept.pictures(base.portraits)
    less = Film([0])
    less.base = base_without(base, VIDEO, film.log, kept.track, tracks, pictures)
    less.log, less.view = film.log, apply(less.base, VIDEO, film.log)
    return less


@pytest.mark.parametrize("seed", range(SEEDS))
def test_nobody_else_changes_where_somebody_is_erased(seed: int) -> None:
    who, steps = program(seed)
    film = Film(who)
    for i, step in enumerate(steps):
        film.take(step)
        if not film.view.groups:
            continue
        which = (seed + i) % len(film.view.groups)
        gone, less = film.view.groups[which], erased(film, which)
        others = {key: row for key, row in film.people().items() if key != gone.id}
        assert less.people() == others
        kept = ~np.isin(np.arange(len(film.view.label)), gone.tracks)
        assert less.view.fate.tolist() == film.view.fate[kept].tolist()
        assert less.view.no_face.tolist() == film.view.no_face[kept].tolist()
        assert less.view.group(gone.id) is None
        less.find(less.base)
        assert less.people() == others
        for after in (
            s for s in steps[i + 1 :] if s[0] in ("merge", "name", "undo_last", "undo_any", "same")
        ):
            less.take(after)
