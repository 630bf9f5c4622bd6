"""Scores of found faces against labelled ones, by hand."""

import numpy as np
import pytest

from castlist.errors import InputError
from castlist.metrics import FoundFaces, LabelledFaces, face_scores

SIDE = 10


def boxes(left):
    left = np.asarray(left, float)
    return np.stack([left, 0 * left, left + SIDE, 0 * left + SIDE], 1)


def labelled(*faces):
    """Faces of (frame, left, label)."""
    frame, left, label = zip(*faces, strict=True)
    return LabelledFaces(np.array(frame), boxes(left), np.array(label))


def found(*faces):
    """Faces of (frame, left, track, person)."""
    frame, left, track, person = (np.array(c) for c in zip(*faces, strict=True))
    return FoundFaces(frame, boxes(left), track, person)


def test_what_is_counted():
    truth = labelled(
        (0, 0, "ann"), (0, 50, "bob"), (0, 100, "NF"), (0, 150, "UNK"), (0, 200, ""),
        (1, 0, "ann"), (1, 50, "bob"),
        (2, 0, "ann"),
    )  # fmt: skip
    scores = face_scores(
        truth,
        found(
            (0, 1, 0, 0), (0, 50, 1, 1), (0, 100, 2, 1), (0, 150, 3, 2), (0, 201, 4, 2), (0, 250, 5, 2),
            (1, 0, 0, 0), (1, 50, 0, 0),
            (3, 0, 7, -1),
        ),
    ).values()  # fmt: skip
    assert scores["labelled_faces"] == 5  # NF, UNK and "" are none
    assert scores["recall"] == scores["recall_assigned"] == 4 / 5  # ann of frame 2 was not found
    assert scores["predicted_faces"] == 6  # those on UNK and "" are dropped, the one without a person is none
    assert scores["false_faces"] == 2 / 6  # on NF, and on nothing
    assert scores["face_items"] == 4  # ann ann bob with person 0, bob with person 1
    assert scores["face_wcp"] == 3 / 4
    assert scores["face_b_cubed_precision"] == pytest.approx((2 / 3 + 2 / 3 + 1 / 3 + 1) / 4)
    assert scores["face_b_cubed_recall"] == pytest.approx((1 + 1 + 1 / 2 + 1 / 2) / 4)
    assert scores["track_items"] == 2
    assert scores["track_wcp"] == 1
    assert (scores["tracks_matched"], scores["tracks_mixed"]) == (2, 1)
    assert (scores["people"], scores["people_all"], scores["people_predicted"]) == (2, 2, 3)
    assert scores["people_found"] == 0  # of the three faces of person 0, .67 are ann's


def test_a_person_is_found_from_80_percent_of_one_predicted_person_and_half_of_the_own_faces():
    truth = labelled(*((f, 0, "ann") for f in range(8)), *((f, 50, "bob") for f in range(2)))
    four = [(f, 0, 0, 0) for f in range(4)]
    assert face_scores(truth, found(*four, (0, 50, 0, 0))).people_found == 1
    assert face_scores(truth, found(*four, (0, 50, 0, 0), (1, 50, 0, 0))).people_found == 0
    assert face_scores(truth, found(*four[:3])).people_found == 0


def test_people_with_less_than_a_hundredth_of_the_faces_do_not_count():
    truth = labelled(*((f, 0, "ann") for f in range(200)), (0, 50, "bob"))
    scores = face_scores(truth, found(*((f, 0, 0, 0) for f in range(200)), (0, 50, 1, 1)))
    assert (scores.people, scores.people_all, scores.people_predicted) == (1, 2, 1)


def test_the_sum_of_overlaps_decides_and_min_iou_is_a_floor():
    truth, pair = labelled((0, 0, "ann"), (0, 4, "bob")), found((0, 1, 0, 0), (0, 3, 1, 1))
    assert face_scores(truth, pair).values()["face_wcp"] == 1
    assert face_scores(labelled((0, 0, "ann")), found((0, 5, 0, 0))).values()["recall"] == 0
    assert face_scores(labelled((0, 0, "ann")), found((0, 5, 0, 0)), min_iou=0.3).values()["recall"] == 1


def test_nothing_found_has_no_scores_of_people():
    empty = FoundFaces(*np.zeros((1, 0), int), np.zeros((0, 4)), *np.zeros((2, 0), int))
    scores = face_scores(labelled((0, 0, "ann")), empty).values()
    assert scores["recall"] == 0
    assert scores["face_wcp"] is None
    assert scores["false_faces"] is None
    assert scores["people_found"] == 0


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: face_scores(labelled((0, 0, "NF"), (0, 1, "")), found((0, 1, 0, 0))), "no face whose label"),
        (
            lambda: face_scores(labelled((0, 0, "a")), found((0, 1, 0, 0)), min_iou=0),
            "min_iou must be above 0",
        ),
        (
            lambda: LabelledFaces(np.zeros(2), np.zeros((1, 4)), np.array(["a", "b"])),
            "LabelledFaces.box has 1 rows, expected 2",
        ),
        (
            lambda: FoundFaces(np.zeros(1), np.zeros((1, 4)), np.zeros(2), np.zeros(1)),
            "FoundFaces.track has 2 rows, expected 1",
        ),
    ],
)
def test_refuses(call, message):
    with pytest.raises(InputError, match=message):
        call()
