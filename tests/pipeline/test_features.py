"""castlist features: a film's faces as a feature file, with the labels of a truth file."""

import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from castlist.cli import run
from castlist.errors import InputError
from castlist.pipeline.reuse import identify_again
from castlist.research.features import read, write
from castlist.research.from_film import _links_of, labels_of, read_truth
from castlist.store import Workspace
from castlist.types import Constraints, Tracks


def tracks(*spans, x=0):
    """Tracks of one face a frame, each (first, last, left edge of a 10 pixel box)."""
    frame = np.concatenate([np.arange(a, b + 1) for a, b, _ in spans])
    left = np.concatenate([np.full(b - a + 1, x) for a, b, x in spans])
    box = np.stack([left, 0 * left, left + 10, 0 * left + 10], 1)
    offset = np.concatenate([[0], np.cumsum([b - a + 1 for a, b, _ in spans])])
    return Tracks(frame, box, np.ones(len(frame)), np.arange(len(frame)), offset, np.zeros(len(spans)))


def truth(tmp_path, *rows):
    path = tmp_path / "truth.csv"
    path.write_text("frame,x,y,w,h,label\n" + "\n".join(rows) + "\n")
    return path


def test_a_track_takes_the_label_that_most_of_its_faces_have(tmp_path):
    path = truth(
        tmp_path,
        "0,0,0,10,10,ann", "1,1,0,10,10,ann", "2,0,0,10,10,bob",
        "0,50,0,10,10,NF", "1,50,0,10,10,NF",
        "0,100,0,10,10,UNK",
        "7,200,0,10,10,cid",
    )  # fmt: skip
    found = labels_of(tracks((0, 2, 0), (0, 1, 50), (0, 0, 100), (0, 3, 200), (0, 2, 300)), read_truth(path))
    assert found.tolist() == ["ann", "", "", "", ""]


def test_faces_and_labels_are_matched_one_to_one(tmp_path):
    """Both faces overlap ann's label; the sum of overlaps decides."""
    path = truth(tmp_path, "0,0,0,10,10,ann", "0,4,0,10,10,bob")
    assert labels_of(tracks((0, 0, 1), (0, 0, 3)), read_truth(path)).tolist() == ["ann", "bob"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no column"),
        ("frame,x,y,w,h\n1,2,3,4,5\n", "no column label"),
        ("frame,x,y,w,h,label\n1,2,3,four,5,ann\n", "line 2"),
        ("frame,x,y,w,h,label\n1,2,3\n", "line 2"),
        ("frame,x,y,w,h,label\n1,nan,3,4,5,ann\n", "line 2"),
    ],
)
def test_what_is_no_truth_file_is_refused(tmp_path, text, reason):
    (tmp_path / "truth.csv").write_text(text)
    with pytest.raises(InputError, match=reason):
        read_truth(tmp_path / "truth.csv")
    with pytest.raises(InputError, match="cannot read"):
        read_truth(tmp_path / "missing.csv")


def test_the_features_of_a_film_with_its_truth(small_film, found_film, tmp_path, capsys):
    cast, folder = found_film
    rows = [
        f"{frame},{left},{top},{right - left},{bottom - top},{person.name}"
        for person in cast
        for track in person.tracks
        for frame, (left, top, right, bottom) in zip(
            cast.tracks.frame[cast.tracks.rows(track)].tolist(),
            cast.tracks.box[cast.tracks.rows(track)].tolist(),
            strict=True,
        )
    ]
    out = tmp_path / "film.npz"
    assert run(["features", str(folder), "--truth", str(truth(tmp_path, *rows)), "-o", str(out)]) == 0
    assert "tracks labelled" in capsys.readouterr().out
    table = read(out)
    assert table.dim == 128
    assert set(table.label.tolist()) - {""} == {person.name for person in cast}
    for number, label in zip(table.track_id.tolist(), table.label.tolist(), strict=True):
        assert label == next((p.name for p in cast if number in p.tracks), "")
    assert table.embeddings.quality.std() > 0
    assert (table.first == cast.tracks.first[table.track_id]).all()
    assert table.view_names == ("clothes",)
    assert table.views[0].shape[0] == len(table.embeddings)
    assert (table.views[0].sum(1) > 0).any()


def test_links_of_the_film_and_of_decisions_and_which_of_them_hold():
    """Tracks 0 and 1 were decided to be one person although they meet; 2 has no vector; 4 is not labelled."""
    film = Constraints(
        np.array([1, 3, 2, 0]), np.array([0, 0, 3, 4]), np.zeros(4, bool), np.zeros(4, np.int8)
    )  # fmt: skip
    view = SimpleNamespace(
        label=np.array([0, 0, 0, 1, 0, 1]),
        labelled=np.array([True, True, True, True, False, True]),
        cannot=np.array([[5, 0], [0, 3]]),
    )
    must, cannot = _links_of(film, view, np.array([0, 1, 3, 4, 5]))
    assert must.tolist() == [[0, 1], [3, 5]]
    assert cannot.tolist() == [[0, 3], [0, 4], [0, 5]]


def test_a_feature_file_has_the_links_that_find_used_and_what_was_decided(found_film, tmp_path):
    cast, folder = found_film
    shutil.copytree(folder, tmp_path / "film.castlist")
    film, out = str(tmp_path / "film.castlist"), str(tmp_path / "film.npz")
    with Workspace.open(tmp_path / "film.castlist", write=False) as opened:
        found, _ = identify_again(opened)
    assert run(["features", film, "-o", out]) == 0
    before = read(out)
    known = {frozenset(pair) for pair in found.constraints.cannot.tolist()}
    stored = {frozenset(pair) for pair in before.track_id[before.constraints().cannot].tolist()}
    assert stored == {pair for pair in known if pair <= set(before.track_id.tolist())}
    assert not len(before.links.must)

    apart = sorted(next(iter(sorted(stored, key=sorted))))
    p, q = (next(person for person in cast if track in person.tracks) for track in apart)
    assert run(["decide", film, "merge", p.name, q.name]) == 0
    assert run(["features", film, "-o", out]) == 0
    merged = read(out)
    ((a, b),) = merged.track_id[merged.links.must].tolist()
    assert {a, b} <= {*p.tracks, *q.tracks}
    assert (a in p.tracks) != (b in p.tracks)
    assert len(merged.constraints().must) == 1

    assert run(["decide", film, "undo"]) == 0
    assert run(["decide", film, "different", str(apart[0]), str(apart[1])]) == 0
    assert run(["decide", film, "not-a-face", str(cast.people[-1].tracks[0])]) == 0
    assert run(["features", film, "-o", out]) == 0
    after = read(out)
    assert not len(after.links.must)
    assert apart in after.track_id[after.links.cannot].tolist()
    assert cast.people[-1].tracks[0] not in after.track_id.tolist()
    write(after, tmp_path / "film.mat")
    assert read(tmp_path / "film.mat").constraints().cannot.tolist() == after.constraints().cannot.tolist()
