"""All benchmarks of speed and memory, one after another; finished cases are not run again.

    python benchmarks/all.py                    # all but films: some hours
    python benchmarks/all.py --quick            # small sizes, once each: minutes
    python benchmarks/all.py --only ward        # cases whose name contains this; --list prints the names
    python benchmarks/all.py --clips CLIPS --scorer score_faces.py    # films too

Every case is a process of its own that writes its row to results/*.json as soon as it is done, with the
machine and the rate of matrix products measured there. A case that fails is reported, and the others run. At
the end, results/growth.png is drawn and the tables of docs/benchmarks.md are written. --again measures again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from measure import RESULTS, Rows, machine

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the results."""

    name: str
    file: str  # of the results
    script: str
    arguments: str
    minutes: float  # expected, on two idle cores
    quick: bool = False

    @property
    def command(self) -> list[str]:
        return [sys.executable, str(HERE / self.script), *self.arguments.split()]


def _ward(
    n: int, repeat: int, minutes: float, quick: bool = False, rivals: str = "scipy fastcluster"
) -> Case:
    return Case(
        f"ward-{n}", "ward", "ward.py", f"--sizes {n} --repeat {repeat} --rivals {rivals}", minutes, quick
    )


CASES = (
    _ward(2000, 3, 1, True),
    _ward(5000, 3, 3),
    _ward(10000, 3, 7),
    _ward(20000, 1, 8, rivals="scipy"),
    _ward(41220, 3, 3, rivals="none"),
    _ward(83000, 1, 5, rivals="none"),
    _ward(166885, 3, 45, rivals="none"),
    Case("ward-41220-scipy", "ward", "ward.py", "--sizes 41220 --repeat 1 --rivals scipy", 10),
    Case("ward-41220-fastcluster", "ward", "ward.py", "--sizes 41220 --repeat 1 --rivals fastcluster", 30),
    *(
        Case(f"rivals-{n}", "rivals", "rivals.py", f"--sizes {n} --repeat {r}", minutes, quick)
        for n, r, minutes, quick in ((2000, 3, 3, True), (5000, 3, 8, False), (10000, 1, 12, False),
                                     (20000, 1, 12, False))
    ),
    Case("graph-20000-exact", "graph", "graph.py", "--sizes 20000 --against-exact", 1, True),
    Case("graph-100000-exact", "graph", "graph.py", "--sizes 100000 --against-exact", 6),
    Case("graph-100000-ward", "graph", "graph.py", "--sizes 100000 --against-exact --linkage ward", 10),
    *(
        Case(f"graph-{n}", "graph", "graph.py", f"--sizes {n} --exact 20000", minutes)
        for n, minutes in ((30000, 1), (100000, 2), (300000, 6))
    ),
    Case("graph-1000000", "graph", "graph.py", "--sizes 1000000", 25),
    Case("graph-1000000-20000", "graph", "graph.py", "--sizes 1000000 --exact 20000", 20),
    Case("ssiam", "ssiam", "refine_speed.py", "", 25),
    Case("ssiam-5000", "ssiam", "refine_speed.py", "--rows 5000 --dimensions 512", 1, True),
)  # fmt: skip


def run(case: Case) -> bool:
    """Whether the case succeeded; its row is then on disk."""
    if case.script == "refine_speed.py":  # this script prints its row
        done = subprocess.run(case.command, stdout=subprocess.PIPE, check=False)
        if done.returncode == 0:
            Rows(case.file).put(case.name, json.loads(done.stdout))
            row = Rows(case.file).rows[case.name]
            print(
                f"  times the floor {row['ours_over_floor']}, brute force {row['brute_over_ours']} times ours"
            )
    else:
        done = subprocess.run([*case.command, "--case", case.name], check=False)
    return done.returncode == 0


def films(given: argparse.Namespace) -> bool:
    command = [sys.executable, str(HERE / "street.py"), str(given.clips), "--scorer", str(given.scorer)]
    command += ["--repeat", "1"] if given.quick else ["--repeat", "3", "--large"]
    command += ["--again"] if given.again else []
    return subprocess.run(command, check=False).returncode == 0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default="", help="the case of this name, or those whose name holds it")
    parser.add_argument("--quick", action="store_true", help="small sizes only")
    parser.add_argument("--again", action="store_true", help="also what is done already")
    parser.add_argument("--list", action="store_true", help="name the cases, with the minutes they take")
    parser.add_argument("--clips", type=Path, help="a folder of labelled films")
    parser.add_argument("--scorer", type=Path, help="scores films; needed with --clips")
    given = parser.parse_args()
    named = [c for c in CASES if c.name == given.only] or [c for c in CASES if given.only in c.name]
    chosen = [c for c in named if c.quick or not given.quick]
    if given.list:
        for case in chosen:
            done = "done" if case.name in Rows(case.file).rows else ""
            print(f"{case.name:28} {case.minutes:5.0f} min  {done}")
        return
    print(json.dumps(machine()), flush=True)
    failed = []
    for case in chosen:
        if case.name in Rows(case.file).rows and not given.again:
            print(f"{case.name}: done already", flush=True)
            continue
        start = time.perf_counter()
        print(f"{case.name}: about {case.minutes:.0f} minutes", flush=True)
        if not run(case):
            failed.append(case.name)
        print(f"{case.name}: took {(time.perf_counter() - start) / 60:.1f} minutes", flush=True)
    if given.clips and given.scorer and not films(given):
        failed.append("films")
    for script in ("plot.py", "tables.py"):
        subprocess.run([sys.executable, str(HERE / script)], check=False)
    if failed:
        raise SystemExit(
            f"these failed: {', '.join(failed)}; the results of the others are in {RESULTS.name}/"
        )


if __name__ == "__main__":
    main()
