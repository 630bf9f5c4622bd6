"""castlist bench: list, datasets and run, and what they refuse."""

import json

import pytest
from bench_made import call, quick_bench, run, video

from castlist.errors import InputError
from castlist.research.bench import Dataset, Store, cells, markdown, tables
from castlist.research.bench.html import page
from castlist.research.features import write


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
    found = cells(run(quick_bench(("vdf", "finch"), 1, ("track",)), Dataset.of(video()), Store(tmp_path)))
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


def test_tables_without_vectors_in_a_directory_are_named_in_one_line(files):
    """Labels and lists lie beside features, as `castlist demo` and `castlist export` write them."""
    for name in ("film.truth.csv", "names.csv", "scores.tsv", "stays.csv"):
        (files / "data" / name).write_text("frame,x,y,w,h,label\n0,1,2,3,4,Anna\n")
    line = "left out: film.truth.csv, names.csv, scores.tsv and 1 more: no table with vectors in columns f0"
    for given in (("run", "--methods", "base", "--results", files / "kept", "--data"), ("datasets",)):
        result = call(*given, files / "data")
        assert "bbt_s01e01" in result.stdout
        assert result.stderr.count("left out") == 1
        assert line in result.stderr
    with pytest.raises(InputError, match=r"names\.csv has no columns f0, f1, .* Its columns are 'frame'"):
        call("datasets", files / "data" / "names.csv")


def test_damaged_files_of_a_directory_are_left_out_of_the_dataset_table_and_said(files):
    (files / "data" / "broken.npz").write_bytes(b"PK broken")
    result = call("datasets", files / "data")
    assert "bbt_s01e01" in result.stdout
    assert "left out: broken.npz" in result.stderr
    with pytest.raises(InputError, match=r"broken\.npz"):
        call("datasets", files / "data" / "broken.npz")
