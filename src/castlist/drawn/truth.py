"""The exact truth of a drawn film: every face, its person, its track; every shot."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from castlist.types import Clock, Shots, freeze

UNKNOWN = -1  # Truth.person of a face that nobody need find: too small, turned away, hidden, half faded
NOT_A_FACE = -2  # Truth.person of a picture of a face


@dataclass(frozen=True, eq=False, slots=True)
class Truth:
    """What a drawn film shows, one row per face and frame, ordered by frame."""

    frame: NDArray[np.int64]  # (n,) index into the film's frames
    box: NDArray[np.float32]  # (n, 4) left, top, right, bottom in pixels as shown, inside the frame
    person: NDArray[np.int64]  # (n,) index into names, UNKNOWN or NOT_A_FACE
    track: NDArray[np.int64]  # (n,) one number per person and shot, pictures too; never across shots
    shots: Shots
    names: tuple[str, ...]  # P1, P2, ... in the order of the script's looks
    clock: Clock  # when each frame is shown

    def __post_init__(self) -> None:
        freeze(
            self,
            frame=(np.int64, (None,)),
            box=(np.float32, (None, 4)),
            person=(np.int64, (None,)),
            track=(np.int64, (None,)),
        )

    def __len__(self) -> int:
        return len(self.frame)

    def label(self, row: int) -> str:
        """P1, P2, ... of a person, NF of a picture, UNK of a face that nobody need find."""
        person = int(self.person[row])
        return {UNKNOWN: "UNK", NOT_A_FACE: "NF"}.get(person) or self.names[person]

    def rows(self) -> Iterator[tuple[int, float, float, float, float, str, int]]:
        """frame, x, y, w, h, label, track of each face."""
        for i in range(len(self)):
            left, top, right, bottom = (float(v) for v in self.box[i])
            yield int(self.frame[i]), left, top, right - left, bottom - top, self.label(i), int(self.track[i])

    def write_csv(self, path: Path | str) -> None:
        """Write one row a face: frame,x,y,w,h,label,track."""
        with open(path, "w", newline="", encoding="utf-8") as file:
            out = csv.writer(file, lineterminator="\n")
            out.writerow(("frame", "x", "y", "w", "h", "label", "track"))
            for frame, *numbers, label, track in self.rows():
                out.writerow((frame, *(f"{v:.2f}" for v in numbers), label, track))
