"""castlist score: the cast of a film against labelled faces, from a CSV and from a MOTChallenge file."""

import json

import numpy as np
import pytest

from castlist.cli import run
from castlist.errors import InputError
from castlist.metrics import LabelledFaces
from castlist.research.features import read
from castlist.research.truth import first_frame_note, read_truth
from castlist.types import Shots


@pytest.fixture
def film(found_film, tmp_path):
    """(workspace, truth CSV made of the cast itself)."""
    cast, folder = found_film
    rows = ["frame,x,y,w,h,label"]
    for person in cast:
        for track in person.tracks:
            at = cast.tracks.rows(track)
            for frame, (a, b, c, d) in zip(
                cast.tracks.frame[at].tolist(), cast.tracks.box[at].tolist(), strict=True
            ):
                rows.append(f"{frame},{a},{b},{c - a},{d - b},{person.name}")
    (tmp_path / "truth.csv").write_text("\n".join(rows) + "\n")
    return str(folder), tmp_path / "truth.csv"


def scored(capfd, *words):
    assert run(["score", *map(str, words), "--json"]) == 0
    out, error = capfd.readouterr()
    return json.loads(out), error


def test_a_cast_agrees_with_itself(film, found_film, capfd):
    folder, truth = film
    scores, note = scored(capfd, folder, "--truth", truth)
    assert note == ""
    for name in ("recall", "recall_assigned", "face_wcp", "face_b_cubed_f1", "track_hungarian"):
        assert scores[name] == 1.0, name
    assert scores["people_found"] == scores["people"] == len(found_film[0])
    assert scores["labelled_faces"] == truth.read_text().count("\n") - 1
    assert run(["score", folder, "--truth", str(truth)]) == 0
    text = capfd.readouterr().out
    assert "100.0% found, 100.0% found and given a person" in text
    assert f"{len(found_film[0])} found" in text


def test_its_own_mot_file_is_read_with_frames_and_pixels_from_1(film, tmp_path, capfd):
    folder, _ = film
    mot = tmp_path / "x.mot.txt"
    assert run(["export", folder, "--ids", "people", "-o", str(mot)]) == 0
    capfd.readouterr()
    scores, note = scored(capfd, folder, "--truth", mot)
    assert note == ""
    assert scores["recall"] == scores["face_b_cubed_f1"] == 1
    out = tmp_path / "film.npz"
    assert run(["features", folder, "--truth", str(mot), "-o", str(out)]) == 0
    assert set(read(out).label.tolist()) - {""} <= {str(i) for i in range(1, 99)}
    assert (read(out).label != "").any()
    capfd.readouterr()
    assert "frames seem to count from 1" in scored(capfd, folder, "--truth", mot, "--first-frame", 0)[1]


def moved(path, by, to):
    head, *rows = path.read_text().splitlines()
    cells = [row.split(",", 1) for row in rows]
    to.write_text("\n".join([head, *(f"{int(frame) + by},{rest}" for frame, rest in cells)]) + "\n")
    return to


def test_frames_that_seem_to_count_from_1_are_named_and_read_when_asked(film, tmp_path, capfd):
    folder, truth = film
    later = moved(truth, 1, tmp_path / "later.csv")
    scores, note = scored(capfd, folder, "--truth", later)
    assert note == (
        "later.csv: frames seem to count from 1, and were read as counting from 0; if so, add "
        "--first-frame 1\n"
    )
    scores, note = scored(capfd, folder, "--truth", later, "--first-frame", 1)
    assert (scores["recall"], note) == (1, "")
    assert run(["features", folder, "--truth", str(later), "-o", str(tmp_path / "f.npz")]) == 0
    assert "frames seem to count from 1" in capfd.readouterr().err


def walking(ahead, first=0, shots=6, long=10):
    """Faces in shots of ten frames that change sides at each cut, and move four pixels a frame."""
    frame = np.arange(shots * long)
    left = np.where(frame // long % 2, 400.0, 100.0) + 4 * (frame % long + ahead)
    box = np.stack([left, 0 * left, left + 40, 0 * left + 40], axis=1)
    return LabelledFaces(frame[1:-1] + first, box[1:-1], np.full(len(frame) - 2, "ann"))


@pytest.mark.parametrize(("shots", "ahead"), [(6, 0.0), (6, 0.8), (1, 0.0), (1, 0.51)])
@pytest.mark.parametrize(("first", "noted"), [(0, False), (1, True)])
def test_faces_beside_cuts_say_from_which_number_frames_count(shots, ahead, first, noted):
    """A detector that is ahead by most of a frame fits the next frame better, but not at a cut."""
    found, starts = walking(ahead, shots=shots), 10 * np.arange(shots)
    note = first_frame_note(
        walking(0, first, shots), found.frame, found.box, Shots(starts, starts + 10, 0 * starts), 0
    )
    assert bool(note) == noted


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no column frame, h, label, w, x, y; expected frame,x,y,w,h,label, or frame,id,left,top,width"),
        ("1,2,3\n", "line 1 is not frame,id,left,top,width,height,conf in numbers"),
        ("1,2,3,4,5,6\n1,x,3,4,5,6\n", "line 2 is not frame,id"),
        (
            "0,2,3,4,5,6\n",
            "line 1 has frame 0, but the first frame is 1; correct it, or give --first-frame 0",
        ),
        ("frame,x,y,w,h,label\n-1,2,3,4,5,a\n", "line 2 has frame -1, but the first frame is 0; correct it$"),
        ("1,2,nan,4,5,6\n", "has a box that is not a number"),
    ],
)
def test_what_is_no_truth(text, message, tmp_path):
    (tmp_path / "t.txt").write_text(text)
    with pytest.raises(InputError, match=message):
        read_truth(tmp_path / "t.txt")


def test_rows_of_a_mot_file(tmp_path):
    (tmp_path / "t.txt").write_text("1,7,11,21,30,40,1,-1,-1,-1\n3,8.0,1,1,5,5\n\n3,9,1,1,5,5,0\n")
    truth = read_truth(tmp_path / "t.txt")
    assert {frame: [(box.tolist(), label) for box, label in rows] for frame, rows in truth.items()} == {
        0: [([10, 20, 40, 60], "7")],
        2: [([0, 0, 5, 5], "8"), ([0, 0, 5, 5], "UNK")],
    }


def test_a_truth_file_without_people_is_refused(film, tmp_path, capfd):
    (tmp_path / "t.csv").write_text("frame,x,y,w,h,label\n5,1,2,30,40,UNK\n")
    assert run(["score", film[0], "--truth", str(tmp_path / "t.csv")]) == 2
    assert "t.csv: there is no face whose label names a person" in capfd.readouterr().err
