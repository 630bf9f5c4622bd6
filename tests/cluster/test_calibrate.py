"""Probabilities of cosines: recovered where the truth is known, shifted with the film, deaf to mirrors."""

from __future__ import annotations

import numpy as np
import pytest

from castlist.cluster import Calibration, GroupLinkage, ProbabilityCut, calibrate, reliability
from castlist.cluster.calibrate import PRIORS, _counted, _of_these_tracks, halves
from castlist.types import CO_OCCURRENCE, Constraints, Embeddings

NONE = Constraints.empty()


def film(
    *, likeness: float, common: float = 0.0, people: int = 8, tracks: int = 15, d: int = 128, seed: int = 0
) -> tuple[Embeddings, Constraints, np.ndarray]:
    """Tracks of one vector: two of a person have cosine `likeness` on average, before the common part."""
    rng = np.random.default_rng(seed)
    who = np.tile(np.arange(people), tracks)
    part = rng.normal(size=(people, d)) / np.sqrt(d)
    own = rng.normal(size=(len(who), d)) / np.sqrt(d)
    x = np.sqrt(likeness) * part[who] + np.sqrt(1 - likeness) * own
    x[:, 0] += np.sqrt(common)
    n = len(who)
    together = np.array([(i, i + 1) for i in range(0, n - 1, 4)])
    zero = np.zeros(len(together))
    seen = Constraints(together[:, 0], together[:, 1], zero, zero + CO_OCCURRENCE)  # type: ignore[arg-type]
    return Embeddings(x, np.arange(n), np.full(n, -1), np.ones(n), "arcface-mbf"), seen, who  # type: ignore[arg-type]


def cosines(table: Embeddings, who: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    x = table.vector / np.linalg.norm(table.vector, axis=1, keepdims=True)
    one = np.triu(who[:, None] == who, 1)
    two = np.triu(who[:, None] != who, 1)
    return (x @ x.T)[one], (x @ x.T)[two]


@pytest.mark.parametrize("likeness", [0.35, 0.5, 0.7])
@pytest.mark.parametrize("common", [0.0, 0.3, 1.0])
def test_finds_the_films_own_distributions(likeness: float, common: float) -> None:
    table, seen, who = film(likeness=likeness, common=common)
    one, two = cosines(table, who)
    found = Calibration.fit(table, seen)
    assert found.same_mean == pytest.approx(one.mean(), abs=0.06)
    assert found.other_mean == pytest.approx(two.mean(), abs=0.03)
    assert found.share == pytest.approx(1 / 8, abs=0.06)


def test_what_it_says_holds() -> None:
    table, seen, who = film(likeness=0.4, people=6, tracks=25)
    one, two = cosines(table, who)
    found = Calibration.fit(table, seen)
    p = found.probability(np.concatenate([one, two]))
    true = np.concatenate([np.ones(len(one)), np.zeros(len(two))])
    assert reliability(p, true).expected_calibration_error < 0.02
    assert true[p >= 0.9].mean() > 0.9


def test_probability_rises_with_the_cosine() -> None:
    p = Calibration().probability(np.linspace(-1, 1, 101))
    assert np.all(np.diff(p) >= 0)
    assert p[0] < 1e-6
    assert p[-1] > 0.999


def test_a_mirror_among_the_cannot_links_changes_nothing_much() -> None:
    table, seen, who = film(likeness=0.6)
    mirrored = np.array([(i, i + 8) for i in range(4)])  # one person, said to be two
    zero = np.zeros(4)
    false = Constraints(
        np.concatenate([seen.a, mirrored[:, 0]]),
        np.concatenate([seen.b, mirrored[:, 1]]),
        np.zeros(len(seen) + 4, bool),
        np.concatenate([seen.origin, zero + CO_OCCURRENCE]),
    )
    assert (who[mirrored[:, 0]] == who[mirrored[:, 1]]).all()
    clean, fooled = Calibration.fit(table, seen), Calibration.fit(table, false)
    assert fooled.other_mean == pytest.approx(clean.other_mean, abs=0.02)
    assert fooled.same_mean == pytest.approx(clean.same_mean, abs=0.02)


def test_halves_compares_the_two_ends_of_long_tracks() -> None:
    vector = np.array([[1, 0], [1, 0], [0, 2], [0, 3], [5, 5]])
    table = Embeddings(vector, np.array([0, 0, 0, 0, 1]), np.full(5, -1), np.ones(5))  # type: ignore[arg-type]
    assert halves(table).tolist() == [0.0]
    same = Embeddings(vector[[0, 1, 0, 1]], np.zeros(4), np.full(4, -1), np.ones(4))  # type: ignore[arg-type]
    assert halves(same).tolist() == [1.0]


@pytest.mark.parametrize("model", ["sface", "arcface-mbf", "somebody-elses", ""])
@pytest.mark.parametrize("tracks", [0, 1, 2])
def test_hardly_any_film_leaves_the_prior(model: str, tracks: int) -> None:
    vector = np.eye(4)[:tracks]
    table = Embeddings(vector, np.arange(tracks), np.full(tracks, -1), np.ones(tracks), model)  # type: ignore[arg-type]
    found = Calibration.fit(table, NONE)
    assert found.other_mean < found.same_mean
    assert 0 < found.share < 1
    if model in PRIORS and tracks < 2:
        assert found.same_mean == pytest.approx(PRIORS[model].same_mean, abs=0.01)


def test_one_person_alone_with_low_quality_tracks_is_not_taken_for_two_who_look_alike() -> None:
    rng = np.random.default_rng(0)
    part, own = rng.normal(size=256), rng.normal(size=(9, 256))
    likeness = np.array([0.9, 0.9, 0.8, 0.8, 0.7, 0.6, 0.4, 0.3, 0.2])[:, None]
    x = np.sqrt(likeness) * part + np.sqrt(1 - likeness) * own
    table = Embeddings(x, np.arange(9), np.full(9, -1), np.ones(9), "sface")  # type: ignore[arg-type]
    found = Calibration.fit(table, NONE)
    assert found.other_mean < 0.3
    assert found.share > 0.5


def scenes(*, inside: float, between: float, people: float, seed: int = 3) -> tuple[Embeddings, np.ndarray]:
    """Four people in three scenes each, six faces a track, without co-occurrences.

    Faces of a track have cosine `inside`, tracks of one person `between`, those of two people `people`.
    """
    rng = np.random.default_rng(seed)
    who, d = np.repeat(np.arange(4), 3), 512
    axes = np.linalg.qr(rng.normal(size=(d, 17 + 72)))[0].T
    shared, own, scene, face = axes[:1], axes[1:5], axes[5:17], axes[17:]
    centre = (
        np.sqrt(people) * shared + np.sqrt(between - people) * own[who] + np.sqrt(inside - between) * scene
    )
    x = np.repeat(centre, 6, axis=0) + np.sqrt(1 - inside) * face
    track = np.repeat(np.arange(12), 6)
    return Embeddings(x.astype(np.float32), track, np.full(72, -1), np.ones(72, np.float32), "sface"), who


def people_found(table: Embeddings, constraints: Constraints = NONE) -> int:
    tree = GroupLinkage()(table, constraints)
    return len(np.unique(ProbabilityCut()(tree, table, constraints).label))


def test_people_who_look_alike_are_told_apart_where_everybody_looks_the_same_in_all_scenes() -> None:
    drawn, _ = scenes(inside=0.95, between=0.88, people=0.46)
    assert people_found(drawn) == 4


def test_as_alike_as_that_is_one_person_where_tracks_are_uneven() -> None:
    table, who = scenes(inside=0.60, between=0.45, people=0.12)
    assert people_found(table) == 4
    one = table.vector[np.isin(table.track, np.flatnonzero(who == 0))]
    alone = Embeddings(one, np.repeat(np.arange(3), 6), np.full(18, -1), np.ones(18, np.float32), "sface")  # type: ignore[arg-type]
    assert people_found(alone) == 1


def one_person(between: float, guests: int = 0) -> tuple[Embeddings, Constraints]:
    """One person of 12 tracks, each of six faces; `guests` other people are each seen with one of them."""
    rng = np.random.default_rng(5)
    n = 12 + guests
    axes = np.linalg.qr(rng.normal(size=(512, 2 + guests + n + 6 * n)))[0].T
    everybody, own, scene, face = np.split(axes, [1, 2 + guests, 2 + guests + n])
    who = np.concatenate([np.zeros(12, int), 1 + np.arange(guests)])
    people = np.sqrt(0.09) * everybody + np.sqrt(between - 0.09) * own[who]
    x = np.repeat(people + np.sqrt(0.55 - between) * scene, 6, axis=0) + np.sqrt(0.45) * face
    track = np.repeat(np.arange(n), 6)
    table = Embeddings(x.astype(np.float32), track, np.full(6 * n, -1), np.ones(6 * n, np.float32), "sface")
    g, zero = np.arange(guests), np.zeros(guests)
    return table, Constraints(g, 12 + g, zero, zero + CO_OCCURRENCE)  # type: ignore[arg-type]


@pytest.mark.parametrize("between", [0.26, 0.29, 0.32])
@pytest.mark.parametrize("guests", [0, 1, 3])
def test_a_film_of_one_person_is_of_one_person_with_few_guests_or_none(between: float, guests: int) -> None:
    assert people_found(*one_person(between, guests)) == 1 + guests


@pytest.mark.parametrize(("cosine", "raised"), [(0.99, True), (0.95, True), (0.8, False), (0.5, False)])
def test_even_tracks_raise_what_is_expected_of_one_person(cosine: float, raised: bool) -> None:
    prior = PRIORS["sface"]
    here = _of_these_tracks(prior, np.full(12, cosine))
    assert (here.same_mean > prior.same_mean) is raised
    assert here.same_mean <= max(cosine, prior.same_mean)
    assert (here.same_worth < prior.same_worth) is raised


def test_many_pairs_are_counted_in_steps_and_few_are_taken_as_they_are() -> None:
    few = np.random.default_rng(0).uniform(-1, 1, 50)
    assert _counted(few)[0] is few
    many = np.append(np.random.default_rng(0).normal(0.2, 0.15, 3 * calibrate.STEPS), [-1.0000001, 1.0000001])
    cosine, count = _counted(many)
    assert len(cosine) < calibrate.STEPS
    assert count.sum() == len(many)
    assert count @ cosine == pytest.approx(many.sum(), rel=1e-12)
    assert cosine[0] == many.min()
    assert cosine[-1] == many.max()


def test_counting_pairs_in_steps_changes_nothing_that_can_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    table, seen, _ = film(likeness=0.5, tracks=30)
    counted = Calibration.fit(table, seen)
    monkeypatch.setattr(calibrate, "STEPS", 10**9)
    each = Calibration.fit(table, seen)
    for name in ("same_mean", "same_std", "other_mean", "other_std", "share"):
        assert getattr(counted, name) != getattr(each, name)
        assert getattr(counted, name) == pytest.approx(getattr(each, name), abs=1e-6)
