"""Labelled faces of a film, from a CSV (frame,x,y,w,h,label) or a MOTChallenge file."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterable, Iterator
from io import StringIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from castlist.boxes import iou, pairs_in_frame
from castlist.errors import InputError
from castlist.metrics import UNPLACED, LabelledFaces
from castlist.plain import read_plain
from castlist.types import Shots

__all__ = ["Labelled", "first_frame_note", "is_mot", "labelled_faces", "read_truth"]

LARGEST_TRUTH = 512 << 20  # bytes of a truth file: a row has about 60 bytes, and LONGEST rows are read
MOST_FRAMES = 1_000_000_000  # of a film: a year at 30 frames a second
LONGEST = 4_000_000  # rows of a truth file that are read; a film of two hours has some 500,000 faces
COLUMNS = ("frame", "x", "y", "w", "h", "label")
MOT = "frame,id,left,top,width,height,conf"  # MOTChallenge: no header; frames and pixels count from 1
# Ratio of overlaps of boxes from which another first frame fits better than the file's. In 14 labelled and
# drawn films the ratio beside cuts was at most .95 if the file's number was right and at least 1.05 if it was
# wrong; over all faces, at most 1.013 if it was right.
BETTER = 1.02
BESIDE_CUTS = 5.0  # sum of overlaps, as of six faces: with less beside cuts, all faces are compared

Labelled = dict[int, list[tuple[NDArray[np.float64], str]]]  # frame -> boxes (x, y, x + w, y + h) and labels


def read_truth(path: str | Path, *, first_frame: int | None = None) -> Labelled:
    """The labelled faces of a truth file, by frame.

    A CSV has a header with frame, x, y, w, h and label, in pixels; its frames count from 0. A file without a
    header is read as MOTChallenge: frame, id, left, top, width, height, where the id is the label, and
    frames and pixels count from 1; rows with 0 as the seventh number are not scored, and have the label UNK.

    Args:
        first_frame: the number of the film's first frame in the file; by default as above.

    Raises:
        InputError: the file is missing or has neither of both formats.
    """
    path = Path(path)
    try:
        text = read_plain(path, LARGEST_TRUTH, "a table of labelled faces").decode("utf-8-sig")
        mot = _without_header(text)
        start = int(mot) if first_frame is None else first_frame
        rows = _mot_rows(text, path.name) if mot else _csv_rows(text, path.name)
        return _labelled(rows, path.name, MOT if mot else ",".join(COLUMNS), start)
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error):
        raise InputError(f"{path.name} is not CSV text in UTF-8") from None


def is_mot(path: str | Path) -> bool:
    """Whether a truth file has no header, and so is read as MOTChallenge.

    Raises:
        InputError: the file cannot be read.
    """
    path = Path(path)
    try:
        return _without_header(
            read_plain(path, LARGEST_TRUTH, "a table of labelled faces").decode("utf-8-sig")
        )
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError(f"{path.name} is not CSV text in UTF-8") from None


def labelled_faces(known: Labelled) -> LabelledFaces:
    """The faces as columns, by frame."""
    rows = [(frame, box, label) for frame in sorted(known) for box, label in known[frame]]
    box = np.array([box for _, box, _ in rows]).reshape(-1, 4)
    return LabelledFaces(
        np.array([frame for frame, _, _ in rows], np.int64),
        box,
        np.array([name for *_, name in rows], np.str_),
    )


def first_frame_note(
    truth: LabelledFaces, frame: NDArray[np.int64], box: NDArray[np.floating], shots: Shots, first_frame: int
) -> str:
    """A sentence if labelled faces fit found ones better with another number of the first frame; else "".

    Frames beside cuts show it best: one frame off, a face lies in the shot of another person. A moving face
    shows little, because detectors find a moving head slightly ahead of it.

    Args:
        truth: faces that were read with `first_frame`, 0 or 1.
        frame, box: (n,) and (n, 4) the film's found faces.
        shots: those of the film, to its last frame.
    """
    other = 1 - first_frame
    move = first_frame - other
    moved = LabelledFaces(truth.frame + move, truth.box, truth.label)
    if not len(truth.frame) or moved.frame.min() < 0:
        return ""
    frames = int(shots.stop[-1]) if len(shots.stop) else 0
    beyond = truth.frame.max() >= frames > moved.frame.max()
    cuts = shots.start[1:]
    beside = np.isin(frame, np.concatenate([cuts - 1, cuts]))
    as_read, otherwise = (_overlap(faces, frame[beside], box[beside]) for faces in (truth, moved))
    if max(as_read, otherwise) < BESIDE_CUTS:
        as_read, otherwise = (_overlap(faces, frame, box) for faces in (truth, moved))
    if beyond or otherwise > BETTER * as_read:
        return (
            f"frames seem to count from {other}, and were read as counting from {first_frame}; if so, add "
            f"--first-frame {other}"
        )
    return ""


def _overlap(truth: LabelledFaces, frame: NDArray[np.int64], box: NDArray[np.floating]) -> float:
    """The sum over labelled faces of the best intersection over union in their frame."""
    rows = np.flatnonzero(~np.isin(truth.label, UNPLACED))
    a, b = pairs_in_frame(truth.frame[rows], frame)
    best = np.zeros(len(rows))
    np.maximum.at(best, a, iou(truth.box[rows[a]], box[b]))
    return float(best.sum())


def _without_header(text: str) -> bool:
    """Whether the first line begins with a number."""
    first = next((line for line in text.splitlines() if line.strip()), "").partition(",")[0]
    try:
        float(first)
    except ValueError:
        return False
    return True


Row = tuple[int, list[str | None], str | None]  # number of the line; frame, x, y, w, h; label


def _csv_rows(text: str, name: str) -> Iterator[Row]:
    rows = csv.DictReader(StringIO(text, newline=""))
    missing = sorted(set(COLUMNS) - set(rows.fieldnames or ()))
    if missing:
        raise InputError(
            f"{name}: no column {', '.join(missing)}; expected {','.join(COLUMNS)}, or {MOT} without a header"
        )
    for number, row in enumerate(rows, 2):
        yield number, [row[column] for column in COLUMNS[:5]], row["label"]


def _mot_rows(text: str, name: str) -> Iterator[Row]:
    for number, row in enumerate(csv.reader(StringIO(text, newline="")), 1):
        if not row:
            continue
        try:
            frame, person, x, y, w, h, *rest = row
            left, top = (str(float(value) - 1) for value in (x, y))
            scored = not rest or float(rest[0]) != 0
            label = str(_whole(person))
        except ValueError:
            raise InputError(f"{name}: line {number} is not {MOT} in numbers") from None
        yield number, [frame, left, top, w, h], label if scored else UNPLACED[0]


def _whole(text: str) -> int:
    """A whole number, also in the notation of a float ("58.0")."""
    value = float(text)
    if not value.is_integer():
        raise ValueError(text)
    return int(value)


def _labelled(rows: Iterable[Row], name: str, layout: str, first_frame: int) -> Labelled:
    found: Labelled = defaultdict(list)
    for number, values, label in rows:
        try:
            frame, (x, y, w, h) = _whole(str(values[0])), (float(str(value)) for value in values[1:])
            text = "" if label is None else label.strip()
            if label is None:
                raise ValueError(layout)
        except (ValueError, OverflowError):
            raise InputError(f"{name}: line {number} is not {layout} in numbers") from None
        if not np.isfinite([x, y, w, h]).all() or number > LONGEST:
            raise InputError(f"{name}: line {number} has a box that is not a number, or the file is too long")
        if frame > MOST_FRAMES:
            raise InputError(f"{name}: line {number} has frame {frame:.4g}, more than a film has")
        if frame < first_frame:
            hint = ", or give --first-frame 0" if first_frame else ""
            raise InputError(
                f"{name}: line {number} has frame {frame}, but the first frame is {first_frame}; correct "
                f"it{hint}"
            )
        found[frame - first_frame].append((np.array([x, y, x + w, y + h]), text))
    return found
