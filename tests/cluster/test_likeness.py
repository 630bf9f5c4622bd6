"""Views of tracks on one scale: a mixture keeps the first view's mean and deviation over a film's pairs."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from castlist.cluster import Calibration, GroupLinkage, ProbabilityCut, link_evidence
from castlist.cluster.likeness import Likeness, first_view
from castlist.errors import InputError
from castlist.types import Constraints, Embeddings

NONE = Constraints.empty()


def film(share: float = 0.5, tracks: int = 40, seed: int = 0) -> tuple[Embeddings, NDArray[np.int64]]:
    """A noisy first view, and a second one of clear people with a large common part."""
    rng = np.random.default_rng(seed)
    who = np.arange(tracks) % 5
    person = rng.normal(size=(5, 32))
    first = person[who] + 2.0 * rng.normal(size=(tracks, 32))
    second = person[who] + 0.3 * rng.normal(size=(tracks, 32))
    second[:, 0] += 12
    parts = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (first, second)]
    table = Embeddings(
        np.concatenate(parts, axis=1),  # type: ignore[arg-type]
        np.arange(tracks),
        np.full(tracks, -1),
        np.ones(tracks),  # type: ignore[arg-type]
        "sface",
        (32, 32),
        share,
    )
    return table, who


def off_diagonal(table: NDArray[np.float32]) -> NDArray[np.float64]:
    return table[np.triu_indices(len(table), 1)].astype(np.float64)


def test_a_later_view_is_brought_to_the_scale_of_the_first() -> None:
    table, _ = film(share=1.0)
    base = off_diagonal(Likeness.from_embeddings(first_view(table))[0].matrix())
    mixed = off_diagonal(Likeness.from_embeddings(table)[0].matrix())
    assert mixed.mean() == pytest.approx(base.mean(), abs=1e-4)
    assert mixed.std() == pytest.approx(base.std(), rel=0.05)  # likeness is held within -1 to 1


def test_without_a_share_later_views_say_nothing() -> None:
    table, _ = film(share=0.0)
    np.testing.assert_allclose(
        Likeness.from_embeddings(table)[0].matrix(),
        Likeness.from_embeddings(first_view(table))[0].matrix(),
        atol=1e-6,
    )


def test_pairs_are_cells_of_the_matrix() -> None:
    likeness = Likeness.from_embeddings(film()[0])[0]
    pairs = np.array([[0, 1], [3, 17], [39, 2]])
    np.testing.assert_allclose(likeness.pairs(pairs), likeness.matrix()[tuple(pairs.T)], atol=1e-5)
    np.testing.assert_allclose(np.diagonal(likeness.matrix()), 1)


def test_a_pair_is_the_mixture_of_its_views() -> None:
    likeness = Likeness.from_embeddings(film(share=0.25)[0])[0]
    first, later = likeness.by_view(0, 7)
    assert float(likeness.pairs(np.array([[0, 7]]))[0]) == pytest.approx(
        0.75 * first + 0.25 * later, abs=1e-5
    )
    assert len(Likeness.from_embeddings(first_view(film()[0]))[0].by_view(0, 7)) == 1


def test_the_evidence_on_two_tracks_says_what_each_view_says() -> None:
    table, _ = film()
    said = link_evidence(GroupLinkage()(table, NONE), table, NONE, 0, 7).sentence
    assert "by the face model" in said
    assert "by networks trained on this film" in said


def test_a_part_of_the_tracks_keeps_the_films_scale() -> None:
    likeness = Likeness.from_embeddings(film()[0])[0]
    rows = np.array([1, 6, 11])
    np.testing.assert_allclose(likeness[rows].matrix(), likeness.matrix()[np.ix_(rows, rows)], atol=1e-6)


def test_too_few_tracks_have_no_scale_and_are_compared_in_the_first_view() -> None:
    table, _ = film(tracks=4)
    assert Likeness.from_embeddings(table)[0].share == 0.0


def test_a_clear_view_makes_people_clear() -> None:
    alone, together = [], []
    for seed in range(4):
        table, who = film(seed=seed, tracks=60)
        for found, view in ((alone, first_view(table)), (together, table)):
            label = ProbabilityCut()(GroupLinkage()(view, NONE), view, NONE).label
            found.append(float(((label[:, None] == label) == (who[:, None] == who)).mean()))
    assert np.mean(together) > np.mean(alone) + 0.01


def test_the_calibration_of_a_mixture_is_on_the_first_views_scale() -> None:
    table, _ = film()
    one, both = Calibration.fit(first_view(table), NONE), Calibration.fit(table, NONE)
    assert both.other_mean == pytest.approx(one.other_mean, abs=0.05)


@pytest.mark.parametrize(("views", "share"), [((32, 31), 0.5), ((64,), 1.5), ((64,), -0.1)])
def test_views_that_do_not_fit_are_refused(views: tuple[int, ...], share: float) -> None:
    with pytest.raises(InputError):
        Embeddings(np.ones((2, 64)), np.arange(2), np.arange(2), np.ones(2), "", views, share)  # type: ignore[arg-type]
