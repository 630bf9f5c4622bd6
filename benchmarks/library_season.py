"""A drawn season added to a library film by film: are people identified across films, in any order?

    python benchmarks/library_season.py FOLDER [--films 10] [--seconds 180] [--seed 0] [--orders 6] \\
        [--doubles]

One cast of twelve, whose clothes, hair and light change from film to film, with two guests and two
look-alikes of the cast in every film. A look-alike is the stranger among 300 who is most similar to a person
of the cast; with --doubles it is the same face with each length changed by up to .3 of its range, like a
twin, and the face alone does not distinguish these two. FOLDER gets the films, their truth and their
workspaces; existing ones are used. Printed are B-cubed over the people of all films (each film's people
against the library's), the same after twelve answers, the number of answers until it is 1 or nothing is asked
any more, the same for other orders of adding, and the processor seconds of adding each film.

An answer is the page with the largest expected gain: of at most 24 pairs, of which the reviewer marks those
of one person; of at most 24 links, of which the wrong ones are marked; or of the people of several films side
by side, and those of one person are marked.
"""

from __future__ import annotations

import argparse
import csv
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from castlist.drawn import Look, Script, people, render, resembling
from castlist.drawn.films import random_scene
from castlist.drawn.look import HAIRS, SHIRTS, STYLES, HairStyle, describe, random_look
from castlist.library import Library, find_all
from castlist.library.film_members import FilmMember
from castlist.library.links import FilmLink
from castlist.library.pairs import PersonPair
from castlist.library.recurring import RecurringPerson
from castlist.metrics import b_cubed
from castlist.store import Workspace

CAST = 12
GUESTS, ALIKE = 2, 2  # in every film, each in one film only
STRANGERS = 300  # candidates for a look-alike
LIKENESS = 0.3  # largest difference of a double, in parts of each length's range
ANSWERS = 12  # after which the score is printed
FRAME_RATE = 12  # frames a second: the scan examines fewer


def dressed(look: Look, rng: np.random.Generator) -> Look:
    """The same person on another day: another shirt, sometimes other hair."""
    changed = replace(look, shirt=SHIRTS[int(rng.integers(len(SHIRTS)))])
    if rng.random() < 0.3:
        changed = replace(changed, hair=HAIRS[int(rng.integers(len(HAIRS)))])
    if rng.random() < 0.3 and look.style != "bald":
        changed = replace(changed, style=HairStyle(rng.choice(STYLES[2:])))
    return changed


def look_alike(look: Look, seed: int) -> Look:
    """The stranger among many who is most similar to a person."""
    rng = np.random.default_rng([seed, 303])
    strangers = [random_look(rng) for _ in range(STRANGERS)]
    wanted = describe(look)
    return min(strangers, key=lambda other: float(np.linalg.norm(describe(other) - wanted)))


def film_script(number: int, seconds: float, seed: int, doubles: bool) -> tuple[Script, list[str]]:
    """A film of the season, and the person of each of its looks."""
    rng = np.random.default_rng([seed, number, 77])
    everybody = people(CAST + 40, seed=seed)
    cast = sorted(rng.choice(CAST, size=int(rng.integers(7, 11)), replace=False).tolist())
    looks = [dressed(everybody[i], rng) for i in cast]
    names = [f"cast {i}" for i in cast]
    for g in range(GUESTS):
        looks.append(everybody[CAST + (GUESTS * number + g) % 40])
        names.append(f"guest {number} {g}")
    for a in range(ALIKE):
        whom = int(rng.integers(CAST))
        original, seat = dressed(everybody[whom], rng), 1000 * number + a
        looks.append(
            resembling(original, seed=seat, amount=LIKENESS) if doubles else look_alike(original, seat)
        )
        names.append(f"like {whom} in {number} {a}")
    scenes, length = [], 0.0
    while length < seconds:
        scene = random_scene(rng, len(looks), min(float(rng.uniform(1.6, 4.5)), max(seconds - length, 0.8)))
        scenes.append(replace(scene, transition="cut", light=float(rng.uniform(-0.8, 0.8))))
        length += scene.seconds
    return Script(f"film {number}", tuple(looks), tuple(scenes), frame_rate=Fraction(FRAME_RATE)), names


def draw(folder: Path, number: int, seconds: float, seed: int, doubles: bool) -> Path:
    """A film and its truth; existing ones are used."""
    film = folder / f"e{number:02}.mp4"
    if not film.with_suffix(".csv").exists():
        script, names = film_script(number, seconds, seed, doubles)
        truth = render(script, film, seed=number)
        with open(film.with_suffix(".csv"), "w", newline="") as file:
            out = csv.writer(file)
            for frame, x, y, w, h, label, _ in truth.rows():
                who = names[int(label[1:]) - 1] if label.startswith("P") else label
                out.writerow((frame, x, y, x + w, y + h, who))
    return film


def truth_of(film: Path, workspace: Path) -> dict[int, str]:
    """The true person of each track of the film's cast."""
    by_frame: dict[int, list[tuple[list[float], str]]] = {}
    with open(film.with_suffix(".csv")) as file:
        for row in csv.reader(file):
            by_frame.setdefault(int(row[0]), []).append(([float(v) for v in row[1:5]], row[5]))
    with Workspace.open(workspace, write=False) as keep:
        tracks = keep.cast().tracks
    votes: dict[int, Counter[str]] = {}
    for track, frame, box in zip(
        tracks.track.tolist(), tracks.frame.tolist(), tracks.box.tolist(), strict=True
    ):
        for other, who in by_frame.get(frame, []):
            if overlap(box, other) > 0.3:
                votes.setdefault(track, Counter())[who] += 1
    return {track: count.most_common(1)[0][0] for track, count in votes.items()}


def overlap(a: list[float], b: list[float]) -> float:
    """Intersection over union of two boxes."""
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    inner = max(w, 0) * max(h, 0)
    return inner / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - inner)


def film_people(lib: Library, truth: dict[str, dict[int, str]]) -> list[tuple[str, str, str]]:
    """(film:key, person of the library, person shown most of the time) for all people of all films."""
    import sqlite3

    db = sqlite3.connect(lib.path / "catalogue.db")
    rows = []
    for film in lib.films:
        with Workspace.open(film.workspace, write=False) as keep:
            cast = keep.cast()
        for member, key, person in db.execute(
            "SELECT id, key, person FROM member WHERE film = ? AND person IS NOT NULL", (film.id,)
        ):
            own = [t for (t,) in db.execute("SELECT track FROM sighting WHERE member = ?", (member,))]
            number = int(np.bincount([int(cast.person[t]) for t in own]).argmax())
            tracks = cast.everybody[number].tracks
            votes = Counter(truth[film.name].get(t, "nobody") for t in tracks)
            rows.append((f"{film.name}:{key}", person, votes.most_common(1)[0][0]))
    db.close()
    return rows


def score(rows: list[tuple[str, str, str]]) -> float:
    """B-cubed F over film-people."""
    _, found = np.unique([r[1] for r in rows], return_inverse=True)
    _, true = np.unique([r[2] for r in rows], return_inverse=True)
    return float(b_cubed(true, found).f1)


def answer_all(
    lib: Library, truth: dict[str, dict[int, str]], most: int = 200
) -> tuple[list[float], list[int], list[int]]:
    """Answer the page with the largest expected gain: of pairs, of links or of people.

    Returns:
        the score before each answer and at the end; for each answer, how many pairs, links and people were
        ticked, and how many were shown.
    """
    scores = [score(film_people(lib, truth))]
    ticks: list[int] = []
    looked: list[int] = []
    while len(ticks) < most and scores[-1] < 1:
        member = {key: true for key, _, true in film_people(lib, truth)}
        pairs, links, people = pages = lib.pairs(), lib.links(), lib.recurring()
        gains = [sum(x.gain for x in page) for page in pages]
        if max(gains) <= 0:
            break
        looked.append(len(pages[gains.index(max(gains))]))
        if gains[0] == max(gains):
            ticks.append(answer_pairs(lib, pairs, member))
        elif gains[1] == max(gains):
            ticks.append(answer_links(lib, links, member))
        else:
            ticks.append(answer_people(lib, people, member))
        scores.append(score(film_people(lib, truth)))
    return scores, ticks, looked


def answer_pairs(lib: Library, pairs: list[PersonPair], member: dict[str, str]) -> int:
    """Answer a page of pairs, each by the two film-people that it compares; returns how many are one person.

    Args:
        member: the true person of each person of a film, by film:key.
    """
    compared = [(key_of(pair.members[0]), key_of(pair.member)) for pair in pairs]
    same = [(a, b) for a, b in compared if member[a] == member[b]]
    lib.judge(same, [pair for pair in compared if pair not in same])
    return len(same)


def answer_links(lib: Library, links: list[FilmLink], member: dict[str, str]) -> int:
    """Answer a page of links, each by the person's most typical other film; returns how many were wrong."""
    shown = {key_of(link.member): key_of(link.others[0]) for link in links}
    wrong = [key for key, other in shown.items() if member[key] != member[other]]
    lib.confirm([key for key in shown if key not in wrong], wrong)
    return len(wrong)


def answer_people(lib: Library, people: list[RecurringPerson], member: dict[str, str]) -> int:
    """Answer a page of people of several films by their most typical film; returns how many pairs are one."""
    seen: dict[str, str] = {}
    same = []
    for person in people:
        first = seen.setdefault(member[key_of(person.members[0])], person.id)
        if first != person.id:
            same.append((first, person.id))
    lib.compare([person.id for person in people if person.asked], same)
    return len(same)


def key_of(member: FilmMember) -> str:
    """A person of a film as film:key."""
    return f"{member.film}:{member.key}"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--films", type=int, default=10)
    arguments.add_argument("--seconds", type=float, default=180.0)
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--orders", type=int, default=6)
    arguments.add_argument("--doubles", action="store_true", help="look-alikes that differ as twins do")
    given = arguments.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    films = []
    for number in range(1, given.films + 1):
        films.append(draw(given.folder, number, given.seconds, given.seed, given.doubles))
        print(f"drawn {films[-1]}", file=sys.stderr, flush=True)
    outcomes = find_all(films, each=lambda o: print(f"{o.film}: {o.people}", file=sys.stderr, flush=True))
    places = [Path(o.workspace) for o in outcomes]
    truth = {f.name: truth_of(f, w) for f, w in zip(films, places, strict=True)}
    rng = np.random.default_rng(given.seed)
    orders = [list(range(len(films)))] + [
        rng.permutation(len(films)).tolist() for _ in range(given.orders - 1)
    ]
    partitions = []
    for order in orders:
        with tempfile.TemporaryDirectory() as scratch:
            copies = [Path(shutil.copytree(p, Path(scratch) / p.name)) for p in places]
            lib = Library(Path(scratch) / "library")
            cost = []
            for i in order:
                before = time.process_time()
                (added,) = lib.add(copies[i])
                assert added.ok, added
                cost.append(time.process_time() - before)
            rows = film_people(lib, truth)
            groups: dict[str, set[str]] = {}
            for name, person, true in rows:
                groups.setdefault(person, set()).add(f"{name.split(':')[0]} {true}")
            partitions.append({frozenset(g) for g in groups.values()})
            people_found = len({r[1] for r in rows})
            untouched, questions = score(rows), len(lib.questions())
            scores, ticks, looked = answer_all(lib, truth)
            asked = len(ticks)
            true = len({r[2] for r in rows})
            print(
                f"order {order}: {len(rows)} film-people, {people_found} people, truly {true}; "
                f"B-cubed {untouched:.4f} untouched, {questions} questions open, "
                f"{scores[min(ANSWERS, asked)]:.4f} after {min(ANSWERS, asked)} answers "
                f"({sum(ticks[:ANSWERS])} ticks), "
                f"{scores[-1]:.4f} after {asked}, {sum(looked)} looked at; "
                f"seconds a film {' '.join(f'{c:.2f}' for c in cost)}",
                flush=True,
            )
    same = sum(p == partitions[0] for p in partitions)
    print(f"{same} of {len(partitions)} orders give the same people")


if __name__ == "__main__":
    main()
