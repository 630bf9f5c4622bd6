"""Processor seconds of the steps that tell the people of a scanned film apart, which one core does alone.

    python benchmarks/identify.py WORKSPACE [--runs 3] [--against PYTHON]

The scan is read once; shots, tracks and everything together are computed in turns, and the medians printed.
With --against, the Python of an environment with another castlist, both take turns: the ratios are medians of
neighbouring runs, and it is said whether the people, their tracks and the tree are the same.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from castlist.pipeline.identify import identify
from castlist.pipeline.reuse import scan_of
from castlist.store import Workspace

STEPS = ("shots", "tracks", "all")


def measured(workspace: Path) -> dict[str, float | str]:
    """Processor seconds of each step, once, and a checksum of what is found."""
    with Workspace.open(workspace, write=False) as opened:
        video = opened.video()
        run = [run for run in opened.runs() if run.finished][-1]
        assert video is not None
        recipe, scan = scan_of(opened, video, run)
    start = time.process_time()
    shots = recipe.split(scan.signal)
    parted = time.process_time()
    recipe.track(shots, scan.detections, scan.clock)
    tracked = time.process_time()
    found = identify(video, scan, recipe)
    done = time.process_time()
    content = hashlib.sha256()
    for column in (found.cast.person, found.cast.tracks.frame, found.cast.tracks.box, found.tree.merge):
        content.update(np.ascontiguousarray(column).tobytes())
    spent = dict(zip(STEPS, (parted - start, tracked - parted, done - tracked), strict=True))
    return {**spent, "tracks found": len(found.cast.tracks), "content": content.hexdigest()}


def in_a_process(python: str, workspace: Path) -> dict[str, float | str]:
    """The same by another Python, in a process of its own."""
    command = [python, __file__, str(workspace), "--json"]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    answer = subprocess.run(command, check=True, capture_output=True, env=environment).stdout
    spent: dict[str, float | str] = json.loads(answer)
    return spent


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--against", metavar="PYTHON", help="python of an environment with another castlist")
    parser.add_argument("--json", action="store_true", help="measure once, in this process, and print JSON")
    given = parser.parse_args()
    if given.json:
        print(json.dumps(measured(given.workspace)))
        return
    now, before = [], []
    for _ in range(given.runs):
        now.append(in_a_process(sys.executable, given.workspace))
        if given.against:
            before.append(in_a_process(given.against, given.workspace))
    print(f"{now[0]['tracks found']} tracks")
    for step in STEPS:
        seconds = statistics.median(float(run[step]) for run in now)
        line = f"{step}: {seconds:.2f} s"
        if before:
            earlier = statistics.median(float(run[step]) for run in before)
            ratio = statistics.median(
                float(a[step]) / float(b[step]) for a, b in zip(now, before, strict=True)
            )
            line += f", before {earlier:.2f} s, ratio {ratio:.2f}"
        print(line)
    if before:
        print(
            "the same people, tracks and tree"
            if now[0]["content"] == before[0]["content"]
            else "NOT the same"
        )


if __name__ == "__main__":
    main()
