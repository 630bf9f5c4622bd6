"""Figures are drawn as SVG and PNG, and refuse what cannot be drawn."""

import io
import sys

import numpy as np
import pytest

from castlist.errors import InputError, MissingExtra
from castlist.metrics import Protocol
from castlist.research.bench import Bench, Dataset, figures
from castlist.research.bench.figures import NARROWEST, SWEEPS, Sweep, _limits, draw
from castlist.research.bench.paper import Paper
from castlist.research.bench.solve import here
from castlist.research.features import gather


def data(name="holiday"):
    rng = np.random.default_rng(0)
    face = np.repeat(np.arange(12), 4)
    frame = np.repeat(3 * np.arange(12), 4) + np.tile(np.arange(4), 12)
    label = np.array(["ann", "bob", "cat"])[np.arange(12) % 3]
    vector = rng.normal(size=(3, 8))[face % 3] + 0.3 * rng.normal(size=(48, 8))
    return Dataset.of(gather(name, vector, face, track_id=np.arange(12), frame=frame, label=label))


def drawn(tmp_path, **changes):
    given = {
        "which": ("similarity", "map", "sweeps"),
        "methods": ("ssiam", "tsiam"),
        "seeds": 2,
        "options": {"*": {"epochs": 1, "hidden": 8}},
        "results": tmp_path / "kept",
        "sweeps": (Sweep("ssiam", "subset", (10, 20), "B"), Sweep("tsiam", "far_tracks", (2, 4), "F")),
        "progress": io.StringIO(),
    } | changes
    return draw(given.pop("data", data()), tmp_path / "figures", **given)


def test_every_figure_as_svg_and_png(tmp_path):
    paths = drawn(tmp_path)
    assert [p.name for p in paths] == [
        f"holiday-{name}{suffix}" for name in ("similarity", "map", "sweeps") for suffix in (".svg", ".png")
    ]
    for path in paths:
        head = path.read_bytes()[:200]
        assert head.startswith(b"\x89PNG") if path.suffix == ".png" else b"<?xml" in head


@pytest.mark.parametrize("name", ["../escaped", "../../evil/../escaped", "a/b", "x" * 400])
def test_the_name_in_a_file_leads_out_of_no_folder(tmp_path, name):
    place = tmp_path / "outer" / "inner"
    paths = drawn(place, which=("links",), methods=("base",), data=data(name))
    assert [p.parent for p in paths] == [place / "figures"] * 2
    assert sorted(p for p in tmp_path.rglob("*") if p.is_file()) == sorted(paths)


def test_the_page_of_such_a_file_lies_in_its_folder_too(tmp_path):
    paper = Paper(
        tmp_path / "outer" / "inner", seeds=1, options={"*": {"epochs": 1, "hidden": 8}},
        results=tmp_path / "outer" / "inner", parts=("figures",), solve=here,
    )  # fmt: skip
    page = paper([data("../../escaped")])
    assert page.read_text().count("<img") == 3
    assert all(p.parent == page.parent for p in tmp_path.rglob("*") if p.is_file())


def test_a_name_is_no_formula(tmp_path):
    paths = drawn(tmp_path, which=("map", "links"), methods=("base",), data=data(r"cost $\bad$ 5"))
    assert len(paths) == 4
    assert all(path.stat().st_size > 1000 for path in paths)


def test_a_figure_replaces_no_film(tmp_path):
    film = tmp_path / "film.mp4"
    film.write_bytes(b"\0\0\0\x18ftypmp42" + bytes(400))
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "holiday-links.svg").symlink_to(film)
    with pytest.raises(InputError, match="is a film"):
        drawn(tmp_path, which=("links",), methods=("base",))


def test_sweeps_are_kept_and_not_run_again(tmp_path, monkeypatch):
    drawn(tmp_path, which=("sweeps",))
    monkeypatch.setattr("castlist.research.bench.solve.refined", None)
    drawn(tmp_path, which=("sweeps",))


def test_methods_that_have_no_sweep_leave_that_figure_out(tmp_path):
    progress = io.StringIO()
    paths = drawn(tmp_path, methods=("base",), progress=progress)
    assert {p.stem for p in paths} == {"holiday-similarity", "holiday-map"}
    assert "sweeps: left out; no sweep belongs to these methods; name ssiam or tsiam" in progress.getvalue()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"which": ("pie",)}, "unknown figure pie; choose from similarity, links, map, sweeps"),
        ({"which": ()}, "unknown figure"),
        ({"methods": ("k-means",)}, "k-means changes no features"),
        ({"methods": ("pseudo-rf",), "which": ("sweeps",)}, "no sweep belongs to these methods"),
    ],
)
def test_refuses(tmp_path, changes, message):
    with pytest.raises(InputError, match=message):
        drawn(tmp_path, **changes)


def test_matplotlib_is_an_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtra, match="pip install 'matplotlib"):
        drawn(tmp_path)


def test_the_sweeps_cover_what_the_slides_choose():
    assert {(s.method, s.option) for s in SWEEPS} >= {
        ("ssiam", "subset"),
        ("ssiam", "batch"),
        ("tsiam", "far_tracks"),
        ("ssiam", "epochs"),
    }


@pytest.mark.parametrize(
    "ends", [[0.826, 0.8276], [1.0, 1.0], [0.0], [0.4, 0.9], [0.98, 1.02], [float("nan")], []]
)
def test_an_axis_holds_its_points_and_draws_no_noise_large(ends):
    low, high = _limits(ends)
    assert high - low >= NARROWEST - 1e-9
    assert all(low <= end <= high for end in ends if 0 <= end <= 1)


def test_a_name_of_a_set_is_no_path(tmp_path):
    from dataclasses import replace

    given = data()
    hostile = replace(given, features=replace(given.features, name="../escaped"))
    (tmp_path / "a").mkdir()
    paths = draw(hostile, tmp_path / "a" / "b", which=("links",), methods=("base",), progress=io.StringIO())
    assert {path.parent for path in paths} == {tmp_path / "a" / "b"}
    assert [path.name for path in paths] == ["_escaped-links.svg", "_escaped-links.png"]


@pytest.mark.parametrize(
    ("recipe", "far", "reached"),
    [("castlist", (1, 2, 5, 25), (1, 2)), ("paper", (1, 5, 25, 100), (1, 5, 11))],
)
def test_a_sweep_shows_the_values_at_which_the_method_trains(tmp_path, monkeypatch, recipe, far, reached):
    """48 faces and 12 tracks: larger draws are of 48 faces, and a tenth of 11 other tracks are 2."""
    points = []
    point = figures._point
    monkeypatch.setattr(figures, "_point", lambda *given: points.append(given[1:3]) or point(*given))
    sweeps = (
        Sweep("ssiam", "subset", (10, 20, 100, 3000), "B"),
        Sweep("ssiam", "batch", (8, 64, 256), "K"),
        Sweep("tsiam", "far_tracks", far, "F"),
    )
    drawn(tmp_path, which=("sweeps",), sweeps=sweeps, seeds=1, recipe=recipe)
    values = {s.option: tuple(v for other, v in points if other.option == s.option) for s in sweeps}
    assert values == {"subset": (10, 20, 48), "batch": (8, 48), "far_tracks": reached}


def test_the_table_says_what_a_method_trained_with():
    bench = Bench(("ssiam", "tsiam"), options={"tsiam": {"far_tracks": 100}})
    ssiam, tsiam = (bench._key(data(), method, 0, Protocol()).options for method in bench.methods)
    assert (ssiam["subset"], ssiam["batch"]) == (48, 48)
    assert tsiam["far_tracks"] == 2
