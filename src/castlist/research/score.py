"""Scores of the cast of a film, against labelled faces of it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from castlist.cast import Cast
from castlist.errors import InputError
from castlist.metrics import FaceScores, FoundFaces, LabelledFaces, face_scores
from castlist.research.truth import first_frame_note, is_mot, labelled_faces, read_truth
from castlist.store import Workspace

__all__ = ["FilmScores", "score_film", "truth_note"]


class FilmScores(NamedTuple):
    """The scores of a film's cast."""

    scores: FaceScores
    note: str  # a sentence if the labels' frames seem to count from another number; else ""


def score_film(
    workspace: str | Path, truth: str | Path, *, min_iou: float = 0.4, first_frame: int | None = None
) -> FilmScores:
    """The agreement of the faces and people of a workspace with a truth file.

    The present cast is scored, with all decisions. People of the background are people, too; faces of tracks
    that were set aside have no person.

    Args:
        workspace: of `castlist find`.
        truth: a CSV with frame,x,y,w,h,label, or a MOTChallenge file (`castlist.research.truth`).
        min_iou: intersection over union from which two boxes are one face.
        first_frame: the number that the truth file gives to the first frame, 0 or 1; by default 0 in a CSV
            and 1 in a MOTChallenge file.

    Raises:
        WorkspaceError: there is no cast, or the workspace is damaged.
        InputError: the truth file cannot be read, or names no person.
    """
    with Workspace.open(Path(workspace), write=False) as opened:
        cast = opened.cast()
    known = labelled_faces(read_truth(truth, first_frame=first_frame))
    tracks = cast.tracks
    person = cast.person[tracks.track].astype(np.int64)
    found = FoundFaces(tracks.frame, tracks.box.astype(np.float64), tracks.track, person)
    try:
        scores = face_scores(known, found, min_iou=min_iou)
    except InputError as error:
        raise InputError(f"{Path(truth).name}: {error}") from None
    return FilmScores(scores, _note(cast, known, truth, first_frame))


def truth_note(workspace: str | Path, truth: str | Path, *, first_frame: int | None = None) -> str:
    """A sentence if the frames of a truth file seem to count from another number; else "".

    Raises:
        WorkspaceError: there is no cast, or the workspace is damaged.
        InputError: the truth file cannot be read.
    """
    with Workspace.open(Path(workspace), write=False) as opened:
        cast = opened.cast()
    return _note(cast, labelled_faces(read_truth(truth, first_frame=first_frame)), truth, first_frame)


def _note(cast: Cast, known: LabelledFaces, truth: str | Path, first_frame: int | None) -> str:
    start = int(is_mot(truth)) if first_frame is None else first_frame
    note = first_frame_note(known, cast.tracks.frame, cast.tracks.box, cast.shots, start)
    return f"{Path(truth).name}: {note}" if note else ""
