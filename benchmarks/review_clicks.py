"""Clicks to 99 %: the number of a reviewer's actions until 99 % of the faces are right, and their speed.

    python benchmarks/review_clicks.py sets SET.npz ...       labelled tracks, clustered at our defaults
    python benchmarks/review_clicks.py parts SET.npz ...      two thirds of a set at random: other groups
    python benchmarks/review_clicks.py drawn 6 12 40 crowd    drawn films of so many people, or by name
    python benchmarks/review_clicks.py films W=TRUTH.csv ...  workspaces of films whose faces are labelled
    python benchmarks/review_clicks.py latency 5000 100000    tracks of 500 people: processor time

A click is a key or a mouse button. A sheet of the page is one key, and one more click for each item at the
wrong person; a single question is one key; a merge of two people is three (each person, then merge); moved
tracks are one each and one for the target. A face is right if its person is the majority of its group, and
the group is the one with most of that person's right faces. The reviewer knows the truth and answers the
page's sheets in the page's order. In the sheet of people, from top to bottom, each wrong item is a click,
after which the page asks again about the items below it. In the sheet of strangers, each part of a person
that is a stranger is a click, and so is each track set aside that is a face. When no sheet is left
("silent"), the largest error is corrected by a merge or a move. The goal is 1.5 clicks for each person and
one for 20 seconds of film. "looked at" counts the faces on the sheets; "announced" is castlist's own estimate
before the first click, next to the clicks until the page asks nothing any more. For comparison:
"one at a time": the page's single questions instead of sheets;
(a) groups one by one by size: a click to open each, then merges and moves, then the tracks set aside; and (a)
    by the best hand: a merge is one drag, and consecutive tracks are chosen by one frame;
(b) questions of the same kinds drawn at random.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from castlist.boxes import iou
from castlist.decisions import Base, Decision, View, apply, completed
from castlist.pipeline.prepare import prepare
from castlist.review.actions import decision
from castlist.review.people import Describe
from castlist.suggest.batches import Item
from castlist.suggest.checks import SHOWN, Check
from castlist.suggest.questions import LONGEST, Asker
from castlist.types import (
    INTERPOLATED,
    NOISE,
    SET_ASIDE,
    Clock,
    Constraints,
    Embeddings,
    Portraits,
    Shots,
    Tracks,
    Video,
)

Labels = NDArray[np.int64]
GOAL = 0.99
PAGE = 48  # items of a page, including those asked again, as in sheet.js
MOST = 1000  # actions, after which the reviewer gives up


class Bench:
    """A reviewer at work: decisions in memory, and the truth."""

    def __init__(self, base: Base, video: Video, truth: Labels) -> None:
        self.base, self.video, self.truth = base, video, truth
        self.log: list[Decision] = []
        self.view: View = apply(base, video, ())

    def act(self, request: dict[str, Any]) -> None:
        made = decision(request, self.base, self.video, self.view)
        made = completed(replace(made, id=len(self.log) + 1), self.view, self.base, self.video)
        self.log.append(made)
        self.view = apply(self.base, self.video, self.log, self.view)

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


@dataclass
class Cost:
    """The cost of a review by the page's sheets."""

    clicks: int = 0
    looked: int = 0  # faces looked at
    sheets: int = 0
    silent: int = 0  # times that the page asked nothing more below the goal


def by_sheets(bench: Bench) -> Cost:
    """Clicks by the page's sheets of people and of strangers."""
    asker, cost = Asker(bench.base), Cost()
    while cost.clicks < MOST and bench.right() < GOAL:
        asker.look(bench.view)
        if not asker.first():
            cost.silent += 1
            cost.clicks += repair(bench)
            continue
        clicks, looked = next_page(bench, asker, GOAL)
        cost.clicks += clicks
        cost.looked += looked
        cost.sheets += 1
    return cost


def next_page(bench: Bench, asker: Asker, goal: float = np.inf) -> tuple[int, int]:
    """Answer the page's first question or sheet; returns clicks, and faces looked at."""
    if asker.first() == "sheet":
        return from_top_to_bottom(bench, asker, goal)
    checks, aside = asker.checks(), asker.asides()
    looked = sum(len(c.pieces) for c in checks) + len(aside)
    homes = asker.elsewhere([np.array([t], np.int64) for t in aside])
    return 1 + mark_strangers(bench, checks, aside, list(homes)), looked


def from_top_to_bottom(bench: Bench, asker: Asker, goal: float) -> tuple[int, int]:
    """Answer a sheet as sheet.js shows it; returns clicks, one of which confirms all, and faces looked at."""
    below, clicks, looked = list(asker.sheet().items), 1, 0
    answered: list[int] = []
    while below:
        wrong = next((k for k, item in enumerate(below) if right_of(bench, item) != item.guess), NOISE)
        done, rest = (below, []) if wrong == NOISE else (below[: wrong + 1], below[wrong + 1 :])
        clicks += fill_in(bench, tuple(done))
        looked += sum(1 + len(i.others) + (i.guess != NOISE) for i in done)
        answered += [i.track for i in done]
        if wrong == NOISE or len(answered) >= PAGE or bench.right() >= goal:
            break
        asker.look(bench.view)
        below = []
        if asker.first() == "sheet":
            place = {(item.track, item.whole): k for k, item in enumerate(rest)}
            below = list(asker.sheet(min(LONGEST, PAGE - len(answered)), answered).items)
            below.sort(key=lambda i: place.get((i.track, i.whole), PAGE))
    return clicks, looked


def right_of(bench: Bench, item: Item) -> int:
    """The shown track of the item's person; NOISE if that person is not shown, -2 for no face."""
    truth = bench.truth
    if truth[item.track] < 0:
        return -2
    shown = [t for t in (item.guess, *item.others) if t != NOISE]
    return next((t for t in shown if truth[t] == truth[item.track]), NOISE)


def to_the_end(bench: Bench) -> tuple[int, int]:
    """The estimated clicks, and the clicks until nothing is asked any more."""
    asker, clicks = Asker(bench.base), 0
    asker.look(bench.view)
    announced = asker.outlook().clicks
    while clicks < MOST and asker.first():
        clicks += next_page(bench, asker)[0]
        asker.look(bench.view)
    return announced, clicks


def fill_in(bench: Bench, items: tuple[Item, ...]) -> int:
    """Answer a sheet; returns the clicks that its items needed."""
    truth, clicks = bench.truth, 0
    answers: list[dict[str, Any]] = []
    for item in items:
        if truth[item.track] < 0:
            bench.act({"action": "not-a-face", "tracks": [item.track]})
            clicks += 1
            continue
        shown, right = [t for t in (item.guess, *item.others) if t != NOISE], right_of(bench, item)
        answer = {"track": item.track, "whole": item.whole}
        clicks += right != item.guess
        if right == item.guess == NOISE:
            answers.append({"track": item.track, "open": shown})
        elif right == NOISE:
            answers.append(answer | {"to": None, "not": shown})
        else:
            answers.append(answer | {"to": right})
    if answers:
        bench.act({"action": "sort", "items": answers})
    return clicks


def mark_strangers(bench: Bench, checks: list[Check], aside: list[int], homes: list[Sequence[int]]) -> int:
    """Answer the sheet of strangers and of tracks set aside that are faces; returns the clicks.

    A part of a person whose shown faces are of several people is split into its tracks.
    """
    size, truth, answers, clicks = bench.base.tracks.size, bench.truth, [], 0
    for check in checks:
        whole: list[tuple[Labels, Sequence[int]]] = []
        for piece, others in zip(check.pieces, check.others, strict=True):
            mixed = len({w for w in truth[piece[:SHOWN]].tolist() if w >= 0}) > 1
            clicks += mixed
            whole += [(piece[i : i + 1], others) for i in range(len(piece))] if mixed else [(piece, others)]
        who = [_person_of(truth[piece], size[piece]) for piece, _ in whole]
        faces = {w: sum(size[p].sum() for (p, _), v in zip(whole, who, strict=True) if v == w) for w in who}
        main = max(faces, key=lambda w: (w != NOISE, faces[w]))
        strangers, moved = [], []
        for (piece, others), w in zip(whole, who, strict=True):
            home = next((t for t in others if w != NOISE and truth[t] == w), NOISE)
            if w != main and home == NOISE:
                strangers.append(piece.tolist())
            elif w != main:
                moved.append({"tracks": piece.tolist(), "to": home})
        clicks += len(strangers) + len(moved)
        answers.append({"person": bench.view.groups[check.group].id, "strangers": strangers, "moved": moved})
    back: list[int | dict[str, int]] = []
    for track, others in zip(aside, homes, strict=True):
        if truth[track] >= 0:
            home = next((t for t in others if truth[t] == truth[track]), NOISE)
            back.append(track if home == NOISE else {"track": track, "to": home})
    taken = {i["track"] if isinstance(i, dict) else i for i in back}
    stay = [t for t in aside if t not in taken]
    bench.act({"action": "check", "items": answers, "back": back, "stay": stay})
    return len(back) + clicks


def _person_of(truth: Labels, size: Labels) -> int:
    """The person with most faces."""
    known = truth >= 0
    return int(np.bincount(truth[known], size[known]).argmax()) if known.any() else NOISE


def by_questions(bench: Bench, rng: np.random.Generator | None = None) -> int:
    """Clicks by the page's single questions, or by random ones."""
    asker, count = Asker(bench.base), 0
    while count < MOST and bench.right() < GOAL:
        asked = drawn_question(bench, rng) if rng else page_question(bench, asker)
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


def page_question(bench: Bench, asker: Asker) -> Asked | None:
    """The page's first question."""
    asker.look(bench.view)
    found = asker.questions(1)
    return (found[0].kind, found[0].a, found[0].b, found[0].others) if found else None


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
    """Do the action, a merge or a move, that makes most faces right; returns its clicks."""
    size, label, truth = bench.base.tracks.size, bench.view.label, bench.truth
    rows = (truth >= 0) & (label >= 0)
    table = np.zeros((int(truth.max()) + 1, int(label.max(initial=0)) + 1))
    np.add.at(table, (truth[rows], label[rows]), size[rows])
    major = table.argmax(axis=0)
    mine = np.where(major == np.arange(len(table))[:, None], table, 0)
    home = np.where(mine.any(axis=1), mine.argmax(axis=1), NOISE)
    out = (truth >= 0) & (label < 0)
    wrong = table.copy()
    wrong[np.flatnonzero(home >= 0), home[home >= 0]] = 0
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
    if home[who] >= 0:
        bench.act({"action": "move", "tracks": tracks, "person": groups[home[who]].id})
    else:
        bench.act({"action": "split", "tracks": tracks})
    return len(tracks) + 1


def one_by_one(bench: Bench, *, best_hand: bool = False) -> int:
    """Clicks of a reviewer who goes through the groups by size, and then through the tracks set aside."""
    size, truth, label = bench.base.tracks.size, bench.truth, bench.view.label.copy()
    order = sorted(range(len(bench.view.groups)), key=lambda g: -size[label == g].sum())
    goal, clicks, fresh = GOAL * size[truth >= 0].sum(), 0, len(order)
    home: dict[int, int] = {}
    for group in [*order, NOISE]:
        if _right(size, label, truth) >= goal:
            break
        shown = np.flatnonzero(label == group)
        shown = shown[np.argsort(bench.base.tracks.first[shown], kind="stable")]
        own = shown[truth[shown] >= 0]
        clicks += 1
        weight = np.bincount(truth[own], size[own], minlength=1)
        for person in np.argsort(-weight)[: np.count_nonzero(weight)].tolist():
            if _right(size, label, truth) >= goal:
                break
            tracks = own[truth[own] == person]
            whole = person == int(weight.argmax()) and group != NOISE
            if person not in home:
                home[person] = group if whole else (fresh := fresh + 1)
            if not whole:
                clicks += 1 + (_runs(shown, tracks) if best_hand else len(tracks))
            elif home[person] != group:
                clicks += 1 if best_hand else 3
            label[tracks] = home[person]
    return clicks


def _runs(shown: Labels, chosen: Labels) -> int:
    """The number of frames needed to choose tracks among those shown, in order."""
    inside = np.isin(shown, chosen)
    return int(inside[0]) + int((inside[1:] & ~inside[:-1]).sum())


def _right(size: Labels, label: Labels, truth: Labels) -> float:
    rows = (truth >= 0) & (label >= 0)
    table = np.zeros((int(truth.max()) + 1, int(label.max(initial=0)) + 1))
    np.add.at(table, (truth[rows], label[rows]), size[rows])
    mine = np.where(table.argmax(axis=0) == np.arange(len(table))[:, None], table, 0)
    return float(mine.max(axis=1).sum())


def sets(paths: list[str]) -> Iterator[tuple[str, Base, Video, Labels]]:
    """Labelled tracks, clustered at the defaults, at their own times."""
    from people import tracks as read  # the benchmark beside this one

    for path in paths:
        embeddings, constraints, truth, _ = read(Path(path))
        yield _set(Path(path).stem, embeddings, constraints, _times(Path(path)), np.asarray(truth))


def _set(
    name: str,
    embeddings: Embeddings,
    constraints: Constraints,
    times: tuple[Labels, Labels, Labels],
    truth: Labels,
) -> tuple[str, Base, Video, Labels]:
    from castlist.cluster.means import track_quality
    from castlist.pipeline.publish import space
    from castlist.recipe import Recipe

    recipe, n = Recipe(), len(truth)
    tree = recipe.link(embeddings, constraints)
    label = recipe.cut(tree, embeddings, constraints).label
    clock, shots, table, portraits = _places(times, track_quality(embeddings, n))
    fate = np.where(label < 0, SET_ASIDE, 0).astype(np.int8)
    mean, vector, scale = space(embeddings, constraints, label.astype(np.int64))
    base = Base(
        clock, shots, table, portraits, label, fate, ("",) * n, vector, constraints.cannot, scale, 0, mean
    )
    return name, base, _film(clock), truth.astype(np.int64)


def _times(path: Path) -> tuple[Labels, Labels, Labels]:
    """First frame, last frame and number of faces of each track of a set."""
    with np.load(path, allow_pickle=False) as z:
        if "track_first" in z:
            return z["track_first"].astype(np.int64), z["track_last"].astype(np.int64), z["track_faces"]
        track, frame = np.searchsorted(z["tracks"], z["track_id"]), z["frame"]
    size = np.bincount(track)
    first, last = np.full(len(size), np.iinfo(np.int64).max), np.zeros(len(size), np.int64)
    np.minimum.at(first, track, frame)
    np.maximum.at(last, track, frame)
    return first, last, size


def _places(
    times: tuple[Labels, Labels, Labels], quality: NDArray[np.float64]
) -> tuple[Clock, Shots, Tracks, Portraits]:
    """Tracks at their times, each in one of 64 places of the frame; one shot."""
    first, last, size = times
    n, offset = len(size), np.concatenate([[0], np.cumsum(size)])
    step = np.arange(offset[-1]) - np.repeat(offset[:-1], size)
    frame = np.repeat(first, size) + step * np.repeat(
        np.maximum((last - first) // np.maximum(size - 1, 1), 1), size
    )
    lane = np.argsort(np.argsort(first, kind="stable"), kind="stable")
    corner = np.stack([lane % 8 * 80, lane // 8 % 8 * 45], axis=1)
    place = np.concatenate([corner, corner + np.array([70, 44])], axis=1).astype(np.float32)
    box, length = np.repeat(place, size, axis=0), int(frame.max()) + 1
    table = Tracks(frame, box, np.ones(len(box)), np.full(len(box), INTERPOLATED), offset, np.zeros(n))
    best = quality / max(float(quality.max()), 1e-9)
    portraits = Portraits(frame[offset[:-1] + size // 2], place, np.arange(n), best, ("",) * n)
    return Clock(np.arange(length), Fraction(1, 25)), Shots([0], [length], [0]), table, portraits


def _film(clock: Clock) -> Video:
    return Video(Path("film.mp4"), 640, 360, Fraction(25), clock.time(len(clock)), "0" * 40)


def parts(paths: list[str], seeds: range = range(4, 7)) -> Iterator[tuple[str, Base, Video, Labels]]:
    """Two thirds of the tracks of each set, drawn at random, clustered again."""
    from people import tracks as read

    for path in paths:
        embeddings, constraints, truth, size = read(Path(path))
        for seed in seeds:
            keep = np.random.default_rng(seed).random(len(size)) < 2 / 3
            new = np.cumsum(keep) - 1
            rows, pairs = keep[embeddings.track], keep[constraints.a] & keep[constraints.b]
            few = replace(embeddings[rows], track=new[embeddings.track[rows]])
            links = replace(constraints[pairs], a=new[constraints.a[pairs]], b=new[constraints.b[pairs]])
            first, last, faces = (column[keep] for column in _times(Path(path)))
            yield _set(
                f"{Path(path).stem} part {seed}", few, links, (first, last, faces), np.asarray(truth)[keep]
            )


def drawn(names: list[str]) -> Iterator[tuple[str, Base, Video, Labels]]:
    """Drawn films, by number of people or by name, as castlist's models find them."""
    from castlist.drawn import FILMS, random_script, render
    from castlist.pipeline import find
    from castlist.store import Workspace

    for name in names:
        n = int(name) if name.isdigit() else 0
        script = random_script(n, n_people=n, seconds=12.0 * n) if n else FILMS[name]()
        with tempfile.TemporaryDirectory() as folder:
            film = Path(folder) / "film.mp4"
            truth = render(script, film)
            find(film)
            video, base = prepare(str(Workspace.beside(film)))
        yield f"drawn {name}", base, video, _truth(base, truth)


def _truth(base: Base, truth: Any) -> Labels:
    """(t,) the person of most of a track's faces; NOISE for none."""
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


def films(paths: list[str]) -> Iterator[tuple[str, Base, Video, Labels]]:
    """Workspaces of labelled films: WORKSPACE=TRUTH.csv, one row for each face (frame, x, y, w, h, label)."""
    for path in paths:
        workspace, _, table = path.partition("=")
        video, base = prepare(workspace)
        yield Path(workspace).stem, base, video, _labelled(base, Path(table))


def _labelled(base: Base, table: Path) -> Labels:
    """(t,) the label of most of a track's faces as a person; NOISE if that is no known person."""
    with table.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["label"].startswith("P")]
    names = {name: i for i, name in enumerate(sorted({row["label"] for row in rows}))}
    by_frame: dict[int, list[tuple[Any, int]]] = {}
    for row in rows:
        x, y, w, h = (float(row[key]) for key in "xywh")
        by_frame.setdefault(int(row["frame"]), []).append(
            (np.array([x, y, x + w, y + h]), names[row["label"]])
        )
    t = base.tracks
    votes: list[list[int]] = [[] for _ in range(len(t))]
    for frame, track, box in zip(t.frame.tolist(), t.track.tolist(), t.box, strict=True):
        votes[track] += [who for other, who in by_frame.get(frame, ()) if iou(box, other) >= 0.3]
    return np.array([np.bincount(v).argmax() if v else NOISE for v in votes], np.int64)


def clicks(films: Iterator[tuple[str, Base, Video, Labels]], seeds: int) -> None:
    print(
        "film | tracks | groups | right before | clicks by sheets | goal | sheets | silent below the goal | "
        "looked at | announced until the end | clicks until the end | one at a time | (a) one by one | "
        "(a) best hand | (b) random, median | sheets / (a)"
    )
    for name, base, video, truth in films:
        start = Bench(base, video, truth)
        cost = by_sheets(Bench(base, video, truth))
        announced, end = to_the_end(Bench(base, video, truth))
        single = by_questions(Bench(base, video, truth)) if seeds else "-"
        plain, hand = one_by_one(start), one_by_one(start, best_hand=True)
        random = [by_questions(Bench(base, video, truth), np.random.default_rng(s)) for s in range(seeds)]
        middle = f"{int(np.median(random))}{'+' if max(random) >= MOST else ''}" if random else "-"
        count = f"{len(truth)} | {len(start.view.groups)} | {start.right():.3f}"
        ratio = f"{cost.clicks / plain:.2f}" if plain else "-"
        people = len(np.unique(truth[truth >= 0]))
        goal = 1.5 * people + float(base.clock.seconds()[-1]) / 20
        mine = f"{cost.clicks} | {goal:.1f} | {cost.sheets} | {cost.silent} | {cost.looked}"
        mine += f" | {announced} | {end}"
        print(
            f"{name} | {count} | {mine} | {single} | {plain} | {hand} | {middle} | {ratio}",
            flush=True,
        )


def latency(numbers: list[str]) -> None:
    """Processor time of each action on tracks of 500 people, in memory, and of choosing the next question."""
    print("tracks | action | p50 ms | p95 ms | questions after it p50 ms | p95 ms")
    for n in map(int, numbers):
        bench, rng = _large(n)
        asker = Asker(bench.base)
        asker.look(bench.view)
        describe = Describe(bench.base, bench.video)
        spent: dict[str, list[tuple[float, float]]] = {}
        for i in range(90):
            name, request = _action(bench, asker, i, rng)
            began = time.process_time()
            bench.act(request)
            json.dumps([describe.person(g) for g in bench.view.groups])
            between = time.process_time()
            asker.look(bench.view)
            asker.first_of_each()
            asker.outlook()
            ended = time.process_time()
            if i >= 10:  # the first ones fill caches
                spent.setdefault(name, []).append((1000 * (between - began), 1000 * (ended - between)))
        for name, times in spent.items():
            (act50, ask50), (act95, ask95) = np.percentile(times, [50, 95], axis=0)
            print(f"{n} | {name} | {act50:.0f} | {act95:.0f} | {ask50:.0f} | {ask95:.0f}", flush=True)


def _large(n: int) -> tuple[Bench, np.random.Generator]:
    """Tracks of 500 people, a tenth of them separate from the rest of their people."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 500, n)
    centre = rng.normal(size=(500, 128))
    vector = (centre[truth] + 0.7 * rng.normal(size=(n, 128))).astype(np.float32)
    vector /= np.linalg.norm(vector, axis=1, keepdims=True)
    label = np.where(rng.random(n) < 0.9, truth, truth + 500)
    size = rng.integers(5, 30, n)
    first = np.cumsum(size) - size
    clock, shots, table, portraits = _places((first, first + size - 1, size), np.ones(n))
    base = Base(
        clock, shots, table, portraits, label, np.zeros(n), ("",) * n, vector, np.zeros((0, 2)),
        np.array([0.7, 0.0, 0.09, -5.0]),
    )  # fmt: skip
    return Bench(base, _film(clock), truth), rng


def _action(bench: Bench, asker: Asker, i: int, rng: np.random.Generator) -> tuple[str, dict[str, Any]]:
    """An action to time: each kind in turn."""
    large = [g for g in bench.view.groups if len(g.tracks) > 3]  # three of its tracks can be split off
    one, two = (large[k] for k in rng.choice(len(large), 2, replace=False))
    sheet = asker.sheet().items
    acts: list[dict[str, Any]] = [
        {"action": "merge", "people": [one.id, two.id]},
        {"action": "split", "tracks": one.tracks[:3].tolist()},
        {"action": "move", "tracks": one.tracks[-2:].tolist(), "person": two.id},
        {"action": "name", "person": one.id, "name": f"N{i}"},
        {"action": "not-a-face", "tracks": one.tracks[:1].tolist()},
        {"action": "sort", "items": [{"track": t.track, "whole": t.whole, "to": t.guess} for t in sheet
                                     if t.guess != NOISE]},
    ]  # fmt: skip
    request = acts[i % len(acts)]
    return str(request["action"]), request


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=["sets", "parts", "drawn", "films", "latency"])
    parser.add_argument("which", nargs="+")
    parser.add_argument("--seeds", type=int, default=3, help="0: neither single nor random questions")
    given = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).parent))
    if given.what == "latency":
        latency(given.which)
    else:
        clicks(
            {"sets": sets, "parts": parts, "drawn": drawn, "films": films}[given.what](given.which),
            given.seeds,
        )


if __name__ == "__main__":
    main()
