"""results/*.json -> the tables of docs/benchmarks.md, between its <!-- NAME --> and <!-- end --> marks.

python benchmarks/tables.py             # rewrites them
python benchmarks/tables.py --print     # only prints them
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from measure import RESULTS
from plot import growth, lines

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"


def rows_of(name: str) -> list[dict[str, Any]]:
    """Rows of a file of results, smallest first."""
    path = RESULTS / f"{name}.json"
    rows = json.loads(path.read_text())["rows"] if path.exists() else {}
    return sorted(rows.values(), key=lambda row: row.get("n", 0))


def table(head: list[str], body: list[list[str]]) -> str:
    if not body:
        return "Not measured yet."
    rule = ["---"] * len(head)
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [head, rule, *body])


def seconds(value: float) -> str:
    return f"{value:.2f} s" if value < 10 else f"{value:.0f} s" if value < 300 else f"{value / 60:.1f} min"


def size(value: float) -> str:
    return f"{value / 1e6:.0f} MB" if value < 1e9 else f"{value / 1e9:.2f} GB"


def load(row: dict[str, Any]) -> str:
    return f"{row['load_before_and_after'][0]:.1f} to {row['load_before_and_after'][1]:.1f}"


def ward() -> str:
    body = []
    for row in rows_of("ward"):
        held, ratio = row["bytes_over_input"], row["times_all_pairs"]
        cells = [f"{row['n']:,}", str(row["repeat"]), seconds(row["seconds"]["all pairs"])]
        cells += [f"{row['all_pairs_gflops']:.0f}", f"**{ratio['castlist']:.2f}**", size(held["castlist"])]
        for name in ("scipy", "fastcluster"):
            cells.append(f"{ratio[name]:.1f}, {size(held[name])}" if name in ratio else "–")
        worst = max(row["height_difference"].values(), default=None)
        body.append([*cells, f"{worst:.0e}" if worst is not None else "–", load(row)])
    head = ["N", "runs", "one pass", "GFLOP/s", "castlist, passes", "memory", "SciPy, passes, memory",
            "fastcluster, passes, memory", "heights differ by", "load"]  # fmt: skip
    return table(head, body)


def graph() -> str:
    body = []
    for row in rows_of("graph"):
        run, exact = row["graph"], row.get("exact")
        body.append([
            f"{row['n']:,}", row["linkage"], f"{row['people']:,}", f"{run['exact']:,}",
            seconds(run["seconds"]), size(run["bytes_over_start"]),
            f"{run['f_at_k']:.4f}", f"{run['f_best']:.4f}",
            f"{exact['f_at_k']:.4f}, {exact['f_best']:.4f}, {seconds(exact['seconds'])}" if exact else "–",
            f"{100 * row['f_lost_at_k']:.2f}, {100 * row['f_lost_best']:.2f}" if exact else "–",
            f"{row['gemm_gflops']:.0f}", load(row),
        ])  # fmt: skip
    head = ["N", "linkage", "people", "all looked at below", "time", "memory", "F at K",
            "F at the best height", "exact: F, F, time", "points lost", "GFLOP/s", "load"]  # fmt: skip
    return table(head, body)


def rivals() -> str:
    rows = rows_of("rivals")
    names = list(dict.fromkeys(name for row in rows for name in row["runs"]))
    how = {name: one["how"] for row in rows for name, one in row["runs"].items() if "how" in one}

    def cell(row: dict[str, Any], name: str) -> str:
        one = row["runs"].get(name)
        if one is None or "seconds" not in one:
            return "–" if one is None else "failed"
        return f"{seconds(one['seconds'])}, {size(one['bytes_over_input'])}, {one['f']:.3f}"

    body = [[name, how.get(name, ""), *(cell(row, name) for row in rows)] for name in names]
    passes = [["one pass over all pairs", "", *(seconds(row["all_pairs_seconds"]) for row in rows)]]
    return table(["", "", *(f"N = {row['n']:,}" for row in rows)], passes + body if body else [])


def street() -> str:
    path = RESULTS / "street.json"
    rows = json.loads(path.read_text())["rows"] if path.exists() else {}
    body = []
    for clip, row in rows.items():
        for name, r in row["runs"].items():
            body.append([
                f"{clip}, {row['width']}×{row['height']}, {row['film_seconds']:.0f} s", name,
                f"{r['times_real_time']:.2f}", size(r["bytes"]), f"{r['face_recall_assigned']:.3f}",
                f"{r['false_faces']:.3f}", f"{r['b_cubed_f']:.3f}",
                f"{r['people_found']} of {r['people_truth']}, {r['people_predicted']} predicted",
            ])  # fmt: skip
    head = [
        "film",
        "",
        "times real time",
        "memory",
        "faces found and assigned",
        "false",
        "B-cubed F",
        "people",
    ]
    return table(head, body)


def stages() -> str:
    path = RESULTS / "street.json"
    known = json.loads(path.read_text())["rows"] if path.exists() else {}
    rows = {clip: row for clip, row in known.items() if "stages" in row}
    names = list(dict.fromkeys(name for row in rows.values() for name in row["stages"]["shares"]))
    body = [
        [clip, *(f"{row['stages']['shares'].get(name, 0):.0%}" for name in names)]
        for clip, row in rows.items()
    ]
    return table(["film", *names], body)


def ssiam() -> str:
    body = []
    for row in rows_of("ssiam"):
        ours, floor, brute = row["ours_seconds"], row["ours_over_floor"], row["brute_over_ours"]
        body.append([
            f"{row['rows']:,} × {row['dimensions']:,}", f"{row['steps']:,}", seconds(ours[0]),
            f"{floor[0]:.2f}", f"{floor[1]:.2f}", f"{brute[0]:.1f}", f"{brute[1]:.1f}", load(row),
        ])  # fmt: skip
    head = ["features", "steps", "time", "times the floor", "by processor time", "brute force, times ours",
            "by processor time", "load"]  # fmt: skip
    return table(head, body)


def exponents() -> str:
    body = []
    for name, line in lines(RESULTS).items():
        time, memory = growth(line)
        known = f"N^{memory:.2f}" if memory is not None else "–"
        body.append([name, f"{int(line[0][0]):,} to {int(line[-1][0]):,}", f"N^{time:.2f}", known])
    return table(["", "sizes", "time", "memory"], body)


TABLES: dict[str, Callable[[], str]] = {
    "ward": ward, "graph": graph, "rivals": rivals, "street": street, "stages": stages, "ssiam": ssiam,
    "exponents": exponents,
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--print", action="store_true")
    given = parser.parse_args()
    page = PAGE.read_text()
    for name, make in TABLES.items():
        text = make()
        if given.print:
            print(f"{name}\n\n{text}\n")
        marked = re.compile(rf"<!-- {name} -->.*?<!-- end -->", re.DOTALL)
        page = marked.sub(f"<!-- {name} -->\n{text}\n<!-- end -->", page)
    if not given.print:
        PAGE.write_text(page)


if __name__ == "__main__":
    main()
