"""Run castlist find on labelled clips as a user would, and score it: quality, rate and memory.

    python benchmarks/clips.py CLIPS --scorer score_faces.py [--json FILE] [-- options of castlist find]

CLIPS is a folder of films, each with FILM.truth.csv beside it (frame,x,y,w,h,label). The scorer is a
takes TRUTH.csv PREDICTED.csv --json. Times and memory are those of the whole process with its children, as
the operating system counts them.

With --keep FOLDER the workspaces stay there: a second run uses their scans, and measures only the later
stages; `python benchmarks/linkage.py FOLDER/*.castlist --truth CLIPS` then compares the evidence with what
the linkage achieves. `python benchmarks/shrink.py CLIPS OUT` makes harder clips from them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from measure import cost_of_command

COLUMNS = (
    "recall",
    "assigned",
    "false",
    "WCP",
    "B3 P",
    "B3 R",
    "B3 F",
    "track F",
    "found",
    "people",
    "mixed",
)


def measure(film: Path, folder: Path, options: list[str]) -> dict[str, float]:
    """Seconds and peak memory (MiB, of the largest process) of castlist find, from an empty workspace."""
    command = [sys.executable, "-m", "castlist", "find", str(film), "--out", str(folder), "--quiet", *options]
    return asdict(cost_of_command(command))


def score(scorer: Path, truth: Path, folder: Path) -> dict:
    """The scorer's result for the exported faces."""
    faces = folder.with_suffix(".csv")
    export = [sys.executable, "-m", "castlist", "export", str(folder), "--format", "csv", "-o", str(faces)]
    subprocess.run(export, check=True)
    answer = subprocess.run(
        [sys.executable, str(scorer), str(truth), str(faces), "--json"], check=True, capture_output=True
    )
    return json.loads(answer.stdout)


def row(name: str, s: dict, cost: dict[str, float], length: float) -> str:
    face = s["face"]
    values = (
        s["face_recall"], s["face_recall_assigned"], s["false_faces"], face["wcp"], face["bcubed_p"],
        face["bcubed_r"], face["bcubed_f"], s["track"]["bcubed_f"],
    )  # fmt: skip
    cells = [f"{v:8.3f}" if v is not None else "       -" for v in values]
    found = f"{s['people_found']}/{s['people_truth']}"
    rate = f"{length / cost['seconds']:6.1f}x {cost['mib']:6.0f} MiB"
    return f"{name:24}{''.join(cells)}{found:>8}{s['people_predicted']:8}{s['mixed_tracks']:8}  {rate}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clips", type=Path)
    parser.add_argument("--scorer", type=Path, required=True)
    parser.add_argument("--json", type=Path, help="write all figures here")
    parser.add_argument("--only", help="films whose name holds this")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="workspaces stay in this folder")
    parser.add_argument("options", nargs="*", help="options of castlist find, after --")
    args = parser.parse_intermixed_args()
    if args.keep:
        args.keep.mkdir(parents=True, exist_ok=True)
    print(f"{'clip':24}" + "".join(f"{c:>8}" for c in COLUMNS) + "    rate   memory", flush=True)
    results = {}
    with tempfile.TemporaryDirectory() as scratch:
        for truth in sorted(args.clips.glob("*.truth.csv")):
            name = truth.name.removesuffix(".truth.csv")
            films = [p for p in args.clips.glob(f"{name}.*") if p.suffix in (".mp4", ".mkv", ".webm", ".avi")]
            if not films or (args.only and args.only not in name):
                continue
            folder = (args.keep or Path(scratch)) / f"{name}.castlist"
            cost = measure(films[0], folder, args.options)
            info = [sys.executable, "-m", "castlist", "export", str(folder), "--format", "json"]
            document = json.loads(subprocess.run(info, check=True, capture_output=True).stdout)
            length = float(document["film"]["duration"]["seconds"])
            results[name] = {**score(args.scorer, truth, folder), **cost, "film_seconds": length}
            print(row(name, results[name], cost, length), flush=True)
    faces = [r["face"]["bcubed_f"] for r in results.values() if r["face"]["bcubed_f"] is not None]
    if faces:
        print(f"{'mean B3 F':24}{sum(faces) / len(faces):56.3f}")
    if args.json:
        args.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
