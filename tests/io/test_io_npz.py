"""castlist's own .npz: the documented layout, and inconsistent files."""

import io
import os
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest

from castlist.errors import InputError
from castlist.research.features import npz, read, read_structure

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "tracks"


def columns(**changes):
    """Faces 0 to 4 of tracks 5 and 2."""
    return {
        "features": np.arange(10, dtype=np.float16).reshape(5, 2),
        "track_id": np.array([5, 5, 2, 2, 2], np.int32),
        "frame": np.array([0, 1, 8, 9, 10], np.int32),
        "box": np.array([[10, 20, 3, 4]] * 5, np.float32),
        "tracks": np.array([5, 2], np.int32),
        "label": np.array(["ann", "bob"]),
    } | changes


def save(path, **changes):
    np.savez_compressed(path, **{k: v for k, v in columns(**changes).items() if v is not None})
    return path


def test_the_layout(tmp_path):
    features = read(save(tmp_path / "film.npz"))
    assert features.name == "film"
    assert features.track_id.tolist() == [5, 2]
    assert features.label.tolist() == ["ann", "bob"]
    assert features.embeddings.track.tolist() == [0, 0, 1, 1, 1]
    assert features.embeddings.vector.tolist() == columns()["features"].tolist()
    assert features.box[0].tolist() == [10, 20, 13, 24]
    assert features.last.tolist() == [1, 10]


def test_only_vectors_and_tracks_are_needed(tmp_path):
    features = read(save(tmp_path / "film.npz", frame=None, box=None, tracks=None, label=None))
    assert features.track_id.tolist() == [5, 2]
    assert features.label is None
    assert features.box is None
    assert not features.timed


def test_a_set_that_stores_some_of_its_faces(tmp_path):
    spans = {
        "track_first": np.array([0, 4]),
        "track_last": np.array([6, 20]),
        "track_faces": np.array([7, 17]),
    }
    features = read(save(tmp_path / "film.npz", **spans))
    assert features.size.tolist() == [7, 17]
    assert features.faces == 24
    assert features.constraints().cannot.tolist() == [[0, 1]]


def test_structure_without_features(tmp_path):
    changes = {
        "features": None,
        "box": None,
        "label": None,
        "identity": np.array(["ann", ""]),
        "x": np.array([250] * 5, np.uint8),
        "y": np.zeros(5, np.int32),
        "w": np.array([200] * 5, np.uint8),  # x + w must not wrap around at 256
        "h": np.ones(5, np.uint8),
    }
    path = save(tmp_path / "film.npz", **changes)
    features = read_structure(path)
    assert features.dim == 0
    assert features.label.tolist() == ["ann", ""]
    assert features.box[0].tolist() == [250, 0, 450, 1]
    with pytest.raises(InputError, match="holds tracks but no features"):
        read(path)


def test_no_faces(tmp_path):
    empty = {
        "features": np.zeros((0, 8), np.float32),
        "track_id": np.zeros(0, int),
        "frame": np.zeros(0, int),
        "box": np.zeros((0, 4)),
        "tracks": np.zeros(0, int),
        "label": np.zeros(0, str),
    }
    assert len(read(save(tmp_path / "film.npz", **empty))) == 0


def test_a_collection_of_pictures_has_no_tracks(tmp_path):
    path = tmp_path / "people.npz"
    np.savez(path, features=np.eye(4, dtype=np.float32), label=np.array(["ann", "ann", "bob", "eve"]))
    features = read(path)
    assert features.embeddings.track.tolist() == [0, 1, 2, 3]
    assert features.label.tolist() == ["ann", "ann", "bob", "eve"]
    assert not len(features.constraints())


PAUSE = np.array([0, 10, 4, 5, 6])  # of track 5, while track 2 is seen


def test_a_track_may_pause_while_another_is_seen(tmp_path):
    """Where every face is stored, two tracks are seen together if they share a frame."""
    assert not len(read(save(tmp_path / "film.npz", frame=PAUSE)).constraints())
    shared = np.array([0, 5, 4, 5, 6])
    assert read(save(tmp_path / "film.npz", frame=shared)).constraints().cannot.tolist() == [[0, 1]]


def test_where_faces_are_missing_ranges_of_frames_decide(tmp_path):
    spans = {"track_first": np.array([0, 4]), "track_last": np.array([10, 6])}
    for more in ({"track_faces": np.array([11, 3])}, {"track_last": np.array([11, 6])}):
        features = read(save(tmp_path / "film.npz", frame=PAUSE, **spans | more))
        assert features.constraints().cannot.tolist() == [[0, 1]], more
    whole = read(save(tmp_path / "film.npz", frame=PAUSE, **spans, track_faces=np.array([2, 3])))
    assert not len(whole.constraints())


def test_some_faces_and_some_tracks_are_seen_together_as_the_whole_set(tmp_path):
    few = read(save(tmp_path / "film.npz", frame=PAUSE)).faces_of(np.array([0, 1, 3]))
    assert not len(few.constraints())
    shared = read(save(tmp_path / "film.npz", frame=np.array([0, 5, 4, 5, 6])))
    few = shared.faces_of(np.array([0, 4]))  # the two frames are no longer there
    assert few.constraints().cannot.tolist() == [[0, 1]]
    assert few.select([True, True]).constraints().cannot.tolist() == [[0, 1]]
    assert not len(few.select([False, True]).constraints())


def test_labels_need_no_tracks_where_the_numbers_rise(tmp_path):
    """The order in which tracks come and that of their numbers are then the same."""
    features = read(save(tmp_path / "film.npz", tracks=None, track_id=np.array([2, 2, 5, 5, 5])))
    assert dict(zip(features.track_id.tolist(), features.label.tolist(), strict=True)) == {2: "ann", 5: "bob"}


def test_track_numbers_may_be_floats_as_matlab_and_pandas_give_them(tmp_path):
    floats = {"track_id": np.array([5.0, 5, 2, 2, 2]), "tracks": np.array([5.0, 2]), "frame": np.arange(5.0)}
    features = read(save(tmp_path / "film.npz", cannot_link=np.array([[2.0, 5.0]]), **floats))
    assert features.track_id.tolist() == [5, 2]
    assert features.embeddings.track.tolist() == [0, 0, 1, 1, 1]
    assert [sorted(pair) for pair in features.constraints().cannot.tolist()] == [[0, 1]]


@pytest.mark.parametrize("label", [np.array([3, -1]), np.array([3.0, -1.0]), np.array(["3", "-1"])])
def test_minus_one_is_no_label(tmp_path, label):
    assert read(save(tmp_path / "film.npz", label=label)).label.tolist() == ["3", ""]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"track_id": None}, "no array `track_id`"),
        ({"tracks": None}, "`label` has one row a track, but nothing says of which: add `tracks`"),
        (
            {"tracks": None, "label": None, "track_faces": np.array([9, 9])},
            "`track_faces` has one row a track",
        ),
        ({"tracks": None, "label": None, "identity": np.array(["a", "b"])}, "`identity` has one row a track"),
        (
            {"track_id": np.array([5, 5, -1, -1, 2])},
            "track_id holds -1: leave out faces that belong to no track",
        ),
        ({"track_id": np.ones((5, 1), int)}, "track_id must be whole numbers of shape"),
        ({"track_id": np.array([5, 5, 2, 2, 2.5])}, "track_id must be whole numbers"),
        ({"track_id": np.array([5, 5, 2, 2, np.nan])}, "track_id must be whole numbers"),
        ({"track_id": np.array(list("aabbb"))}, r"number the tracks by np.unique\(track_id, return_inverse"),
        ({"tracks": np.array(["5", "2"])}, r"number the tracks by np.unique\(tracks, return_inverse"),
        ({"track_id": np.array([5, 5, 2, 2, 3])}, "names a track that is not in `tracks`"),
        ({"track_id": np.array([5, 5, 2, 2])}, "5 feature vectors for 4 faces"),
        ({"tracks": np.array([5, 2, 8]), "label": np.array(["a", "b", "c"])}, "track 8 has no face"),
        ({"tracks": np.array([[5, 2]])}, "tracks must be whole numbers of shape"),
        ({"label": np.array(["ann"])}, "`label` must have one row per track"),
        ({"track_first": np.array([0])}, "`track_first` must have one row per track"),
        ({"frame": np.arange(3)}, "3 frame numbers"),
        ({"box": np.ones((5, 3))}, "box must have shape"),
        ({"features": np.ones(5)}, "features must be numbers of shape"),
        ({"features": np.full((5, 2), np.inf, np.float16)}, "infinite"),
        ({"label": np.array(["ann", None], object)}, "never loaded"),
        ({"features": np.array([[{}]] * 5, object)}, "never loaded"),
    ],
)
def test_a_file_with_wrong_columns(tmp_path, changes, message):
    path = save(tmp_path / "film.npz", **changes)
    with pytest.raises(InputError, match=message) as caught:
        read(path)
    assert str(caught.value).startswith("film.npz: ")


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.9, 0.99])
def test_a_file_cut_short(tmp_path, kept):
    path = save(tmp_path / "film.npz")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(InputError, match="damaged or cut short"):
        read(path)


def test_one_flipped_byte_is_noticed(tmp_path):
    path = save(tmp_path / "film.npz")
    data = bytearray(path.read_bytes())
    data[80] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(InputError):
        read(path)


def npy_header(shape, descr="<f4"):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": descr, "fortran_order": False, "shape": shape})
    return stream.getvalue()


@pytest.mark.parametrize("shape", [(1 << 40, 512), (5, 3), (-5, -2), (1 << 62, 1 << 62)])
def test_a_header_that_lies_about_its_size(tmp_path, shape):
    path = save(tmp_path / "film.npz", features=None)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("features.npy", npy_header(shape) + b"\0" * 40)
    with pytest.raises(InputError, match="its data has another size"):
        read(path)


def test_a_zip_bomb_is_not_unpacked(tmp_path):
    path = save(tmp_path / "film.npz", features=None)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("features.npy", npy_header((1 << 12, 1 << 13)) + b"\0" * (1 << 27))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(InputError, match="unpacks to 200 times its size"):
        read(path)


def test_many_small_bombs_are_one(tmp_path):
    path = save(tmp_path / "film.npz")
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for i in range(8):  # each below what a single one may be
            archive.writestr(f"view_{i}.npy", npy_header((1 << 10, 1 << 13)) + b"\0" * (1 << 25))
    with pytest.raises(InputError, match="unpacks to 200 times its size"):
        read(path)


def test_an_array_that_is_there_twice(tmp_path):
    path = save(tmp_path / "film.npz")
    with zipfile.ZipFile(path, "a") as archive, warnings.catch_warnings(action="ignore"):
        archive.writestr("track_id.npy", npy_header((1,)) + bytes(4))
    with pytest.raises(InputError, match="twice"):
        read(path)


def test_a_pipe_is_no_feature_file(tmp_path):
    os.mkfifo(tmp_path / "film.npz")
    with pytest.raises(InputError, match="not a regular file"):
        read(tmp_path / "film.npz")


def test_an_unknown_npy_version():
    with pytest.raises(InputError, match="version"):
        npz.read_npy(io.BytesIO(b"\x93NUMPY\x03\x00"), 8, "x")


def test_fortran_order_and_scalars():
    stream = io.BytesIO()
    np.save(stream, np.asfortranarray([[1, 2, 3], [4, 5, 6]]))
    size = stream.tell()
    stream.seek(0)
    assert npz.read_npy(stream, size, "x").tolist() == [[1, 2, 3], [4, 5, 6]]


@pytest.mark.skipif(not SHARED.exists(), reason="the shared track sets are not beside the checkout")
def test_the_shared_structure_files():
    for path in sorted((SHARED / "real_structure").glob("*.npz")):
        features = read_structure(path)
        assert features.dim == 0
        assert features.timed
        assert len(features.label) == len(features)


def test_complete_links_are_all_there_are(tmp_path):
    """Two tracks overlap in time, but the file says that its links are complete: it has none between them."""
    given = {
        "features": np.eye(3, dtype=np.float32),
        "track_id": np.array([4, 5, 6]),
        "frame": np.array([0, 0, 9]),
    }
    np.savez(tmp_path / "a.npz", **given, cannot_link=[[4, 6]])
    assert read(tmp_path / "a.npz").constraints().cannot.tolist() == [[0, 1], [0, 2]]
    np.savez(tmp_path / "b.npz", **given, cannot_link=[[4, 6]], must_link=[[4, 5]], links_complete=True)
    found = read(tmp_path / "b.npz")
    assert found.constraints().cannot.tolist() == [[0, 2]]
    assert found.constraints().must.tolist() == [[0, 1]]
    assert found.select([0, 2]).constraints().cannot.tolist() == [[0, 1]]
    npz.write(found, tmp_path / "c.npz")
    assert read(tmp_path / "c.npz").constraints().cannot.tolist() == [[0, 2]]
    np.savez(tmp_path / "d.npz", **given, links_complete=[True, False])
    with pytest.raises(InputError, match="links_complete must be true or false"):
        read(tmp_path / "d.npz")
