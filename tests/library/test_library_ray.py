"""Films on a Ray cluster on this machine: the same bytes as here, and a killed worker costs its segment."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from test_library_films import content

from castlist.cli import run
from castlist.errors import InputError
from castlist.library import executor, find_all
from castlist.library.on_ray import Ray

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.xdist_group("ray")


@pytest.fixture(scope="module")
def cluster():
    """Two workers' worth of cores, whatever the machine has."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=False, configure_logging=False,
             object_store_memory=80 << 20)  # fmt: skip
    yield
    ray.shutdown()


class SlowToStart:
    """Stands where the module ray does, for a machine so busy that the first attempts time out."""

    def __init__(self, failures: int) -> None:
        self.failures, self.calls = failures, []

    def is_initialized(self) -> bool:
        return False

    def init(self, **options: object) -> None:
        self.calls.append("init")
        if self.calls.count("init") <= self.failures:
            raise Exception("The current node timed out during startup. This could happen because ...")

    def shutdown(self) -> None:
        self.calls.append("shutdown")


@pytest.mark.parametrize("failures", [0, 1, 2])
def test_a_cluster_that_starts_slowly_is_started_again(failures):
    executor = Ray()
    executor.ray = SlowToStart(failures)
    assert executor._connect()
    assert executor.ray.calls == ["init", *["shutdown", "init"] * failures]


def test_a_cluster_that_never_starts_is_one_sentence():
    executor = Ray()
    executor.ray = SlowToStart(99)
    with pytest.raises(InputError, match=r"no Ray cluster that can be used .*too busy"):
        executor._connect()
    assert executor.ray.calls[-1] == "shutdown"


def test_the_result_is_that_of_this_machine_byte_for_byte(cluster, small_film, tmp_path, capsys):
    for name in ("a.mp4", "b.mp4"):
        shutil.copy(small_film[0], tmp_path / name)
    (tmp_path / "bad.mp4").write_text("no film")
    here = find_all([tmp_path / "a.mp4"], out=tmp_path / "here")
    assert (
        run(["find", str(tmp_path), "--out", str(tmp_path / "ray"), "--on", "ray", "--jobs", "2", "-q"]) == 2
    )
    assert capsys.readouterr().out.count("found") >= 2
    assert here[0].people == 3
    assert content(tmp_path / "ray" / "a.castlist") == content(tmp_path / "here" / "a.castlist")
    again = find_all([tmp_path], out=tmp_path / "ray", executor=executor("ray", 2))
    assert [o.state for o in again] == ["kept", "kept", "failed"]


def killed_once(place: Path, when: Callable[[], object], killed: list[int]) -> None:
    """Kill the worker of a film once something is there."""
    until = time.monotonic() + 120
    while not killed and time.monotonic() < until:
        if when():
            pid = int((place / "lock").read_text())
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)
        time.sleep(0.005)


def test_what_is_printed_is_json_also_where_a_worker_is_killed(small_film, tmp_path):
    """Ray's own words about it, which it prints on the standard output, do not stand in it."""
    for name in ("a.mp4", "b.mp4"):
        shutil.copy(small_film[0], tmp_path / name)
    command = [sys.executable, "-m", "castlist", "find", "a.mp4", "b.mp4", "--on", "ray", "--jobs", "1"]
    process = subprocess.Popen(
        [*command, "--out", "out", "-q", "--json"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    place, killed = tmp_path / "out" / "a.castlist", []
    killed_once(place, lambda: (place / "lock").exists() and (place / "lock").read_text().strip(), killed)
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    assert killed
    assert [(film["state"], film["tries"]) for film in json.loads(out)["films"]] == [
        ("found", 2),
        ("found", 1),
    ]


def test_a_killed_worker_costs_its_segment(cluster, small_film, tmp_path, monkeypatch):
    """It is killed once it has stored a segment; the next one goes on from there."""
    film = tmp_path / "a.mp4"
    shutil.copy(small_film[0], film)
    find_all([film], out=tmp_path / "whole")
    place = tmp_path / "killed" / "a.castlist"
    killed: list[int] = []
    shards = (place / "embeddings").glob
    thread = threading.Thread(target=killed_once, args=(place, lambda: list(shards("*.npy")), killed))
    thread.start()
    monkeypatch.chdir(tmp_path)  # paths hold wherever a worker lives
    (outcome,) = find_all(["a.mp4"], out="killed", executor=executor("ray", 1))
    thread.join()
    assert killed
    assert (outcome.state, outcome.tries) == ("found", 2)
    assert content(place) == content(tmp_path / "whole" / "a.castlist")


@pytest.mark.parametrize("address", ["127.0.0.1:1", "nowhere", "127.0.0.1:99999"])
def test_no_cluster_at_the_address_is_one_sentence(tmp_path, capsys, address):
    (tmp_path / "a.mp4").write_text("x")
    ray.shutdown()
    assert run(["find", str(tmp_path), "--on", "ray", "--address", address, "-q"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
