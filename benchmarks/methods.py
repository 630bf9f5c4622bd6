"""Refinements compared over seeds and draws of faces, on track sets and films, on all cores at once.

python benchmarks/methods.py FILE.npz ... --faces 6 --draws 5 --seeds 5 --jobs 16 --out methods.json

Prints, for each set and method, mean ± standard deviation over seeds and draws of: the AUC of all pairs of
tracks, weighted cluster purity and B-cubed F of Ward at the true number of people, and B-cubed F of
castlist's own linkage with the number unknown. Ward at a known number jumps by points between sets of equal
AUC: the range of its purity over draws of the base features shows how much.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

METHODS = (
    "base,pseudo-rf,ssiam,ssiam-quality,ssiam-reciprocal,second-order,tsiam,tsiam-cross,tsiam-second-order"
)
ONCE = ("base", "second-order")  # without randomness
COLUMNS = ("AUC", "purity at K", "F at K", "F own linkage", "found - true", "seconds")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="+", type=Path)
    parser.add_argument("--methods", default=METHODS)
    parser.add_argument("--recipe", default="castlist", choices=["castlist", "paper"])
    parser.add_argument("--faces", type=int, default=0, help="of each track at most; 0: all")
    parser.add_argument("--draws", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--runs", type=int, help="pairs of draw and seed at most; by default all")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--known", action="store_true", help="leave castlist's own linkage out")
    parser.add_argument(
        "--out", type=Path, help="keep the rows as JSON; rows that are there are not run again"
    )
    given = parser.parse_args()
    rows = json.loads(given.out.read_text()) if given.out and given.out.exists() else {}
    jobs = [job for job in _jobs(given) if "|".join(map(str, job)) not in rows]
    with ProcessPoolExecutor(given.jobs) as pool:
        for done, (job, row) in enumerate(zip(jobs, pool.map(_run, jobs), strict=True), 1):
            rows["|".join(map(str, job))] = row
            if given.out and (done % 10 == 0 or done == len(jobs)):
                given.out.write_text(json.dumps(rows))
    print(table(rows))


def _jobs(given: argparse.Namespace) -> list[tuple[str, str, str, int, int, int, bool]]:
    """Each run: file, method, recipe, faces, draw, seed, and whether castlist's own linkage is run, too.

    Each draw first runs with a new seed, then with the next one: an interrupted benchmark leaves a fair
    sample.
    """
    draws = range(given.draws if given.faces else 1)
    pairs = [(draw, (draw + shift) % given.seeds) for shift in range(given.seeds) for draw in draws]
    pairs = pairs[: given.runs]
    methods = given.methods.split(",")
    once = [m for m in methods if m in ONCE]
    runs = [(draw, 0, once) for draw in draws]
    runs += [(draw, seed, [m for m in methods if m not in ONCE]) for draw, seed in pairs]
    return [
        (str(path), method, given.recipe, given.faces, draw, seed, not given.known)
        for draw, seed, wanted in runs
        for path in sorted(given.data, key=lambda p: -p.stat().st_size)
        for method in wanted
    ]


def _run(job: tuple[str, str, str, int, int, int, bool]) -> dict[str, float]:
    from castlist.errors import InputError
    from castlist.research.bench import Bench, Dataset, Store
    from castlist.research.bench.solve import here
    from castlist.research.features import read
    from castlist.types import Machine

    path, method, recipe, faces, draw, seed, own = job
    clusters = (0, None) if own else (0,)
    bench = Bench((method,), 1, ("track",), clusters, recipe, machine=Machine("cpu", 1), solve=here)
    try:
        data = Dataset.of(read(path), faces=faces, draw=draw)
        with TemporaryDirectory() as folder:
            results = list(bench(data, method, seed, Store(Path(folder)), _silent))
    except InputError:  # a film too small for the method, or without two tracks of one person
        return {}
    found = {r.key.protocol.clusters: r for r in results}
    unknown = found.pop(None, None)
    (known,) = found.values()
    return {
        "AUC": known.auc or float("nan"),
        "purity at K": known.scores["wcp"],
        "F at K": known.scores["b_cubed_f1"],
        "F own linkage": unknown.scores["b_cubed_f1"] if unknown else float("nan"),
        "found - true": unknown.scores["found"] - unknown.facts["persons"] if unknown else float("nan"),
        "seconds": known.about["refine_seconds"],
    }


def _silent(what: str, done: int, total: int) -> None:
    """Ignores progress."""


def table(rows: dict[str, dict[str, float]]) -> str:
    """The rows by set and method as a table for a document."""
    cells: dict[tuple[str, str], list[dict[str, float]]] = defaultdict(list)
    for key, row in rows.items():
        path, method, recipe, *_ = key.split("|")
        if not row:
            continue
        cells[Path(path).stem, method if recipe == "castlist" else f"{method} ({recipe})"].append(row)
    lines = [f"| set | method | runs | {' | '.join(COLUMNS)} |", "|" + "---|" * (len(COLUMNS) + 3)]
    for (name, method), found in sorted(cells.items(), key=lambda cell: cell[0][0]):
        shown = [_spread([row[column] for row in found]) for column in COLUMNS]
        lines.append(f"| {name} | {method} | {len(found)} | {' | '.join(shown)} |")
    return "\n".join(lines)


def _spread(values: list[float]) -> str:
    known = [v for v in values if v == v]
    if not known:
        return "-"
    return f"{statistics.fmean(known):.3f} ± {statistics.stdev(known) if len(known) > 1 else 0:.3f}"


if __name__ == "__main__":
    main()
