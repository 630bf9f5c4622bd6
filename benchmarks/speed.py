"""The speed of castlist find: times real time, the floor, shares of stages, ratio to an older version.

    python benchmarks/speed.py FILM... [--runs 5] [--against PYTHON] [--device cuda] [--json FILE]

Each run is a whole process from an empty workspace to the report. With --against, the Python of an
environment with another castlist, both run in turn on each film, and the ratio is the median of the ratios of
neighbouring runs; ratios of processor seconds also hold on a busy machine. The floor is the same film decoded
and searched for faces once a second at the default size, with one thread: no program that examines a film is
faster.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from measure import cost_of_command

HERE = Path(__file__).parent
FLOOR = """
import resource, sys, time
from castlist.decode import open_video, read_frames
from castlist.recipe import Recipe
from castlist.types import Machine

recipe, video, due, looks = Recipe(), open_video(sys.argv[1]), 0.0, 0
machine = Machine(device=sys.argv[2], threads=1)
start = time.perf_counter()
with read_frames(video, max_side=1920, thumb=recipe.split.sees, on_demand=1) as reader:
    for frame in reader:
        seconds = float(frame.pts * reader.unit)
        if seconds >= due:
            image, due, looks = frame.image, due + 1.0, looks + 1
            recipe.detect(image, scale=min(2.0, 640 / max(image.shape[:2])), machine=machine)
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print(time.perf_counter() - start, sum(u.ru_utime + u.ru_stime for u in used), looks, float(video.duration))
"""


def cost(python: str, film: Path, options: list[str]) -> dict[str, float]:
    """Seconds, processor seconds and MiB of the largest process of one castlist find."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [python, "-m", "castlist", "find", str(film), "--out", f"{scratch}/w.castlist", "--quiet"]
        return asdict(cost_of_command([*command, *options]))


def floor(film: Path, device: str) -> dict[str, float]:
    """The same film decoded and searched once a second."""
    command = [sys.executable, "-c", FLOOR, str(film), device]
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
    return dict(zip(("seconds", "cpu", "looks", "length"), map(float, answer), strict=True))


def stages(film: Path, device: str) -> dict[str, Any]:
    """The result of benchmarks/stages.py."""
    command = [sys.executable, str(HERE / "stages.py"), str(film), "--device", device]
    answer: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return answer


def measure(film: Path, given: argparse.Namespace) -> dict[str, Any]:
    """All figures of one film."""
    options = ["--device", given.device, *(["--threads", str(given.threads)] if given.threads else [])]
    ours, theirs = [], []
    for _ in range(given.runs):
        ours.append(cost(sys.executable, film, options))
        if given.against:
            theirs.append(cost(given.against, film, options))
    least, spent = floor(film, given.device), stages(film, given.device)
    median = {name: statistics.median(run[name] for run in ours) for name in ours[0]}
    figures = {
        "length": least["length"],
        "times_real_time": least["length"] / median["seconds"],
        **median,
        "times_the_floor": median["seconds"] / least["seconds"],
        "times_the_floor_cpu": median["cpu"] / least["cpu"],
        "floor": least,
        "stages": spent,
        "load": os.getloadavg()[0],
    }
    for name in ("seconds", "cpu") if theirs else ():
        ratios = [b[name] / a[name] for a, b in zip(ours, theirs, strict=True)]
        figures[f"against_{name}"] = statistics.median(ratios)
    return figures


def told(film: Path, f: dict[str, Any]) -> str:
    """One film's figures, as text."""
    against = "".join(f", before {f[k]:.2f} times the {n}" for k, n in
                      (("against_seconds", "time"), ("against_cpu", "processor time")) if k in f)  # fmt: skip
    parts = {name: share for name, share in f["stages"]["shares"].items() if share >= 0.005}
    shares = ", ".join(f"{name} {share:.0%}" for name, share in parts.items())
    per_second = ", ".join(f"{n / f['length']:.1f} {name}" for name, n in f["stages"]["counts"].items())
    return (
        f"{film.stem}: {f['times_real_time']:.1f} times real time ({f['length']:.0f} s in "
        f"{f['seconds']:.1f} s, {f['cpu']:.1f} s of processors, {f['mib']:.0f} MiB, load {f['load']:.1f})"
        f"{against}\n"
        f"  {f['times_the_floor']:.1f} times the floor, {f['times_the_floor_cpu']:.1f} by processor time\n"
        f"  {shares}\n  a second of film: {per_second}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("films", nargs="+", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--against", metavar="PYTHON", help="python of an environment with another castlist")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--json", type=Path, help="write all figures here")
    given = parser.parse_args()
    figures = {}
    for film in given.films:
        figures[film.stem] = measure(film, given)
        print(told(film, figures[film.stem]), flush=True)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
