"""Who is seen together: pencil films, a slow oracle, hostile input."""

from __future__ import annotations

import numpy as np
import pytest

from castlist.constrain import CoOccurrence
from castlist.errors import InputError
from castlist.types import CO_OCCURRENCE, Tracks


def film(*tracks: dict[int, tuple[float, float, float, float]]) -> Tracks:
    """Tracks given as {frame: box}."""
    frame = np.concatenate([list(t) for t in tracks])
    box = np.concatenate([np.array(list(t.values())) for t in tracks])
    offset = np.cumsum([0] + [len(t) for t in tracks])
    return Tracks(frame, box, np.ones(len(frame)), np.arange(len(frame)), offset, np.zeros(len(tracks)))


LEFT, RIGHT, NEAR_LEFT = (0, 0, 10, 10), (50, 0, 60, 10), (1, 1, 10, 10)


def pairs(tracks: Tracks, **options: float) -> list[list[int]]:
    return CoOccurrence(**options)(tracks).cannot.tolist()  # type: ignore[arg-type]


def test_two_faces_in_the_same_frames_are_two_people() -> None:
    found = CoOccurrence()(film(dict.fromkeys(range(5), LEFT), dict.fromkeys(range(3, 9), RIGHT)))
    assert found.cannot.tolist() == [[0, 1]]
    assert found.origin.tolist() == [CO_OCCURRENCE]


def test_tracks_that_follow_one_another_say_nothing() -> None:
    assert pairs(film(dict.fromkeys(range(5), LEFT), dict.fromkeys(range(5, 9), RIGHT))) == []


def test_a_track_that_pauses_does_not_meet_who_is_seen_meanwhile() -> None:
    assert pairs(film(dict.fromkeys([0, 1, 8, 9], LEFT), dict.fromkeys([3, 4, 5], RIGHT))) == []


def test_two_boxes_on_one_face_are_not_two_people() -> None:
    assert pairs(film(dict.fromkeys(range(5), LEFT), dict.fromkeys(range(5), NEAR_LEFT))) == []


def test_boxes_that_lie_on_each_other_for_long_are_not_two_people_when_they_part() -> None:
    wandering = {f: NEAR_LEFT if f < 5 else RIGHT for f in range(10)}
    tracks = film(dict.fromkeys(range(10), LEFT), wandering)
    assert pairs(tracks) == []
    assert pairs(tracks, max_shared=0.5) == [[0, 1]]


def test_a_blink_of_one_frame_is_no_meeting() -> None:
    tracks = film(dict.fromkeys(range(5), LEFT), {4: RIGHT})
    assert pairs(tracks) == []
    assert pairs(tracks, min_frames=1) == [[0, 1]]


TOUCHING = (8, 0, 18, 10)


def handed(box: tuple[float, float, float, float], shared: int, ends: int = 0) -> Tracks:
    """A track of 40 frames, and one of 40 more that begins with its last; `ends` more frames of the first."""
    first = dict.fromkeys(range(40 + ends), LEFT)
    return film(first, dict.fromkeys(range(40 - shared, 80 - shared), box))


def test_a_track_that_takes_over_a_face_does_not_meet_the_one_that_slipped_off_it() -> None:
    assert pairs(handed(TOUCHING, 3)) == []
    assert pairs(handed(TOUCHING, 3), max_handover=0) == [[0, 1]]


@pytest.mark.parametrize(
    ("box", "shared", "ends"),
    [(RIGHT, 3, 0), (TOUCHING, 5, 0), (TOUCHING, 3, 40)],
    ids=["boxes apart", "together for longer", "the first goes on after the second"],
)
def test_who_is_seen_beside_a_face_is_no_handover(
    box: tuple[float, float, float, float], shared: int, ends: int
) -> None:
    assert pairs(handed(box, shared, ends)) == [[0, 1]]


def test_a_handover_is_the_same_in_whatever_order_the_tracks_are() -> None:
    first, second = dict.fromkeys(range(40), LEFT), dict.fromkeys(range(37, 77), TOUCHING)
    assert pairs(film(second, first)) == pairs(film(first, second)) == []


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_looking_at_every_pair(seed: int) -> None:
    rng = np.random.default_rng(seed)
    people = []
    for _ in range(12):
        frames = np.sort(rng.choice(30, size=rng.integers(1, 12), replace=False))
        corner = rng.uniform(0, 40, (len(frames), 2))
        people.append({int(f): (*c, *(c + 15)) for f, c in zip(frames, corner, strict=True)})
    wanted = []
    for a in range(12):
        for b in range(a + 1, 12):
            both = set(people[a]) & set(people[b])
            apart = [f for f in both if overlap(people[a][f], people[b][f]) <= 0.4]
            if len(apart) >= 2 and len(both) - len(apart) <= 0.1 * len(both):
                wanted.append([a, b])
    assert pairs(film(*people)) == wanted


def overlap(a: tuple[float, ...], b: tuple[float, ...]) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    return max(width, 0) * max(height, 0) / 225


def test_no_tracks_no_constraints() -> None:
    assert len(CoOccurrence()(Tracks.empty())) == 0


@pytest.mark.parametrize("options", [{"min_frames": 0}, {"max_overlap": 2.0}, {"max_shared": -0.1}])
def test_senseless_options_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(InputError, match=next(iter(options))):
        CoOccurrence(**options)  # type: ignore[arg-type]
