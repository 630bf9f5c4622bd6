"""Methods of the user's own: run as the others are, and their faults are told as theirs."""

import textwrap

import pytest
from bench_made import call, quick_bench, run, video

from castlist.errors import CastlistError, InputError
from castlist.research.bench import Dataset, Store, cells, csv_text, tables
from castlist.research.bench.isolated import isolated
from castlist.research.bench.methods import MethodKind, finds_number, kind, options_of, resolve, varies
from castlist.research.bench.own import own_method, table_name
from castlist.research.bench.solve import FRAME, TRACK, MethodTask, here
from castlist.research.features import write

CODE = """
    from dataclasses import dataclass

    import numpy as np

    import neighbour


    def drawn(track_set, k, random_state):
        return np.random.default_rng(random_state).integers(0, k, track_set.tracks)

    def found(track_set, k=None):
        return np.arange(track_set.tracks) % (k or 3)

    def centred(track_set):
        return track_set.features - track_set.features.mean(0)

    @dataclass(frozen=True)
    class Power:
        exponent: float = 0.5

        def __call__(self, track_set):
            if self.exponent > 9:
                raise ValueError("exponent is too large")
            return np.sign(track_set.features) * np.abs(track_set.features) ** self.exponent

    def listens(track_set, k):
        assert not hasattr(track_set, "label")
        return [0] * track_set.tracks

    def undefined(track_set, k):
        return unknown_name

    def few(track_set, k):
        return [0, 1]

    def parts(track_set, k):
        return np.linspace(0, 1, track_set.tracks)

    def nothing(track_set, k):
        pass

    def below(track_set, k):
        return np.full(track_set.tracks, -7)

    def nan(track_set):
        return np.full((len(track_set), 2), np.nan)

    def flat(track_set):
        return np.zeros(len(track_set))

    def writes(track_set):
        track_set.features[0] = 0

    def leaves(track_set, k):
        raise SystemExit(3)

    def two(first, second, third):
        pass

    def large(track_set, k):
        return [0] * (track_set.tracks - 1) + [2**40]

    def masked(track_set, k):
        return np.ma.masked_less(np.zeros(track_set.tracks, int), 1)

    class Device:
        def detach(self):
            raise RuntimeError("on another device")

    def elsewhere(track_set, k):
        return Device()

    class Silent(Exception):
        def __str__(self):
            raise ValueError

    def silent(track_set, k):
        raise Silent

    def coloured(track_set, k):
        raise ValueError("red:\\033[31m\\nand more")

    def ends(track_set, k):
        import os

        os._exit(3)

    value = 5
"""


@pytest.fixture
def mine(tmp_path):
    """The file of own methods, which imports a neighbour."""
    (tmp_path / "neighbour.py").write_text("")
    path = tmp_path / "mine.py"
    path.write_text(textwrap.dedent(CODE))
    return path


def solved(method, wanted=((TRACK, 3),), solve=here, **options):
    """The answers of a method."""
    task = MethodTask(video(), method, 1, wanted, options={table_name(method): options} if options else {})
    return solve(task, lambda *_: None)


def test_the_parameters_say_what_a_method_is(mine):
    assert [kind(f"{mine}:{n}") for n in ("drawn", "found")] == [MethodKind.BASELINE] * 2
    assert [kind(f"{mine}:{n}") for n in ("centred", "Power")] == [MethodKind.REFINEMENT] * 2
    assert [finds_number(f"{mine}:{n}") for n in ("drawn", "found", "centred")] == [False, True, True]
    assert [varies(f"{mine}:{n}", 12, {}) for n in ("drawn", "found", "centred")] == [True, False, False]
    assert table_name(f"Ours={mine}:drawn") == "Ours"
    assert table_name(f" Our\nmethod \x1b={mine}:drawn") == "Our method \N{REPLACEMENT CHARACTER}"


def test_own_methods_run_by_the_protocol_of_all_others(mine, tmp_path):
    names = f"base,{mine}:drawn,Ours={mine}:found,{mine}:centred"
    bench = quick_bench(resolve(names), 2, (TRACK, FRAME), (3, None))
    found = cells(run(bench, Dataset.of(video()), Store(tmp_path / "kept")))
    by_name = {(c.method, c.protocol.unit, c.protocol.clusters): c for c in found}
    assert set(by_name) == {
        *((m, u, 3) for m in ("base", "centred") for u in (TRACK, FRAME)),
        *((m, TRACK, None) for m in ("base", "centred", "Ours")),
        *((m, TRACK, 3) for m in ("drawn", "Ours")),
    }
    assert len(by_name["drawn", TRACK, 3].results) == 2
    assert by_name["drawn", TRACK, 3].score("wcp").std > 0
    assert len(by_name["Ours", TRACK, 3].results) == 1
    assert by_name["Ours", TRACK, 3].score("wcp").mean == 1
    assert by_name["centred", TRACK, 3].score("auc").mean > 0.9
    assert "Ours" in csv_text(found)


def test_the_same_seed_gives_the_same_labels_in_a_process_of_its_own(mine):
    first, again = (solved(f"{mine}:drawn", solve=isolated)[0].label.tolist() for _ in range(2))
    assert first == again
    assert first == solved(f"{mine}:drawn")[0].label.tolist()
    assert solved(f"{mine}:listens")[0].label.tolist() == [0] * 12


def test_options_of_a_dataclass_are_set_and_checked(mine, tmp_path):
    power = f"{mine}:Power"
    assert options_of(power, {"Power": {"exponent": 2}}) == {"exponent": 2.0}
    with pytest.raises(InputError, match=r"Power\.exponent must be a number, got 'x'"):
        options_of(power, {"Power": {"exponent": "x"}})
    with pytest.raises(InputError, match="Power has no option 'expo'"):
        quick_bench((power,), options={"Power": {"expo": 1}})
    with pytest.raises(InputError, match="options are given for 'Power'"):
        quick_bench(("base",), options={"Power": {"exponent": 1}})


def test_a_changed_file_is_run_anew(mine, tmp_path):
    def scored():
        bench = quick_bench((f"{mine}:found",), 1, (TRACK,), (3,))
        return run(bench, Dataset.of(video()), Store(tmp_path / "kept"))[0]

    before = scored()
    mine.write_text(mine.read_text().replace("(k or 3)", "(k or 3) // 2 * 0"))
    assert scored().key.options != before.key.options
    assert scored().scores["wcp"] < before.scores["wcp"]


FAULTS = {
    "undefined": r"undefined failed \(NameError in mine\.py:32: name 'unknown_name' is not defined\)",
    "few": "few must give 12 whole numbers, one for each track; it gave an array of shape",
    "parts": "parts must give 12 whole numbers, one for each track; it gave an array of shape .* float64",
    "nothing": "nothing must give 12 whole numbers, one for each track; it gave NoneType",
    "below": "below: a label is -7",
    "nan": "nan gave vectors with numbers that are not finite",
    "flat": "flat must give 48 vectors, one for each face",
    "writes": r"writes failed \(ValueError in mine\.py:\d+: assignment destination is read-only\)",
    "large": r"large: a label is 1099511627776; labels are 0 to 2147483647, or -1",
    "masked": "masked gave masked values; it must give an array without any",
    "elsewhere": r"elsewhere failed \(RuntimeError in mine\.py:\d+: on another device\)",
    "silent": r"silent failed \(Silent in mine\.py:\d+\)",
    "coloured": r"coloured failed \(ValueError in mine\.py:\d+: red:.\[31m and more\)",
    "leaves": r"leaves failed \(SystemExit in mine\.py:\d+: 3\)",
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_the_methods_own_in_one_sentence(name, mine):
    with pytest.raises(CastlistError, match=FAULTS[name]) as told:
        solved(f"{mine}:{name}")
    assert "castlist itself" not in str(told.value)
    assert str(told.value).isprintable()


def test_a_method_that_ends_its_process_is_told_so(mine):
    with pytest.raises(CastlistError, match=r"^ends stopped without a result; look in its code for what"):
        solved(f"{mine}:ends", solve=isolated)


def test_a_class_that_refuses_its_options_is_refused_before_anything_runs(mine):
    with pytest.raises(CastlistError, match=r"Power failed \(ValueError in mine\.py:\d+: exponent is too"):
        solved(f"{mine}:Power", exponent=10.0)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("mine.py:two", "two takes 'second', too; write it as"),
        ("mine.py:absent", "mine.py has no function or class 'absent'; it has drawn, found"),
        ("mine.py:value", "mine.py has no function or class 'value'"),
        ("nowhere.py:f", "nowhere.py cannot be read"),
        ("no.such.module:f", "no.such.module cannot be imported"),
        ("wrong.py:f", "wrong.py cannot be imported (SyntaxError"),
        ("raises.py:f", "raises.py cannot be imported (ZeroDivisionError in raises.py:2"),
        (":f", "write FILE.py:NAME"),
        ("mine.py:", "write FILE.py:NAME"),
        ("a=b=mine.py:found", "cannot be read"),
        ("base=mine.py:found", "two methods are called base; give yours another name"),
        ("mine.py:found,found=mine.py:drawn", "two methods are called found"),
    ],
)
def test_what_is_no_method_is_refused_before_anything_runs(name, sentence, mine, monkeypatch):
    monkeypatch.chdir(mine.parent)
    (mine.parent / "wrong.py").write_text("def f(:\n")
    (mine.parent / "raises.py").write_text("\n1 / 0\n")
    write(video(), mine.parent / "set.npz")
    with pytest.raises(InputError) as refused:
        call("run", "--data", "set.npz", "--methods", name, "--results", "kept")
    assert sentence in str(refused.value)
    assert not (mine.parent / "kept").exists()


def test_the_command_line_goes_on_with_the_others(mine, monkeypatch):
    monkeypatch.chdir(mine.parent)
    write(video(), mine.parent / "set.npz")
    given = ("run", "--data", "set.npz", "--units", "track", "--results", "kept", "--clusters", "known")
    result = call(*given, "--methods", "Ours=mine.py:found,mine.py:undefined")
    assert "left out: undefined failed (NameError in mine.py:32" in result.stderr
    assert "Ours" in result.stdout
    assert "undefined" not in result.stdout


def test_another_number_of_clusters_than_asked_is_noted(mine, tmp_path):
    bench = quick_bench((f"{mine}:listens",), 1, (TRACK,), (3,))
    text = tables(cells(run(bench, Dataset.of(video()), Store(tmp_path / "kept"))))
    assert "listens made 1 clusters, not 3" in text
    assert "cannot-links" not in text


def test_a_module_on_the_path_will_do(mine, monkeypatch):
    monkeypatch.syspath_prepend(str(mine.parent))
    assert own_method("mine:found").estimates_k
