"""A film's workspace -> a feature file: embedded faces, tracks and clothes, and labels from a truth file.

This compares methods on real films: `castlist features film.castlist --truth truth.csv -o film.npz`, then
`castlist bench run --data film.npz`. The features can be made again from the film.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from castlist.boxes import iou
from castlist.decisions import View, apply
from castlist.errors import InputError, WorkspaceError
from castlist.metrics import NO_FACE, UNPLACED
from castlist.pipeline.publish import base_of
from castlist.pipeline.reuse import identify_again
from castlist.progress import Watch, silent
from castlist.research.features import FeatureSet, gather
from castlist.research.truth import Labelled, read_truth
from castlist.store import Workspace
from castlist.types import NOISE, Constraints, Machine, Scan, Tracks

__all__ = ["features_of", "labels_of", "read_truth"]

MIN_IOU = 0.4  # of a face and its label: the default of the scorer that came with the labelled films
NO_PERSON = (NO_FACE, *UNPLACED)  # labels of a truth file that name no person


def features_of(
    workspace: str | Path,
    truth: str | Path | None = None,
    *,
    first_frame: int | None = None,
    machine: Machine = Machine(),
    watch: Watch = silent,
) -> FeatureSet:
    """The embedded faces of the tracks that castlist links, with frames, boxes, quality and clothes.

    The cue of each face's clothes is the view "clothes" (faces, c), zeros where they are not visible; there
    is no such view if the recipe has no cue.

    The links are complete: the cannot-links that `castlist find` has from co-occurrences, and the decisions.
    Tracks that decisions assign to one person are must-linked in a chain, tracks that are two people by
    decision are cannot-linked; where a decision contradicts the film, the decision holds. Tracks that are no
    faces by decision are left out.

    Args:
        workspace: of `castlist find`; the face vectors are those of its last finished run, before any
            refinement.
        truth: a CSV with the columns frame, x, y, w, h (pixels, frames from 0) and label, or a MOTChallenge
            file (`castlist.research.truth`); a track takes the label that most of its matched faces have.
            Labels NF and UNK name no person.
        first_frame: the number that the truth file gives to the first frame; by default 0 in a CSV and 1 in
            a MOTChallenge file.

    Raises:
        WorkspaceError: there is no finished run, or the workspace is damaged.
        InputError: the truth file cannot be read, or no face of it lies on a track.
    """
    with Workspace.open(Path(workspace), write=False) as store:
        found, scan = identify_again(store, machine=machine, watch=watch)
        log, base = store.decisions.all(), store.machine()
    tracks = found.cast.tracks
    view = apply(base or base_of(found), found.cast.video, log)
    if len(view.label) != len(tracks):
        raise WorkspaceError(
            f"{workspace}: its cast does not belong to its scan; run castlist find FILM --replace"
        )
    faces = found.embeddings[~view.no_face[found.embeddings.track]]
    if not len(faces):
        raise InputError(
            f"{workspace}: no face of this film was clear enough to get a vector, so there is nothing to "
            "write; choose another film"
        )
    numbers, place = np.unique(faces.track, return_inverse=True)
    label = None if truth is None else _known_labels(tracks, truth, first_frame)[numbers]
    if label is not None and not (label != "").any():
        raise InputError(
            f"{Path(str(truth)).name}: no face in it lies on a track of this film; check that it belongs to "
            "this film"
        )
    must, cannot = _links_of(found.constraints, view, numbers)
    return gather(
        found.cast.video.path.stem,
        faces.vector,
        place,
        track_id=numbers,
        frame=scan.detections.frame[faces.detection],
        box=scan.detections.box[faces.detection],
        quality=faces.quality,
        label=label,
        first=tracks.first[numbers],
        last=tracks.last[numbers],
        size=tracks.size[numbers],
        views=_beside(scan, faces.detection),
        must_link=must,
        cannot_link=cannot,
        links_complete=True,
    )


def _links_of(
    film: Constraints, view: View, numbers: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(q, 2) must-links and (r, 2) cannot-links between some tracks, from the film and from decisions."""
    group = np.where(view.labelled, view.label, NOISE)  # the person of each track assigned by a decision
    chains = [members[np.isin(members, numbers)] for members in map(np.flatnonzero, _each(group))]
    decided = [np.stack([chain[:-1], chain[1:]], 1) for chain in chains]
    empty = np.zeros((0, 2), np.int64)
    must = _once(np.concatenate([empty, film.must, *decided]), numbers)
    cannot = _once(np.concatenate([empty, film.cannot, view.cannot]), numbers)
    a, b = group[cannot].T
    cannot = cannot[(a != b) | (a == NOISE)]
    apart = {(int(a), int(b)) for a, b in view.cannot} | {(int(b), int(a)) for a, b in view.cannot}
    return must[[(int(a), int(b)) not in apart for a, b in must]], cannot


def _each(group: NDArray[np.int64]) -> Iterator[NDArray[np.bool_]]:
    """(t,) the members of each group."""
    for number in np.unique(group[group != NOISE]):
        yield group == number


def _once(pairs: NDArray[np.int64], numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """The pairs between the given tracks, smaller number first, in order, without repeats."""
    pairs = np.sort(pairs[np.isin(pairs, numbers).all(1)], axis=1)
    return np.unique(pairs, axis=0)


def _beside(scan: Scan, detection: NDArray[np.int64]) -> dict[str, NDArray[np.float32]]:
    """The cues of some detections, by name; empty without a cue."""
    row = np.zeros(len(scan.detections), np.int64)
    row[scan.embedded] = np.arange(len(scan.embedded))
    cue = scan.cue[row[detection]]
    if not cue.vector.shape[1]:
        return {}
    return {"clothes": (cue.vector * (cue.quality > 0)[:, None]).astype(np.float32)}


def _known_labels(tracks: Tracks, truth: str | Path, first_frame: int | None) -> NDArray[np.str_]:
    """(t,) the label of each track by a truth file, "" where there is none.

    Raises:
        InputError: the file cannot be read, or names no person.
    """
    known = read_truth(truth, first_frame=first_frame)
    if {name for faces in known.values() for _, name in faces} <= set(NO_PERSON):
        raise InputError(f"{Path(truth).name}: no face has a label that names a person; fill in `label`")
    return labels_of(tracks, known)


def labels_of(tracks: Tracks, truth: Labelled) -> NDArray[np.str_]:
    """(t,) the label of each track, by the faces that overlap a labelled face; "" where there is none.

    In each frame, faces and labels are matched one to one, with the largest sum of overlaps (intersection
    over union).
    """
    from scipy.optimize import linear_sum_assignment

    votes: list[Counter[str]] = [Counter() for _ in range(len(tracks))]
    order = np.argsort(tracks.frame, kind="stable")
    frames, start = np.unique(tracks.frame[order], return_index=True)
    for frame, rows in zip(frames.tolist(), np.split(order, start[1:]), strict=True):
        if frame not in truth:
            continue
        boxes = np.array([box for box, _ in truth[frame]])
        overlap = iou(tracks.box[rows][:, None], boxes[None])
        overlap[overlap < MIN_IOU] = 0
        for i, j in zip(*linear_sum_assignment(-overlap), strict=True):
            if overlap[i, j] > 0:
                votes[tracks.track[rows[i]]][truth[frame][j][1]] += 1
    names = [vote.most_common(1)[0][0] if vote else "" for vote in votes]
    return np.array(["" if name in NO_PERSON else name for name in names], np.str_)
