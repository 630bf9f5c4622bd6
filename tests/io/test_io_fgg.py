"""FGG's HDF5: faces stacked in the order of the tracks, with or without crops."""

import h5py
import numpy as np
import pytest

from castlist.errors import InputError
from castlist.research.features import fgg, read

SIZES = [3, 1, 2]
VECTORS = np.arange(6 * 8, dtype=np.float32).reshape(6, 8)  # faces x d, which MATLAB sees as d x faces
NAMES = ["sheldon", "penny", "harry_potter"]
FIRST = [0, 2, 9]


def reference(file, name, array):
    return file.create_dataset(f"#refs#/{name}", data=array).ref


def save(path, features=VECTORS, label_field="label", cells=False, **changes):
    """As the published loader expects it: every field a column of references, text as character codes."""
    columns = {
        "trackerId": [np.array([[t]], np.float64) for t in (4, 8, 6)],
        "numframes": [np.array([[n]], np.float64) for n in SIZES],
        "frames": [np.arange(f, f + n, dtype=np.float64)[None] for f, n in zip(FIRST, SIZES, strict=True)],
    } | changes
    path.parent.mkdir(exist_ok=True)
    with h5py.File(path, "w") as file:
        if features is not None:
            file["features_vgg"] = features
        for field, column in columns.items():
            refs = [[reference(file, f"{field}{t}", a)] for t, a in enumerate(column)]
            file.create_dataset(f"Tracks/{field}", data=np.array(refs, h5py.ref_dtype), dtype=h5py.ref_dtype)
        text = [
            reference(file, f"n{t}", np.array([[ord(c)] for c in n], np.uint16)) for t, n in enumerate(NAMES)
        ]
        if cells:
            text = [reference(file, f"c{t}", np.array([[r]], h5py.ref_dtype)) for t, r in enumerate(text)]
        refs = np.array([[r] for r in text], h5py.ref_dtype)
        file.create_dataset(f"Tracks/{label_field}", data=refs, dtype=h5py.ref_dtype)
    return path


@pytest.mark.parametrize("cells", [False, True], ids=["text", "text in cells"])
@pytest.mark.parametrize("field", ["label", "groundTruthIdentity"])
def test_the_layout(tmp_path, cells, field):
    features = read(save(tmp_path / "bbt0101" / "tracks.mat", cells=cells, label_field=field))
    assert features.name == "bbt0101"
    assert features.track_id.tolist() == [4, 8, 6]
    assert features.label.tolist() == NAMES
    assert features.size.tolist() == SIZES
    assert np.array_equal(features.embeddings.vector, VECTORS)
    assert features.frame.tolist() == [0, 1, 2, 2, 9, 10]
    assert features.constraints().cannot.tolist() == [[0, 1]]


def test_numbers_and_bytes_as_labels(tmp_path):
    numbers = {"labelid": [np.array([[n]], np.float64) for n in (1, 2, 5)]}
    path = save(tmp_path / "a.h5", label_field="other", **numbers)
    assert read(path).label.tolist() == ["1", "2", "5"]
    path = save(
        tmp_path / "b.h5", label_field="other", label=[np.array([[n]], np.float64) for n in (1, 2, 5)]
    )
    assert read(path).label.tolist() == ["1", "2", "5"]


def test_one_crop_of_several(tmp_path):
    path = save(tmp_path / "a.h5", features=np.stack([VECTORS, VECTORS + 100]))
    assert read(path).embeddings.vector[0, 0] == 0
    assert fgg.read(path, crop=1).embeddings.vector[0, 0] == 100
    with pytest.raises(InputError, match="no crop 2; the file has 2"):
        fgg.read(path, crop=2)


def test_as_many_crops_as_tracks_is_no_block_of_tracks(tmp_path):
    path = save(tmp_path / "a.h5", features=np.stack([VECTORS] * 3))
    assert fgg.fits(path)
    assert len(read(path)) == 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"features": None}, "no variable `features_"),
        ({"features": VECTORS[:5]}, "features have shape"),
        ({"features": VECTORS[0]}, "features have shape"),
        (
            {"numframes": [np.array([[n]]) for n in (3, 1, 3)], "frames": [np.arange(n) for n in (3, 1, 3)]},
            "features have shape",
        ),
        ({"numframes": [np.array([[n]]) for n in (3, 1)]}, "different lengths"),
        ({"frames": [np.arange(n) for n in (3, 1, 1)]}, "frames must have numframes values"),
        ({"features": VECTORS.astype(np.int32)}, "block of floats"),
        ({"features": np.where(VECTORS > 3, np.nan, 0).astype(np.float32)}, "NaN"),
        ({"trackerId": [np.array([[np.nan]])] * 3}, "trackerId must be one number"),
        ({"trackerId": [np.array([[4.0]])] * 3}, "two tracks have the same number"),
        ({"label": [np.array([[1.0, 2.0]])] * 3, "label_field": "x"}, "one name or one whole number"),
        ({"numframes": [np.array([[b"x"]])] * 3}, "numframes must be one number"),
    ],
)
def test_a_file_with_wrong_variables(tmp_path, changes, message):
    path = save(tmp_path / "a.h5", **changes)
    with pytest.raises(InputError, match=message) as caught:
        read(path)
    assert str(caught.value).startswith("a.h5: ")


def test_the_reader_itself_refuses_too(tmp_path):
    with pytest.raises(InputError, match="expected d x 6"):
        fgg.read(save(tmp_path / "a.h5", features=VECTORS[:5]))
    with pytest.raises(InputError, match="no variable"):
        fgg.read(save(tmp_path / "b.h5", features=None))


@pytest.mark.parametrize("kept", [0.05, 0.3, 0.6, 0.9])
def test_a_file_cut_short(tmp_path, kept):
    path = save(tmp_path / "a.h5")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(InputError, match=r"^a\.h5"):
        read(path)
