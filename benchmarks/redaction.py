"""Redact labelled clips as a user would, with one visible person, and measure the pixels of the output.

    python benchmarks/redaction.py CLIPS [--workspaces FOLDER] [--only NAME] [--as-found] [--json FILE]

CLIPS is a folder of films, each with FILM.truth.csv beside it (frame,x,y,w,h,label: P<k> a person, UNK an
unidentifiable face, NF not a face). FOLDER may contain NAME.castlist of each, to save the scans. The person
with most faces stays visible. By default the cast is corrected first, as in a review: each track is assigned
to the person with most of its identifiable faces. With --as-found it is not corrected: the people stay
visible of whose faces most show that person.

A pixel counts as hidden if the output is black and the film is not. A face of another person is covered if 90
% of its pixels are hidden; a face of the visible person is open if at most 10 % are. Where faces overlap, no
cover can achieve both: "of" is the largest share of the visible person's faces that a cover could leave open.
Then the proof is tried on output that leaks on purpose: the film itself, and a copy in which a face of
another person is open for half a second. Exit statuses of -1 were not tried.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

from castlist.boxes import iou, pairs_in_frame
from castlist.cast import Cast
from castlist.decode import open_video, read_frames
from castlist.redact.redact import MARGINS, _Job
from castlist.render import Covers, render
from castlist.store import Workspace
from castlist.types import SET_ASIDE, Machine

DARK, BLACK = 48, 24  # grey levels: darker pixels of the film are not counted; output up to BLACK is black
SHOWN = (
    "others", "covered", "hidden", "kept", "open", "possible", "shown", "rounds", "status", "film_checked",
    "half_second_checked", "rate",
)  # fmt: skip
COLUMNS = (
    "others",
    "covered",
    "mean",
    "kept",
    "open",
    "of",
    "mean",
    "rounds",
    "status",
    "film",
    "half",
    "cpu/film",
)


def truth_of(path: Path) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Frames (n,), boxes (n, 4) left, top, right, bottom, and labels, without those that are no face."""
    with open(path, newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["label"] != "NF"]
    box = np.array([[float(r[k]) for k in "xywh"] for r in rows])
    box[:, 2:] += box[:, :2]
    return np.array([int(r["frame"]) for r in rows]), box, [r["label"] for r in rows]


def majority(cast: Cast, truth) -> list[str]:
    """The label of most faces of each track; "" if none is known.

    Unidentifiable faces do not count if other faces of the track are identified.
    """
    frame, box, label = truth
    left, right = pairs_in_frame(cast.tracks.frame, frame)
    near = iou(cast.tracks.box[left], box[right]) >= 0.4
    votes: dict[int, Counter[str]] = defaultdict(Counter)
    for track, row in zip(cast.tracks.track[left[near]].tolist(), right[near].tolist(), strict=True):
        votes[track][label[row]] += 1
    ranked = [sorted(votes[t].items(), key=lambda v: (v[0] == "UNK", -v[1])) for t in range(len(cast.tracks))]
    return [who[0][0] if who else "" for who in ranked]


def reviewed(folder: Path, truth) -> None:
    """Correct the cast of a workspace, as a reviewer would who knows all people."""
    with Workspace.open(folder) as keep:
        cast, portraits = keep.cast(), keep.portraits()
        who = majority(cast, truth)
        names = sorted(set(who) - {"", "UNK"})
        label = np.array([names.index(w) if w in names else -1 for w in who])
        fate = np.where(label >= 0, 0, SET_ASIDE)
        made = Cast.of(cast.video, cast.clock, cast.shots, cast.tracks, label, fate=fate, names=names)
        keep.put_cast(made, portraits)


def kept_names(folder: Path, truth, person: str) -> list[str]:
    """The people of a cast most of whose faces show a person."""
    with Workspace.open(folder, write=False) as keep:
        cast = keep.cast()
    who = majority(cast, truth)
    votes = {p.name: Counter(who[t] for t in p.tracks if who[t]) for p in cast.people}
    return [name for name, count in votes.items() if count and count.most_common(1)[0][0] == person]


def hidden_shares(film: Path, output: Path, truth) -> np.ndarray:
    """(n,) the share of each face's pixels that are hidden; NaN if the film is too dark for this."""
    frame, box, _ = truth
    rows = defaultdict(list)
    for row, number in enumerate(frame.tolist()):
        rows[number].append(row)
    share = np.full(len(frame), np.nan)
    with read_frames(open_video(film)) as one, read_frames(open_video(output)) as two:
        for number, (before, after) in enumerate(zip(one, two, strict=True)):
            for row in rows[number]:
                left, top, right, bottom = np.maximum(np.round(box[row]), 0).astype(int)
                a, b = (f.image[top:bottom, left:right].max(axis=2) for f in (before, after))
                if (a > DARK).mean() >= 0.1:
                    share[row] = (b[a > DARK] <= BLACK).mean()
    return share


def possible(truth, mine: np.ndarray) -> np.ndarray:
    """(n,) the visible person's faces that a cover of 90 % of every other face can leave open."""
    frame, box, _ = truth
    area = (box[:, 2:] - box[:, :2]).prod(axis=1)
    left, right = pairs_in_frame(frame, frame)
    other = mine[left] & ~mine[right]
    left, right = left[other], right[other]
    low, high = np.maximum(box[left, :2], box[right, :2]), np.minimum(box[left, 2:], box[right, 2:])
    common = np.clip(high - low, 0, None).prod(axis=1)
    can = mine.copy()
    can[left[common - 0.1 * area[right] > 0.1 * area[left]]] = False
    return can


def run(folder: Path, who: list[str], *options: str) -> tuple[int, float]:
    """Exit status and CPU seconds of castlist redact."""
    names = [part for name in who for part in ("--keep", name)]
    command = [sys.executable, "-m", "castlist", "redact", str(folder), *names, *options, "--quiet"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    return os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime


def leaky(folder: Path, who: list[str], output: Path) -> bool:
    """Write a film in which another person's face is open for half a second; False if there is none."""
    job = _Job.of(folder, who, [], "solid", MARGINS, Machine(), lambda *a: None)
    cast, plan = job.cast, job.plan([])
    others = [p for p in cast.people if p not in job.people]
    if not others:
        return False
    track = max((t for p in others for t in p.tracks), key=lambda t: int(cast.tracks.size[t]))
    rows = cast.tracks.rows(track)
    middle = float(cast.clock.seconds()[int(np.median(cast.tracks.frame[rows]))])
    near = np.abs(cast.clock.seconds(plan.covers.frame) - middle) <= 0.25
    face = cast.tracks.box[rows].astype(float)
    there = (face[:, 0].min(), face[:, 1].min(), face[:, 2].max(), face[:, 3].max())
    box = plan.covers.box
    meets = (box[:, 0] < there[2]) & (box[:, 2] > there[0]) & (box[:, 1] < there[3]) & (box[:, 3] > there[1])
    kept = ~(near & meets)
    render(
        cast.video, cast.clock, output,
        covers=Covers(plan.covers.frame[kept], plan.covers.kind[kept], plan.covers.box[kept]),
    )  # fmt: skip
    return True


def measured(film: Path, folder: Path, as_found: bool, leaks_up_to: float, scratch: Path) -> dict[str, float]:
    """All figures of one clip."""
    truth = truth_of(film.with_suffix(".truth.csv"))
    people = Counter(label for label in truth[2] if label != "UNK")
    person = people.most_common(1)[0][0]
    if not as_found:
        reviewed(folder, truth)
    who = kept_names(folder, truth, person)
    output = scratch / f"{film.stem}.out.mp4"
    status, cpu = run(folder, who, "-o", str(output))
    report = json.loads(output.with_name(f"{output.name}.redaction.json").read_text())
    share = hidden_shares(film, output, truth)
    mine = np.array([label == person for label in truth[2]])
    told = ~np.isnan(share)
    nobody = np.array([label == "UNK" for label in truth[2]]) & told
    theirs = told & ~mine & ~nobody
    seconds = float(open_video(film).duration)
    leak = scratch / f"{film.stem}.leak.mp4"
    tried = seconds <= leaks_up_to and leaky(folder, who, leak)
    half = run(folder, who, "--check", str(leak))[0] if tried else -1
    return {
        "others": int(theirs.sum()), "covered": float((share[theirs] >= 0.9).mean()),
        "hidden": float(share[theirs].mean()), "missed": int((share[theirs] < 0.9).sum()),
        "unknown": int(nobody.sum()), "unknown_covered": int((share[nobody] >= 0.9).sum()),
        "kept": int((told & mine).sum()),
        "open": float((share[told & mine] <= 0.1).mean()),
        "possible": float(possible(truth, mine)[told & mine].mean()),
        "shown": float(1 - share[told & mine].mean()),
        "rounds": report["proof"]["rounds"], "status": status, "moments": len(report["proof"]["leaks"]),
        "film_checked": run(folder, who, "--check", str(film))[0] if tried else -1,
        "half_second_checked": half,
        "cpu": cpu, "film_seconds": seconds,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clips", type=Path)
    parser.add_argument("--workspaces", type=Path, help="a folder with NAME.castlist of each clip")
    parser.add_argument("--only", default="", help="films whose name holds this")
    parser.add_argument("--as-found", action="store_true", help="nobody reviews the cast")
    parser.add_argument("--leaks-up-to", type=float, default=30, help="seconds; longer films are spared that")
    parser.add_argument("--json", type=Path, help="write all figures here")
    args = parser.parse_args()
    print(f"{'clip':24}" + "".join(f"{c:>9}" for c in COLUMNS), flush=True)
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        for film in sorted(args.clips.glob("*.mp4"), key=lambda film: open_video(film).duration):
            if args.only not in film.stem or not film.with_suffix(".truth.csv").exists():
                continue
            place = scratch / f"{film.stem}.castlist"
            if args.workspaces:
                shutil.copytree(args.workspaces / place.name, place)
            else:
                find = [sys.executable, "-m", "castlist", "find", str(film), "--out", str(place), "--quiet"]
                subprocess.run(find, check=True, stdout=subprocess.DEVNULL)
            r = results[film.stem] = measured(film, place, args.as_found, args.leaks_up_to, scratch)
            texts = {
                key: f"{value:.4f}" if isinstance(value, float) else f"{value}" for key, value in r.items()
            }
            texts["rate"] = f"{r['cpu'] / r['film_seconds']:.2f}"
            cells = [texts[key] for key in SHOWN]
            print(f"{film.stem:24}" + "".join(f"{c:>9}" for c in cells), flush=True)
            if args.json:
                args.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
