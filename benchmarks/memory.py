"""Peak memory of every process while a film is scanned, and whether a scan that is killed ends the same.

    python benchmarks/memory.py --crowd 48 --seconds 10       a crowd at 1920x1080, faces in every frame
    python benchmarks/memory.py --film FILM --kills 10        any film, killed so many times and resumed

Memory is the resident set of each process by /proc, looked at ten times a second; Linux only.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np

from castlist.drawn import Actor, Scene, Script, people, render


def crowd(count: int, seconds: int) -> Script:
    """So many people at once, eight in a row, all turning their heads; 1920x1080."""
    rows = -(-count // 8)
    actors = tuple(
        Actor(i, 0.06 + 0.125 * (i % 8), (0.5 + i // 8) / rows, 0.6 / rows, turn=20) for i in range(count)
    )
    return Script("crowd", people(count), (Scene(float(seconds), actors, "gallery"),), 1920, 1080)


def processes(pid: int) -> list[int]:
    """A process and those below it."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").glob("*/children"):
            found += [int(child) for child in task.read_text().split()]
    return found


def resident(pid: int) -> tuple[str, float]:
    """What a process is, and its megabytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    command = Path(f"/proc/{pid}/cmdline").read_bytes()
    name = "decoder" if b"castlist.decode.child" in command else "castlist"
    return name, int(status.split("VmRSS:")[1].split()[0]) / 1024 if "VmRSS:" in status else 0.0


def watched(command: list[str], kill_after: float | None) -> tuple[int, dict[str, float], list[float]]:
    """Exit status, peak megabytes by process, and the main process's megabytes every ten seconds."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    begun, peak, course = time.monotonic(), defaultdict(float), []
    while process.poll() is None:
        try:
            now = [resident(pid) for pid in processes(process.pid)]
        except (FileNotFoundError, ProcessLookupError, IndexError):
            now = []
        for name, size in now:
            peak[name] = max(peak[name], size)
        if now and time.monotonic() - begun > 10 * len(course):
            course.append(now[0][1])
        if kill_after is not None and time.monotonic() - begun > kill_after:
            os.kill(process.pid, signal.SIGKILL)
        time.sleep(0.1)
    return process.returncode, dict(peak), course


def digest(place: Path) -> str:
    """Of all that is exported of a workspace."""
    command = [sys.executable, "-m", "castlist", "export", str(place), "--format"]
    parts = [
        subprocess.run([*command, kind], capture_output=True, check=True).stdout for kind in ("csv", "json")
    ]
    return hashlib.sha256(b"".join(parts)).hexdigest()[:16]


def run(film: Path, place: Path, kills: int, seed: int) -> None:
    find = [sys.executable, "-m", "castlist", "find", str(film), "--out", str(place), "--quiet"]
    rng, done = np.random.default_rng(seed), 0
    while True:
        after = rng.uniform(20, 60) if done < kills else None
        status, peak, course = watched(find, after)
        sizes = ", ".join(f"{name} {size:.0f} MB" for name, size in sorted(peak.items()))
        every = " ".join(f"{size:.0f}" for size in course[:: max(1, len(course) // 12)])
        sys.stdout.write(f"status {status:4}; peak: {sizes}; castlist over time: {every}\n")
        sys.stdout.flush()
        if status == 0:
            break
        done += 1
    sys.stdout.write(f"{done} kills; digest of CSV and JSON {digest(place)}\n")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--crowd", type=int, default=0)
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--film", type=Path)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        film = options.film or Path(folder) / "crowd.mp4"
        if options.crowd:
            render(crowd(options.crowd, options.seconds), film)
        if options.kills:
            run(film, Path(folder) / "whole.castlist", 0, 0)
        run(film, Path(folder) / "killed.castlist", options.kills, options.seed)


if __name__ == "__main__":
    main()
