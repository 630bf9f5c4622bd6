"""Reading any feature file: the choice of the reader, the FeatureSet, and a message for every bad file."""

from pathlib import Path

import numpy as np
import pytest

from castlist.errors import InputError
from castlist.research.features import FeatureSet, gather, read, read_structure, write
from castlist.research.features.table import check_amount
from castlist.types import CO_OCCURRENCE, same

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "tracks"


def small(vector=None, **changes):
    """Three tracks of 2, 1 and 3 faces; the first two overlap in frame 11."""
    columns = {
        "face_track": [0, 0, 1, 2, 2, 2],
        "track_id": [7, 3, 9],
        "frame": [10, 11, 11, 20, 21, 22],
        "label": ["ann", "bob", ""],
        "box": np.arange(24).reshape(6, 4),
    } | changes
    return gather("film", np.arange(12.0).reshape(6, 2) if vector is None else vector, **columns)


def overlaps(features):
    """Every pair of tracks, looked at."""
    n = len(features)
    return [
        [a, b]
        for a in range(n)
        for b in range(a + 1, n)
        if features.first[a] <= features.last[b] and features.first[b] <= features.last[a]
    ]


def test_gather_counts_spans_and_sizes():
    features = small()
    assert features.first.tolist() == [10, 11, 20]
    assert features.last.tolist() == [11, 11, 22]
    assert features.size.tolist() == [2, 1, 3]
    assert (len(features), features.faces, features.dim, features.timed) == (3, 6, 2, True)


def test_tracks_seen_together_are_cannot_linked():
    constraints = small().constraints()
    assert constraints.cannot.tolist() == [[0, 1]]
    assert constraints.must.tolist() == []
    assert constraints.origin.tolist() == [CO_OCCURRENCE]


@pytest.mark.parametrize("seed", range(20))
def test_constraints_against_the_obvious_loop(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(0, 30))
    first = rng.integers(0, 40, n)
    features = gather(
        "film",
        np.ones((n, 1)),
        np.arange(n),
        track_id=rng.permutation(n),
        first=first,
        last=first + rng.integers(0, 9, n),
        frame=first,
    )
    assert features.constraints().cannot.tolist() == overlaps(features)


def test_without_frames_nobody_is_known_to_be_seen_together():
    features = small(frame=None)
    assert not features.timed
    assert len(features.constraints()) == 0


def test_no_tracks_at_all():
    features = gather("film", np.zeros((0, 4)), [], track_id=[], frame=[])
    assert (len(features), features.faces, features.dim) == (0, 0, 4)
    assert len(features.constraints()) == 0


@pytest.mark.parametrize("kept", [[False, True, True], [1, 2]])
def test_select_keeps_whole_tracks(kept):
    features = small().select(kept)
    assert features.track_id.tolist() == [3, 9]
    assert features.embeddings.track.tolist() == [0, 1, 1, 1]
    assert features.embeddings.vector[:, 0].tolist() == [4, 6, 8, 10]
    assert features.frame.tolist() == [11, 20, 21, 22]
    assert features.label.tolist() == ["bob", ""]
    assert features.box[0].tolist() == [8, 9, 10, 11]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"vector": np.ones(6)}, "features must be numbers of shape"),
        ({"vector": np.array([["x"] * 2] * 6)}, "features must be numbers"),
        ({"vector": np.full((6, 2), np.nan)}, "NaN"),
        ({"vector": np.ones((5, 2))}, "5 feature vectors for 6 faces"),
        ({"frame": [1, 2, 3]}, "3 frame numbers for 6 faces"),
        ({"frame": [0.5] * 6}, "whole numbers"),
        ({"frame": [-1] * 6}, "0 or more"),
        ({"frame": [[0]] * 6}, "one row of numbers"),
        ({"track_id": [7, 7, 9]}, "same number"),
        ({"track_id": [7, 3], "label": ["a", "b"]}, "outside the 2"),
        ({"track_id": [7, 3, 9, 4], "label": list("abcd")}, "track 4 has no face"),
        ({"label": ["ann"]}, "label has 1 rows, expected 3"),
        ({"box": np.ones((2, 4))}, "box has 2 rows, expected 6"),
        ({"box": np.ones((6, 3))}, "box must have shape"),
        ({"size": [1, 1, 3]}, "track 7 stores more faces than it has"),
        ({"first": [10, 12, 20], "last": [11, 11, 22]}, "track 3 ends before it starts"),
    ],
)
def test_columns_that_disagree(changes, message):
    with pytest.raises(InputError, match=message):
        small(**changes)


@pytest.mark.parametrize("suffix", [".npz", ".mat"])
def test_what_is_written_is_read_back(tmp_path, suffix):
    features = small()
    write(features, tmp_path / f"film{suffix}")
    back = read(tmp_path / f"film{suffix}")
    assert same(back.embeddings, features.embeddings)
    for name in ("track_id", "first", "last", "size", "label", "frame"):
        assert np.array_equal(getattr(back, name), getattr(features, name)), name
    assert same(back.constraints(), features.constraints())


def test_the_content_decides_and_not_the_name(tmp_path):
    write(small(), tmp_path / "film.npz")
    (tmp_path / "film.npz").rename(tmp_path / "film.mat")
    assert len(read(tmp_path / "film.mat")) == 3


def test_write_refuses(tmp_path):
    with pytest.raises(InputError, match=r"name it \.npz, \.mat or \.npy"):
        write(small(), tmp_path / "film.pkl")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="file is a file, not a folder"):
        write(small(), tmp_path / "file" / "film.npz")
    write(small(), tmp_path / "new" / "folder" / "film.npz")
    assert len(read(tmp_path / "new" / "folder" / "film.npz")) == len(small())


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"hello", "not a feature file; expected an SSIAM .mat"),
        ("a.mat", b"", "not a feature file"),
        ("a.txt", b"hello", r"save features of your own by np.savez\('film.npz', features="),
        ("a.npy", b"\x93NUMPY\x01\x00", "damaged or cut short"),
        ("a.parquet", b"PAR1" + b"x" * 60, "damaged or cut short"),
        ("a.bin", b"\x80\x04\x95", "holds pickled Python objects"),
        ("a.safetensors", b"\x09" + b"\0" * 7 + b"{" + b"x" * 60, "damaged or cut short"),
        ("a.npz", b"PK\x03\x04" + b"x" * 60, "damaged or cut short"),
        ("a.mat", b"\x89HDF\r\n\x1a\n" + b"x" * 60, "damaged or cut short"),
        ("a.mat", b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM", "features_"),
        ("a.mat", b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM" + b"\x0e" * 9, "damaged or cut short"),
    ],
)
def test_a_file_that_is_none_of_ours(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message) as caught:
        read(tmp_path / name)
    assert str(caught.value).startswith(name)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    for name in ("no.npz", "no.ids"):
        with pytest.raises(InputError, match="does not exist"):
            read(tmp_path / name)


def test_memory_running_out_is_one_sentence(tmp_path, monkeypatch):
    def greedy(path):
        raise MemoryError

    monkeypatch.setattr("castlist.research.features.npz.read", greedy)
    write(small(), tmp_path / "film.npz")
    with pytest.raises(InputError, match="more memory than there is"):
        read(tmp_path / "film.npz")


def test_an_amount_that_is_too_large():
    check_amount(10, 4, "x")
    with pytest.raises(InputError, match=r"x claims 16\.0 GB, more than the 8 GB"):
        check_amount(1 << 32, 4, "x")


def test_a_set_checks_its_own_columns():
    features = small()
    with pytest.raises(InputError, match="6 vectors and 2 frames"):
        FeatureSet(
            features.embeddings,
            features.track_id,
            features.first,
            features.last,
            features.size,
            features.label,
            features.frame[:2],
            None,
            "film",
        )


@pytest.mark.skipif(not SHARED.exists(), reason="the shared track sets are not beside the checkout")
@pytest.mark.parametrize(
    ("file", "tracks", "faces", "pairs"),
    [
        ("bbt0101.npz", 644, 41_220, 313),
        ("bf0502.npz", 568, 39_263, 173),
        ("accio_like.npz", 3_243, 166_885, 901),
    ],
)
def test_the_shared_sets(file, tracks, faces, pairs):
    features = read_structure(SHARED / file)
    assert (len(features), features.faces, len(features.constraints())) == (tracks, faces, pairs)
    assert features.dim == 512


LINKED = {"track_id": [4, 8, 6], "must_link": [[4, 6]], "cannot_link": [[8, 4], [8, 6]]}


def linked(**changes):
    """Three tracks of two faces; tracks 4 and 8 share a frame."""
    columns = {"frame": [0, 1, 1, 2, 9, 10]} | LINKED | changes
    return gather("a", np.arange(12.0).reshape(6, 2), [0, 0, 1, 1, 2, 2], **columns)


def test_links_of_the_file_stand_beside_those_of_the_frames(tmp_path):
    features = linked()
    links = features.constraints()
    assert links.must.tolist() == [[0, 2]]
    assert sorted(map(sorted, links.cannot.tolist())) == [[0, 1], [1, 2]]  # the first one is known twice
    assert linked(frame=None).constraints().cannot.tolist() == [[1, 0], [1, 2]]
    write(features, tmp_path / "a.npz")
    again = read(tmp_path / "a.npz").constraints()
    assert (again.must.tolist(), again.cannot.tolist()) == (links.must.tolist(), links.cannot.tolist())
    assert features.select([0, 2]).constraints().must.tolist() == [[0, 1]]
    assert len(features.select([1]).constraints()) == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"must_link": [[4, 5]]}, "must_link joins 4 and 5"),
        ({"cannot_link": [[4, 4]]}, "cannot_link joins 4 and 4"),
        ({"must_link": [4, 6]}, "track numbers of shape"),
        ({"cannot_link": [[4.0, 6.5]]}, "cannot_link must be whole numbers"),
    ],
)
def test_links_that_join_nothing_are_refused(changes, message):
    with pytest.raises(InputError, match=message):
        linked(**changes)
