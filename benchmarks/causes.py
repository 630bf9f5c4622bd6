"""The stages at which faces of labelled films are lost, and the reasons why people appear twice in a cast.

    python benchmarks/causes.py FILM.castlist ... [--truth FOLDER]

FILM.truth.csv is in FOLDER, or beside the workspace; faces are matched as in the scorer. Three tables:

1. Shares of the labelled faces by outcome. *Person*: in the predicted person with most of this person's
   faces. *Split*: in another one, of which this person is the majority; *mixed*: in one with another
   majority. *Not detected*: no detection at the place within a quarter of a second; given apart for faces of
   less than 10 pixels. *No track*: detected, but with too low a score or too briefly for a track. The rest:
   set aside, by castlist's reason.
2. People with 1 % of the labelled faces who are not found (no predicted person has four fifths of its faces
   from this person, and half of this person's faces), and the outcome of their faces.
3. Predicted people with 1 % of the predicted faces who are not the first one of any person. *Blurred*: none
   of the tracks could be linked; *low quality*: all vectors are short; *linked*: neither. Likeness: mean over
   pairs with the labelled person's first one, and with the nearest other one, as the linkage computes it.
"""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from linkage import Film, films_parser, labelled
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from castlist.boxes import iou
from castlist.cluster.likeness import Likeness
from castlist.cluster.low_quality import LOW_QUALITY
from castlist.track import mean_length
from castlist.types import Scan, Tracks

Rows = NDArray[np.int64]
OVERLAP = 0.4  # IoU from which two boxes are one face, as in the scorer
THERE = 0.3  # IoU from which a detection lies on a labelled face
NEAR = 0.25  # seconds
PART = 0.01  # share of the faces from which a person counts
SMALL = 10.0  # pixels of the shorter side
NOTHING = "nothing"


@dataclass(frozen=True, eq=False)
class Truth:
    """The labelled faces of a film, by row, and for each the matched row of the tracks, or -1."""

    frame: Rows
    box: NDArray[np.float64]
    label: NDArray[np.str_]
    hit: Rows
    ignored: NDArray[np.bool_]  # for each row of the tracks: lies on a face labelled UNK

    @classmethod
    def read(cls, path: Path, tracks: Tracks) -> Truth:
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        corner = np.array([[float(row[k]) for k in "xywh"] for row in rows]).reshape(-1, 4)
        box = np.concatenate([corner[:, :2], corner[:, :2] + corner[:, 2:]], axis=1)
        frame = np.array([int(row["frame"]) for row in rows])
        label = np.array([row["label"] for row in rows])
        return cls(frame, box, label, *_matched(frame, box, label, tracks))

    @property
    def people(self) -> Rows:
        """Rows of the faces of people."""
        return np.flatnonzero(~np.isin(self.label, ["NF", "UNK"]))


def _matched(
    frame: Rows, box: NDArray[np.float64], label: NDArray[np.str_], tracks: Tracks
) -> tuple[Rows, NDArray[np.bool_]]:
    hit, ignored = np.full(len(frame), -1), np.zeros(len(tracks.frame), np.bool_)
    mine: dict[int, list[int]] = defaultdict(list)
    for row, number in enumerate(tracks.frame.tolist()):
        mine[number].append(row)
    for number in np.unique(frame).tolist():
        faces, boxes = np.flatnonzero(frame == number), np.array(mine.get(number, []), np.int64)
        faces = faces[np.argsort(label[faces] == "UNK", kind="stable")]
        known = int((label[faces] != "UNK").sum())
        overlap = iou(box[faces][:, None], tracks.box[boxes][None])
        overlap[overlap < OVERLAP] = 0
        pairs = [(a, b) for a, b in zip(*linear_sum_assignment(-overlap[:known]), strict=True)]
        pairs = [(a, b) for a, b in pairs if overlap[a, b] > 0]
        hit[faces[[a for a, _ in pairs]]] = boxes[[b for _, b in pairs]]
        free = np.setdiff1d(np.arange(len(boxes)), [b for _, b in pairs])
        ignored[boxes[free]] = overlap[known:, free].any(axis=0)
    return hit, ignored


class Causes:
    """The outcome of each face of a labelled film."""

    def __init__(self, film: Film, path: Path) -> None:
        self.film, self.cast, self.tracks = film, film.found.cast, film.found.cast.tracks
        self.truth = Truth.read(path, self.tracks)
        person = self.cast.person[self.tracks.track]
        self.size = Counter(person[(person >= 0) & ~self.truth.ignored].tolist())  # faces by predicted person
        self.true_size = Counter(self.truth.label[self.truth.people].tolist())
        self.cells: Counter[tuple[str, int]] = Counter()  # matched faces, by label and predicted person
        for row in self.truth.people[self.truth.hit[self.truth.people] >= 0].tolist():
            if person[self.truth.hit[row]] >= 0:
                self.cells[str(self.truth.label[row]), int(person[self.truth.hit[row]])] += 1
        self.first = {label: self._first(label) for label in self.true_size}
        self.cause = {row: self._cause(row, person) for row in self.truth.people.tolist()}

    def _first(self, label: str) -> int:
        """The predicted person with most of a person's faces; -1 if there is none."""
        best = max(self.size, key=lambda k: self.cells[label, k], default=-1)
        return best if self.cells[label, best] else -1

    def majority(self, person: int) -> str:
        """The label of most of a predicted person's faces."""
        votes = Counter({label: n for (label, k), n in self.cells.items() if k == person})
        votes[NOTHING] = self.size[person] - votes.total()
        return votes.most_common(1)[0][0]

    def _cause(self, row: int, person: NDArray[np.int32]) -> str:
        label, hit = str(self.truth.label[row]), int(self.truth.hit[row])
        if hit < 0:
            return _unmatched(self.film.scan, int(self.truth.frame[row]), self.truth.box[row])
        if person[hit] < 0:
            return self.cast.reason[self.tracks.track[hit]] or "set aside"
        if person[hit] == self.first[label]:
            return "person"
        return "split" if self.majority(int(person[hit])) == label else "mixed"

    @property
    def counted(self) -> list[str]:
        """The labelled people with enough faces to count."""
        return [k for k, n in self.true_size.items() if n >= PART * self.true_size.total()]

    @property
    def lost(self) -> list[str]:
        """The people among these who are not found."""
        need = {k: max(0.8 * self.size[self.first[k]], 0.5 * self.true_size[k]) for k in self.counted}
        return [k for k in self.counted if self.first[k] < 0 or self.cells[k, self.first[k]] < need[k]]

    @property
    def predicted(self) -> list[int]:
        return [k for k, n in self.size.items() if n >= PART * self.size.total()]

    def extra(self) -> list[tuple[str, ...]]:
        """Predicted people who are not the first one of any person, and the causes."""
        found = self.film.found
        likeness, faces = Likeness.from_embeddings(found.refined, len(self.tracks))
        table = likeness.matrix()
        length = mean_length(found.embeddings, self.film.scan.detections, len(self.tracks))
        linked = {k: np.flatnonzero((self.cast.person == k) & (faces > 0)) for k in self.size}
        rows: list[tuple[str, ...]] = []
        for person in self.predicted:
            label = self.majority(person)
            if label in self.counted and self.first[label] == person:
                continue
            own, all_own = linked[person], np.flatnonzero(self.cast.person == person)
            alike = {k: float(table[np.ix_(own, rest)].mean()) for k, rest in linked.items()
                     if k != person and len(own) and len(rest)}  # fmt: skip
            if label == NOTHING:
                cause = "no person"
            elif label not in self.counted:
                cause = "a person of less than 1 %"
            else:
                low = len(own) and bool((length[own] < LOW_QUALITY).all())
                cause = "low quality" if low else "linked" if len(own) else "blurred"
            own_first = alike.pop(self.first.get(label, -1), np.nan)
            box = np.concatenate([self.tracks.box[self.tracks.rows(int(t))] for t in all_own])
            share = f"{self.size[person] / self.size.total():.3f}"
            pixels = f"{np.median((box[:, 2:] - box[:, :2]).min(1)):.0f}"
            near = f"{own_first:.2f}, {max(alike.values(), default=np.nan):.2f}".replace("nan", "–")
            rows.append((share, label, cause, str(len(all_own)), pixels, near))
        return rows


def _unmatched(scan: Scan, frame: int, box: NDArray[np.float64]) -> str:
    """Why no track lies on a face."""
    seconds, faces = scan.clock.seconds(), scan.detections
    near = np.abs(seconds[faces.frame] - seconds[frame]) <= NEAR
    if (iou(faces.box[near], box[None]) >= THERE).any():
        return "no track"
    return "not detected" if (box[2:] - box[:2]).min() >= SMALL else "not detected, < 10 pixels"


def shares(causes: list[str]) -> str:
    return ", ".join(f"{cause} {n / len(causes):.3f}" for cause, n in Counter(causes).most_common())


def main() -> None:
    given = films_parser(__doc__).parse_args()
    films = {
        place.stem: Causes(
            labelled(place, given.truth), (given.truth or place.parent) / f"{place.stem}.truth.csv"
        )
        for place in given.places
    }
    print("| film | what became of the faces |\n| --- | --- |")
    for name, film in films.items():
        print(f"| {name} | {shares(list(film.cause.values()))} |")
    print("\n| film | not found | faces | what became of them |\n| --- | --- | --- | --- |")
    for name, film in films.items():
        for label in film.lost:
            causes = [cause for row, cause in film.cause.items() if film.truth.label[row] == label]
            print(f"| {name} | {label} | {len(causes)} | {shares(causes)} |")
    print("\n| film | extra, share of the faces | of | cause | tracks | pixels | likeness: own, next |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name, film in films.items():
        for row in film.extra():
            print(f"| {name} | {' | '.join(row)} |")


if __name__ == "__main__":
    main()
