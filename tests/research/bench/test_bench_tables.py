"""The tables and pages of the bench: ours beside the published numbers, with their protocol."""

import pytest
from bench_made import BOX, QUICK, quick_bench, run, video

from castlist.research.bench import Dataset, Store, cells, tables
from castlist.research.bench.html import page
from castlist.research.bench.published import PUBLISHED, published
from castlist.research.bench.results import Spread
from castlist.research.bench.subsets import BBT0101, SUBSETS
from castlist.research.bench.table import summary_tables


def test_published_numbers():
    assert published("BBT-0101", "ssiam", "track", 5, "wcp").value == 0.962
    assert published("BF-0502", "tsiam", "frame", 6, "wcp").value == 0.9246
    assert published("ACCIO", "ssiam", "track", 40, "b_cubed_f1").value == 0.502
    assert published("ACCIO", "ssiam", "track", 5, "wcp") is None
    assert len({(p.dataset, p.method, p.unit, p.clusters, p.score) for p in PUBLISHED}) == len(PUBLISHED)
    for p in PUBLISHED:
        assert 0 < p.value < 1
        assert p.dataset in SUBSETS
        assert p.clusters in SUBSETS[p.dataset].clusters


def test_b_cubed_f_is_the_harmonic_mean_in_the_published_table_too():
    for p in PUBLISHED:
        if p.score == "b_cubed_precision":
            r = published(p.dataset, p.method, p.unit, p.clusters, "b_cubed_recall").value
            f = published(p.dataset, p.method, p.unit, p.clusters, "b_cubed_f1").value
            # The slides' F of DIFFRAC, .301, is not the mean of its own P and R, which is .308.
            assert 2 * p.value * r / (p.value + r) == pytest.approx(f, abs=0.008)


def test_the_table_shows_ours_theirs_and_the_protocol(tmp_path):
    bench = quick_bench(("base", "ssiam"), 2, ("track",), options=QUICK)
    text = tables(cells(run(bench, Dataset.of(video(persons=BBT0101.cast)), Store(tmp_path))))
    for part in (
        "unit: track",
        "K = 5 given",
        "[0.932]",
        "[0.962]",
        "±",
        "excluded: nobody",
        "AUC",
        "slides",
    ):
        assert part in text
    assert tables([]) == "no results"


def test_spread():
    spread = Spread.of([0.5, None, 0.7, float("nan")])
    assert (spread.mean, spread.runs, spread.low, spread.high) == (0.6, 2, 0.5, 0.7)
    assert spread.std == pytest.approx(0.1414, abs=1e-4)
    assert Spread.of([0.5]).std is None
    assert Spread.of([None]) is None


def test_the_page_needs_nothing_and_escapes(tmp_path):
    data = Dataset.of(video("<b>holiday</b>"))
    html = page(cells(run(quick_bench(("base",), units=("track",)), data, Store(tmp_path))))
    assert "<b>holiday" not in html
    assert html.count("<svg") == 2
    for outside in ("http://", "https://", "src=", "@import", "url("):
        assert outside not in html.replace("http://www.w3.org/2000/svg", "")


def test_every_method_on_every_set_in_one_table(tmp_path):
    """Two sets, and a method that ran on one of them only; best mean first."""
    bench = quick_bench(("base", "hac-single", "hmrf2"), 1, ("track",), (0,))
    store = Store(tmp_path)
    sets = [Dataset.of(video("one")), Dataset.of(video("two", seed=3, box=BOX))]
    found = run(quick_bench(("base", "hac-single"), 1, ("track",), (0,)), sets[0], store) + run(
        bench, sets[1], store
    )
    summary, *others = summary_tables(cells(found))
    assert not others
    heads, *rows = summary.rows
    assert heads == [
        "method", "mean F", "worst", "CL broken", "AUC", "seconds", "peak MB", "sets", "one", "two"
    ]  # fmt: skip
    assert rows[-1][0].startswith("hmrf2 (after")
    assert rows[-1][7:9] == ["1 of 2", "-"]
    scores = {cell.dataset: cell.score("b_cubed_f1").mean for cell in cells(found) if cell.method == "base"}
    base = next(row for row in rows if row[0] == "base")
    assert base[1:3] == [f"{sum(scores.values()) / 2:.3f}", f"{min(scores.values()):.3f}"]
    assert float(rows[0][1]) >= float(rows[1][1])
    assert "number of people given" in tables(cells(found))
    assert "All sets</h1>" in page(cells(found))
    assert "All sets" not in page(cells(found[:1]))


def test_where_nobody_has_two_tracks_all_but_the_auc_is_scored(tmp_path):
    data = Dataset.of(video("own", tracks=3))
    (result,) = run(quick_bench(("base",), 1, ("track",), (3,)), data, Store(tmp_path))
    assert result.auc is None
    assert result.scores["wcp"] == 1
