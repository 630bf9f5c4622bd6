"""The exact ground truth of a drawn film: every face, its person, its track; every shot."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from castlist.types import Clock, Shots, freeze

# Truth.person of a face that need not be found: too small, turned away, hidden, half faded.
UNKNOWN = -1
NOT_A_FACE = -2  # Truth.person of a picture of a face


class TruthRow(NamedTuple):
    """A face in one frame."""

    frame: int
    x: float  # of its left edge, in pixels
    y: float  # of its upper edge
    w: float
    h: float
    label: str
    track: int  # -1 for none


@dataclass(frozen=True, eq=False, slots=True)
class Truth:
    """The contents of a drawn film, one row per face and frame, ordered by frame."""

    frame: NDArray[np.int64]  # (n,) index into the film's frames
    box: NDArray[np.float32]  # (n, 4) left, top, right, bottom in pixels as shown, inside the frame
    person: NDArray[np.int64]  # (n,) index into names, UNKNOWN or NOT_A_FACE
    track: NDArray[np.int64]  # (n,) one number per person and shot, pictures too; never across shots
    shots: Shots
    names: tuple[str, ...]  # P1, P2, ... in the order of the script's looks
    clock: Clock  # times of the frames

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
        """P1, P2, ... of a person, NF of a picture, UNK of a face that need not be found."""
        person = int(self.person[row])
        return {UNKNOWN: "UNK", NOT_A_FACE: "NF"}.get(person) or self.names[person]

    def rows(self) -> Iterator[TruthRow]:
        """Each face, as in the table."""
        for i in range(len(self)):
            left, top, right, bottom = (float(v) for v in self.box[i])
            x = (left, top, right - left, bottom - top)
            yield TruthRow(int(self.frame[i]), *x, self.label(i), int(self.track[i]))

    def write_csv(self, path: Path | str) -> None:
        """Write one row for each face: frame,x,y,w,h,label,track."""
        with open(path, "w", newline="", encoding="utf-8") as file:
            out = csv.writer(file, lineterminator="\n")
            out.writerow(TruthRow._fields)
            for frame, *numbers, label, track in self.rows():
                out.writerow((frame, *(f"{v:.2f}" for v in numbers), label, track))
