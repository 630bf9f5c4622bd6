"""castlist bench paper: every table and figure of the slides as one page, and what cannot be compared."""

import io
import re

import numpy as np
import pytest
from bench_made import QUICK, video

from castlist.errors import InputError
from castlist.research.bench import Dataset
from castlist.research.bench.paper import EXAMPLES, Paper, slides, unfilled
from castlist.research.bench.published import PUBLISHED
from castlist.research.bench.solve import here
from castlist.research.bench.subsets import BBT0101, SUBSETS, subset_of
from castlist.research.features import gather


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("paper")
    data = Dataset.of(video("bbt_s01e01", persons=BBT0101.cast, tracks=20))
    progress = io.StringIO()
    paper = Paper(
        folder / "page", seeds=1, options=QUICK, results=folder / "kept", progress=progress,
        parts=("frame", "figures", "time"), solve=here,
    )  # fmt: skip
    return paper, data, paper([data]).read_text("utf-8")


def test_the_page_has_every_part_and_needs_nothing(made):
    page = made[2]
    titles = re.findall(r'<h1 id="part-\d+">(.*?)</h1>', page)
    assert titles == [
        "How this page was made",
        "Datasets",
        "Performance on training videos",
        "TSiam, impact of singleton tracks",
        "SSiam, comparison to pseudo-RF",
        "Comparison at frame level",
        "ACCIO, 36 clusters",
        "ACCIO, 40 clusters",
        "Published numbers that cannot be compared here",
        "Methods that were left out",
        "Figures: bbt_s01e01",
        "Training time of SSiam, 15 epochs",
        "All sets",
        "bbt_s01e01",
    ]
    assert all(f'href="#part-{i}"' in page for i in range(len(titles)))
    assert page.count("data:image/png;base64") == 3
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "")


def test_the_page_says_how_it_was_made(made):
    begin = made[2].partition("How this page was made</h1>")[2].partition("<h1")[0]
    assert "recipe paper; features: bbt_s01e01 (" in begin
    assert "Runs of each method that has randomness: 1." in begin
    assert "Options that were changed: *.epochs=1" in begin
    assert "Parts that were left out: baselines, sweeps." in begin


def test_published_numbers_stand_beside_ours(made):
    page = made[2]
    assert page.count("(1 run)") >= 5  # the slides' methods on this set, by track and by frame
    assert "no file of this set with its whole cast is among the data" in page  # ACCIO and BF-0502
    assert "deepid2+ c0 intra" in page


def test_a_single_run_has_no_deviation_and_what_is_left_out_has_a_reason(made, tmp_path):
    assert "± 0.000" not in made[2]
    data = Dataset.of(video("bbt_s01e01", persons=BBT0101.cast, tracks=20))
    paper = Paper(
        tmp_path, seeds=1, options=QUICK, results=tmp_path / "kept", parts=("baselines",), solve=nothing
    )
    page = paper([data]).read_text("utf-8").partition("Methods that were left out")[2]
    assert "hmrf (after Wu et al., CVPR 2013, reconstructed) on bbt_s01e01: not today" in page


def test_a_set_that_is_too_small_takes_nothing_from_the_others(tmp_path):
    tiny = gather("tiny", np.eye(3), [0, 1, 2], track_id=[1, 2, 3], label=["a", "b", "a"])
    sets = [Dataset.of(tiny), Dataset.of(video("bbt_s01e01", persons=BBT0101.cast, tracks=20))]
    paper = Paper(
        tmp_path, seeds=1, options=QUICK, results=tmp_path / "kept", parts=("figures", "time"), solve=here
    )
    page = paper(sets).read_text("utf-8")
    assert "ssiam on tiny: there are too few faces" in page
    assert "<p>there are too few faces to learn from (3)" in page.partition("Figures: tiny</h1>")[2]
    assert page.count("data:image/png;base64") == 3


def nothing(task, watch):
    """A method that cannot run."""
    raise InputError("not today")


def test_each_slide_has_every_method_and_published_number_of_it():
    tables = dict(slides([]))
    text = " ".join(tables.values())
    for p in PUBLISHED:
        assert f"[{p.value:.3f}]" in text
    accio = tables["ACCIO, 40 clusters"]
    assert accio.count("<tr>") == 1 + 8
    assert "ACCIO, K = 40: B3 P" in accio
    frames = tables["Comparison at frame level"]
    assert "hmrf2 (after Wu et al., ICCV 2013, reconstructed)" in frames
    assert "another, smaller track set" in frames
    singletons = tables["TSiam, impact of singleton tracks"]
    assert all(f"[{value}]" in singletons for value in ("0.936", "0.964", "0.849", "0.893"))


def test_a_film_has_a_column_in_the_tables_of_the_slides(tmp_path):
    """Fewer tracks than pairs seen together, and two tracks without a label: as in a crowded film."""
    label = np.resize(["ann", "bob", "cid"], 12)
    label[10:] = ""
    frame = np.tile(np.arange(4), 12)  # all at once
    data = Dataset.of(video("film", tracks=12, label=label, frame=frame))
    paper = Paper(tmp_path, seeds=2, options=QUICK, results=tmp_path / "kept", parts=(), solve=here)
    page = paper([data]).read_text("utf-8")
    training = page.partition("Performance on training videos</h1>")[2].partition("<h1")[0]
    assert "film, K = 3: accuracy" in training
    base = re.search(r'<th scope="row">base</th>(.*?)</tr>', training)[1]
    assert base == "<td>- [0.932]</td><td>- [0.836]</td><td>1.000 (1 run)</td>"
    assert "film, K = 3" not in page.partition("ACCIO, 36 clusters</h1>")[2].partition("<h1")[0]
    row = next(line for line in page.splitlines() if line.startswith("film  "))
    assert row.split()[1:] == ["3", "10", "(40)", "40.0", "/", "30.0", "-", "/", "45", "0", "/", "10",
                               "tracks", "without", "a", "label"]  # fmt: skip


def test_every_published_number_is_compared_or_has_a_reason():
    reasons = " ".join(unfilled([]))
    assert all(p.method in reasons for p in PUBLISHED)


def test_a_second_call_runs_nothing_anew(made):
    paper, data, _ = made
    before = sorted((p.name, p.stat().st_mtime_ns) for p in paper.results.iterdir())
    again = Paper(paper.output, seeds=1, options=QUICK, results=paper.results, parts=("frame",), solve=here)(
        [data]
    )
    assert sorted((p.name, p.stat().st_mtime_ns) for p in paper.results.iterdir()) == before
    assert ">TSiam, impact of singleton tracks</h1>" in again.read_text("utf-8")


@pytest.mark.parametrize("dataset", SUBSETS)
def test_the_names_that_are_advised_are_those_that_are_known(dataset):
    assert subset_of(EXAMPLES[dataset]).name == dataset
    assert any(f"begins with {EXAMPLES[dataset]})" in reason for reason in unfilled([]))


def test_two_sets_of_features_of_a_published_set_have_columns_and_figures_of_their_own(tmp_path):
    sets = [
        Dataset.of(video(persons=BBT0101.cast, tracks=20, seed=seed), source=f"{name}/bbt_s01e01.npz")
        for seed, name in enumerate(("arcface", "vgg"))
    ]
    parts = ("figures",)
    path = Paper(
        tmp_path / "page",
        1,
        "paper",
        {"*": {"epochs": 1, "hidden": 8}},
        tmp_path / "kept",
        parts=parts,
        solve=here,
    )(sets)
    page = path.read_text("utf-8")
    for name in ("arcface", "vgg"):
        assert f"BBT-0101 bbt_s01e01 ({name}/bbt_s01e01.npz), K = 5: accuracy" in page
        assert f"Figures: bbt_s01e01 ({name}/bbt_s01e01.npz)" in page
        assert (tmp_path / "page" / f"bbt_s01e01 ({name}_bbt_s01e01.npz)-map.png").exists()
