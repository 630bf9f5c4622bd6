"""A person beside their own image: faces that turn together, and all that must not be taken for it."""

from __future__ import annotations

import numpy as np
import pytest

from castlist.constrain import Reflections
from castlist.constrain.reflection import turn
from castlist.errors import InputError
from castlist.types import CO_OCCURRENCE, USER, Constraints, Detections, Embeddings, Tracks

TIME = np.arange(40)
NOD = 0.2 * np.sin(TIME / 5)
OTHER = 0.2 * np.sin(TIME / 3 + 1)


def face(nose: np.ndarray, eyes: float = 20.0) -> np.ndarray:
    """(n, 5, 2) landmarks of an upright face whose nose lies so far aside, in distances of the eyes."""
    n = len(nose)
    points = np.zeros((n, 5, 2))
    points[:, 0], points[:, 1] = (10, 10), (10 + eyes, 10)
    points[:, 2, 0], points[:, 2, 1] = 10 + eyes / 2 + nose * eyes, 22
    return points


def two(a: np.ndarray, b: np.ndarray, likeness: float = 0.9, origin: int = CO_OCCURRENCE) -> int:
    """How many links are left of the one between two faces seen together."""
    n = len(a)
    landmarks = np.stack([face(a), face(b, 12.0)], 1).reshape(-1, 5, 2)
    frame = np.repeat(np.arange(n), 2)
    box = np.tile([[0, 0, 40, 40], [100, 0, 130, 30]], (n, 1)).astype(float)
    detections = Detections(frame, box, np.ones(2 * n), landmarks)
    rows = np.concatenate([np.arange(0, 2 * n, 2), np.arange(1, 2 * n, 2)])
    tracks = Tracks(frame[rows], box[rows], np.ones(2 * n), rows, [0, n, 2 * n], [0, 0])
    vectors = np.array([[1.0, 0.0], [likeness, np.sqrt(1 - likeness**2)]]) * [[3.0], [5.0]]
    embeddings = Embeddings(vectors, [0, 1], [0, 1], [1, 1], "")
    link = Constraints([0], [1], [False], [origin])
    return len(Reflections()(link, tracks, detections, embeddings))


def test_the_turn_is_where_the_nose_lies_between_the_eyes() -> None:
    landmarks = face(np.array([0.0, 0.25, -0.5]))
    assert turn(landmarks) == pytest.approx([0, 0.25, -0.5])
    lean = np.array([[0.6, 0.8], [-0.8, 0.6]])  # turned, moved and enlarged, it is the same
    assert turn(2 * landmarks @ lean + 7) == pytest.approx([0, 0.25, -0.5])


def test_a_reflection_and_a_copy_are_the_person() -> None:
    noise = np.random.default_rng(0).normal(0, 0.01, 40)
    assert two(NOD, -NOD + noise) == 0
    assert two(NOD, 0.7 * NOD + noise) == 0


def test_a_small_copy_whose_landmarks_shake_is_the_person_if_it_looks_the_same() -> None:
    shaken = NOD + np.random.default_rng(1).normal(0, 0.1, 40)
    assert two(NOD, shaken, 0.97) == 0
    assert two(NOD, -shaken, 0.97) == 0
    assert two(NOD, shaken, 0.8) == 1  # of faces less alike the turns must say more
    assert two(NOD / 10, -NOD / 10, 0.95) == 0  # and of those alike, a small turn is enough


@pytest.mark.parametrize(
    ("a", "b", "likeness"),
    [
        (NOD, OTHER, 0.95),  # twins
        (NOD, -NOD, 0.5),  # two people who happen to turn together
        (NOD[:15], -NOD[:15], 0.95),  # too short to tell
        (NOD / 20, -NOD / 20, 0.95),  # hardly any turn
        (NOD / 10, -NOD / 10, 0.85),  # little turn, and faces less alike than copies are
        (NOD, np.zeros(40), 0.95),  # one does not move at all
    ],
)
def test_the_link_holds_without_proof(a: np.ndarray, b: np.ndarray, likeness: float) -> None:
    assert two(a, b, likeness) == 1


def test_what_a_person_decided_holds() -> None:
    assert two(NOD, -NOD, origin=USER) == 1


def test_nothing_in_nothing_out() -> None:
    out = Reflections()(
        Constraints.empty(), Tracks.empty(), Detections.empty(), Embeddings(np.zeros((0, 2)), [], [], [], "")
    )
    assert len(out) == 0


@pytest.mark.parametrize(
    "options", [{"correlation": 0.0}, {"correlation": 1.5}, {"copy_correlation": 0.0}, {"frames": 2}]
)
def test_senseless_options_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(InputError):
        Reflections(**options)  # type: ignore[arg-type]
