"""Scores of the faces of a film, found and assigned to people, against labelled faces."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.argument_types import typed_arguments
from castlist.boxes import iou
from castlist.errors import InputError
from castlist.metrics.contingency import Ratio
from castlist.metrics.protocol import Protocol, Scores, Unit
from castlist.types import NOISE, freeze

__all__ = ["NO_FACE", "UNPLACED", "FaceScores", "FoundFaces", "LabelledFaces", "face_scores"]

NO_FACE = "NF"  # label of a box that shows no face
UNPLACED = ("UNK", "")  # labels of a face that cannot be identified
LEAST = 0.01  # share of the faces from which a person counts as a person of the film
PRECISE, COMPLETE = 0.8, 0.5  # precision and recall of one predicted person from which a person is found


@dataclass(frozen=True, eq=False, slots=True)
class LabelledFaces:
    """Labelled faces, n in all."""

    frame: NDArray[np.int64]  # (n,) from 0
    box: NDArray[np.float64]  # (n, 4) left, top, right, bottom in pixels
    label: NDArray[np.str_]  # (n,) the person, NO_FACE, or one of UNPLACED

    def __post_init__(self) -> None:
        freeze(self, frame=(np.int64, (None,)), box=(np.float64, (None, 4)), label=(np.str_, (None,)))


@dataclass(frozen=True, eq=False, slots=True)
class FoundFaces:
    """Faces found by a method, n in all."""

    frame: NDArray[np.int64]  # (n,) from 0
    box: NDArray[np.float64]  # (n, 4) left, top, right, bottom in pixels
    track: NDArray[np.int64]  # (n,) number of the track
    person: NDArray[np.int64]  # (n,) number of the predicted person, NOISE for none

    def __post_init__(self) -> None:
        column = (np.int64, (None,))
        freeze(self, frame=column, box=(np.float64, (None, 4)), track=column, person=column)


@dataclass(frozen=True, slots=True)
class FaceScores:
    """Scores of found faces and people against labelled ones, as components."""

    recall: Ratio  # labelled faces that were found, of all labelled faces
    assigned: Ratio  # labelled faces that were found and have a person, of all labelled faces
    false: Ratio  # faces with a person that match no labelled face, of all faces with a person
    face: Scores | None  # of the faces that were found and have a person; None without such faces
    track: Scores | None  # the same with each track once: its commonest label, its commonest person
    faces: int  # number of faces in `face`
    tracks: int  # number of tracks in `track`
    people: int  # number of labelled people with LEAST of the labelled faces
    people_all: int  # number of labelled people
    people_predicted: int  # number of predicted people with LEAST of the faces with a person
    people_found: int  # number of `people` for which one predicted person is PRECISE and COMPLETE
    tracks_matched: int  # number of tracks with a labelled face
    tracks_mixed: int  # number of tracks with faces of two or more labelled people

    def values(self) -> dict[str, float | None]:
        """All numbers by name; None where undefined."""
        found: dict[str, float | None] = {
            "labelled_faces": int(self.recall.whole),
            "predicted_faces": int(self.false.whole),
            **{
                name: ratio.value if ratio.whole else None
                for name, ratio in (
                    ("recall", self.recall), ("recall_assigned", self.assigned), ("false_faces", self.false)
                )
            },
        }  # fmt: skip
        for unit, scores, items in (("face", self.face, self.faces), ("track", self.track, self.tracks)):
            found[f"{unit}_items"] = items
            names = (
                "wcp",
                "hungarian",
                "b_cubed_precision",
                "b_cubed_recall",
                "b_cubed_f1",
                "nmi_arithmetic",
            )
            found |= {f"{unit}_{name}": None if scores is None else scores.values()[name] for name in names}
        names = ("people", "people_all", "people_predicted", "people_found", "tracks_matched", "tracks_mixed")
        return found | {name: getattr(self, name) for name in names}


@typed_arguments
def face_scores(truth: LabelledFaces, found: FoundFaces, *, min_iou: float = 0.4) -> FaceScores:
    """The scores of found faces against labelled ones.

    In each frame, found and labelled faces are matched one to one with the largest sum of intersections over
    union; pairs below `min_iou` do not match, and labels are not used. Faces labelled UNPLACED are not
    counted: an unmatched found face that overlaps such a face is dropped. A box labelled NO_FACE can be
    matched, and the found face is then a false one.

    Args:
        truth: a film's labelled faces; frames without labels hold no faces.
        found: the found faces of the same frames.
        min_iou: least intersection over union of a match, above 0 and at most 1.

    Raises:
        InputError: there is no labelled face of a person, or `min_iou` is out of its range.
    """
    if not 0 < min_iou <= 1:
        raise InputError(f"min_iou must be above 0 and at most 1, got {min_iou}")
    if np.isin(truth.label, [NO_FACE, *UNPLACED]).all():
        raise InputError("there is no face whose label names a person; give labelled faces of people")
    labelled, predicted = _matched(truth, found, min_iou)
    with_person = found.person[predicted[predicted >= 0]]
    with_person = with_person[with_person != NOISE]
    person_row = labelled >= 0
    person_row[person_row] = truth.label[labelled[person_row]] != NO_FACE
    hit = person_row & (predicted >= 0)
    label, rows = truth.label[labelled[hit]], predicted[hit]
    person, track = found.person[rows], found.track[rows]
    given = person != NOISE
    counted = Counter(truth.label[labelled[person_row]].tolist())
    known = [name for name, n in counted.items() if n >= LEAST * counted.total()]
    size = Counter(with_person.tolist())
    cell = Counter(zip(label[given].tolist(), person[given].tolist(), strict=True))
    labels_of = defaultdict(set)
    for number, name in zip(track.tolist(), label.tolist(), strict=True):
        labels_of[number].add(name)
    all_faces, assigned, with_persons = float(person_row.sum()), float(given.sum()), float(len(with_person))
    majority = _majorities(track[given], label[given], person[given])
    excluded = "faces without a match or without a person"
    return FaceScores(
        recall=Ratio(float(len(rows)), all_faces),
        assigned=Ratio(assigned, all_faces),
        false=Ratio(with_persons - assigned, with_persons),
        face=_scores(Protocol(Unit.FRAME, excluded=excluded), label[given], person[given]),
        track=_scores(Protocol(Unit.TRACK, excluded=excluded), *majority),
        faces=int(assigned),
        tracks=len(majority[0]),
        people=len(known),
        people_all=len(counted),
        people_predicted=sum(n >= LEAST * len(with_person) for n in size.values()),
        people_found=sum(
            any(cell[name, q] >= max(PRECISE * size[q], COMPLETE * counted[name]) for q in size)
            for name in known
        ),
        tracks_matched=len(labels_of),
        tracks_mixed=sum(len(names) > 1 for names in labels_of.values()),
    )


def _matched(
    truth: LabelledFaces, found: FoundFaces, min_iou: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(m,) rows of labelled faces and (m,) of the found faces that match, by frame; -1 for no match."""
    from scipy.optimize import linear_sum_assignment

    counted = ~np.isin(truth.label, UNPLACED)
    in_truth, in_found = _by_frame(truth.frame), _by_frame(found.frame)
    none = np.zeros(0, np.int64)
    left, right = [none], [none]
    for frame in sorted(in_truth.keys() | in_found.keys()):
        rows, free = in_truth.get(frame, none), in_found.get(frame, none)
        known, unplaced = rows[counted[rows]], rows[~counted[rows]]
        overlap = iou(truth.box[known][:, None], found.box[free][None])
        overlap[overlap < min_iou] = 0
        a, b = linear_sum_assignment(-overlap)
        pair = overlap[a, b] > 0
        a, b = a[pair], b[pair]
        over = np.setdiff1d(np.arange(len(free)), b)
        hidden = iou(truth.box[unplaced][:, None], found.box[free[over]][None]) >= min_iou
        over = over[~hidden.any(0)]
        missed = np.setdiff1d(np.arange(len(known)), a)
        left += [known[a], np.full(len(over), -1), known[missed]]
        right += [free[b], free[over], np.full(len(missed), -1)]
    return np.concatenate(left), np.concatenate(right)


def _by_frame(frame: NDArray[np.int64]) -> dict[int, NDArray[np.int64]]:
    """The rows of each frame."""
    order = np.argsort(frame, kind="stable")
    frames, start = np.unique(frame[order], return_index=True)
    return dict(zip(frames.tolist(), np.split(order, start[1:]), strict=True)) if len(frame) else {}


def _majorities(
    track: NDArray[np.int64], label: NDArray[np.str_], person: NDArray[np.int64]
) -> tuple[NDArray[np.str_], NDArray[np.int64]]:
    """The commonest label and the commonest person of each track; the first of equally common ones."""
    labels: dict[int, Counter[str]] = defaultdict(Counter)
    persons: dict[int, Counter[int]] = defaultdict(Counter)
    for number, name, cluster in zip(track.tolist(), label.tolist(), person.tolist(), strict=True):
        labels[number][name] += 1
        persons[number][cluster] += 1
    return (
        np.array([c.most_common(1)[0][0] for c in labels.values()], np.str_),
        np.array([c.most_common(1)[0][0] for c in persons.values()], np.int64),
    )


def _scores(protocol: Protocol, label: NDArray[np.str_], person: NDArray[np.int64]) -> Scores | None:
    return Scores.of(protocol, label, person) if len(label) else None
