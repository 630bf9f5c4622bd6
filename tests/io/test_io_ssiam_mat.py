"""SSiam's .mat, in the layout of the release, written here by SciPy and by h5py; never by our writer."""

import h5py
import numpy as np
import pytest
from scipy.io import loadmat, savemat

from castlist.errors import InputError
from castlist.research.bench.subsets import main_cast
from castlist.research.features import gather, left_out, read, ssiam_mat, write

SIZES = [2, 4, 1]
BLOCK = np.zeros((6, 4, 3), np.float32)  # d x most faces x tracks
for _t, _n in enumerate(SIZES):
    BLOCK[:, :_n, _t] = 1 + _t + np.arange(_n) / 10
FIRST = [0, 10, 1]
FIELDS = {
    "trackerId": [7, 11, 14],
    "numframes": SIZES,
    "labelid": [1, 2, 5],
    "frames": [np.arange(f, f + n)[:, None] for f, n in zip(FIRST, SIZES, strict=True)],
}


def struct(fields):
    """A 1 x tracks struct array, as MATLAB saves `Tracks`."""
    tracks = np.zeros((1, len(next(iter(fields.values())))), [(name, object) for name in fields])
    for name, column in fields.items():
        for t, value in enumerate(column):
            tracks[name][0, t] = value
    return tracks


def classic(path, block=BLOCK, fields=FIELDS, name="features_vgg", compress=True):
    variables = {name: block} | ({"Tracks": struct(fields)} if fields else {})
    savemat(path, {k: v for k, v in variables.items() if v is not None}, do_compression=compress)
    return path


def v73(path, block=BLOCK, fields=FIELDS, name="features_vgg"):
    """As `save -v7.3` writes it: axes reversed, struct fields as references, text as uint16 columns."""
    with h5py.File(path, "w", userblock_size=512) as file:
        if block is not None:
            file.create_dataset(name, data=block.T, compression=1, chunks=True)
            file[name].attrs["MATLAB_class"] = np.bytes_("single")
        if fields:
            group = file.create_group("Tracks")
            group.attrs["MATLAB_class"] = np.bytes_("struct")
            for field, column in fields.items():
                items = [item(file, f"{field}{t}", value) for t, value in enumerate(column)]
                references = np.array([[i.ref] for i in items], h5py.ref_dtype)
                group.create_dataset(field, data=references, dtype=h5py.ref_dtype)
    with open(path, "r+b") as stream:
        stream.write(b"MATLAB 7.3 MAT-file".ljust(116) + b"\0" * 8 + b"\x00\x02IM")
    return path


def item(file, name, value):
    text = isinstance(value, str)
    array = (
        np.array([[ord(c)] for c in value], np.uint16) if text else np.atleast_2d(np.asarray(value, float)).T
    )
    dataset = file.create_dataset(f"#refs#/{name}", data=array)
    dataset.attrs["MATLAB_class"] = np.bytes_("char" if text else "double")
    return dataset


WRITERS = {
    "v5": lambda *a, **k: classic(*a, compress=False, **k),
    "v7": classic,
    "v7.3": v73,
}
every = pytest.mark.parametrize("save", WRITERS.values(), ids=WRITERS)


@every
def test_the_layout(tmp_path, save):
    features = read(save(tmp_path / "bbt_s01e01_features_VGG2.mat"))
    assert features.name == "bbt_s01e01"
    assert features.track_id.tolist() == [7, 11, 14]
    assert features.size.tolist() == SIZES
    assert features.label.tolist() == ["1", "2", "5"]
    assert features.embeddings.track.tolist() == [0, 0, 1, 1, 1, 1, 2]
    expected = np.concatenate([BLOCK[:, :n, t].T for t, n in enumerate(SIZES)])
    assert np.array_equal(features.embeddings.vector, expected)
    assert features.first.tolist() == FIRST
    assert features.constraints().cannot.tolist() == [[0, 2]]


@every
@pytest.mark.parametrize("field", ["label", "groundTruthIdentity"])
def test_names_are_preferred_to_numbers(tmp_path, save, field):
    fields = FIELDS | {field: ["sheldon", "x", "harry_potter"]}
    assert read(save(tmp_path / "a.mat", fields=fields)).label.tolist() == ["sheldon", "x", "harry_potter"]


@every
def test_without_frames_and_labels(tmp_path, save):
    fields = {name: FIELDS[name] for name in ("trackerId", "numframes")}
    features = read(save(tmp_path / "a.mat", fields=fields))
    assert features.label is None
    assert not features.timed


@every
def test_one_track_loses_its_axis(tmp_path, save):
    fields = {name: column[:1] for name, column in FIELDS.items()}
    features = read(save(tmp_path / "a.mat", block=BLOCK[:, :2, 0], fields=fields))
    assert features.embeddings.vector.shape == (2, 6)


def test_v73_with_one_track_keeps_its_values_in_the_group(tmp_path):
    path = v73(tmp_path / "a.mat", block=BLOCK[:, :2, 0], fields=None)
    with h5py.File(path, "r+") as file:
        for name in ("trackerId", "numframes", "labelid"):
            file.create_dataset(f"Tracks/{name}", data=np.array([[float(FIELDS[name][0])]]))
    features = read(path)
    assert features.track_id.tolist() == [7]
    assert features.label.tolist() == ["1"]


@every
def test_any_name_that_begins_with_features(tmp_path, save):
    assert len(read(save(tmp_path / "a.mat", name="features_res50"))) == 3


@every
@pytest.mark.parametrize("beside", WRITERS.values(), ids=WRITERS)
def test_tracks_in_the_file_beside(tmp_path, save, beside):
    path = save(tmp_path / "bbt_s01e01_features_VGG2.mat", fields=None)
    with pytest.raises(InputError, match=r"no bbt_s01e01\.mat beside it"):
        read(path)
    beside(tmp_path / "bbt_s01e01.mat", block=None)
    assert read(path).track_id.tolist() == [7, 11, 14]


@every
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"block": None}, "no variable `features_"),
        ({"name": "vgg"}, "no variable `features_"),
        ({"fields": {"trackerId": [1, 2, 3]}}, "no field `numframes`"),
        ({"fields": {"numframes": SIZES}}, "no field `trackerId`"),
        ({"fields": {"trackerId": [7, 11, 14], "numframes": [2, 5, 1]}}, "3 tracks of at most 5 faces"),
        ({"fields": FIELDS | {"numframes": [2, 0, 1]}}, "1 or more"),
        ({"fields": FIELDS | {"numframes": [2, "four", 1]}}, "numframes must be one number"),
        ({"fields": FIELDS | {"frames": [[1], [2], [3]]}}, "frames must have numframes values"),
        ({"fields": FIELDS | {"trackerId": [7, 7, 14]}}, "same number"),
        ({"fields": FIELDS | {"trackerId": [7, np.nan, 14]}}, "trackerId must be one number"),
        ({"fields": FIELDS | {"trackerId": [7, 7.5, 14]}}, "trackerId must be one number"),
        ({"fields": FIELDS | {"numframes": [2, 1e30, 1]}}, "numframes must be one number"),
        ({"fields": FIELDS | {"numframes": [2, 3.5, 1]}}, "numframes must be one number"),
        ({"fields": FIELDS | {"labelid": [1, 2.5, 5]}}, "labelid must be one name or one whole number"),
        ({"fields": FIELDS | {"labelid": [1, np.inf, 5]}}, "labelid must be one name or one whole number"),
        ({"fields": FIELDS | {"labelid": [1, [2, 3], 5]}}, "labelid must be one name or one whole number"),
        (
            {"fields": FIELDS | {"label": ["ann", [2, 3], "bob"]}},
            "label must be one name or one whole number",
        ),
        ({"fields": FIELDS | {"frames": [[0, np.nan], [1, 2, 3, 4], [1]]}}, "whole numbers"),
        ({"fields": FIELDS | {"frames": [[0, 0.5], [1, 2, 3, 4], [1]]}}, "whole numbers"),
        ({"fields": FIELDS | {"frames": [[-2, -1], [1, 2, 3, 4], [1]]}}, "0 or more"),
        ({"block": BLOCK.transpose(2, 1, 0)}, "for 3 tracks"),
        ({"block": BLOCK.astype(np.int16)}, "block of floats"),
        ({"block": BLOCK.astype(complex)}, "real numbers|block of floats"),
        ({"block": BLOCK[:, :, :2]}, "for 3 tracks"),
        ({"block": np.where(BLOCK > 0, np.nan, 0).astype(np.float32)}, "NaN"),
    ],
)
def test_a_file_with_wrong_variables(tmp_path, save, changes, message):
    path = save(tmp_path / "a.mat", **changes)
    with pytest.raises(InputError, match=message) as caught:
        read(path)
    assert str(caught.value).startswith("a.mat: ")
    assert "\n" not in str(caught.value)


@every
@pytest.mark.parametrize("kept", [0.1, 0.4, 0.7, 0.95])
def test_a_file_cut_short(tmp_path, save, kept):
    path = save(tmp_path / "a.mat")
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    with pytest.raises(InputError, match=r"^a\.mat"):
        read(path)


@every
def test_names_without_the_blanks_that_fill_a_row_of_characters(tmp_path, save):
    fields = FIELDS | {"label": ["ann   ", "bob\0\0", "ann"]}
    assert read(save(tmp_path / "a.mat", fields=fields)).label.tolist() == ["ann", "bob", "ann"]


@every
def test_a_track_without_a_number_has_no_label(tmp_path, save):
    fields = FIELDS | {"labelid": [1, np.nan, 5]}
    assert read(save(tmp_path / "a.mat", fields=fields)).label.tolist() == ["1", "", "5"]


@every
def test_the_release_leaves_out_2_and_the_largest_number(tmp_path, save):
    path = save(tmp_path / "bbt_s01e01_features_VGG2.mat", fields=FIELDS | {"labelid": [1, 2, 5]})
    kept = main_cast(read(path))
    assert kept.features.track_id.tolist() == [7]
    assert kept.excluded == "labels 2, 5, before training"
    other = read(save(tmp_path / "other.mat", fields=FIELDS | {"labelid": [1, 2, 5]}))
    assert main_cast(other).persons == ("1", "2", "5")
    assert main_cast(other, drop=("2", "max")).persons == ("1",)


def cell(value):
    held = np.empty((1, 1), object)
    held[0, 0] = value
    return held


def test_names_in_cells(tmp_path):
    fields = FIELDS | {"label": [cell("ann"), cell(cell("bob")), np.empty((0, 0), object)]}
    for compress in (False, True):
        path = classic(tmp_path / "a.mat", fields=fields, compress=compress)
        assert read(path).label.tolist() == ["ann", "bob", ""]
    path = v73(tmp_path / "b.mat")
    with h5py.File(path, "r+") as file:
        inner = [[item(file, f"text{t}", name).ref] for t, name in enumerate(["ann", "bob", "cy"])]
        cells = [
            file.create_dataset(f"#refs#/cell{t}", data=np.array([r], h5py.ref_dtype))
            for t, r in enumerate(inner)
        ]
        for held in cells:
            held.attrs["MATLAB_class"] = np.bytes_("cell")
        file.create_dataset("Tracks/label", data=np.array([[c.ref] for c in cells], h5py.ref_dtype))
    assert read(path).label.tolist() == ["ann", "bob", "cy"]


def test_names_that_are_several(tmp_path):
    two = np.empty((1, 2), object)
    two[0, :] = ["a", "b"]
    for label, message in ((two, "holds a cell array"), (np.array(["ab", "cd"]), "text of several rows")):
        path = classic(tmp_path / "a.mat", fields=FIELDS | {"label": ["x", label, "y"]})
        with pytest.raises(InputError, match=message):
            read(path)


def to_nothing(file):
    references = file["Tracks/labelid"][()]
    references[1, 0] = h5py.Reference()
    file["Tracks/labelid"][...] = references


def to_itself(file):
    loop = file.create_dataset("#refs#/loop", (1, 1), h5py.ref_dtype)
    loop[0, 0] = loop.ref
    file["Tracks/labelid"][0, 0] = loop.ref


def to_too_few_strings_of_hdf5(file):
    names = np.array([["ann"], ["bob"]], object)
    file.create_dataset("Tracks/label", data=names, dtype=h5py.string_dtype())


def to_parts_of_arrays(file):
    file["Tracks"].create_dataset("label", (3, 1), h5py.regionref_dtype)


def to_several_rows_of_text(file):
    rows = file.create_dataset("#refs#/rows", data=np.full((2, 2), 97, np.uint16))
    rows.attrs["MATLAB_class"] = np.bytes_("char")
    file["Tracks/labelid"][0, 0] = rows.ref


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (to_nothing, "refers to nothing"),
        (to_itself, "nested too deep"),
        (to_too_few_strings_of_hdf5, "different lengths"),
        (to_parts_of_arrays, "neither a number nor text"),
        (to_several_rows_of_text, "text of several rows"),
    ],
)
def test_v73_references(tmp_path, change, message):
    path = v73(tmp_path / "a.mat")
    with h5py.File(path, "r+") as file:
        change(file)
    with pytest.raises(InputError, match=message) as caught:
        read(path)
    assert str(caught.value).startswith("a.mat: ")


def test_tracks_that_are_no_struct(tmp_path):
    savemat(tmp_path / "a.mat", {"features_vgg": BLOCK, "Tracks": np.ones(3)})
    with pytest.raises(InputError, match="must be a struct array"):
        read(tmp_path / "a.mat")
    path = v73(tmp_path / "b.mat", fields=None)
    with h5py.File(path, "r+") as file:
        file.create_dataset("Tracks", data=np.ones(3))
    with pytest.raises(InputError, match="no struct array `Tracks`"):
        read(path)


def test_features_of_another_kind(tmp_path):
    savemat(tmp_path / "a.mat", {"features_vgg": "text", "Tracks": struct(FIELDS)})
    with pytest.raises(InputError, match="must be a block of floats"):
        read(tmp_path / "a.mat")


def test_a_v73_block_that_claims_to_be_huge(tmp_path):
    path = v73(tmp_path / "a.mat", block=None, fields={"trackerId": [1, 2, 3], "numframes": [1 << 20] * 3})
    with h5py.File(path, "r+") as file:
        file.create_dataset("features_vgg", (3, 1 << 21, 4096), np.float32, chunks=(1, 64, 4096))
    with pytest.raises(InputError, match="GB, more than the 8 GB allowed"):
        read(path)


def test_links_out_of_the_file_are_not_followed(tmp_path):
    secret = v73(tmp_path / "secret.mat")
    path = v73(tmp_path / "a.mat", block=None)
    with h5py.File(path, "r+") as file:
        file["features_vgg"] = h5py.ExternalLink(str(secret), "features_vgg")
    with pytest.raises(InputError, match="inside the file itself"):
        read(path)
    path = v73(tmp_path / "b.mat", fields=None)
    with h5py.File(path, "r+") as file:
        file["Tracks"] = h5py.ExternalLink(str(secret), "Tracks")
    with pytest.raises(InputError, match="no struct array `Tracks`"):
        read(path)


def test_references_to_nonsense(tmp_path):
    path = v73(tmp_path / "a.mat")
    with h5py.File(path, "r+") as file:
        file["Tracks/labelid"][0, 0] = file["Tracks"].ref
    with pytest.raises(InputError, match="refers to something that is not an array"):
        read(path)


# The writer, read back by SciPy and h5py


def sample():
    return gather(
        "bbt_s01e01",
        np.arange(12, dtype=float).reshape(4, 3),
        [1, 0, 0, 2],
        track_id=[5, 9, 12],
        frame=[30, 2, 1, 3],  # the faces of track 0 are not in order
        label=["bob", "ann", ""],
    )


def test_what_scipy_reads(tmp_path):
    ssiam_mat.write(sample(), tmp_path / "a.mat")
    found = loadmat(tmp_path / "a.mat")
    assert found["features_vgg"].shape == (3, 2, 3)
    assert found["features_vgg"].dtype == np.float32
    assert found["features_vgg"][:, :, 0].T.tolist() == [[6, 7, 8], [3, 4, 5]]  # by frame
    tracks = found["Tracks"]
    assert tracks.shape == (1, 3)
    assert [int(t["trackerId"].item()) for t in tracks[0]] == [5, 9, 12]
    assert [int(t["numframes"].item()) for t in tracks[0]] == [2, 1, 1]
    assert [int(t["labelid"].item()) for t in tracks[0]] == [3, 1, 2]  # ann 1, unlabelled 2, bob 3
    assert tracks[0, 0]["frames"].ravel().tolist() == [1, 2]


def test_numbers_stay_the_numbers_they_were(tmp_path):
    classic(tmp_path / "a.mat")
    ssiam_mat.write(read(tmp_path / "a.mat"), tmp_path / "b.mat")
    labels = [int(t["labelid"].item()) for t in loadmat(tmp_path / "b.mat")["Tracks"][0]]
    assert labels == FIELDS["labelid"]


@pytest.mark.parametrize("largest", [ssiam_mat.LARGEST_V7, 0], ids=["v7", "v7.3"])
def test_there_and_back(tmp_path, monkeypatch, largest):
    monkeypatch.setattr(ssiam_mat, "LARGEST_V7", largest)
    features = sample()
    ssiam_mat.write(features, tmp_path / "bbt_s01e01_features_castlist.mat")
    head = (tmp_path / "bbt_s01e01_features_castlist.mat").read_bytes()[:10]
    assert head == (b"MATLAB 5.0" if largest else b"MATLAB 7.3")
    back = read(tmp_path / "bbt_s01e01_features_castlist.mat")
    assert back.name == "bbt_s01e01"
    assert back.label.tolist() == ["bob", "ann", ""]
    assert back.embeddings.vector.tolist() == features.embeddings.vector[[2, 1, 0, 3]].tolist()
    assert back.frame.tolist() == [1, 2, 30, 3]


def full():
    """A set with everything: 4 tracks, 7 faces."""
    rng = np.random.default_rng(0)
    track = np.array([2, 0, 0, 1, 3, 3, 3])
    return gather(
        "film", rng.normal(size=(7, 5)), track, track_id=[9, 4, 7, 2], frame=[5, 0, 1, 0, 8, 9, 20],
        box=np.array([[1, 2, 4, 8]]) * np.arange(1, 8)[:, None], quality=np.arange(7) / 8,
        label=["ann", "", "bob", "ann"], first=[0, 0, 4, 8], last=[1, 2, 6, 30], size=[3, 1, 1, 9],
        must_link=[[9, 2], [9, 7]], cannot_link=[[4, 7]], views={"clothes": rng.normal(size=(7, 2))},
    )  # fmt: skip


@pytest.mark.parametrize("largest", [ssiam_mat.LARGEST_V7, -1], ids=["v7", "v7.3"])
def test_boxes_quality_and_links_come_back(tmp_path, monkeypatch, largest):
    monkeypatch.setattr(ssiam_mat, "LARGEST_V7", largest)
    before = full()
    write(before, tmp_path / "film.mat")
    after = read(tmp_path / "film.mat")
    rows = np.lexsort((before.frame, before.embeddings.track))
    for name in ("frame", "box"):
        assert np.array_equal(getattr(after, name), getattr(before, name)[rows]), name
    for name in ("vector", "track", "quality"):
        assert np.array_equal(getattr(after.embeddings, name), getattr(before.embeddings, name)[rows]), name
    for name in ("track_id", "first", "last", "size", "label"):
        assert np.array_equal(getattr(after, name), getattr(before, name)), name
    assert after.name == "film"
    assert sorted(map(sorted, after.links.must.tolist())) == [[0, 2], [0, 3]]
    assert after.links.cannot.tolist() == [[1, 2]]
    write(after, tmp_path / "again.mat")
    assert np.array_equal(read(tmp_path / "again.mat").box, after.box)


def test_what_the_layout_has_no_place_for_is_named():
    assert left_out(full(), "film.npz") == ()
    assert left_out(full(), "film.mat") == ("the view clothes",)
    assert left_out(full(), "other.mat") == ("the view clothes", "the name film")
    known_in_part = gather("a", np.eye(2), [0, 0], track_id=[1], first=[0], last=[9])
    object.__setattr__(known_in_part, "frame", np.array([3, -1]))
    assert left_out(known_in_part, "a.mat") == ("the frames of faces, some of which are unknown",)


@pytest.mark.parametrize("largest", [ssiam_mat.LARGEST_V7, -1], ids=["v7", "v7.3"])
def test_spans_without_frames_and_no_labels_come_back(tmp_path, monkeypatch, largest):
    monkeypatch.setattr(ssiam_mat, "LARGEST_V7", largest)
    write(gather("a", np.eye(2), [0, 1], track_id=[1, 2], first=[0, 5], last=[9, 6]), tmp_path / "a.mat")
    after = read(tmp_path / "a.mat")
    assert after.constraints().cannot.tolist() == [[0, 1]]
    assert after.label is None


@every
@pytest.mark.parametrize(
    ("field", "values", "message"),
    [
        ("faceBox", [np.ones((2, 4)), np.ones((4, 3)), np.ones((1, 4))], "faceBox must have 4 numbers for"),
        ("faceQuality", [[1, 1], "high", [1]], "faceQuality must have a number for each"),
        ("mustLink", [[0.5], [7], [7]], "mustLink must be numbers of tracks"),
        ("cannotLink", [[99], [7], [7]], "cannot_link joins 7 and 99"),
    ],
)
def test_fields_of_castlist_that_do_not_fit(tmp_path, save, field, values, message):
    with pytest.raises(InputError, match=message):
        read(save(tmp_path / "a.mat", fields=FIELDS | {field: values}))
