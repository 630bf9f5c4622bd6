"""Films processed by one process and by two Ray workers: seconds, and whether the results are equal.

    python benchmarks/library_ray.py FOLDER [--films 8] [--seconds 30] [--workers 2]

FOLDER gets drawn films; existing ones are used. Each row is a whole `castlist find FOLDER`, including the
start of Python and of Ray: on one core of the machine, on all cores, by Ray with --workers workers of one
thread each, and by Ray with one worker killed (SIGKILL) after its first segment. The machine must be idle
otherwise. One process already uses two cores (one detects faces while the other decodes): on a machine of two
cores, two workers compete with the second row, and each worker with the first.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from fractions import Fraction
from pathlib import Path

import numpy as np

from castlist.drawn import Script, people, render
from castlist.drawn.films import random_scene

CASTLIST = [sys.executable, "-m", "castlist"]
PATIENCE = 3600.0  # seconds for one row at most


def draw(folder: Path, films: int, seconds: float) -> Path:
    """The drawn films; existing ones are used."""
    place = folder / "films"
    place.mkdir(parents=True, exist_ok=True)
    for number in range(films):
        film = place / f"f{number}.mp4"
        if film.exists():
            continue
        rng = np.random.default_rng(number)
        scenes = tuple(random_scene(rng, 4, 3.0) for _ in range(max(round(seconds / 3), 1)))
        drawn = film.with_suffix(".part.mp4")
        render(Script(film.stem, people(4, seed=number), scenes, frame_rate=Fraction(25)), drawn, seed=number)
        drawn.rename(film)
    return place


def found(films: Path, out: Path, *options: str, cores: set[int] | None = None) -> float:
    """Seconds of a whole `castlist find`."""
    shutil.rmtree(out, ignore_errors=True)
    begin = time.perf_counter()
    pinned = None if cores is None else lambda: os.sched_setaffinity(0, cores)
    command = [*CASTLIST, "find", str(films), "--out", str(out), "-q", *options]
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, stderr=sys.stderr, preexec_fn=pinned, timeout=PATIENCE
    )
    return time.perf_counter() - begin


def killed_once(out: Path, stop: threading.Event, victims: list[int]) -> None:
    """Kill the first worker that has stored a segment and is not done."""
    while not stop.is_set() and not victims:
        for lock in out.glob("*.castlist/lock"):
            if list((lock.parent / "embeddings").glob("*.npy")) and (text := lock.read_text().strip()):
                os.kill(int(text), signal.SIGKILL)
                victims.append(int(text))
                break
        stop.wait(0.02)


def exported(out: Path) -> str:
    """A digest of the exported tables of all films."""
    digest = hashlib.sha256()
    for workspace in sorted(out.glob("*.castlist")):
        for form in ("csv", "json"):
            command = [*CASTLIST, "export", str(workspace), "--format", form]
            text = subprocess.run(command, check=True, capture_output=True).stdout
            digest.update(text.replace(str(out).encode(), b""))
    return digest.hexdigest()[:12]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--films", type=int, default=8)
    arguments.add_argument("--seconds", type=float, default=30.0)
    arguments.add_argument("--workers", type=int, default=2)
    given = arguments.parse_args()
    films = draw(given.folder, given.films, given.seconds)
    ray = ("--on", "ray", "--jobs", str(given.workers), "--threads", "1")
    rows = [
        ("one core", found(films, given.folder / "core", "--threads", "1", cores={0}), "core"),
        ("one process, all cores", found(films, given.folder / "here"), "here"),
        (f"Ray, {given.workers} workers", found(films, given.folder / "ray", *ray), "ray"),
    ]
    stop, victims = threading.Event(), list[int]()
    out = given.folder / "killed"
    shutil.rmtree(out, ignore_errors=True)
    killer = threading.Thread(target=killed_once, args=(out, stop, victims))
    killer.start()
    rows.append(("Ray, a worker killed", found(films, out, *ray), "killed"))
    stop.set()
    killer.join()
    for name, seconds, place in rows:
        ratio = rows[0][1] / seconds
        print(f"{name:24} {seconds:7.1f} s  {ratio:5.2f} times one core  {exported(given.folder / place)}")
    print(f"{len(victims)} worker killed")


if __name__ == "__main__":
    main()
