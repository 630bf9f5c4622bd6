"""The bench on small track sets made here: tables, resuming, and what it refuses."""

import io
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

import castlist.research.bench
from castlist.cli.bench import command
from castlist.errors import InputError
from castlist.metrics import Protocol
from castlist.research.bench import Dataset, Store, cells, dataset_table, facts, markdown, tables
from castlist.research.bench.collect import collect
from castlist.research.bench.html import page
from castlist.research.bench.methods import PAPER, kind, known, parse_options, resolve
from castlist.research.bench.published import PUBLISHED, published
from castlist.research.bench.results import SetName, Spread, set_names
from castlist.research.bench.solve import here
from castlist.research.bench.subsets import BBT0101, SUBSETS, main_cast, subset_of
from castlist.research.bench.table import summary_tables
from castlist.research.features import gather, write


def video(name="bbt_s01e01", persons=("sheldon", "leonard", "raj"), tracks=12, seed=0, **changes):
    """Tracks of 4 faces, their persons in turn, neighbours seen together; vectors near their person's."""
    rng = np.random.default_rng(seed)
    who = np.arange(tracks) % len(persons)
    centres = rng.normal(size=(len(persons), 8))
    face = np.repeat(np.arange(tracks), 4)
    start = 3 * np.arange(tracks)
    columns = {
        "track_id": np.arange(tracks) + 100,
        "frame": np.repeat(start, 4) + np.tile(np.arange(4), tracks),
        "label": np.array(persons)[who],
    } | changes
    return gather(name, centres[who[face]] + 0.1 * rng.normal(size=(len(face), 8)), face, **columns)


def Bench(*given, **named):  # one that starts no process a method, to be quick
    return castlist.research.bench.Bench(*given, **{"solve": here} | named)


def quiet(*_):
    pass


def run(bench, data, store):
    return [r for d, m, s in bench.jobs([data]) for r in bench(d, m, s, store, quiet)]


QUICK = {"*": {"epochs": 1, "hidden": 8}}


# Who is scored


@pytest.mark.parametrize(
    ("name", "subset"),
    [
        ("bbt_s01e01", "BBT-0101"),
        ("bbt0101", "BBT-0101"),
        ("BBT-0101", "BBT-0101"),
        ("buffy_s05e02", "BF-0502"),
        ("bf0502", "BF-0502"),
        ("accio_like", "ACCIO"),
        ("hp_s01e01", "ACCIO"),
        ("bbt_s01e02", None),
        ("holiday", None),
    ],
)
def test_published_sets_are_known_by_name(name, subset):
    found = subset_of(name)
    assert (found.name if found else None) == subset


def test_the_published_cast_is_chosen_by_name():
    features = video(persons=("Sheldon", "leonard", "unknown"))
    kept, cast, excluded, _ = main_cast(features)
    assert cast == ("Sheldon", "leonard")
    assert len(kept) == 8
    assert "others than the cast" in excluded


def test_numbers_instead_of_names_lose_unknown_and_the_largest():
    kept, cast, excluded, _ = main_cast(video(persons=("1", "2", "3", "10")))
    assert cast == ("1", "3")
    assert len(kept) == 6
    assert "labels 2, 10" in excluded


def test_other_videos_keep_everyone_with_a_label():
    features = video("holiday", persons=("ann", "bob", ""))
    kept, cast, excluded, _ = main_cast(features)
    assert cast == ("ann", "bob")
    assert excluded == "tracks without a label"
    assert main_cast(features, cast=("ann",))[1] == ("ann",)
    assert main_cast(features, drop=("ann",))[1] == ("bob",)
    assert main_cast(video("holiday"))[2] == "nobody"
    assert len(kept) == 8


def test_main_cast_refuses():
    with pytest.raises(InputError, match="no track of penny; it has"):
        main_cast(video(), cast=("penny",))
    with pytest.raises(InputError, match="no labels"):
        main_cast(video(label=None))
    with pytest.raises(InputError, match=r"too few people to score \(1\)"):
        Dataset.of(video(), cast=("raj",))


# The dataset table


def test_facts_of_a_set_counted_by_hand():
    # Tracks start every 3 frames and last 4, so each is seen with the next: 11 pairs, all 12 tracks.
    row = facts(video("holiday"))
    assert (row.cast, row.tracks, row.faces) == (3, 12, 48)
    assert (row.pairs, row.together, row.single, row.single_by_pairs) == (11, 12, 0, 1)
    assert row.largest == row.smallest == 1 / 3
    assert row.wrong_pairs == 0
    text = dataset_table([row, replace(row, name="bbt", subset="BBT-0101", timed=False)])
    assert "33.3 / 33.3" in text
    assert "644 (41220)" in text
    assert "unknown" in text


# Running


def test_scores_of_an_easy_set_and_their_protocols(tmp_path):
    data = Dataset.of(video())
    results = run(Bench(("base",), clusters=(3,)), data, Store(tmp_path))
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
    data, bench = Dataset.of(video()), Bench(("base", "ssiam"), 2, ("track",), (3,), options=QUICK)
    first = run(bench, data, Store(tmp_path))
    assert [(r.key.method, r.key.seed) for r in first] == [("base", 0), ("ssiam", 0), ("ssiam", 1)]

    def never(*_):
        raise AssertionError("computed again")

    assert run(replace(bench, solve=never), data, Store(tmp_path)) == first


def test_an_interrupted_run_goes_on(tmp_path):
    data, store = Dataset.of(video()), Store(tmp_path)
    bench = Bench(("base",), 1, ("track", "frame"), (3,))
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
    bench = Bench(("ssiam",), 1, ("track",), (3,), options=QUICK)
    other = replace(bench, **change)
    old = {bench._key(data, "ssiam", 0, p).file for p in bench.protocols(data, "ssiam")}
    new = {other._key(data, "ssiam", 0, p).file for p in other.protocols(data, "ssiam")}
    assert not old & new
    seeds = {bench._key(data, "ssiam", s, Protocol()).file for s in range(3)}
    sets = {bench._key(Dataset.of(video(seed=s)), "ssiam", 0, Protocol()).file for s in range(3)}
    assert len(seeds) == len(sets) == 3


def test_where_and_how_fast_is_not_part_of_the_key():
    from castlist.types import Machine

    data, bench = Dataset.of(video()), Bench(("ssiam",), 1, ("track",))
    other = replace(bench, machine=Machine("cpu", 1))
    assert bench._key(data, "ssiam", 0, Protocol()) == other._key(data, "ssiam", 0, Protocol())


@pytest.mark.parametrize("method", PAPER)
def test_every_method_of_the_slides_runs(tmp_path, method):
    bench = Bench((method,), 1, ("track",), (3,), options=QUICK)
    (result,) = run(bench, Dataset.of(video()), Store(tmp_path))
    assert 0.4 < result.scores["wcp"] <= 1
    assert result.auc is not None


BOX = np.tile([10.0, 10, 50, 50], (48, 1))
VIEW = np.repeat(np.eye(3)[np.arange(12) % 3], 4, 0)


@pytest.mark.parametrize(
    "method", ["castlist", "k-means", "hac-ward", "finch", "c1c", "hmrf2", "cmvfc", "mcafc"]
)
def test_methods_that_give_clusters_are_scored_by_tracks(tmp_path, method):
    bench = Bench((method,), 1, ("track", "track weighted by frames", "frame"), (3,))
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
        run(Bench((method,), 1, ("track",), (3,)), Dataset.of(video(**changes)), Store(tmp_path))


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
    jobs = [(m, s) for _, m, s in Bench(methods, 3).jobs([data])]
    once = {"base", "castlist-base", "hac-ward", "c1c", "dbscan"}
    assert sorted(jobs) == sorted((m, s) for m in methods for s in range(1 if m in once else 3))
    sampled = Bench(("hac-ward",), 3, options={"hac-ward": {"max_tracks": 5}})
    assert len(sampled.jobs([data])) == 3


# The number of people unknown


def test_methods_that_find_the_number(tmp_path):
    methods = tuple(m for m in known() if kind(m) != "refinement" and m not in ("bcl", "videoclusternet"))
    bench = Bench(methods, 1, ("track", "frame"), (None,))
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
    results = run(Bench(("castlist", "hac-ward"), 1, ("track",), (2,)), Dataset.of(together), Store(tmp_path))
    ours, ward = results
    assert (ours.violated, ours.scores["clusters"]) == (0, 3)
    assert (ward.scores["clusters"], ward.violated > 0) == (2, True)
    for text in (tables(cells(results)), page(cells(results))):
        assert "castlist made 3 clusters, not 2: cannot-links forbid further merges" in text
        assert "hac-ward made" not in text


@pytest.mark.parametrize("clusters", [None, 1, 3, 12])
def test_ours_on_tracks_that_are_all_seen_together(tmp_path, clusters):
    every = video("holiday", frame=np.tile(np.arange(4), 12))
    (ours,) = run(Bench(("castlist",), 1, ("track",), (clusters,)), Dataset.of(every), Store(tmp_path))
    assert (ours.violated, ours.scores["clusters"]) == (0, 12)


@pytest.mark.parametrize("clusters", [1, 2, 3, 7, 12])
def test_ours_makes_as_many_clusters_as_asked_for_where_nothing_forbids_it(tmp_path, clusters):
    free = video("holiday", frame=np.arange(48))
    (ours,) = run(Bench(("castlist",), 1, ("track",), (clusters,)), Dataset.of(free), Store(tmp_path))
    assert ours.scores["clusters"] == clusters


def test_tables_of_what_was_found_say_how_far_off_and_how_much_is_noise(tmp_path):
    noisy = video("holiday", tracks=24)
    vector = noisy.embeddings.vector.copy()
    vector[:4] = -vector[:4] + np.random.default_rng(1).normal(size=(4, 8))  # a track like no other
    data = Dataset.of(video("holiday", tracks=24, views={}))
    features = replace(data.features, embeddings=replace(data.features.embeddings, vector=vector))
    bench = Bench(("dbscan", "k-means"), 2, ("track",), (None, 3), options={"dbscan": {"eps": 0.3}})
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
    given = cells(run(Bench(("base",), 1, ("track",), (3,)), Dataset.of(video()), Store(tmp_path)))
    head = tables(given, ("violated", "wcp")).splitlines()[2].split()
    assert head == ["method", "runs", "accuracy", "CL", "broken"]
    with pytest.raises(InputError, match="unknown column speed; choose from clusters, found"):
        tables(given, ("speed",))


def test_a_set_that_stores_some_faces_is_not_scored_by_frames():
    size = np.full(12, 9)
    first = 3 * np.arange(12)
    data = Dataset.of(video(size=size, first=first, last=first + 8))
    protocols = Bench(("base",)).protocols(data, "base")
    assert [p.unit for p in protocols] == ["track", "track weighted by frames"]
    assert protocols[0].excluded == "nobody, and the faces not stored: 60 of 108"


def test_the_published_numbers_of_clusters_are_the_default():
    whole = Dataset.of(video(persons=BBT0101.cast))
    assert [p.clusters for p in Bench(("base",), units=("track",)).protocols(whole, "base")] == [5]
    holiday = Dataset.of(video("holiday"))
    assert [p.clusters for p in Bench(("base",), units=("track",)).protocols(holiday, "base")] == [3]


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
    (result,) = run(Bench(("base",), 1, ("track",)), data, Store(tmp_path))
    assert result.key.protocol.clusters == (clusters or len(data.cast))
    assert data.subset == facts(features, **chosen).subset == ("BBT-0101" if clusters else "")
    text = tables(cells([result]))
    assert ("[0.932]" in text) == bool(clusters)
    assert ("bbt_s01e01 (BBT-0101):" in text) == bool(clusters)


def test_more_clusters_than_tracks(tmp_path):
    with pytest.raises(InputError, match="cannot make 13 clusters of 12 tracks"):
        run(Bench(("base",), 1, ("track",), (13,)), Dataset.of(video()), Store(tmp_path))
    with pytest.raises(InputError, match="seeds must be 1 or more"):
        Bench(("base",), seeds=0)


# Tables


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
    bench = Bench(("base", "ssiam"), 2, ("track",), options=QUICK)
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
    html = page(cells(run(Bench(("base",), units=("track",)), data, Store(tmp_path))))
    assert "<b>holiday" not in html
    assert html.count("<svg") == 2
    for outside in ("http://", "https://", "src=", "@import", "url("):
        assert outside not in html.replace("http://www.w3.org/2000/svg", "")


# The command line


def call(*arguments):
    return CliRunner().invoke(command, [str(a) for a in arguments], catch_exceptions=False)


@pytest.fixture
def files(tmp_path):
    (tmp_path / "data").mkdir()
    write(video(), tmp_path / "data" / "bbt_s01e01.npz")
    return tmp_path


def test_list():
    text = call("list").output
    for part in ("ssiam", "c1c", "BBT-0101", "0.962"):
        assert part in text
    assert set(json.loads(call("list", "--json").output)) == {"methods", "shown_names", "sets", "published"}


def test_datasets(files):
    assert "12 (48)" in call("datasets", files / "data").output
    assert json.loads(call("datasets", files / "data", "--json").output)[0]["tracks"] == 12


def test_run_prints_tables_json_and_a_page(files):
    given = ("run", "--data", files / "data", "--methods", "base,hdbscan", "--units", "track", "--seeds", 1)
    given = (*given, "--results", files / "kept", "--clusters", "3")
    result = call(*given, "--html", files / "bench.html")
    assert "| base | 1 | 3 | 1.000 |" in call(*given, "--markdown", "--columns", "clusters,wcp").stdout
    assert "K found by the method" in call(*given[:-1], "unknown").stdout
    assert "base" in result.stdout
    assert "2/2 runs" in result.stderr or "1/2 runs" in result.stderr
    assert "<svg" in (files / "bench.html").read_text()
    found = json.loads(call(*given, "--json").stdout)
    assert found[0]["scores"]["wcp"] == 1
    assert found[0]["key"]["protocol"]["unit"] == "track"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--methods", "magic"), "there is no method 'magic'; choose from paper, baselines, all, base"),
        (("--methods", ","), "no method named"),
        (("--set", "epochs=5"), "must be METHOD.OPTION=VALUE"),
        (("--methods", "ssaim"), r"there is no method 'ssaim'; did you mean ssiam"),
        (
            ("--set", "ssiam.epoch=5", "--methods", "ssiam"),
            r"ssiam has no option 'epoch'; did you mean epochs\?",
        ),
        (("--cast", "penny"), "no track of penny"),
        (("--data", "nowhere"), "nowhere does not exist"),
        (("--seeds", "0"), "seeds must be 1 or more"),
        (("--columns", "speed"), "unknown column speed; choose from"),
        (
            ("--set", "*.epochz=5", "--methods", "ssiam"),
            r"no method has an option 'epochz'; did you mean epochs",
        ),
        (
            ("--set", "*.epochz=5", "--methods", "k-means"),
            r"no method has an option 'epochz'; did you mean epochs",
        ),
        (
            ("--set", "hac-ward.max_tracks=9", "--methods", "base"),
            "hac-ward, which is none of the methods that run",
        ),
        (("--set", "ssiam.seed=1", "--methods", "ssiam"), r"ssiam takes its seed from the run: 0, 1, "),
        (("--set", "*.seed=1", "--methods", "base,tsiam"), r"tsiam takes its seed from the run"),
        (("--set", "ssiam.mean=no", "--methods", "ssiam"), r"ssiam\.mean must be true or false, got 'no'"),
        (
            ("--set", "tsiam.epochs=1.5", "--methods", "tsiam"),
            r"tsiam\.epochs must be a whole number, got 1\.5",
        ),
        (("--set", "tsiam.batch=2.5", "--methods", "tsiam"), r"tsiam\.batch must be a whole number"),
        (("--set", "tsiam.positives=1.5", "--methods", "tsiam"), r"tsiam\.positives must be a whole number"),
        (("--set", "ssiam.scaling=5", "--methods", "ssiam"), "unknown scaling 5; choose from"),
        (("--set", "k-means.restarts=-1", "--methods", "k-means"), "restarts must be a whole number from 1"),
        (("--set", "k-means.restarts=many", "--methods", "all"), "k-means.restarts must be .* got 'many'"),
        (
            ("--set", "castlist.low_quality=2", "--methods", "castlist"),
            r"GroupLinkage.low_quality must lie in \[0, 1\)",
        ),
        (
            ("--set", "castlist.low_quality=x", "--methods", "castlist"),
            r"castlist\.low_quality must be a number",
        ),
        (("--set", "base.epochs=1", "--methods", "base"), "base has no option 'epochs'; it has none"),
        (
            ("--set", "ssaim.epochs=1", "--methods", "base"),
            "options are given for 'ssaim': there is no method 'ssaim'; did you mean ssiam",
        ),
    ],
)
def test_run_refuses(files, arguments, message):
    with pytest.raises(InputError, match=message):
        call("run", "--data", files / "data", "--results", files / "kept", *arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--units", "shot"),
        ("--units", ""),
        ("--clusters", "x"),
        ("--clusters", "0"),
        ("--faces", "3", "--draws", "0"),
        ("--faces", "-1"),
        ("--drop", "rag"),
    ],
)
def test_run_refuses_options(files, arguments):
    result = call("run", "--data", files / "data", *arguments)
    assert result.exit_code == 2
    assert "Invalid value" in result.output


def test_a_label_to_leave_out_must_be_in_one_of_the_sets(files):
    write(video("holiday", persons=("ann", "bob", "eve")), files / "data" / "holiday.npz")
    for verb in (("datasets", files / "data"), ("run", "--methods", "base", "--data", files / "data")):
        more = ("--results", files / "kept", "--units", "track") if verb[0] == "run" else ()
        assert call(*verb, *more, "--drop", "Ann,max").exit_code == 0
        result = call(*verb, *more, "--drop", "rag")
        assert result.exit_code == 2
        assert "there is no label 'rag'; did you mean raj?" in result.stderr


def test_a_method_that_cannot_run_is_left_out_and_said(files):
    with pytest.raises(InputError, match="nothing was scored"):
        call(
            *("run", "--data", files / "data", "--methods", "base,tsiam-no-singletons", "--seeds", 1),
            *("--units", "track", "--clusters", 13, "--results", files / "kept"),
        )


def test_baselines_by_frame_are_refused_in_a_sentence(files):
    given = ("run", "--data", files / "data", "--units", "frame", "--results", files / "kept", "--seeds", 1)
    with pytest.raises(InputError, match="nothing was scored"):
        call(*given, "--methods", "k-means")
    result = call(*given, "--methods", "base,k-means")
    assert "left out: k-means: clusters tracks, not frames" in result.stderr
    assert "base" in result.stdout


def test_reconstructed_methods_say_so_in_every_table(tmp_path):
    found = cells(run(Bench(("vdf", "finch"), 1, ("track",)), Dataset.of(video()), Store(tmp_path)))
    for text in (tables(found), markdown(found), page(found)):
        assert "vdf (after Sharma et al., CVPR Workshops 2017, reconstructed)" in text
        assert "finch (after" not in text


def test_reconstructed_methods_say_so_in_every_machine_readable_result(files):
    name = "vdf (after Sharma et al., CVPR Workshops 2017, reconstructed)"
    given = ("run", "--data", files / "data", "--units", "track", "--results", files / "kept", "--seeds", 1)
    result = call(*given, "--methods", "vdf,finch", "--json")
    assert {r["shown_name"] for r in json.loads(result.stdout)} == {name, "finch"}
    assert name in next((files / "kept").glob("*-vdf-*")).read_text("utf-8")
    assert name in call("list").stdout
    assert json.loads(call("list", "--json").stdout)["shown_names"]["vdf"] == name


def test_the_page_says_which_methods_did_not_run_and_why(files):
    given = ("run", "--data", files / "data", "--results", files / "kept", "--seeds", 1, "--units", "track")
    call(*given, "--methods", "base,cmvfc,hmrf2", "--html", files / "page.html")
    page = (files / "page.html").read_text("utf-8")
    assert "Methods that were left out" in page
    assert "cmvfc on" in page
    assert "needs a second view" in page
    assert "hmrf2 (after Wu et al., ICCV 2013, reconstructed) on" in page
    call(*given, "--methods", "base", "--html", files / "page.html")
    assert "left out" not in (files / "page.html").read_text("utf-8")


def test_every_method_on_every_set_in_one_table(tmp_path):
    """Two sets, and a method that ran on one of them only; best mean first."""
    bench = Bench(("base", "hac-single", "hmrf2"), 1, ("track",), (0,))
    store = Store(tmp_path)
    sets = [Dataset.of(video("one")), Dataset.of(video("two", seed=3, box=BOX))]
    found = run(Bench(("base", "hac-single"), 1, ("track",), (0,)), sets[0], store) + run(
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


# Sets of one name


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
    found = cells(collect(Bench(("base",), 1, ("track",)), sets, store, io.StringIO(), print))
    assert [(c.dataset, len(c.results)) for c in found] == [
        ("ep1 (arcface/ep1.npz)", 1),
        ("ep1 (vgg/ep1.npz)", 1),
    ]
    for text in (tables(found), markdown(found), page(found)):
        for name in ("arcface", "vgg"):
            assert f"ep1 ({name}/ep1.npz)" in text
    (alone,) = cells(collect(Bench(("base",), 1, ("track",)), sets[:1], store, io.StringIO(), print))
    assert alone.dataset == "ep1"  # and the same stored result
    assert len(list((tmp_path / "kept").iterdir())) == 2


def test_sets_without_paths_are_told_apart_by_what_is_in_them(tmp_path):
    sets = [Dataset.of(video("ep1", seed=seed)) for seed in range(2)]
    found = [r for data in sets for r in run(Bench(("base",), 1, ("track",)), data, Store(tmp_path))]
    assert [c.dataset for c in cells(found)] == [f"ep1 ({data.origin[:6]})" for data in sets]


def test_draws_of_sets_of_one_name(tmp_path):
    """Draws of one set are runs of one row; draws that are all alike count once."""
    first, second = of_two_networks(tmp_path)
    draws = [
        Dataset.of(data.features, faces=faces, draw=k, source=data.source)
        for data, faces in ((first, 2), (second, 4))
        for k in range(3)
    ]
    bench, messages = Bench(("base",), 1, ("track",)), []
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


def test_a_method_for_which_memory_ran_out_costs_no_result_of_the_others(tmp_path):
    def scarce(task, watch):
        if task.method == "hac-ward":
            raise MemoryError
        return here(task, watch)

    bench, left_out = replace(Bench(("hac-ward", "base"), 1, ("track",)), solve=scarce), []
    found = collect(bench, [Dataset.of(video())], Store(tmp_path), io.StringIO(), print, left_out.append)
    assert [r.key.method for r in found] == ["base"]
    assert left_out == ["hac-ward on bbt_s01e01: not enough memory"]


def test_small_clusters_are_not_found_people(tmp_path):
    """A cluster of less than 1 % of the faces counts as a cluster and not as a person found."""
    features = replace(video(tracks=12), size=np.array([500] * 11 + [4]))
    (result,) = run(Bench(("k-means",), 1, ("track",), (12,)), Dataset.of(features), Store(tmp_path))
    assert (result.scores["clusters"], result.scores["found"]) == (12, 11)


def test_draws_of_faces_differ_and_are_scored_with_every_seed(tmp_path):
    draws = [Dataset.of(video(), faces=2, draw=k) for k in range(3)]
    assert len({d.digest for d in draws}) == 3
    for d in draws:
        assert (np.bincount(d.features.embeddings.track) == 2).all()
        assert (d.features.size == 4).all()
        assert not d.whole
    bench, store = Bench(("ssiam",), 2, ("track",), options=QUICK), Store(tmp_path)
    found = [r for d, m, s in bench.jobs(draws) for r in bench(d, m, s, store, quiet)]
    (cell,) = cells(found)
    assert len(cell.results) == 6


def test_refined_features_are_clustered_by_our_linkage_where_the_number_is_unknown(tmp_path):
    bench = Bench(("base", "castlist-base"), 1, ("track",), (None, 0))
    base, ours = cells(run(bench, Dataset.of(video("holiday", tracks=24)), Store(tmp_path)))[::2]
    found = {(c.method, c.protocol.clusters): c.results[0] for c in (base, ours)}
    assert found["base", None].scores == found["castlist-base", None].scores


def test_files_of_a_directory_that_cannot_be_scored_are_left_out_and_said(files):
    write(video("holiday", label=None), files / "data" / "holiday.npz")
    given = ("run", "--methods", "base", "--units", "track", "--results", files / "kept")
    result = call(*given, "--data", files / "data")
    assert "left out: holiday has no labels" in result.stderr
    assert "bbt_s01e01" in result.stdout
    with pytest.raises(InputError, match="holiday has no labels"):
        call(*given, "--data", files / "data" / "holiday.npz")
    (files / "data" / "bbt_s01e01.npz").write_bytes(b"")
    with pytest.raises(InputError, match="both features and labels"):
        call(*given, "--data", files / "data")


def test_damaged_files_of_a_directory_are_left_out_of_the_dataset_table_and_said(files):
    (files / "data" / "broken.npz").write_bytes(b"PK broken")
    result = call("datasets", files / "data")
    assert "bbt_s01e01" in result.stdout
    assert "left out: broken.npz" in result.stderr
    with pytest.raises(InputError, match=r"broken\.npz"):
        call("datasets", files / "data" / "broken.npz")


def test_the_units_of_the_command_line_will_do_in_python():
    assert Bench(("base",), units=("track", "weighted", "frame")).units == Bench(("base",)).units
    with pytest.raises(InputError, match="unknown unit 'pixel'"):
        Bench(("base",), units=("pixel",))


def test_options_and_names():
    assert parse_options(("ssiam.epochs=5", "*.margin=0.5", "ssiam.scaling=raw")) == {
        "ssiam": {"epochs": 5, "scaling": "raw"},
        "*": {"margin": 0.5},
    }
    assert resolve("paper") == PAPER
    assert set(resolve("all")) == set(known())
    assert resolve("ssiam,base,ssiam") == ("ssiam", "base")
    assert BBT0101.clusters == (5,)


def test_words_for_yes_and_no_are_read_as_such():
    """In TOML's writing and in Python's."""
    for text, value in (("false", False), ("False", False), ("true", True), ("None", None), ("1_000", 1000)):
        assert parse_options((f"tsiam.singletons={text}",)) == {"tsiam": {"singletons": value}}
    assert parse_options(('ssiam.scaling="raw"', "ssiam.rank=none")) == {
        "ssiam": {"scaling": "raw", "rank": "none"}
    }


def test_what_is_set_acts_and_is_written_as_it_acts(tmp_path):
    options = parse_options(("tsiam.singletons=false", "tsiam.epochs=1", "tsiam.hidden=8"))
    off, without = (
        run(Bench((m,), 1, ("track",), (3,), options=o), Dataset.of(video()), Store(tmp_path))[0]
        for m, o in (
            ("tsiam", options),
            ("tsiam-no-singletons", {"tsiam-no-singletons": {"epochs": 1, "hidden": 8}}),
        )
    )
    assert off.key.options == without.key.options
    assert off.auc == without.auc


OWN = ("castlist", "castlist-base", "base")


def test_options_of_a_method_act_on_it_alone():
    """And a result is found again by the same options only."""
    data = Dataset.of(video("holiday", tracks=24))
    for method in ("castlist", "castlist-base"):
        bench = Bench(OWN, 1, ("track",), (None,), options={method: {"low_quality": 0.5, "rounds": 1}})
        for other in OWN:
            key = bench._key(data, other, 0, Protocol())
            plain = Bench(OWN, 1, ("track",), (None,))._key(data, other, 0, Protocol())
            assert (key == plain) == (other != method), (method, other)
    every = Bench(OWN, options={"*": {"rounds": 1, "low_quality": 0.5}})
    assert every._key(data, "castlist-base", 0, Protocol()).options == {"rounds": 1, "low_quality": 0.5}


def test_castlists_own_methods_cluster_with_their_own_options(tmp_path, monkeypatch):
    from castlist.cluster import GroupLinkage

    rounds = []
    monkeypatch.setattr(GroupLinkage, "__call__", _remembering(GroupLinkage.__call__, rounds))
    data = Dataset.of(video("holiday", tracks=24))
    options = {"castlist": {"rounds": 1}, "castlist-base": {"rounds": 3}}
    run(Bench(OWN, 1, ("track",), (None,), options=options), data, Store(tmp_path))
    assert rounds == [1, 3, 2]  # features refined by others are clustered with the defaults


def _remembering(call, rounds):
    def remembered(step, *given, **named):
        rounds.append(step.rounds)
        return call(step, *given, **named)

    return remembered


def test_a_table_says_an_option_only_of_methods_that_have_it(tmp_path):
    options = {"*": {"epochs": 1, "hidden": 8}}
    bench = Bench(("ssiam", "castlist-base", "k-means"), 1, ("track",), (3,), options=options)
    text = tables(cells(run(bench, Dataset.of(video("holiday")), Store(tmp_path))))
    assert "ssiam: recipe castlist, epochs 1" in text
    assert "castlist-base:" not in text
    assert "k-means:" not in text


def test_where_nobody_has_two_tracks_all_but_the_auc_is_scored(tmp_path):
    data = Dataset.of(video("own", tracks=3))
    (result,) = run(Bench(("base",), 1, ("track",), (3,)), data, Store(tmp_path))
    assert result.auc is None
    assert result.scores["wcp"] == 1
