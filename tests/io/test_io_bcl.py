"""BallClustering's release: ids/<video>.ids and features/<video>/<track>.npy."""

import numpy as np
import pytest

from castlist.errors import InputError
from castlist.research.features import bcl, read

IDS = "CVHCI_TRACKLABELS_V1\n7 sheldon\n11 leonard\n102 unknown_e01_3\n"


def release(root, videos=("bbt_s01e01",), ids=IDS):
    """A release with tracks of 1, 2 and 3 faces, written as its loader expects them."""
    (root / "ids").mkdir()
    for video in videos:
        (root / "ids" / f"{video}.ids").write_text(ids)
        folder = root / "features" / video
        folder.mkdir(parents=True)
        for faces, track in enumerate([7, 11, 102], start=1):
            np.save(folder / f"{track}.npy", np.full((faces, 256), track, np.float32))
    return root


@pytest.mark.parametrize("given", ["", "ids/bbt_s01e01.ids", "features/bbt_s01e01"])
def test_the_layout(tmp_path, given):
    features = read(release(tmp_path) / given)
    assert features.name == "bbt_s01e01"
    assert features.track_id.tolist() == [7, 11, 102]
    assert features.label.tolist() == ["sheldon", "leonard", "unknown_e01_3"]
    assert features.size.tolist() == [1, 2, 3]
    assert features.dim == 256
    assert features.embeddings.vector[:, 0].tolist() == [7, 11, 11, 102, 102, 102]
    assert not features.timed


def test_tracks_without_a_name_are_unlabelled(tmp_path):
    root = release(tmp_path, ids=IDS.replace("11 leonard\n", ""))
    assert read(root).label.tolist() == ["sheldon", "", "unknown_e01_3"]
    (root / "ids" / "bbt_s01e01.ids").unlink()
    assert read(root / "features" / "bbt_s01e01").label is None


def test_a_release_of_several_videos_asks_which(tmp_path):
    root = release(tmp_path, ["bbt_s01e01", "buffy_s05e02"])
    assert [path.stem for path in bcl.find(root)] == ["bbt_s01e01", "buffy_s05e02"]
    with pytest.raises(InputError, match="holds 2 videos"):
        read(root)


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ("", "first line must be CVHCI_TRACKLABELS_V1"),
        ("7 sheldon\n", "first line must be"),
        (IDS + "8\n", 'line 5 must be "trackid name"'),
        (IDS + "x raj\n", 'line 5 must be "trackid name"'),
        (IDS + "7 penny\n", "line 5 calls track 7 'penny', an earlier line 'sheldon'"),
        (IDS + "٣ raj\n", 'line 5 must be "trackid name"'),
        (IDS + "9" * 30 + " raj\n", 'line 5 must be "trackid name"'),
        (IDS + "8 r\0j\n", 'line 5 must be "trackid name"'),
        (IDS + "8 raj\n9 raj\n", "2 tracks have a name but no features, the first is 8"),
    ],
)
def test_a_bad_ids_file(tmp_path, ids, message):
    with pytest.raises(InputError, match=message):
        read(release(tmp_path, ids=ids))


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.ones(256, np.float32), "shape"),
        (np.ones((0, 256), np.float32), "shape"),
        (np.ones((2, 256), int), "must be floats"),
        (np.ones((2, 128), np.float32), "different lengths"),
        (np.full((2, 256), np.nan, np.float32), "NaN"),
        (np.full((2, 256), 1e300), "infinite"),
        (np.ones((2, 256), complex), "must be floats"),
        (np.array([[{}]], object), "never loaded"),
    ],
)
def test_a_bad_track(tmp_path, array, message):
    root = release(tmp_path)
    np.save(root / "features" / "bbt_s01e01" / "11.npy", array)
    with pytest.raises(InputError, match=message):
        read(root)


@pytest.mark.parametrize("size", [0, 4, 60, 200])
def test_a_track_cut_short(tmp_path, size):
    file = release(tmp_path) / "features" / "bbt_s01e01" / "11.npy"
    file.write_bytes(file.read_bytes()[:size])
    with pytest.raises(InputError, match=r"11\.npy"):
        read(tmp_path)


def test_other_directories(tmp_path):
    with pytest.raises(InputError, match="not a BCL release"):
        read(tmp_path)
    root = release(tmp_path)
    (root / "features" / "bbt_s01e01" / "notes.npy").write_bytes(b"")
    with pytest.raises(InputError, match="not named by a track number"):
        read(root)
    (root / "ids" / "other.ids").write_text(IDS)
    with pytest.raises(InputError, match="no features for other"):
        read(root / "ids" / "other.ids")


def test_other_ways_to_write_the_names(tmp_path):
    root, expected = release(tmp_path), ["sheldon", "leonard", "unknown_e01_3"]
    for text in (IDS.replace(" ", "\t"), IDS.replace("\n", "\r\n"), "\ufeff" + IDS, IDS + "\n7 sheldon\n"):
        (root / "ids" / "bbt_s01e01.ids").write_bytes(text.encode())
        assert read(root).label.tolist() == expected


def test_names_that_are_no_utf8(tmp_path):
    root = release(tmp_path)
    (root / "ids" / "bbt_s01e01.ids").write_bytes((IDS + "7 René").encode("latin-1"))
    with pytest.raises(InputError, match=r"bbt_s01e01\.ids is not UTF-8 text"):
        read(root)


@pytest.mark.parametrize("dtype", ["<f2", ">f4", "<f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_floats_of_any_width_and_order(tmp_path, dtype, order):
    root, values = release(tmp_path), np.arange(512).reshape(2, 256) / 8
    np.save(root / "features" / "bbt_s01e01" / "11.npy", np.array(values, dtype, order=order))
    assert np.array_equal(read(root).embeddings.vector[1:3], values)
