"""The bench on small track sets made here: methods run, results are kept, an interrupted run goes on."""

import io
from dataclasses import replace

import numpy as np
import pytest
from bench_made import BOX, QUICK, quick_bench, quiet, run, video

from castlist.errors import InputError
from castlist.metrics import Protocol
from castlist.research.bench import Dataset, Store, cells
from castlist.research.bench.collect import collect
from castlist.research.bench.methods import PAPER
from castlist.research.bench.solve import here


def test_scores_of_an_easy_set_and_their_protocols(tmp_path):
    data = Dataset.of(video())
    results = run(quick_bench(("base",), clusters=(3,)), data, Store(tmp_path))
    units = [r.key.protocol.unit for r in results]
    assert units == ["track", "track weighted by frames", "frame"]
    for r in results:
        assert r.scores["wcp"] == 1
        assert r.auc == 1
        assert r.key.protocol.cast == ("leonard", "raj", "sheldon")
        assert r.persons["raj"] == [1, 1, 1]
        assert r.seconds > 0
    assert [r.violated for r in results] == [0, 0, None]


def test_a_second_run_computes_nothing(tmp_path):
    data, bench = Dataset.of(video()), quick_bench(("base", "ssiam"), 2, ("track",), (3,), options=QUICK)
    first = run(bench, data, Store(tmp_path))
    assert [(r.key.method, r.key.seed) for r in first] == [("base", 0), ("ssiam", 0), ("ssiam", 1)]

    def never(*_):
        raise AssertionError("computed again")

    assert run(replace(bench, solve=never), data, Store(tmp_path)) == first


def test_an_interrupted_run_goes_on(tmp_path):
    data, store = Dataset.of(video()), Store(tmp_path)
    bench = quick_bench(("base",), 1, ("track", "frame"), (3,))
    whole = run(bench, data, store)
    files = sorted(tmp_path.iterdir())
    files[0].unlink()
    files[1].write_text(files[1].read_text()[:50])  # cut short by a crash
    (tmp_path / "other.part").write_text("half")
    again = run(bench, data, store)
    assert [r.scores for r in again] == [r.scores for r in whole]
    assert [r.key for r in run(bench, data, store)] == [r.key for r in whole]


@pytest.mark.parametrize(
    "change",
    [
        {"recipe": "paper"},
        {"options": {"ssiam": {"epochs": 2, "hidden": 8}}},
        {"clusters": (4,)},
        {"units": ("frame",)},
    ],
)
def test_whatever_changes_the_result_changes_the_key(tmp_path, change):
    data = Dataset.of(video())
    bench = quick_bench(("ssiam",), 1, ("track",), (3,), options=QUICK)
    other = replace(bench, **change)
    old = {bench._key(data, "ssiam", 0, p).file for p in bench.protocols(data, "ssiam")}
    new = {other._key(data, "ssiam", 0, p).file for p in other.protocols(data, "ssiam")}
    assert not old & new
    seeds = {bench._key(data, "ssiam", s, Protocol()).file for s in range(3)}
    sets = {bench._key(Dataset.of(video(seed=s)), "ssiam", 0, Protocol()).file for s in range(3)}
    assert len(seeds) == len(sets) == 3


def test_where_and_how_fast_is_not_part_of_the_key():
    from castlist.types import Machine

    data, bench = Dataset.of(video()), quick_bench(("ssiam",), 1, ("track",))
    other = replace(bench, machine=Machine("cpu", 1))
    assert bench._key(data, "ssiam", 0, Protocol()) == other._key(data, "ssiam", 0, Protocol())


@pytest.mark.parametrize("method", PAPER)
def test_every_method_of_the_slides_runs(tmp_path, method):
    bench = quick_bench((method,), 1, ("track",), (3,), options=QUICK)
    (result,) = run(bench, Dataset.of(video()), Store(tmp_path))
    assert 0.4 < result.scores["wcp"] <= 1
    assert result.auc is not None


VIEW = np.repeat(np.eye(3)[np.arange(12) % 3], 4, 0)


@pytest.mark.parametrize(
    "method", ["castlist", "k-means", "hac-ward", "finch", "c1c", "hmrf2", "cmvfc", "mcafc"]
)
def test_methods_that_give_clusters_are_scored_by_tracks(tmp_path, method):
    bench = quick_bench((method,), 1, ("track", "track weighted by frames", "frame"), (3,))
    data = Dataset.of(video(box=BOX, views={"colour": VIEW}))
    results = run(bench, data, Store(tmp_path))
    assert [r.key.protocol.unit for r in results] == ["track", "track weighted by frames"]
    assert results[0].auc is None


@pytest.mark.parametrize(
    ("method", "changes", "message"),
    [
        ("cmvfc", {}, "cmvfc needs a second view, which"),
        ("hmrf2", {}, "hmrf2 needs boxes, which"),
        ("hmrf2", {"frame": None}, "hmrf2 needs boxes and times, which"),
    ],
)
def test_methods_say_what_a_set_lacks(tmp_path, method, changes, message):
    with pytest.raises(InputError, match=message):
        run(quick_bench((method,), 1, ("track",), (3,)), Dataset.of(video(**changes)), Store(tmp_path))


def test_what_a_method_sees_is_part_of_the_digest():
    plain = Dataset.of(video()).digest
    boxed = Dataset.of(video(box=BOX)).digest
    seen = Dataset.of(video(box=BOX, views={"colour": VIEW})).digest
    clear = Dataset.of(video(quality=np.linspace(0.1, 1, 48))).digest  # SSiam ranks within quality
    must, cannot = (Dataset.of(video(**{name: [[100, 103]]})).digest for name in ("must_link", "cannot_link"))
    assert len({plain, boxed, seen, clear, must, cannot}) == 6


def test_what_has_no_randomness_runs_once():
    methods = (
        "base",
        "castlist",
        "castlist-base",
        "ssiam",
        "k-means",
        "hac-ward",
        "c1c",
        "dbscan",
        "hdbscan",
        "ccl",
    )
    data = Dataset.of(video())
    jobs = [(m, s) for _, m, s in quick_bench(methods, 3).jobs([data])]
    once = {"base", "castlist-base", "hac-ward", "c1c", "dbscan"}
    assert sorted(jobs) == sorted((m, s) for m in methods for s in range(1 if m in once else 3))
    sampled = quick_bench(("hac-ward",), 3, options={"hac-ward": {"max_tracks": 5}})
    assert len(sampled.jobs([data])) == 3


def test_a_method_for_which_memory_ran_out_costs_no_result_of_the_others(tmp_path):
    def scarce(task, watch):
        if task.method == "hac-ward":
            raise MemoryError
        return here(task, watch)

    bench, left_out = replace(quick_bench(("hac-ward", "base"), 1, ("track",)), solve=scarce), []
    found = collect(bench, [Dataset.of(video())], Store(tmp_path), io.StringIO(), print, left_out.append)
    assert [r.key.method for r in found] == ["base"]
    assert left_out == ["hac-ward on bbt_s01e01: not enough memory"]


def test_draws_of_faces_differ_and_are_scored_with_every_seed(tmp_path):
    draws = [Dataset.of(video(), faces=2, draw=k) for k in range(3)]
    assert len({d.digest for d in draws}) == 3
    for d in draws:
        assert (np.bincount(d.features.embeddings.track) == 2).all()
        assert (d.features.size == 4).all()
        assert not d.whole
    bench, store = quick_bench(("ssiam",), 2, ("track",), options=QUICK), Store(tmp_path)
    found = [r for d, m, s in bench.jobs(draws) for r in bench(d, m, s, store, quiet)]
    (cell,) = cells(found)
    assert len(cell.results) == 6


def test_refined_features_are_clustered_by_our_linkage_where_the_number_is_unknown(tmp_path):
    bench = quick_bench(("base", "castlist-base"), 1, ("track",), (None, 0))
    base, ours = cells(run(bench, Dataset.of(video("holiday", tracks=24)), Store(tmp_path)))[::2]
    found = {(c.method, c.protocol.clusters): c.results[0] for c in (base, ours)}
    assert found["base", None].scores == found["castlist-base", None].scores
