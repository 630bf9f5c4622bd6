"""Peak memory of every process during a scan, and whether a killed and resumed scan gives the same result.

    python benchmarks/memory.py --crowd 48 --seconds 10       a crowd at 1920x1080, faces in every frame
    python benchmarks/memory.py --film FILM --kills 10        any film, killed so many times and resumed

Memory is the resident set of each process by /proc, measured ten times a second; Linux only. Kills come at
random segments of the whole film, the last one after the last segment. At the end, the CSV and JSON exports,
the rows of every table (except times and numbers of runs), the vectors and the pictures are compared.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from castlist.drawn import Actor, Scene, Script, people, render

# Columns that differ between two runs.
VOLATILE = {
    "started",
    "finished",
    "made",
    "run",
    "timings",
    "machine",
}


class Watched(NamedTuple):
    """How a process ended; peak megabytes of each process, and of the main process every ten seconds."""

    status: int
    peak: dict[str, float]
    course: list[float]
    segments: int  # stored at its end


def crowd(count: int, seconds: int) -> Script:
    """A crowd of `count` people, eight in a row, who turn their heads; 1920x1080."""
    rows = -(-count // 8)
    actors = tuple(
        Actor(i, 0.06 + 0.125 * (i % 8), (0.5 + i // 8) / rows, 0.6 / rows, turn=20) for i in range(count)
    )
    return Script("crowd", people(count), (Scene(float(seconds), actors, "gallery"),), 1920, 1080)


def processes(pid: int) -> list[int]:
    """A process and its descendants."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            found += [int(child) for child in task.read_text().split()]
    return found


def resident(pid: int) -> tuple[str, float]:
    """The role of a process, and its megabytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    command = Path(f"/proc/{pid}/cmdline").read_bytes()
    name = "decoder" if b"castlist.decode.child" in command else "castlist"
    return name, int(status.split("VmRSS:")[1].split()[0]) / 1024 if "VmRSS:" in status else 0.0


def shards(place: Path) -> int:
    """The number of stored segments with faces."""
    return len(list(place.glob("embeddings/*.npy")))


def watched(command: list[str], place: Path, kill_at: tuple[int, float] | None) -> Watched:
    """Run a command to its end, or kill it some seconds after a number of segments is stored."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    begun, reached = time.monotonic(), None
    peak: dict[str, float] = defaultdict(float)
    course: list[float] = []
    while process.poll() is None:
        try:
            now = [resident(pid) for pid in processes(process.pid)]
        except (FileNotFoundError, ProcessLookupError, IndexError):
            now = []
        for name, size in now:
            peak[name] = max(peak[name], size)
        if now and time.monotonic() - begun > 10 * len(course):
            course.append(now[0][1])
        if kill_at is not None and reached is None and shards(place) >= kill_at[0]:
            reached = time.monotonic()
        if kill_at is not None and reached is not None and time.monotonic() - reached > kill_at[1]:
            os.kill(process.pid, signal.SIGKILL)
        time.sleep(0.1)
    return Watched(process.returncode, dict(peak), course, shards(place))


def exports(place: Path) -> str:
    """Digest of the CSV and JSON of a workspace."""
    command = [sys.executable, "-m", "castlist", "export", str(place), "--format"]
    return digest(
        subprocess.run([*command, kind], capture_output=True, check=True).stdout for kind in ("csv", "json")
    )


def tables(place: Path) -> str:
    """Digest of the rows of every table, except times, numbers of runs and the machine."""
    db = sqlite3.connect((place / "cast.db").as_uri() + "?mode=ro", uri=True)
    names = [
        name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    ]
    parts = []
    for name in names:
        columns = [row[1] for row in db.execute(f"PRAGMA table_info({name})")]
        kept = [c for c in columns if c not in VOLATILE and not (name == "runs" and c == "id")]
        last = {"runs": "WHERE id = (SELECT max(id) FROM runs)", "block_columns": "WHERE name <> 'timings'"}
        if name != "sqlite_sequence":
            rows = db.execute(f"SELECT {', '.join(kept)} FROM {name} {last.get(name, '')}")  # noqa: S608
            parts += sorted(f"{name} {re.sub(r'run [0-9]+', 'run', repr(row))}".encode() for row in rows)
    db.close()
    return digest(parts)


def files(place: Path) -> str:
    """Digest of the names and bytes of vectors and pictures."""
    found = [
        p for folder in ("embeddings", "thumbs") for p in sorted((place / folder).rglob("*")) if p.is_file()
    ]
    return digest(str(path.relative_to(place)).encode() + path.read_bytes() for path in found)


def digest(parts: Iterable[bytes]) -> str:
    total = hashlib.sha256()
    for part in parts:
        total.update(hashlib.sha256(part).digest())
    return total.hexdigest()[:16]


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def kill_points(segments: int, kills: int, seed: int) -> list[tuple[int, float]]:
    """For each run, the number of stored segments and the seconds after which it is killed."""
    rng = np.random.default_rng(seed)
    at = [*sorted(rng.integers(1, segments + 1, max(kills - 1, 0)).tolist()), segments][:kills]
    return [(int(n), float(rng.uniform(0, 3))) for n in at]


def run(film: Path, place: Path, kills: list[tuple[int, float]]) -> int:
    """Find the cast of a film, killed at those points; returns its number of segments with faces."""
    find = [sys.executable, "-m", "castlist", "find", str(film), "--out", str(place), "--quiet"]
    done = 0
    while True:
        ended = watched(find, place, kills[done] if done < len(kills) else None)
        sizes = ", ".join(f"{name} {size:.0f} MB" for name, size in sorted(ended.peak.items()))
        every = " ".join(f"{size:.0f}" for size in ended.course[:: max(1, len(ended.course) // 12)])
        say(f"status {ended.status:4}; {ended.segments} segments; peak: {sizes}; castlist over time: {every}")
        if ended.status == 0:
            break
        done += 1
    say(f"{done} kills; exports {exports(place)}, tables {tables(place)}, files {files(place)}")
    return ended.segments


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--crowd", type=int, default=0)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--film", type=Path)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="a folder for the workspaces, which are kept")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        film = options.film or Path(folder) / "crowd.mp4"
        if options.crowd:
            render(crowd(options.crowd, options.seconds), film)
        places = (options.keep or Path(folder)).resolve()
        segments = run(film, places / "whole.castlist", [])
        if options.kills:
            run(film, places / "killed.castlist", kill_points(segments, options.kills, options.seed))


if __name__ == "__main__":
    main()
