"""What two sets of faces say about each other, and what a library's faces have in common."""

from __future__ import annotations

import numpy as np
import pytest

from castlist.library.score import SHARED, CommonPart, independent_scores, pair_score, posterior
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
    common = CommonPart.of("sface", [own, others])
    left = [common.without(s) for s in own + others]
    assert two_people(own) > 0.3
    assert 0.0 < two_people(left) < 0.2  # 0.11 in the faces the model was measured on
    assert all(np.allclose(np.linalg.norm(s, axis=1), 1, atol=1e-5) for s in left)
    same = [pair_score(s[:1], s[1:]) for s in left]
    assert min(same) > two_people(left) + 0.3


def test_faces_as_the_model_knows_them_stay_as_they_are():
    rng = np.random.default_rng(1)
    own, others = film(rng, 8, 0.05), film(rng, 8, 0.05)
    common = CommonPart.of("sface", [own, others])
    assert not common.vector.any()


def test_one_person_alone_says_nothing_about_what_people_share():
    """Two films of one person: what both have in common is the person."""
    rng = np.random.default_rng(2)
    (own,) = film(rng, 1, 2.0)
    common = CommonPart.of("sface", [[own], [own]])
    assert np.allclose(common.without(own), own, atol=1e-6)
    assert len(common.without(own[:0])) == 0


def test_the_scores_of_several_films_count_for_less_than_so_many():
    assert independent_scores(1, 1) == 1
    assert independent_scores(1, 2) == pytest.approx(2 / (1 + SHARED))
    assert independent_scores(3, 2) == independent_scores(2, 3)
    several = [independent_scores(1, n) for n in range(1, 30)]
    assert (np.diff(several) > 0).all()
    assert several[-1] < 1 / SHARED


def test_the_mean_of_correlated_scores_varies_as_is_said():
    """Scores of m films with n others, made of what the two people, each film and each pair of films add."""
    rng = np.random.default_rng(3)
    draws, m, n = 200_000, 3, 2
    shared, unshared = 0.57, 0.33
    people = rng.normal(size=(draws, 1, 1)) * np.sqrt(unshared)
    rows, columns = (rng.normal(size=(draws, *shape)) for shape in ((m, 1), (1, n)))
    film = (rows + columns) * np.sqrt(shared - unshared)
    pair = rng.normal(size=(draws, m, n)) * np.sqrt(1 - 2 * shared + unshared)
    variance = float((people + film + pair).mean(axis=(1, 2)).var())
    assert 1 / variance == pytest.approx(independent_scores(m, n), rel=0.02)


def test_the_evidence_is_weighed_against_the_number_of_people():
    assert float(posterior(0.0, 50)) == pytest.approx(0.5 / 50.5)
    assert float(posterior(5.0, 1000)) < float(posterior(5.0, 50))
    assert float(posterior(1e6, 50)) == 1.0
