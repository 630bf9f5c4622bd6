"""Steps over tracks: trees and cuts, with constraints, without faces, without anything."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.cluster.hierarchy import linkage

from castlist.cluster import (
    CUTS,
    LINKAGES,
    AutoCut,
    Average,
    CountCut,
    GroupLinkage,
    HeightCut,
    PeopleCut,
    ProbabilityCut,
    Ward,
    extend,
    knn_tree,
    track_means,
    ward,
)
from castlist.errors import InputError
from castlist.types import NOISE, USER, Clustering, Constraints, Embeddings


def embeddings(vectors: object, tracks: object, quality: object = None) -> Embeddings:
    v, t = np.asarray(vectors, np.float32), np.asarray(tracks)
    q = np.ones(len(t)) if quality is None else np.asarray(quality)
    return Embeddings(v, t, np.full(len(t), -1), q)  # type: ignore[arg-type]


def links(
    cannot: list[tuple[int, int]] | None = None, must: list[tuple[int, int]] | None = None
) -> Constraints:
    rows = [(*p, False) for p in cannot or []] + [(*p, True) for p in must or []]
    a, b, kind = (np.array(c) for c in zip(*rows, strict=True)) if rows else (np.zeros(0),) * 3
    return Constraints(a, b, kind, np.full(len(rows), USER))  # type: ignore[arg-type]


def people(
    count: int = 4, tracks: int = 12, faces: int = 6, d: int = 64, noise: float = 0.6, seed: int = 0
) -> tuple[Embeddings, np.ndarray]:
    """A cast of well separated people: `noise` is the length of a track's own part beside a unit identity."""
    rng = np.random.default_rng(seed)
    who = np.repeat(np.arange(count), tracks)
    identity = rng.normal(size=(count, d)) / np.sqrt(d)
    scene = identity[who] + noise * rng.normal(size=(len(who), d)) / np.sqrt(d)
    face = np.repeat(scene, faces, 0) + 0.3 * rng.normal(size=(len(who) * faces, d)) / np.sqrt(d)
    return embeddings(face, np.repeat(np.arange(len(who)), faces)), who


NONE = embeddings(np.zeros((0, 8)), np.zeros(0))


def test_a_tracks_mean_weighs_unit_faces_by_quality() -> None:
    mean, faces = track_means(embeddings([[2, 0], [0, 5], [3, 4]], [0, 0, 2], [1.0, 3.0, 0.0]))
    np.testing.assert_allclose(mean, [[1 / 10**0.5, 3 / 10**0.5], [0, 0], [0.6, 0.8]], rtol=1e-6)
    assert faces.tolist() == [2, 0, 1]


def test_average_linkage_is_scipys() -> None:
    table, _ = people(noise=2.0)
    mean, _ = track_means(table)
    theirs = linkage(mean.astype(float), "average", "cosine")
    np.testing.assert_allclose(Average()(table, links()).height, theirs[:, 2], rtol=1e-5)


@pytest.mark.parametrize("name", LINKAGES)
@pytest.mark.parametrize("cut", ["auto", "count"])
def test_finds_well_separated_people(name: str, cut: str) -> None:
    table, who = people()
    tree = LINKAGES[name]()(table, links())
    step = AutoCut() if cut == "auto" else CountCut(4)
    assert step(tree, table, links()).label.tolist() == who.tolist()


@pytest.mark.parametrize("name", LINKAGES)
@pytest.mark.parametrize("cut", [AutoCut(), CountCut(1), CountCut(3), HeightCut(0.0), HeightCut(1e9)])
def test_constraints_hold_in_every_cut(name: str, cut: object) -> None:
    table, _ = people(seed=5)
    rng = np.random.default_rng(0)
    cannot = [(int(a), int(b)) for a, b in rng.integers(3, 48, (30, 2)) if a != b]
    told = links(cannot, [(0, 13), (1, 0)])
    label = cut(LINKAGES[name]()(table, told), table, told).label  # type: ignore[operator]
    assert all(label[a] != label[b] for a, b in cannot)
    assert label[0] == label[13] == label[1]


@pytest.mark.parametrize("name", LINKAGES)
def test_tracks_without_faces_are_noise_unless_someone_says_who_they_are(name: str) -> None:
    table = embeddings(np.eye(4)[[0, 0, 1]], [0, 2, 3])
    told = links(must=[(1, 3)], cannot=[(4, 5)])
    label = CountCut(2)(LINKAGES[name]()(table, told), table, told).label
    assert label.tolist() == [0, 1, 0, 1, NOISE, NOISE]


@pytest.mark.parametrize("name", LINKAGES)
def test_a_chain_through_a_track_without_faces_joins_its_ends(name: str) -> None:
    table = embeddings(np.eye(4)[[0, 1]], [0, 2])
    told = links(must=[(0, 1), (1, 2)])
    assert CountCut(2)(LINKAGES[name]()(table, told), table, told).label.tolist() == [0, 0, 0]


@pytest.mark.parametrize("name", LINKAGES)
@pytest.mark.parametrize("cut", [AutoCut(), CountCut(2), HeightCut(1.0)])
def test_nothing_gives_nothing_and_one_gives_one(name: str, cut: object) -> None:
    assert len(cut(LINKAGES[name]()(NONE, links()), NONE, links())) == 0  # type: ignore[operator]
    one = embeddings([[1.0, 2.0]], [0])
    assert cut(LINKAGES[name]()(one, links()), one, links()).label.tolist() == [0]  # type: ignore[operator]


def test_contradictions_are_an_error() -> None:
    table, _ = people()
    with pytest.raises(InputError, match="tracks 0 and 2 are must-linked and cannot-linked"):
        Ward()(table, links(cannot=[(0, 2)], must=[(0, 1), (1, 2)]))


@pytest.mark.parametrize("tree", [ward, knn_tree])
def test_contradictions_about_rows_speak_of_no_tracks(tree: Callable[..., object]) -> None:
    with pytest.raises(InputError, match=r"^points 0 and 2 are must-linked and cannot-linked"):
        tree(np.eye(4), cannot=[(0, 2)], must=[(0, 1), (1, 2)])


def test_extend_adds_noise() -> None:
    assert extend(Clustering(np.array([0, 1])), 4).label.tolist() == [0, 1, NOISE, NOISE]  # type: ignore[arg-type]


@pytest.mark.parametrize("make", [lambda: CountCut(0), lambda: Ward("shots")])
def test_senseless_options_are_refused(make: object) -> None:
    with pytest.raises(InputError):
        make()  # type: ignore[operator]


def test_the_choices_are_listed() -> None:
    assert {"ward", "average"} <= set(LINKAGES)
    assert {"auto", "count", "height"} <= set(CUTS)


@pytest.mark.parametrize(
    ("least", "most", "wanted"), [(1, 99, 4), (3, 3, 3), (1, 2, 2), (6, 9, 6), (5, 5, 5)]
)
def test_so_many_people_as_a_user_knows(least: int, most: int, wanted: int) -> None:
    table, who = people(noise=0.8)
    tree = GroupLinkage()(table, links())
    found = PeopleCut(least, most)(tree, table, links())
    assert found.count == wanted
    if wanted == 4:
        assert found.label.tolist() == ProbabilityCut()(tree, table, links()).label.tolist()
    if wanted < 4:  # whole people are joined
        assert all(len(set(found.label[who == person].tolist())) == 1 for person in range(4))


def test_a_stranger_of_one_face_is_not_one_of_the_people_a_user_counts() -> None:
    table, _ = people(tracks=30)
    far = np.zeros((1, 64), np.float32)
    far[0, 0] = 1
    more = embeddings(np.concatenate([table.vector, far]), np.append(table.track, table.track.max() + 1))
    found = PeopleCut(4, 4)(GroupLinkage()(more, links()), more, links())
    assert found.count == 5


def test_where_cannot_links_forbid_the_number_the_cut_comes_nearest() -> None:
    table = embeddings(np.eye(3), np.arange(3))
    apart = links([(0, 1), (0, 2), (1, 2)])
    assert PeopleCut(2, 2)(GroupLinkage()(table, apart), table, apart).count == 3
    assert PeopleCut(9, 9)(GroupLinkage()(table, links()), table, links()).count == 3
    assert PeopleCut(2, 3)(GroupLinkage()(NONE, links()), NONE, links()).count == 0


@pytest.mark.parametrize("options", [(0, 3), (4, 3), (1, 2, 0.0)])
def test_a_range_that_holds_no_number_is_refused(options: tuple[float, ...]) -> None:
    with pytest.raises(InputError):
        PeopleCut(*options)  # type: ignore[arg-type]
