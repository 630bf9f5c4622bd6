"""Sets of one name are told apart in every table, and are no runs of one set."""

import io
import json
import shutil

import pytest
from bench_made import call, quick_bench, run, video

from castlist.research.bench import Dataset, Store, cells, markdown, tables
from castlist.research.bench.collect import collect
from castlist.research.bench.html import page
from castlist.research.bench.results import SetName, set_names
from castlist.research.features import write


def of_two_networks(tmp_path, **chosen):
    """One video with the features of two networks, in two folders under one name."""
    found = []
    for seed, folder in enumerate(("arcface", "vgg")):
        (tmp_path / folder).mkdir()
        write(video("ep1", seed=seed), tmp_path / folder / "ep1.npz")
        found.append(Dataset.of(video("ep1", seed=seed), source=tmp_path / folder / "ep1.npz", **chosen))
    return found


def test_sets_of_one_name_are_no_runs_of_one_set(tmp_path):
    sets, store = of_two_networks(tmp_path), Store(tmp_path / "kept")
    found = cells(collect(quick_bench(("base",), 1, ("track",)), sets, store, io.StringIO(), print))
    assert [(c.dataset, len(c.results)) for c in found] == [
        ("ep1 (arcface/ep1.npz)", 1),
        ("ep1 (vgg/ep1.npz)", 1),
    ]
    for text in (tables(found), markdown(found), page(found)):
        for name in ("arcface", "vgg"):
            assert f"ep1 ({name}/ep1.npz)" in text
    (alone,) = cells(collect(quick_bench(("base",), 1, ("track",)), sets[:1], store, io.StringIO(), print))
    assert alone.dataset == "ep1"  # and the same stored result
    assert len(list((tmp_path / "kept").iterdir())) == 2


def test_sets_without_paths_are_told_apart_by_what_is_in_them(tmp_path):
    sets = [Dataset.of(video("ep1", seed=seed)) for seed in range(2)]
    found = [r for data in sets for r in run(quick_bench(("base",), 1, ("track",)), data, Store(tmp_path))]
    assert [c.dataset for c in cells(found)] == [f"ep1 ({data.origin[:6]})" for data in sets]


def test_draws_of_sets_of_one_name(tmp_path):
    """Draws of one set are runs of one row; draws that are all alike count once."""
    first, second = of_two_networks(tmp_path)
    draws = [
        Dataset.of(data.features, faces=faces, draw=k, source=data.source)
        for data, faces in ((first, 2), (second, 4))
        for k in range(3)
    ]
    bench, messages = quick_bench(("base",), 1, ("track",)), []
    found = cells(collect(bench, draws, Store(tmp_path / "kept"), io.StringIO(), messages.append))
    assert [len(c.results) for c in found] == [3, 1]
    assert not messages


def test_a_copy_counts_once_and_is_named(files):
    shutil.copy(files / "data" / "bbt_s01e01.npz", files / "data" / "copy.npz")
    given = ("run", "--data", files / "data", "--data", files / "data" / "copy.npz", "--methods", "base")
    result = call(*given, "--units", "track", "--results", files / "kept", "--json")
    assert len(json.loads(result.stdout)) == 1
    assert "copy.npz holds the same data as" in result.stderr


def test_the_dataset_table_names_sets_of_one_name_apart(tmp_path):
    of_two_networks(tmp_path)
    text = call("datasets", tmp_path).output.splitlines()
    assert text[1].startswith("ep1 (arcface/ep1.npz)  ")
    assert text[2].startswith("ep1 (vgg/ep1.npz)      ")


@pytest.mark.parametrize(
    ("paths", "ends"),
    [
        (["a/x.npz"], [""]),
        (["a/x.npz", "a/y.npz"], ["x.npz", "y.npz"]),
        (["a/x.npz", "b/x.npz"], ["a/x.npz", "b/x.npz"]),
        (["p/a/x.npz", "q/a/x.npz", "q/b/x.npz"], ["p/a/x.npz", "q/a/x.npz", "q/b/x.npz"]),
        (["x.npz", "b/x.npz"], ["x.npz", "b/x.npz"]),
        (["", "x.npz"], ["#0", "x.npz"]),
        (["", ""], ["#0", "#1"]),
    ],
)
def test_ends_of_paths(paths, ends):
    """`#0`: the first letters of the digest."""
    sets = [SetName("ep1", path, f"#{i}") for i, path in enumerate(paths)]
    assert list(set_names(sets).values()) == [f"ep1 ({end})" if end else "ep1" for end in ends]
