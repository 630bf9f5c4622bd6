"""A library of real clips: links between halves of labelled clips, and searches by photographs.

    python benchmarks/library_real.py VIDEOS PHOTOS WORK [--clips NAME ...] [--shared PREFIX]

VIDEOS has NAME.mp4 with NAME.truth.csv (frame, x, y, w, h, label); each is cut into two halves that are added
as two films. Printed is how many of the people in both halves were linked correctly, how many links are
wrong, and how many were left to a question. Clips whose names begin with --shared have people in common: a
link between two of these is printed for inspection, and not counted as wrong. PHOTOS has a folder for each of
some hundred people with at least two pictures: the first picture of each person is added to the clips'
people, and the second one is the query. Printed is the recall at one false alarm in a thousand comparisons of
strangers.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
from library_season import overlap

from castlist.errors import InputError
from castlist.library import Library, find_all
from castlist.library.harvest import harvest
from castlist.library.photo import PhotoFace, faces_in
from castlist.library.score import pair_score


def halves(video: Path, work: Path) -> list[Path]:
    """Two films, each half of a clip, with their truth."""
    rows = list(csv.DictReader(video.with_suffix(".truth.csv").read_text().splitlines()))
    count = ["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v:0", "-of", "csv=p=0"]
    count += ["-show_entries", "stream=nb_read_frames", str(video)]
    told = subprocess.run(count, capture_output=True, text=True, check=True).stdout
    frames = int(told.strip().strip(","))
    made = []
    for half, (begin, end) in enumerate(((0, frames // 2), (frames // 2, frames))):
        out = work / f"{video.stem}.{'ab'[half]}.mp4"
        made.append(out)
        if out.with_suffix(".csv").exists():
            continue
        part = f"select='between(n,{begin},{end - 1})',setpts=PTS-STARTPTS"
        cut = ["ffmpeg", "-v", "error", "-y", "-i", str(video), "-an", "-vf", part, "-crf", "16", str(out)]
        subprocess.run(cut, check=True)
        with open(out.with_suffix(".csv"), "w", newline="") as file:
            table = csv.writer(file)
            for r in rows:
                if begin <= int(r["frame"]) < end:
                    x, y, w, h = (float(r[k]) for k in "xywh")
                    table.writerow((int(r["frame"]) - begin, x, y, x + w, y + h, r["label"]))
    return made


def truth_of_members(film: Path, workspace: Path, lib: Library) -> list[tuple[str, str, bool]]:
    """(person of the library, true label, whether the member can found a person) of a film's people."""
    by_frame: dict[int, list[tuple[list[float], str]]] = {}
    for row in csv.reader(film.with_suffix(".csv").read_text().splitlines()):
        by_frame.setdefault(int(row[0]), []).append(([float(v) for v in row[1:5]], row[5]))
    facts = harvest(workspace)
    tracks = facts.cast.tracks
    votes: dict[int, Counter[str]] = {}
    owner = facts.owner[tracks.track]
    for member, frame, box in zip(owner.tolist(), tracks.frame.tolist(), tracks.box.tolist(), strict=True):
        for other, who in by_frame.get(frame, []):
            if overlap(box, other) > 0.3:
                votes.setdefault(member, Counter())[who] += 1
    keys = {key: p.id for p in lib.people for f, key, _, _ in p.members if Path(f.path).name == film.name}
    found = []
    for number, member in enumerate(facts.members):
        if member.key in keys and number in votes:
            found.append((keys[member.key], votes[number].most_common(1)[0][0], member.sufficient))
    return found


def _two_people(labels: Counter[str], shared: str) -> bool:
    """Whether film-people of these labels are surely two: of one clip, or of clips without common people."""
    found = [label.split(" ", 1) for label in labels]
    clips = Counter(clip for clip, _ in found)
    groups = {"shared" if shared and clip.startswith(shared) else clip for clip, _ in found}
    return len(groups) > 1 or max(clips.values()) > 1


def clips(videos: list[Path], work: Path, shared: str) -> Library:
    """Link the halves, and print how well that works."""
    films = [half for video in videos for half in halves(video, work)]
    outcomes = find_all(films, each=lambda o: print(f"{Path(o.film).name}: {o.people} people", flush=True))
    lib = Library(work / "library")
    for outcome in outcomes:
        lib.add(outcome.workspace)
    asked = {frozenset((q.a, q.b)) for q in lib.questions()}
    right = wrong = ask = missed = both = 0
    true_of: dict[str, Counter[str]] = {}
    for video in videos:
        names = [f"{video.stem}.{x}" for x in "ab"]
        a, b = (truth_of_members(work / f"{n}.mp4", work / f"{n}.castlist", lib) for n in names)
        for person, who, _ in (*a, *b):
            true_of.setdefault(person, Counter())[f"{video.stem} {who}"] += 1
        for who in {w for _, w, _ in a} & {w for _, w, _ in b} - {"NF", "UNK"}:
            both += 1
            first, second = ({p for p, w, _ in side if w == who} for side in (a, b))
            if first & second:
                right += 1
            elif any(frozenset((p, q)) in asked for p in first for q in second):
                ask += 1
            else:
                missed += 1
    wrong = sum(_two_people(c, shared) for c in true_of.values())
    print(
        f"{len(videos)} clips: {both} people in both halves: {right} linked, {ask} asked about, "
        f"{missed} missed; "
        f"{len(true_of)} people of the library, {wrong} of them hold film-people of two labels; "
        f"{len(asked)} questions"
    )
    for person, count in true_of.items():
        if len(count) > 1:
            print("  several labels, to be looked at:", person, dict(count))
    return lib


def size(face: PhotoFace) -> float:
    """The size of a face in a picture."""
    return (face.box[2] - face.box[0]) * (face.box[3] - face.box[1])


def photos(folder: Path, lib: Library, most: int) -> None:
    """Search photographs among photographs and the clips' people."""
    gallery: list[tuple[str, np.ndarray]] = []
    queries: list[tuple[str, np.ndarray]] = []
    lost = 0
    for place in sorted(p for p in folder.iterdir() if p.is_dir())[:most]:
        pictures = sorted(place.glob("*.jpg"))[:2]
        if len(pictures) < 2:
            continue
        try:
            faces = [max(faces_in(p), key=size) for p in pictures]
        except InputError:
            lost += 1
            continue
        gallery.append((place.name, faces[0].vector[None]))
        queries.append((place.name, faces[1].vector[None]))
    people = [
        m.vectors.astype(np.float32)
        for f in lib.films
        for m in harvest(f.workspace).members
        if len(m.vectors)
    ]
    same = np.array([pair_score(q, g) for (a, q), (b, g) in zip(queries, gallery, strict=True) if a == b])
    others = [pair_score(q, g) for a, q in queries for b, g in gallery if a != b]
    strangers = np.array(others + [pair_score(q, p) for _, q in queries for p in people])
    for rate in (1e-2, 1e-3, 1e-4):
        limit = np.quantile(strangers, 1 - rate)
        print(f"  recall at a false alarm rate of {rate:g}: {(same > limit).mean():.4f} (score {limit:.3f})")
    print(
        f"{len(queries)} people of PHOTOS, {len(people)} film-people, {len(strangers)} comparisons of "
        f"strangers; "
        f"{lost} people left out, for no face was found in a picture"
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("videos", type=Path)
    arguments.add_argument("photos", type=Path)
    arguments.add_argument("work", type=Path)
    arguments.add_argument("--clips", nargs="*")
    arguments.add_argument("--people", type=int, default=500)
    arguments.add_argument("--shared", default="")
    given = arguments.parse_args()
    given.work.mkdir(parents=True, exist_ok=True)
    names = given.clips or sorted(p.stem for p in given.videos.glob("*.mp4"))
    lib = clips([given.videos / f"{name}.mp4" for name in names], given.work, given.shared)
    photos(given.photos, lib, given.people)


if __name__ == "__main__":
    main()
