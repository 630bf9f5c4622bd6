"""A method in a process of its own: the same answers, its own memory, and what goes wrong in one sentence."""

import os
import subprocess
import sys
import textwrap
import time
from dataclasses import replace

import numpy as np
import pytest

from castlist.errors import CastlistError, InputError
from castlist.research.bench import isolated as module
from castlist.research.bench.isolated import isolated
from castlist.research.bench.measure import measured, resident
from castlist.research.bench.solve import TRACK, MethodTask, here
from castlist.research.features import gather

LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems do not say")


def quiet(*_):
    pass


def task(method="castlist", tracks=12, wanted=((TRACK, 3),), **changes):
    rng = np.random.default_rng(0)
    face = np.repeat(np.arange(tracks), 4)
    vector = rng.normal(size=(3, 8))[face % 3] + 0.1 * rng.normal(size=(len(face), 8))
    frame = np.repeat(np.arange(tracks), 4) * 3 + np.tile(np.arange(4), tracks)
    label = np.array(["ann", "bob", "cat"])[np.arange(tracks) % 3]
    given = gather("holiday", vector, face, track_id=np.arange(tracks), frame=frame, label=label)
    return MethodTask(given, method, 0, wanted, **changes)


@pytest.mark.parametrize("method", ["castlist", "base", "k-means"])
def test_the_answers_are_those_of_this_process(method):
    wanted = ((TRACK, 3), (TRACK, 4))
    far = []
    there = isolated(task(method, wanted=wanted), lambda *how_far: far.append(how_far))
    mine = here(task(method, wanted=wanted), quiet)
    assert [(a.unit, a.clusters) for a in there] == list(wanted)
    for a, b in zip(there, mine, strict=True):
        assert np.array_equal(a.label, b.label)
        assert (a.means is None) == (b.means is None)
        assert a.cluster_seconds > 0
    assert far or method == "base"


def test_no_method_sees_the_labels():
    assert task().features.label is not None
    assert task().blind.features.label is None


def test_a_refusal_comes_back_as_itself():
    with pytest.raises(InputError, match="cmvfc needs a second view"):
        isolated(task("cmvfc"), quiet)


def test_what_no_one_foresaw_is_one_sentence():
    hostile = task("hdbscan", options={"hdbscan": {"min_cluster_size": 1}})
    with pytest.raises(CastlistError, match=r"^hdbscan failed: \w+: .*; check its options$") as found:
        isolated(hostile, quiet)
    assert "\n" not in str(found.value)


def test_a_process_that_dies_is_one_sentence(monkeypatch):
    monkeypatch.setattr(module, "CHILD", (sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"))
    with pytest.raises(
        CastlistError, match=r"castlist was killed \(signal 9\), perhaps because memory ran out"
    ):
        isolated(task(), quiet)
    monkeypatch.setattr(module, "CHILD", (sys.executable, "-c", "pass"))
    with pytest.raises(CastlistError, match="castlist stopped without a result"):
        isolated(task(), quiet)


def test_what_it_warns_of_comes_along():
    (answer,) = here(replace(task("k-means"), options={"k-means": {"max_tracks": 6}}), quiet)
    assert answer.notes == ("k-means clusters 6 of 12 tracks; the others join the nearest cluster",)


@LINUX
def test_the_peak_is_of_the_block_alone():
    history = np.ones(30_000_000)  # 240 MB that the process had before
    del history
    with measured() as small:
        time.sleep(0)
    with measured() as large:
        np.ones(10_000_000)
    assert small.peak_mb < 40
    assert 70 < large.peak_mb < 120


@LINUX
def test_the_peak_counts_from_where_it_is_told():
    before = resident()
    held = np.ones(10_000_000)
    with measured(before) as told:
        pass
    assert told.peak_mb > 70
    assert len(held)


@LINUX
def test_a_child_ends_with_its_parent():
    code = """
        import numpy as np, os, pickle, subprocess, sys, time
        from castlist.research.bench.isolated import CHILD
        child = subprocess.Popen([sys.executable, "-c",
            "import threading, time; from castlist.child_process import end_when_stdin_closes;"
            "threading.Thread(target=end_when_stdin_closes, daemon=True).start(); time.sleep(60)"],
            stdin=subprocess.PIPE)
        print(child.pid, flush=True)
        os._exit(9)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True)
    child = int(done.stdout)
    for _ in range(200):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail("the child lives on")
