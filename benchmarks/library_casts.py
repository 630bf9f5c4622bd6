"""Libraries of films with casts of several kinds, made of photographs: the value of knowing who never meets.

    python benchmarks/library_casts.py PICTURES [--noise 0.9] [--draws 12]

PICTURES has <person>/<picture>, aligned crops of 112 by 112 pixels. A person of a film is two of a person's
pictures, all shifted by the same noise of the given length, and each by noise of its own. Every film also has
three people of its own; half of the pairs of a film are seen together. Casts are either any people with at
least five pictures, or the most similar ones of these. Printed are B-cubed precision, recall and F over
film-people, and how many people of a library contain two people, with and without `Meetings`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from unittest.mock import patch

import cv2
import numpy as np
from numpy.typing import NDArray

from castlist.embed import SFace
from castlist.library import partition as library_partition
from castlist.library.partition import Meetings, Node, Partition, Rules, partition
from castlist.library.score import CommonPart, ScoreOdds, ScoreTable
from castlist.metrics import b_cubed
from castlist.vectors import unit

FEWEST = 5  # pictures of a person who can be in a cast
STRANGERS = 3  # in every film
OWN_NOISE = 0.3  # length, for each picture
TOGETHER = 0.5  # share of the pairs of a film
Vectors = NDArray[np.float32]
Films = list[list[int]]  # people of each


def season(cast: list[int], rng: np.random.Generator) -> Films:
    """Ten films with a cast of twelve, each person in three of four."""
    return [[p for p in cast[:12] if rng.random() < 0.75] for _ in range(10)]


def two_series(cast: list[int], rng: np.random.Generator) -> Films:
    """Ten films of eight people, and ten of eight others."""
    return [[p for p in cast[8 * (f > 9) : 8 + 8 * (f > 9)] if rng.random() < 0.8] for f in range(20)]


def hosts(cast: list[int], rng: np.random.Generator) -> Films:
    """Twelve films: one person in the first six, another one in the others, and six people in all."""
    return [[cast[f > 5], *(p for p in cast[2:8] if rng.random() < 0.8)] for f in range(12)]


def archive(cast: list[int], rng: np.random.Generator) -> Films:
    """Thirty films, each with four of thirty people."""
    return [rng.choice(cast[:30], 4, replace=False).tolist() for _ in range(30)]


KINDS = (season, two_series, hosts, archive)


class Pictures:
    """Vectors of people's pictures."""

    def __init__(self, folder: Path) -> None:
        files = sorted(path for path in folder.glob("*/*") if path.is_file())
        vectors = unit(SFace()(np.stack([cv2.imread(str(path)) for path in files])))
        who = np.unique([path.parent.name for path in files], return_inverse=True)[1]
        self.of = [vectors[who == p] for p in range(int(who.max()) + 1)]
        self.mean = unit(np.stack([own.mean(0) for own in self.of]))
        self.many = [p for p, own in enumerate(self.of) if len(own) >= FEWEST]

    def cast(self, alike: bool, rng: np.random.Generator) -> list[int]:
        """Thirty people: random ones, or such that each is very similar to one before."""
        left = rng.permutation(self.many).tolist()
        cast = [left.pop()]
        while len(cast) < 30 and left:
            nearest = (self.mean[left] @ self.mean[cast].T).max(1)
            cast.append(left.pop(int(nearest.argmax()) if alike else -1))
        return cast

    def drawn(self, person: int, noise: float, rng: np.random.Generator) -> Vectors:
        """Two pictures of a person in a film."""
        own = self.of[person]
        chosen = own[rng.choice(len(own), min(2, len(own)), replace=False)]
        moved = noise * unit(rng.normal(size=(1, own.shape[1])))
        return np.asarray(unit(chosen + moved + OWN_NOISE * unit(rng.normal(size=chosen.shape))), np.float32)


def library(
    pictures: Pictures, films: Films, noise: float, rng: np.random.Generator
) -> tuple[Partition, list[int]]:
    """Film-people who are not linked yet, and the true person of each."""
    strangers = rng.permutation(np.setdiff1d(np.arange(len(pictures.of)), pictures.many)).tolist()
    nodes, true = [], []
    for film, people in enumerate(films):
        for row, person in enumerate([*people, *(strangers.pop() for _ in range(STRANGERS))]):
            order, vectors = (f"{film:03}", f"{row:03}"), pictures.drawn(person, noise, rng)
            nodes.append(Node(order, film + 1, len(nodes), None, False, True, "", vectors))
            true.append(person)
    pairs = list(combinations(range(len(nodes)), 2))
    one = {(a, b) for a, b in pairs if nodes[a].film == nodes[b].film}
    seen = frozenset(pair for pair in sorted(one) if rng.random() < TOGETHER)
    own = [[n.vectors for n in nodes if n.film == film + 1] for film in range(len(films))]
    common = CommonPart.of("sface", own)
    nodes = [replace(n, vectors=common.without(n.vectors)) for n in nodes]
    scores = ScoreTable([n.vectors for n in nodes])
    odds = ScoreOdds.fit(
        "sface",
        [scores.of(*pair) for pair in pairs if pair not in one],
        [scores.of(*pair) for pair in sorted(seen)],
    )
    rules = Rules(seen, frozenset(), frozenset())
    return Partition(nodes, rules, odds, scores, 0, None, [1 << n.film for n in nodes]), true


def scored(found: Partition, true: list[int]) -> tuple[float, float, float, int]:
    """B-cubed precision, recall and F, and how many people contain two people."""
    label = np.zeros(len(true), np.int64)
    for number, group in enumerate(partition(found).groups.values()):
        label[list(group)] = number
    score = b_cubed(np.unique(true, return_inverse=True)[1], label)
    wrong = sum(len({true[i] for i in group}) > 1 for group in found.groups.values())
    return score.precision, score.recall, score.f1, wrong


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--noise", type=float, default=0.9, help="length, beside vectors of length 1")
    parser.add_argument("--draws", type=int, default=12, help="libraries of each kind")
    given = parser.parse_args()
    pictures = Pictures(given.pictures)
    ways: dict[str, Callable[[Partition], Meetings]] = {
        "without": lambda _: Meetings(), "with": library_partition._meetings,
    }  # fmt: skip
    for kind in KINDS:
        for alike in (False, True):
            for name, way in ways.items():
                rows = []
                with patch.object(library_partition, "_meetings", way):
                    for seed in range(given.draws):
                        rng = np.random.default_rng(seed)
                        films = kind(pictures.cast(alike, rng), rng)
                        rows.append(scored(*library(pictures, films, given.noise, rng)))
                p, r, f, wrong = np.mean(rows, axis=0)
                cast = "alike" if alike else "any"
                row = f"P {p:.3f}  R {r:.3f}  F {f:.3f}  hold two {wrong:.2f}"
                print(f"{kind.__name__:12}{cast:8}{name:9}{row}", flush=True)


if __name__ == "__main__":
    main()
