"""Blurred tracks join the person they most likely show, and never make a new person."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from castlist.cluster import join_blurred
from castlist.types import CO_OCCURRENCE, NOISE, Constraints, Embeddings

NONE = Constraints.empty()
PEOPLE, EACH, WIDTH = 4, 6, 64


def film(
    blurred: NDArray[np.float64], seed: int = 0
) -> tuple[Embeddings, NDArray[np.int64], NDArray[np.bool_], NDArray[np.float64]]:
    """Faces of four people in six clear tracks each and of some blurred tracks, labels, and the centres.

    A blurred track is given by its parts of each person, and has as much of what all blurred faces share.
    """
    rng = np.random.default_rng(seed)
    centre = np.linalg.qr(rng.normal(size=(WIDTH, PEOPLE + 1)))[0].T
    who = np.repeat(np.arange(PEOPLE), EACH)
    clear = centre[who] + 0.7 * rng.normal(size=(len(who), WIDTH)) / np.sqrt(WIDTH)
    low = blurred @ centre[:PEOPLE] + centre[PEOPLE] + 0.1 * rng.normal(size=(len(blurred), WIDTH)) / 8
    vector = np.concatenate([clear, low])
    t = len(vector)
    quality = np.r_[np.ones(len(who)), np.zeros(len(blurred))]
    label = np.r_[who, np.full(len(blurred), NOISE)].astype(np.int64)
    faces = Embeddings(vector.astype(np.float32), np.arange(t), np.arange(t), quality)  # type: ignore[arg-type]
    return faces, label, label == NOISE, centre


def together(*pairs: tuple[int, int]) -> Constraints:
    return Constraints(*np.array([(a, b, False, CO_OCCURRENCE) for a, b in pairs]).T)  # type: ignore[arg-type]


def test_a_blurred_track_joins_whom_it_is_like_and_nobody_where_it_is_like_all() -> None:
    faces, label, blurred, _ = film(np.array([[0, 0, 1.2, 0], [0.3, 0.3, 0.3, 0.3], [1.2, 0, 0, 0]]))
    joined = join_blurred(faces, NONE, label, blurred).label
    assert joined[-3:].tolist() == [2, NOISE, 0]
    assert joined[:-3].tolist() == label[:-3].tolist()


def test_a_blurred_track_joins_nobody_who_is_seen_beside_it() -> None:
    faces, label, blurred, _ = film(np.array([[0, 0, 1.2, 0]]))
    t = len(label) - 1
    assert join_blurred(faces, NONE, label, blurred).label[t] == 2
    assert join_blurred(faces, together((t, 2 * EACH)), label, blurred).label[t] == NOISE
    assert join_blurred(faces, together((0, t)), label, blurred).label[t] == 2


def test_what_is_seen_beside_the_face_counts() -> None:
    faces, label, blurred, _ = film(np.array([[0.5, 0.5, 0, 0]]))
    t = len(label) - 1
    assert join_blurred(faces, NONE, label, blurred).label[t] == NOISE
    hints = np.full((t + 1, t + 1), np.nan, np.float32)
    hints[t, :EACH] = hints[:EACH, t] = 12.0
    assert join_blurred(faces, NONE, label, blurred, hints).label[t] == 0
    hints[t, EACH : 2 * EACH] = hints[EACH : 2 * EACH, t] = 30.0
    assert join_blurred(faces, NONE, label, blurred, hints).label[t] == 1


def test_blurred_tracks_do_not_count_for_each_other() -> None:
    parts = np.array([[0, 0, 1.2, 0], [0.9, 0.1, 0, 0], [0.2, 0.2, 0.2, 0.2], [0, 0, 0, 0.8]])
    faces, label, blurred, _ = film(parts)
    order = np.r_[np.arange(PEOPLE * EACH), PEOPLE * EACH + np.array([2, 0, 3, 1])]
    place = np.argsort(order)
    turned = Embeddings(faces.vector, place[faces.track], faces.detection, faces.quality)
    joined = join_blurred(faces, NONE, label, blurred).label
    assert join_blurred(turned, NONE, label, blurred).label[place].tolist() == joined.tolist()


@pytest.mark.parametrize("missing", ["people", "blurred", "faces"])
def test_where_nobody_can_join_the_labels_stay(missing: str) -> None:
    faces, label, blurred, _ = film(np.array([[0, 0, 1.2, 0]]))
    if missing == "people":
        label = np.full_like(label, NOISE)
    if missing == "blurred":
        blurred = np.zeros_like(blurred)
    if missing == "faces":
        faces = faces[faces.track < len(label) - 1]
    assert join_blurred(faces, NONE, label, blurred).label.tolist() == label.tolist()


def test_people_without_a_face_are_joined_by_nobody() -> None:
    faces, label, blurred, _ = film(np.array([[0, 0, 1.2, 0], [0, 0, 0, 1.2]]))
    t = len(label) - 2
    faces = faces[faces.track // EACH != PEOPLE - 1]
    assert join_blurred(faces, together((0, 3 * EACH)), label, blurred).label[t] == 2
    faces = faces[faces.track >= PEOPLE * EACH]
    assert join_blurred(faces, NONE, label, blurred).label.tolist() == label.tolist()
