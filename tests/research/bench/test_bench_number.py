"""The bench where the number of people is unknown: what methods find, and how that is scored."""

from dataclasses import replace

import numpy as np
import pytest
from bench_made import quick_bench, run, video

from castlist.errors import InputError
from castlist.research.bench import Dataset, Store, cells, facts, markdown, tables
from castlist.research.bench.html import page
from castlist.research.bench.methods import kind, known
from castlist.research.bench.subsets import BBT0101


def test_methods_that_find_the_number(tmp_path):
    methods = tuple(m for m in known() if kind(m) != "refinement" and m not in ("bcl", "videoclusternet"))
    bench = quick_bench(methods, 1, ("track", "frame"), (None,))
    data = Dataset.of(video("holiday", tracks=24))
    jobs = bench.jobs([data])
    own = {"castlist", "castlist-base"}
    assert {m for _, m, _ in jobs} == own | {"finch", "c1c", "dbscan", "hdbscan", "chinese-whispers"}
    results = run(bench, data, Store(tmp_path))
    assert all(r.key.protocol.clusters is None for r in results)
    assert all("K found by the method" in str(r.key.protocol) for r in results)
    ours = next(r for r in results if r.key.method == "castlist")
    assert (ours.scores["clusters"], ours.facts["persons"], ours.violated) == (3, 3, 0)
    assert ours.scores["b_cubed_f1"] == 1


def test_ours_breaks_no_cannot_link_even_where_fewer_clusters_are_asked_for(tmp_path):
    # Three people seen together again and again: two clusters would break a link.
    together = video("holiday", frame=np.tile(np.arange(4), 12) + np.repeat(np.arange(12) // 3 * 10, 4))
    results = run(
        quick_bench(("castlist", "hac-ward"), 1, ("track",), (2,)), Dataset.of(together), Store(tmp_path)
    )
    ours, ward = results
    assert (ours.violated, ours.scores["clusters"]) == (0, 3)
    assert (ward.scores["clusters"], ward.violated > 0) == (2, True)
    for text in (tables(cells(results)), page(cells(results))):
        assert "castlist made 3 clusters, not 2: cannot-links forbid further merges" in text
        assert "hac-ward made" not in text


@pytest.mark.parametrize("clusters", [None, 1, 3, 12])
def test_ours_on_tracks_that_are_all_seen_together(tmp_path, clusters):
    every = video("holiday", frame=np.tile(np.arange(4), 12))
    (ours,) = run(quick_bench(("castlist",), 1, ("track",), (clusters,)), Dataset.of(every), Store(tmp_path))
    assert (ours.violated, ours.scores["clusters"]) == (0, 12)


@pytest.mark.parametrize("clusters", [1, 2, 3, 7, 12])
def test_ours_makes_as_many_clusters_as_asked_for_where_nothing_forbids_it(tmp_path, clusters):
    free = video("holiday", frame=np.arange(48))
    (ours,) = run(quick_bench(("castlist",), 1, ("track",), (clusters,)), Dataset.of(free), Store(tmp_path))
    assert ours.scores["clusters"] == clusters


def test_tables_of_what_was_found_say_how_far_off_and_how_much_is_noise(tmp_path):
    noisy = video("holiday", tracks=24)
    vector = noisy.embeddings.vector.copy()
    vector[:4] = -vector[:4] + np.random.default_rng(1).normal(size=(4, 8))  # a track like no other
    data = Dataset.of(video("holiday", tracks=24, views={}))
    features = replace(data.features, embeddings=replace(data.features.embeddings, vector=vector))
    bench = quick_bench(("dbscan", "k-means"), 2, ("track",), (None, 3), options={"dbscan": {"eps": 0.3}})
    given = cells(run(bench, Dataset.of(features), Store(tmp_path)))
    assert "dbscan: eps 0.3" in tables(given)
    assert "the others at their defaults" in tables(given)
    unknown, told = markdown(given, ("clusters", "found", "off", "noise", "wcp")).split("**holiday: ")[1:]
    assert "| method | runs | clusters | found | off by | noise | accuracy |" in unknown
    assert "| dbscan | 1 | 3 | 3 | +0 | 0.042 | 1.000 |" in unknown
    assert "| method | runs | clusters | found | off by | accuracy |" in told
    assert "±" not in next(row for row in told.splitlines() if "dbscan" in row)
    assert "number of clusters found" in page(given)


def test_columns_are_chosen_by_name(tmp_path):
    given = cells(run(quick_bench(("base",), 1, ("track",), (3,)), Dataset.of(video()), Store(tmp_path)))
    head = tables(given, ("violated", "wcp")).splitlines()[2].split()
    assert head == ["method", "runs", "accuracy", "CL", "broken"]
    with pytest.raises(InputError, match="unknown column speed; choose from clusters, found"):
        tables(given, ("speed",))


def test_a_set_that_stores_some_faces_is_not_scored_by_frames():
    size = np.full(12, 9)
    first = 3 * np.arange(12)
    data = Dataset.of(video(size=size, first=first, last=first + 8))
    protocols = quick_bench(("base",)).protocols(data, "base")
    assert [p.unit for p in protocols] == ["track", "track weighted by frames"]
    assert protocols[0].excluded == "nobody, and the faces not stored: 60 of 108"


def test_the_published_numbers_of_clusters_are_the_default():
    whole = Dataset.of(video(persons=BBT0101.cast))
    assert [p.clusters for p in quick_bench(("base",), units=("track",)).protocols(whole, "base")] == [5]
    holiday = Dataset.of(video("holiday"))
    assert [p.clusters for p in quick_bench(("base",), units=("track",)).protocols(holiday, "base")] == [3]


WITH_OTHERS = (*BBT0101.cast, "unknown")


@pytest.mark.parametrize(
    ("persons", "chosen", "clusters"),
    [
        (WITH_OTHERS, {}, 5),
        (WITH_OTHERS, {"cast": BBT0101.cast}, 5),  # the published choice, in other words
        (WITH_OTHERS, {"drop": ("unknown",)}, 5),
        (("0", "1", "2", "3", "4", "5", "9"), {}, 5),  # 2 and the largest number are dropped
        (WITH_OTHERS, {"cast": ("howard", "leonard")}, None),
        (WITH_OTHERS, {"drop": ("penny",)}, None),
        (WITH_OTHERS, {"drop": ("nobody",)}, None),  # six people
        (("sheldon", "leonard", "raj"), {}, None),
        (("ann", "bob"), {}, None),
    ],
)
def test_published_numbers_stand_beside_the_whole_published_set_alone(tmp_path, persons, chosen, clusters):
    """Elsewhere K is the number of the people who are scored."""
    features = video(persons=persons, tracks=3 * len(persons))
    data = Dataset.of(features, **chosen)
    (result,) = run(quick_bench(("base",), 1, ("track",)), data, Store(tmp_path))
    assert result.key.protocol.clusters == (clusters or len(data.cast))
    assert data.subset == facts(features, **chosen).subset == ("BBT-0101" if clusters else "")
    text = tables(cells([result]))
    assert ("[0.932]" in text) == bool(clusters)
    assert ("bbt_s01e01 (BBT-0101):" in text) == bool(clusters)


def test_more_clusters_than_tracks(tmp_path):
    with pytest.raises(InputError, match="cannot make 13 clusters of 12 tracks"):
        run(quick_bench(("base",), 1, ("track",), (13,)), Dataset.of(video()), Store(tmp_path))
    with pytest.raises(InputError, match="seeds must be 1 or more"):
        quick_bench(("base",), seeds=0)


def test_small_clusters_are_not_found_people(tmp_path):
    """A cluster of less than 1 % of the faces counts as a cluster and not as a person found."""
    features = replace(video(tracks=12), size=np.array([500] * 11 + [4]))
    (result,) = run(quick_bench(("k-means",), 1, ("track",), (12,)), Dataset.of(features), Store(tmp_path))
    assert (result.scores["clusters"], result.scores["found"]) == (12, 11)
