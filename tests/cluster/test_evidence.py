"""People by evidence: many unequal people, low-quality tracks, stray cannot-links; the law of its heights."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from castlist.cluster import CountCut, GroupLinkage, ProbabilityCut, Ward
from castlist.cluster.calibrate import Calibration
from castlist.cluster.group_linkage import GroupSums, Scale, merge_all
from castlist.cluster.whiten import measure, whiten
from castlist.errors import InputError
from castlist.metrics import b_cubed
from castlist.types import CO_OCCURRENCE, Clustering, Constraints, Embeddings
from castlist.vectors import unit

SCALE = Scale(0.3, 0.0, 0.1, -1.0)


def cast(
    sizes: list[int], *, noise: float = 1.5, seed: int = 0, d: int = 96
) -> tuple[Embeddings, NDArray[np.int64]]:
    """One vector a track: a person's unit identity and a track's own part, `noise` times as long."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(len(sizes)), sizes)
    identity = rng.normal(size=(len(sizes), d)) / np.sqrt(d)
    vector = identity[who] + noise * rng.normal(size=(len(who), d)) / np.sqrt(d)
    n = len(who)
    table = Embeddings(vector, np.arange(n), np.full(n, -1), np.ones(n))  # type: ignore[arg-type]
    return table, who


def cannot(pairs: list[tuple[int, int]]) -> Constraints:
    a, b = np.array(pairs, np.int64).reshape(-1, 2).T
    return Constraints(a, b, np.zeros(len(a), bool), np.full(len(a), CO_OCCURRENCE))  # type: ignore[arg-type]


def f_measure(label: NDArray[np.int32], who: NDArray[np.int64]) -> float:
    """B-cubed F, by its definition."""
    together, truly = label[:, None] == label, who[:, None] == who
    precision, recall = ((together & truly).sum(1) / m.sum(1) for m in (together, truly))
    return float(2 * precision.mean() * recall.mean() / (precision.mean() + recall.mean()))


def test_finds_how_many_very_unequal_people_there_are() -> None:
    table, who = cast([150, 60, 20, 10, 6])
    label = ProbabilityCut()(GroupLinkage()(table, cannot([])), table, cannot([])).label
    assert f_measure(label, who) > 0.97
    large = np.bincount(label) >= 4
    assert large.sum() == 5


def long_film(people: int, each: int) -> tuple[Embeddings, Constraints, NDArray[np.int64]]:
    """Tracks of three faces, of many people, some of them similar, distributed as a model's vectors of films.

    The cosine of two tracks of one person is .37 on average, that of two people .09 with a deviation of .09.
    """
    rng, d = np.random.default_rng(0), 128
    identity = rng.normal(size=(people, d)) * np.linspace(2, 0.3, d)
    who = np.repeat(np.arange(people), each)
    common, noise = rng.normal(size=d), rng.normal(size=(len(who), d))
    parts = (unit(common[None]), unit(identity)[who], unit(noise))
    mean = sum(np.sqrt(share) * part for share, part in zip((0.11, 0.29, 0.6), parts, strict=True))
    track = np.repeat(np.arange(len(who)), 3)
    vector = (10 * mean[track] + 6 * rng.normal(size=(len(track), d)) / np.sqrt(d)).astype(np.float32)
    n = len(track)
    table = Embeddings(vector, track, np.full(n, -1), np.ones(n), "sface")  # type: ignore[arg-type]
    return table, cannot([(t, t + each) for t in range(0, len(who) - each, 7)]), who


@pytest.mark.parametrize(("people", "each"), [(6, 10), (60, 10), (60, 40)])
def test_more_tracks_and_more_people_do_not_make_two_people_one(people: int, each: int) -> None:
    table, links, who = long_film(people, each)
    label = ProbabilityCut()(GroupLinkage()(table, links), table, links).label
    assert b_cubed(who, label).precision > 0.94
    assert f_measure(label, who) > 0.94


@pytest.mark.parametrize("people", [60, 200, 500])
def test_people_of_whom_each_is_seen_once_are_not_joined(people: int) -> None:
    """All people share a common part; cosines of two people are .11 ± .087, as with photographs."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=(people, 132)) / np.sqrt(132)
    x[:, 0] += np.sqrt(0.11 / 0.89)
    table = Embeddings(x.astype(np.float32), np.arange(people), np.full(people, -1), np.ones(people), "sface")  # type: ignore[arg-type]
    nobody = Constraints.empty()
    label = ProbabilityCut()(GroupLinkage()(table, nobody), table, nobody).label
    assert b_cubed(np.arange(people), label).precision > 0.93


def test_the_odds_of_a_person_follow_the_share_of_the_tracks() -> None:
    scales = [Calibration(tracks=n).scale for n in (9, 65, 650)]
    assert scales[0] == scales[1]
    assert scales[2].odds == pytest.approx(scales[1].odds - np.log(10))


def test_beats_ward_that_is_told_the_number() -> None:
    ours, told = [], []
    for seed in range(4):
        table, who = cast([200, 40, 12, 8, 8], noise=1.9, seed=seed)
        found = ProbabilityCut()(GroupLinkage()(table, cannot([])), table, cannot([])).label
        ward = CountCut(5)(Ward()(table, cannot([])), table, cannot([])).label
        ours.append(f_measure(found, who))
        told.append(f_measure(ward, who))
    assert np.mean(ours) > np.mean(told)


def test_one_person_alone_is_one() -> None:
    table, _ = cast([40], noise=0.8)
    assert ProbabilityCut()(GroupLinkage()(table, cannot([])), table, cannot([])).count == 1


def test_heights_are_probabilities_that_rise() -> None:
    table, _ = cast([20, 20, 10])
    tree = GroupLinkage()(table, cannot([(0, 30), (1, 31)]))
    finite = tree.height[np.isfinite(tree.height)]
    assert np.all(np.diff(finite) >= 0)
    assert finite.min() >= 0
    assert finite.max() <= 1


def test_a_stray_cannot_link_moves_one_track_not_a_person() -> None:
    table, who = cast([40, 40], noise=1.0)
    links = [(a, a + 40) for a in range(39)] + [(3, 9)]  # the last one joins two tracks of one person
    label = ProbabilityCut()(GroupLinkage()(table, cannot(links)), table, cannot(links)).label
    assert label[3] != label[9]
    right = np.delete(np.arange(80), [3, 9])
    assert f_measure(label[right], who[right]) > 0.99


def test_blurred_tracks_do_not_glue_people_together() -> None:
    table, who = cast([40, 40, 40], noise=1.0, d=128)
    rng = np.random.default_rng(0)
    blur = rng.choice(120, 24, replace=False)
    common = rng.normal(size=128) / np.sqrt(128)
    vector = table.vector.copy()
    vector[blur] = 0.4 * (0.5 * vector[blur] + 1.2 * common.astype(np.float32))
    weak = Embeddings(vector, table.track, table.detection, table.quality)
    label = ProbabilityCut()(GroupLinkage()(weak, cannot([])), weak, cannot([])).label
    clear = np.setdiff1d(np.arange(120), blur)
    assert f_measure(label[clear], who[clear]) > 0.99


def test_whitening_brings_a_persons_tracks_closer() -> None:
    rng = np.random.default_rng(1)
    who = np.repeat(np.arange(8), 60)
    light = np.zeros((480, 40))
    light[:, :4] = rng.normal(size=(480, 4))  # a nuisance that all people share
    x = rng.normal(size=(8, 40))[who] / 6 + light / 2 + 0.1 * rng.normal(size=(480, 40))
    x = (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)
    before = measure(x @ x.T, who, SCALE)
    z = whiten(x, who)
    after = measure(z @ z.T, who, SCALE)
    assert (after.same - after.other) / after.spread > 2 * (before.same - before.other) / before.spread
    np.testing.assert_allclose(np.linalg.norm(z, axis=1), 1, rtol=1e-5)


def test_whitening_needs_groups_of_three() -> None:
    table, _ = cast([2, 2])
    np.testing.assert_array_equal(whiten(table.vector, np.array([0, 0, 1, 1])), table.vector)


def test_groups_sums_are_kept_when_groups_are_joined() -> None:
    table, who = cast([5, 6, 7, 8])
    x = table.vector / np.linalg.norm(table.vector, axis=1, keepdims=True)
    links = np.array([[0, 6], [1, 12], [7, 20]])
    joined = GroupSums(x @ x.T, who, links, SCALE, stray=1.0)
    joined.join(1, 3)
    anew = GroupSums(x @ x.T, np.where(who == 3, 1, who), links, SCALE, stray=1.0)
    for group in range(3):
        np.testing.assert_allclose(joined.log_odds(group)[:3], anew.log_odds(group), rtol=1e-4)


@pytest.mark.parametrize("seed", range(4))
def test_merges_the_likeliest_pair_each_time(seed: int) -> None:
    table, _ = cast([6, 6, 6], seed=seed, noise=2.0)
    x = table.vector / np.linalg.norm(table.vector, axis=1, keepdims=True)
    links = np.array([[0, 6], [3, 12]])
    pairs, odds, _ = merge_all(GroupSums(x @ x.T, np.arange(18), links, SCALE, stray=0.0))
    slow = GroupSums(x @ x.T, np.arange(18), links, SCALE, stray=0.0)
    for (a, b), chance in zip(pairs, odds, strict=True):
        table_of_odds = np.stack([slow.log_odds(i) for i in np.flatnonzero(slow.alive)])
        np.testing.assert_allclose(chance, table_of_odds.max(), rtol=1e-6)
        slow.join(int(a), int(b))


def test_the_cut_at_a_half_is_the_partition_whatever_comes_above() -> None:
    table, who = cast([30, 30, 30])
    tree = GroupLinkage()(table, cannot([(0, 40)]))
    assert CountCut(3)(tree, table, cannot([])).label.tolist() == Clustering(who).label.tolist()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "make",
    [lambda: GroupLinkage(rounds=-1), lambda: GroupLinkage(low_quality=1.0), lambda: ProbabilityCut(0.0)],
)
def test_senseless_options_are_refused(make: object) -> None:
    with pytest.raises(InputError):
        make()  # type: ignore[operator]


def test_groups_that_were_compared_already_do_not_join_one_another() -> None:
    table, label = cast([2, 6, 4], seed=1)
    x = table.vector / np.linalg.norm(table.vector, axis=1, keepdims=True)
    nothing = np.zeros((0, 2), np.int64)
    open_groups = GroupSums(x @ x.T, label, nothing, SCALE)
    assert np.isfinite(open_groups.log_odds(0)[1:]).all()
    groups = GroupSums(x @ x.T, label, nothing, SCALE, compared=2)
    assert groups.log_odds(0)[1] == -np.inf
    assert np.isfinite(groups.log_odds(0)[2])
    groups.join(2, 1)  # a group that joins a compared one counts as compared, too
    assert groups.log_odds(0)[2] == -np.inf
