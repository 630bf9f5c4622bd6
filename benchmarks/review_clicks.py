"""Clicks to 99 %: how many actions of a reviewer until 99 % of the faces are right, and how fast each one is.

    python benchmarks/review_clicks.py sets SET.npz ...       labelled tracks, clustered at our defaults
    python benchmarks/review_clicks.py drawn 6 12 40          drawn films of so many people
    python benchmarks/review_clicks.py latency 5000 100000    tracks of 500 people: each action's time

A click is a key or a mouse button: an answer is one; a merge of two people is three (each of them, merge);
tracks taken elsewhere are one each and one for where. A face is right where its person is the majority of its
group, and the group is the one with most of that person's right faces. The reviewer knows the truth and
answers the page's questions in the page's order; where no question is left, the largest wrong thing is put
right by a merge or a move. Beside it:
(a) groups one by one by size: a click to open each, then merges and moves ("edits": without the opening);
(b) questions of the same kinds drawn at random.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from castlist.review.actions import decision
from castlist.review.base import Base, prepare
from castlist.review.people import Describe
from castlist.review.questions import questions
from castlist.review.view import View, look
from castlist.store import Decision
from castlist.types import INTERPOLATED, NOISE, SET_ASIDE, Clock, Portraits, Shots, Tracks, Video

Labels = NDArray[np.int64]
GOAL = 0.99
MOST = 1000  # actions, after which one gives up


class Bench:
    """A reviewer at work: decisions in memory, the truth beside them."""

    def __init__(self, base: Base, video: Video, truth: Labels) -> None:
        self.base, self.video, self.truth = base, video, truth
        self.log: list[Decision] = []
        self.view: View = look(base, video, ())

    def act(self, request: dict[str, Any]) -> None:
        made = replace(decision(request, self.base, self.video, self.view), id=len(self.log) + 1)
        self.log.append(made)
        self.view = look(self.base, self.video, self.log, self.view)

    def right(self) -> float:
        """Share of the faces of known people that are right."""
        size, label, truth = self.base.tracks.size, self.view.label, self.truth
        known = truth >= 0
        table = np.zeros((int(truth.max()) + 1, int(label.max(initial=0)) + 1))
        rows = known & (label >= 0)
        np.add.at(table, (truth[rows], label[rows]), size[rows])
        major = table.argmax(axis=0)
        mine = np.where(major == np.arange(len(table))[:, None], table, 0)
        return float(mine.max(axis=1).sum() / size[known].sum())


def ours(bench: Bench, rng: np.random.Generator | None = None) -> int:
    """Clicks by the page's questions, or by random ones."""
    count = 0
    while count < MOST and bench.right() < GOAL:
        asked = drawn_question(bench, rng) if rng else page_question(bench)
        if asked is None:
            count += repair(bench)
            continue
        count += 1
        kind, a, b = asked[:3]
        same = bench.truth[a] == bench.truth[b] and bench.truth[a] >= 0
        home = next((t for t in asked[3] if bench.truth[t] == bench.truth[a]), None)
        if bench.truth[a] < 0:
            bench.act({"action": "not-a-face", "tracks": [a]})
        elif same:
            bench.act({"action": "same", "tracks": [a, b]})
        elif kind == "same":
            bench.act({"action": "different", "tracks": [a, b]})
        elif home is not None:
            person = bench.view.groups[int(bench.view.label[home])].id
            bench.act({"action": "move", "tracks": [a], "person": person, "to": [home], "against": [b]})
        else:
            bench.act({"action": "split", "tracks": [a], "against": [b]})
    return count


Asked = tuple[str, int, int, tuple[int, ...]]


def page_question(bench: Bench) -> Asked | None:
    """The page's first question."""
    first = next(iter(questions(bench.base, bench.view, 1)), None)
    return first and (first.kind, first.a, first.b, first.others)


def drawn_question(bench: Bench, rng: np.random.Generator) -> Asked:
    """A pair of people, or a track and its person, at random."""
    groups = bench.view.groups
    while True:
        if rng.random() < 0.5 and len(groups) > 1:
            i, j = rng.choice(len(groups), 2, replace=False)
            return "same", int(rng.choice(groups[i].tracks)), int(rng.choice(groups[j].tracks)), ()
        group = groups[int(rng.integers(len(groups)))]
        if len(group.tracks) > 1:
            a, b = rng.choice(group.tracks, 2, replace=False)
            return "belongs", int(a), int(b), ()


def repair(bench: Bench) -> int:
    """The page's action that puts most faces right, a merge or a move; its clicks."""
    size, label, truth = bench.base.tracks.size, bench.view.label, bench.truth
    rows = (truth >= 0) & (label >= 0)
    table = np.zeros((int(truth.max()) + 1, int(label.max(initial=0)) + 1))
    np.add.at(table, (truth[rows], label[rows]), size[rows])
    major = table.argmax(axis=0)
    home = np.where(major == np.arange(len(table))[:, None], table, 0).argmax(axis=1)
    out = (truth >= 0) & (label < 0)
    wrong = table.copy()
    wrong[np.arange(len(table)), home] = 0
    who, where = np.unravel_index(wrong.argmax(), wrong.shape)
    if wrong[who, where] < size[out].max(initial=0):
        track = int(np.flatnonzero(out)[size[out].argmax()])
        bench.act({"action": "restore", "tracks": [track]})
        return 1
    groups = bench.view.groups
    if major[where] == who:
        bench.act({"action": "merge", "people": [groups[home[who]].id, groups[where].id]})
        return 3
    tracks = np.flatnonzero((label == where) & (truth == who)).tolist()
    if major[home[who]] == who:
        bench.act({"action": "move", "tracks": tracks, "person": groups[home[who]].id})
    else:
        bench.act({"action": "split", "tracks": tracks})
    return len(tracks) + 1


def one_by_one(bench: Bench) -> tuple[int, int]:
    """Clicks of a reviewer who goes through the groups by size: all, and those that change something."""
    size, truth = bench.base.tracks.size, bench.truth.copy()
    label = bench.view.label.copy()
    order = sorted(range(len(bench.view.groups)), key=lambda g: -size[label == g].sum())
    total, good, looks, edits = size[truth >= 0].sum(), _right(size, label, truth), 0, 0
    home: dict[int, int] = {}
    fresh = len(order)
    for group in order:
        if good >= GOAL * total:
            break
        own = np.flatnonzero((label == group) & (truth >= 0))
        looks += 1
        if not len(own):
            continue
        weight = np.bincount(truth[own], size[own])
        for person in np.argsort(-weight)[: np.count_nonzero(weight)].tolist():
            tracks = own[truth[own] == person]
            major = person == int(weight.argmax())
            if person not in home:
                home[person] = group if major else (fresh := fresh + 1)
            if not (major and home[person] == group):
                edits += 3 if major else len(tracks) + 1
            label[tracks] = home[person]
        good = _right(size, label, truth)
    return looks + edits, edits


def _right(size: Labels, label: Labels, truth: Labels) -> float:
    rows = (truth >= 0) & (label >= 0)
    table = np.zeros((int(truth.max()) + 1, int(label.max(initial=0)) + 1))
    np.add.at(table, (truth[rows], label[rows]), size[rows])
    mine = np.where(table.argmax(axis=0) == np.arange(len(table))[:, None], table, 0)
    return float(mine.max(axis=1).sum())


def sets(paths: list[str]) -> Iterator[tuple[str, Base, Video, Labels]]:
    """Labelled tracks, clustered at the defaults, each track at a time of its own."""
    from people import tracks as read  # the benchmark beside this one

    from castlist.recipe import Recipe

    recipe = Recipe()
    for path in paths:
        embeddings, constraints, truth, size = read(Path(path))
        tree = recipe.link(embeddings, constraints)
        label = recipe.cut(tree, embeddings, constraints).label
        clock, shots, table, portraits = _places(np.asarray(size, np.int64))
        fate = np.where(label < 0, SET_ASIDE, 0).astype(np.int8)
        base = Base.of(
            shots, clock, table, label, fate, ("",) * len(size), embeddings, constraints, portraits
        )
        yield Path(path).stem, base, _film(clock), np.asarray(truth, np.int64)


def _places(size: Labels) -> tuple[Clock, Shots, Tracks, Portraits]:
    """Tracks one after another."""
    n, offset = len(size), np.concatenate([[0], np.cumsum(size)])
    rows = int(offset[-1])
    box = np.tile(np.float32([100, 50, 200, 170]), (rows, 1))
    flat = np.full(rows, INTERPOLATED)
    table = Tracks(np.arange(rows), box, np.ones(rows), flat, offset, np.arange(n))
    shots = Shots(offset[:-1], offset[1:], np.zeros(n))
    middle = offset[:-1] + size // 2
    portraits = Portraits(middle, box[:n], np.arange(n), np.ones(n), ("",) * n)
    return Clock(np.arange(rows), Fraction(1, 25)), shots, table, portraits


def _film(clock: Clock) -> Video:
    return Video(Path("film.mp4"), 640, 360, Fraction(25), clock.time(len(clock)), "0" * 40)


def drawn(numbers: list[str]) -> Iterator[tuple[str, Base, Video, Labels]]:
    """Drawn films of so many people, as our models find them."""
    from castlist.drawn import FILMS, random_script, render
    from castlist.pipeline import find
    from castlist.store import Workspace

    for n in map(int, numbers):
        script = random_script(n, n_people=n, seconds=12.0 * n) if n < 40 else FILMS["crowd"]()
        with tempfile.TemporaryDirectory() as folder:
            film = Path(folder) / "film.mp4"
            truth = render(script, film)
            find(film)
            video, base = prepare(str(Workspace.beside(film)))
        yield f"drawn {n}", base, video, _truth(base, truth)


def _truth(base: Base, truth: Any) -> Labels:
    """(t,) the person most of a track's faces lie on, NOISE for none."""
    t = base.tracks
    votes: list[list[int]] = [[] for _ in range(len(t))]
    by_frame: dict[int, list[int]] = {}
    for row, frame in enumerate(truth.frame.tolist()):
        by_frame.setdefault(frame, []).append(row)
    for row, (frame, track) in enumerate(zip(t.frame.tolist(), t.track.tolist(), strict=True)):
        middle = (t.box[row, :2] + t.box[row, 2:]) / 2
        for other in by_frame.get(frame, ()):
            low, high = truth.box[other, :2], truth.box[other, 2:]
            if truth.person[other] >= 0 and (low <= middle).all() and (middle <= high).all():
                votes[track].append(int(truth.person[other]))
    return np.array([np.bincount(v).argmax() if v else NOISE for v in votes], np.int64)


def clicks(films: Iterator[tuple[str, Base, Video, Labels]], seeds: int) -> None:
    print("film | tracks | groups | right before | ours | (a) one by one | (a) edits | (b) random, median")
    for name, base, video, truth in films:
        start = Bench(base, video, truth)
        mine = ours(Bench(base, video, truth))
        looks, edits = one_by_one(start)
        random = [ours(Bench(base, video, truth), np.random.default_rng(s)) for s in range(seeds)]
        middle = f"{int(np.median(random))}{'+' if max(random) >= MOST else ''}"
        count = f"{len(truth)} | {len(start.view.groups)} | {start.right():.3f}"
        print(f"{name} | {count} | {mine} | {looks} | {edits} | {middle}", flush=True)


def latency(numbers: list[str]) -> None:
    """Milliseconds of each part of an action, on tracks of 500 people, after 50 decisions."""
    print("tracks | action | p50 ms | p95 ms | questions ms | state ms")
    for n in map(int, numbers):
        rng = np.random.default_rng(0)
        truth = rng.integers(0, 500, n)
        centre = rng.normal(size=(500, 128))
        vector = (centre[truth] + 0.7 * rng.normal(size=(n, 128))).astype(np.float32)
        vector /= np.linalg.norm(vector, axis=1, keepdims=True)
        label = np.where(rng.random(n) < 0.9, truth, truth + 500)
        clock, shots, table, portraits = _places(rng.integers(5, 30, n))
        base = Base(
            clock, shots, table, portraits, label, np.zeros(n), ("",) * n, vector, np.zeros((0, 2)),
            np.array([0.7, 0.0, 0.09, -5.0]),
        )  # fmt: skip
        bench = Bench(base, _film(clock), truth)
        describe = Describe(base)
        everybody = [describe.person(g) for g in bench.view.groups]
        spent: dict[str, list[float]] = {}
        for i in range(50):
            groups = bench.view.groups
            one, two = (groups[k] for k in rng.choice(len(groups) // 2, 2, replace=False))
            acts: list[dict[str, Any]] = [
                {"action": "merge", "people": [one.id, two.id]},
                {"action": "split", "tracks": one.tracks[:3].tolist()},
                {"action": "move", "tracks": one.tracks[-2:].tolist(), "person": two.id},
                {"action": "name", "person": one.id, "name": f"N{i}"},
                {"action": "not-a-face", "tracks": one.tracks[:1].tolist()},
            ]
            request = acts[i % len(acts)]
            name = request["action"]
            began = time.perf_counter()
            bench.act(request)
            everybody = [describe.person(g) for g in bench.view.groups]
            spent.setdefault(name, []).append(1000 * (time.perf_counter() - began))
        began = time.perf_counter()
        questions(base, bench.view, 12)
        asked = 1000 * (time.perf_counter() - began)
        began = time.perf_counter()
        json.dumps(everybody)
        dumped = 1000 * (time.perf_counter() - began)
        for name, times in spent.items():
            p50, p95 = np.percentile(times, [50, 95])
            print(f"{n} | {name} | {p50:.0f} | {p95:.0f} | {asked:.0f} | {dumped:.0f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=["sets", "drawn", "latency"])
    parser.add_argument("which", nargs="+")
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).parent))
    if given.what == "latency":
        latency(given.which)
    else:
        clicks(sets(given.which) if given.what == "sets" else drawn(given.which), given.seeds)


if __name__ == "__main__":
    main()
