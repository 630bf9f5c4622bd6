"""Options of methods in the bench: each acts on its method, or is refused."""

import pytest
from bench_made import quick_bench, run, video

from castlist.errors import InputError
from castlist.metrics import Protocol
from castlist.research.bench import Dataset, Store, cells, tables
from castlist.research.bench.methods import PAPER, known, parse_options, resolve
from castlist.research.bench.subsets import BBT0101


def test_the_units_of_the_command_line_will_do_in_python():
    assert quick_bench(("base",), units=("track", "weighted", "frame")).units == quick_bench(("base",)).units
    with pytest.raises(InputError, match="unknown unit 'pixel'"):
        quick_bench(("base",), units=("pixel",))


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
        run(quick_bench((m,), 1, ("track",), (3,), options=o), Dataset.of(video()), Store(tmp_path))[0]
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
        bench = quick_bench(OWN, 1, ("track",), (None,), options={method: {"low_quality": 0.5, "rounds": 1}})
        for other in OWN:
            key = bench._key(data, other, 0, Protocol())
            plain = quick_bench(OWN, 1, ("track",), (None,))._key(data, other, 0, Protocol())
            assert (key == plain) == (other != method), (method, other)
    every = quick_bench(OWN, options={"*": {"rounds": 1, "low_quality": 0.5}})
    assert every._key(data, "castlist-base", 0, Protocol()).options == {"rounds": 1, "low_quality": 0.5}


def test_castlists_own_methods_cluster_with_their_own_options(tmp_path, monkeypatch):
    from castlist.cluster import GroupLinkage

    rounds = []
    monkeypatch.setattr(GroupLinkage, "__call__", _remembering(GroupLinkage.__call__, rounds))
    data = Dataset.of(video("holiday", tracks=24))
    options = {"castlist": {"rounds": 1}, "castlist-base": {"rounds": 3}}
    run(quick_bench(OWN, 1, ("track",), (None,), options=options), data, Store(tmp_path))
    assert rounds == [1, 3, 2]  # features refined by others are clustered with the defaults


def _remembering(call, rounds):
    def remembered(step, *given, **named):
        rounds.append(step.rounds)
        return call(step, *given, **named)

    return remembered


def test_a_table_says_an_option_only_of_methods_that_have_it(tmp_path):
    options = {"*": {"epochs": 1, "hidden": 8}}
    bench = quick_bench(("ssiam", "castlist-base", "k-means"), 1, ("track",), (3,), options=options)
    text = tables(cells(run(bench, Dataset.of(video("holiday")), Store(tmp_path))))
    assert "ssiam: recipe castlist, epochs 1" in text
    assert "castlist-base:" not in text
    assert "k-means:" not in text
