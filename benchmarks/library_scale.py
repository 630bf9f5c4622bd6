"""A library of a million prototypes: adding, merging, splitting, undoing, erasing, searching by a face.

    python benchmarks/library_scale.py FOLDER [--people 20000] [--films 625]

Vectors are artificial (128 numbers; people are random directions, with faces scattered around them),
everything else is real: the log, the catalogue, a workspace for the film that is added. Printed are processor
seconds, wall seconds and peak memory of each step, each in a separate process.
"""

from __future__ import annotations

import argparse
import hashlib
import resource
import subprocess
import sys
import time
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import numpy as np

from castlist.cast import Cast
from castlist.library import Library, apply, lookup, storage
from castlist.library.log import Event, EventKind, now
from castlist.library.ulid import new_ulid
from castlist.recipe import Recipe
from castlist.store import Workspace
from castlist.types import Clock, Detections, Portraits, Scan, Shots, Tracks, Video

DIM, FACES, MEMBERS = 128, 16, 100  # numbers of a vector, prototypes of a member, members of a film
SPREAD = 0.6  # of a face around its person


def faces_of(person: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """(n, 128) unit vectors of one person."""
    centre = np.random.default_rng([person, 1]).normal(size=DIM)
    x = centre / np.linalg.norm(centre) + SPREAD * rng.normal(size=(n, DIM)) / np.sqrt(DIM)
    return (x / np.linalg.norm(x, axis=1, keepdims=True)).astype(np.float32)


def make(folder: Path, people: int, films: int) -> None:
    """A library as after adding this number of films."""
    lib = Library(folder)
    lib._catalogue.make()
    rng = np.random.default_rng(0)
    ids = [new_ulid() for _ in range(people)]
    log = storage.event_log(folder)
    with closing(storage.connect(folder, write=True)) as db:
        number = log.count()
        db.execute("BEGIN")
        for film in range(films):
            cast = rng.choice(people, MEMBERS, replace=False)
            rows = [{"key": f"m{i}", "person": ids[p], "how": "linked", "at": []} for i, p in enumerate(cast)]
            digest = hashlib.sha256(str(film).encode()).hexdigest()
            number += 1
            data = {
                "digest": digest,
                "name": f"{film}.mp4",
                "path": f"/{film}.mp4",
                "workspace": f"/{film}.castlist",
                "near": "",
                "people": rows,
                "questions": [],
            }
            event = Event(EventKind.FILM, data, "", now(), number)
            apply.apply_event(db, event)
            log.extend([event])
            row = lookup.find_film(db, digest)
            db.execute("UPDATE film SET model = 'sface', seconds = 5400 WHERE id = ?", (row,))
            members = dict(db.execute("SELECT key, id FROM member WHERE film = ?", (row,)).fetchall())
            for i, person in enumerate(cast.tolist()):
                vectors = faces_of(person, FACES, rng).astype("<f2")
                member = members[f"m{i}"]
                db.execute(
                    "INSERT INTO vectors VALUES (?, 'sface', ?, ?)", (member, FACES, vectors.tobytes())
                )
                box = (0.1, 0.1, 0.2, 0.2)
                db.executemany(
                    "INSERT INTO sighting VALUES (?, ?, '1/1', ?, ?, ?, ?, 0.5, '', 0)",
                    [(member, n, *box) for n in range(FACES)],
                )
                db.execute(
                    "UPDATE member SET fate = 'person', founds = 1, seconds = 60 WHERE id = ?", (member,)
                )
        db.execute("COMMIT")
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def workspace(path: Path, people: list[int]) -> Path:
    """The workspace of a film in which each of these people is seen alone, once."""
    rng = np.random.default_rng(9)
    digest = hashlib.sha256(str(path).encode()).hexdigest()
    frames = FACES * len(people)
    video = Video(path.with_suffix(".mp4"), 640, 360, Fraction(25), Fraction(frames, 25), digest, "h264")
    clock = Clock(np.arange(frames), Fraction(1, 25))
    box = np.tile(np.array([100.0, 100.0, 200.0, 220.0], np.float32), (frames, 1))
    found = Detections(np.arange(frames), box, np.full(frames, 0.9), np.zeros((frames, 5, 2)))
    vectors = np.concatenate([faces_of(p, FACES, rng) for p in people])
    recipe = Recipe()
    with Workspace.open(path, create=True) as keep:
        keep.put_video(video)
        run = keep.run_started(recipe.toml(), version="benchmark", models={})
        image = keep.put_image(b"picture")
        scan = Scan(
            clock,
            np.zeros((frames, 1), np.uint8),
            found,
            np.full(frames, 0.8),
            np.arange(frames),
            vectors,
            (image,) * frames,
        )
        keep.append(recipe.scan_key(video), scan)
        keep.complete(recipe.scan_key(video))
        start = FACES * np.arange(len(people))
        tracks = Tracks(
            np.arange(frames),
            box,
            found.score,
            np.arange(frames),
            np.append(start, frames),
            np.arange(len(people)),
        )
        portraits = Portraits(np.arange(frames), box, tracks.track, np.full(frames, 0.8), (image,) * frames)
        shots = Shots(start, start + FACES, np.zeros(len(people)))
        keep.put_cast(
            Cast.of(video, clock, shots, tracks, np.arange(len(people)), portraits=portraits),
            portraits,
            run=run,
        )
        keep.run_finished(run, {}, {})
    return path


def step(folder: Path, what: str, people: int, films: int) -> None:
    """One step, measured."""
    lib = Library(folder)
    rng = np.random.default_rng(3)
    spaces = folder.parent
    if what.startswith("add"):
        known = list(range(100)) if what == "add" else list(range(100, 200))
        path = workspace(spaces / f"{what.replace(' ', '-')}.castlist", known + [people + k for k in known])
    before, cpu = time.perf_counter(), time.process_time()
    note = ""
    if what == "make":
        make(folder, people, films)
        note = f"{films * MEMBERS * FACES} prototypes, {(folder / 'catalogue.db').stat().st_size >> 20} MB"
    elif what.startswith("add"):
        (added,) = lib.add(path)
        note = f"200 people x 16: {added.linked} linked (of 100 known), {added.new} new, {added.asked} asked"
    elif what == "search":
        hits = [lib.search_face(faces_of(p, 1, rng)[0]) for p in range(5)]
        note = f"5 faces; the first answer is sure {sum(h[0].probability > 0.99 for h in hits if h)} times"
    elif what == "merge":
        first, second = (p for p, _ in zip(lib.people, range(2), strict=False))
        before, cpu = time.perf_counter(), time.process_time()
        lib.merge(first.id, second.id)
        note = f"two people of {len(first.films)} and {len(second.films)} films"
    elif what == "split":
        person = lib.people[0]
        before, cpu = time.perf_counter(), time.process_time()
        lib.split(person.id, [person.films[-1].name])
        note = f"one of {len(person.films)} films taken out"
    elif what == "undo":
        (merged,) = (d.number for d in lib.history() if "same person" in d.sentence)
        before, cpu = time.perf_counter(), time.process_time()
        lib.undo(merged)
        note = "the two people of before, after the split"
    elif what == "forget":
        last = next(p.person for p in lib.search_face(faces_of(people, 1, rng)[0], "sface"))
        assert last
        assert lib.forget(last) == []
        note = "one person of the film that was added"
    seconds, used = time.perf_counter() - before, time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{what:12s} {used:8.2f} s processor {seconds:8.2f} s clock {memory:8.0f} MB  {note}", flush=True)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--people", type=int, default=20_000)
    arguments.add_argument("--films", type=int, default=625)
    arguments.add_argument("--step")
    given = arguments.parse_args()
    if given.step:
        step(given.folder / "library", given.step, given.people, given.films)
        return
    given.folder.mkdir(parents=True, exist_ok=True)
    steps = ["make", "add", "add again", "merge", "split", "undo", "search", "forget"]
    for what in steps:
        same = [
            str(given.folder),
            "--people",
            str(given.people),
            "--films",
            str(given.films),
        ]
        subprocess.run([sys.executable, __file__, *same, "--step", what], check=True)


if __name__ == "__main__":
    main()
