"""What two sets of faces say about each other, and what a library's faces have in common."""

from __future__ import annotations

import numpy as np
import pytest

from castlist.library.score import CommonPart, pair_score
from castlist.vectors import unit

DIM = 64


def film(rng: np.random.Generator, people: int, common: float) -> list[np.ndarray]:
    """Three faces each of people who share a part of squared length `common`."""
    shared = np.zeros(DIM)
    shared[0] = np.sqrt(common)
    own = rng.normal(size=(people, DIM)) / np.sqrt(DIM)
    faces = own[:, None] + 0.2 * rng.normal(size=(people, 3, DIM)) / np.sqrt(DIM)
    return [unit((shared + f).astype(np.float32)) for f in faces]


def two_people(sets: list[np.ndarray]) -> float:
    return float(np.mean([pair_score(a, b) for i, a in enumerate(sets) for b in sets[:i]]))


@pytest.mark.parametrize("shared", [0.5, 1.0, 3.0])
def test_what_all_faces_share_is_subtracted_down_to_what_the_model_knows(shared):
    rng = np.random.default_rng(0)
    own, others = film(rng, 12, shared), film(rng, 30, shared)
    common = CommonPart.of("sface", own, others)
    left = [common.without(s) for s in own + others]
    assert two_people(own) > 0.3
    assert 0.0 < two_people(left) < 0.2  # 0.11 in the faces the model was measured on
    assert all(np.allclose(np.linalg.norm(s, axis=1), 1, atol=1e-5) for s in left)
    same = [pair_score(s[:1], s[1:]) for s in left]
    assert min(same) > two_people(left) + 0.3


def test_faces_as_the_model_knows_them_stay_as_they_are():
    rng = np.random.default_rng(1)
    own, others = film(rng, 8, 0.05), film(rng, 8, 0.05)
    common = CommonPart.of("sface", own, others)
    assert not common.vector.any()


def test_one_person_alone_says_nothing_about_what_people_share():
    """Two films of one person: what both have in common is the person."""
    rng = np.random.default_rng(2)
    (own,) = film(rng, 1, 2.0)
    common = CommonPart.of("sface", [own], [own])
    assert np.allclose(common.without(own), own, atol=1e-6)
    assert len(common.without(own[:0])) == 0
