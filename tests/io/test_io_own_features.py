"""A user's own features: a bare .npy with other files, tables, HDF5, safetensors; all give the same set."""

import io
import pickle
import zipfile

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import safetensors.numpy
import torch

from castlist.errors import InputError
from castlist.research.bench import feature_files
from castlist.research.features import left_out, read, write

VECTOR = np.arange(10, dtype=np.float32).reshape(5, 2) / 4
TRACK = np.array([7, 7, 3, 3, 3])
FRAME = np.array([0, 1, 1, 2, 3])
LABEL = np.array(["ann", "ann", "bob", "bob", "bob"])
CSV = """track,frame,label,x,y,w,h,quality,f0,f1,note
7,0,ann,1,2,3,4,1,0,.25,a
7,1,ann,1,2,3,4,1,.5,.75,"b, c"
3,1,bob,1,2,3,4,.5,1,1.25,
3,2,bob,1,2,3,4,.5,1.5,1.75,
3,3,bob,1,2,3,4,.5,2,2.25,
"""


def npy(folder):
    np.save(folder / "film.npy", VECTOR)
    np.save(folder / "film.tracks.npy", TRACK)
    np.save(folder / "film.frames.npy", FRAME.astype(float))  # whole, though floats
    np.save(folder / "film.labels.npy", LABEL)
    return folder / "film.npy"


def text(folder, changed=str, name="film.csv", encoding="utf-8"):
    (folder / name).write_bytes(changed(CSV).encode(encoding))
    return folder / name


def tsv(folder):
    return text(folder, lambda given: given.replace("b, c", "b").replace(",", "\t"), "film.tsv")


def semicolons(folder):
    return text(folder, lambda given: given.replace("b, c", "b").replace(",", ";"), encoding="utf-8-sig")


def numbered_from_one(folder):
    return text(folder, lambda given: given.replace("f0,f1", "1,2").replace("track,", "track_id,"))


def parquet(folder, **changes):
    columns = {
        "track": TRACK,
        "frame": FRAME,
        "label": LABEL,
        "f1": VECTOR[:, 1],
        "f0": VECTOR[:, 0],
    } | changes
    pq.write_table(pa.table({k: v for k, v in columns.items() if v is not None}), folder / "film.parquet")
    return folder / "film.parquet"


def parquet_of_lists(folder):
    lists = pa.FixedSizeListArray.from_arrays(pa.array(VECTOR.ravel()), 2)
    label = pa.array(LABEL.tolist()).dictionary_encode()  # as pandas writes a category
    return parquet(folder, f0=None, f1=None, features=lists, label=label)


NAMED = {"features": VECTOR, "track_id": TRACK, "frame": FRAME, "tracks": np.array([7, 3])}


def hdf5(folder):
    with h5py.File(folder / "film.h5", "w") as file:
        for name, array in NAMED.items():
            file[name] = array
        file["label"] = ["ann", "bob"]
        file["note"] = ["ignored"]
    return folder / "film.h5"


def tensors(folder):
    safetensors.numpy.save_file(NAMED | {"label": np.array([1, 2])}, folder / "film.safetensors")
    return folder / "film.safetensors"


@pytest.mark.parametrize(
    "made", [npy, text, tsv, semicolons, numbered_from_one, parquet, parquet_of_lists, hdf5, tensors]
)
def test_every_kind_of_file_gives_the_same_set(made, tmp_path):
    path = made(tmp_path)
    features = read(path)
    assert features.embeddings.vector.tolist() == VECTOR.tolist()
    assert features.track_id[features.embeddings.track].tolist() == TRACK.tolist()
    assert features.frame.tolist() == FRAME.tolist()
    assert features.constraints().cannot.tolist() == [[0, 1]]  # they share frame 1
    labels = ["1", "2"] if made is tensors else ["ann", "bob"]
    assert features.label[features.embeddings.track].tolist() == np.repeat(labels, [2, 3]).tolist()
    assert features.name == "film"
    assert feature_files([tmp_path]) == [path]


def test_a_table_has_boxes_and_quality(tmp_path):
    features = read(text(tmp_path))
    assert features.box[0].tolist() == [1, 2, 4, 6]
    assert features.embeddings.quality.tolist() == [1, 1, 0.5, 0.5, 0.5]


def test_rows_stand_alone_where_nothing_names_their_tracks(tmp_path):
    np.save(tmp_path / "means.npy", VECTOR)
    (tmp_path / "means.csv").write_text(",0,1\n0,1,2\n1,3,4\n")  # as pandas writes an array
    assert len(read(tmp_path / "means.npy")) == 5
    assert read(tmp_path / "means.csv").embeddings.vector.tolist() == [[1, 2], [3, 4]]
    assert read(tmp_path / "means.csv").label is None


def test_other_files_may_say_the_tracks(tmp_path):
    npy(tmp_path)
    np.save(tmp_path / "each.npy", np.arange(5))
    np.save(tmp_path / "people.npy", np.array([1, -1, 2, 2, 2]))
    features = read(tmp_path / "film.npy", tracks=tmp_path / "each.npy", labels=tmp_path / "people.npy")
    assert len(features) == 5
    assert features.label.tolist() == ["1", "", "2", "2", "2"]


@pytest.mark.parametrize("label", ["-1", ""])
def test_a_face_without_a_label(label, tmp_path):
    features = read(text(tmp_path, lambda given: given.replace("ann", label)))
    assert features.label.tolist() == ["", "bob"]


def test_an_npy_is_written_in_the_order_of_the_rows(tmp_path):
    features = read(npy(tmp_path))
    write(features, tmp_path / "out.npy")
    assert np.load(tmp_path / "out.npy").tolist() == VECTOR.tolist()
    assert left_out(features, tmp_path / "out.npy") == ("the tracks", "the frames", "the labels")
    alone = read(tmp_path / "out.npy")
    assert left_out(alone, tmp_path / "out.npy") == ()


def changed(old, new):
    return lambda folder: text(folder, lambda given: given.replace(old, new))


def saved(array):
    def made(folder):
        np.save(folder / "film.npy", array)
        return folder / "film.npy"

    return made


def beside(name, array):
    def made(folder):
        path = npy(folder)
        np.save(folder / f"film.{name}.npy", array)
        return path

    return made


def bytes_of(name, content):
    def made(folder):
        (folder / name).write_bytes(content)
        return folder / name

    return made


def lists(*values):
    return lambda folder: parquet(folder, features=[[1.0, 2.0], *values, [1.0, 2.0], [1.0, 2.0]])


def pickled():
    file = io.BytesIO()
    torch.save({"features": torch.zeros(2, 2)}, file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (saved(VECTOR[0]), r"shape \(faces, dimensions\), got float32 of shape \(2,\)"),
        (saved(VECTOR[None]), r"got float32 of shape \(1, 5, 2\)"),
        (saved(VECTOR[:, :0]), r"got float32 of shape \(5, 0\)"),
        (saved(VECTOR.astype(str)), "must be numbers of shape"),
        (saved(VECTOR > 1), "got bool"),
        (saved(VECTOR + 1j), "got complex"),
        (saved(np.where(VECTOR > 1, np.nan, VECTOR)), "hold NaN.*the first at index 2; remove"),
        (saved(np.array([{}, []], dtype=object)), "holds Python objects .*, which are never loaded"),
        (
            beside("tracks", TRACK[1:]),
            r"film.tracks.npy has shape \(4,\); give one value .* the 5 rows of film.npy",
        ),
        (beside("tracks", TRACK + 0.5), "film.tracks.npy: tracks must be whole numbers"),
        (beside("tracks", TRACK.astype(str)), "number the tracks by np.unique"),
        (beside("tracks", TRACK - 4), "holds -1: leave out faces that belong to no track"),
        (beside("frames", FRAME - 1), "frame numbers must be 0 or more"),
        (beside("labels", LABEL[::-1].copy()), r"track 7 has two labels|track 3 has two labels"),
        (beside("labels", VECTOR[:, 0]), "film.labels.npy: labels that are numbers must be whole"),
        (changed("1,ann", "1,bob"), r"track 7 has two labels, 'ann' and 'bob' \(row 2\)"),
        (changed("1.25", "red"), "row 3 of column 'f1' holds 'red'; give a number"),
        (changed("1.25", ""), "row 3 of column 'f1' holds no number"),
        (changed("1.25", "nan"), "row 3 of column 'f1' holds no number"),
        (changed("1.25", "1e99"), "hold NaN, infinite .* the first at index 2"),
        (changed("1.25,", "1.25"), "row 4 has 10 values, and the first row names 11 columns"),
        (changed("7,0,", "7,0.5,"), "frame must be whole numbers"),
        (changed("7,0,", "7,00:00:01,"), "row 1 of column 'frame' holds '00:00:01'"),
        (changed("7,", "T7,"), "row 1 of column 'track' holds 'T7'"),
        (changed("7,", "-7,"), "holds -7: leave out faces"),
        (changed("f0,f1", "f0,f2"), "has a column 'f2' and no 'f1'"),
        (changed("f0,f1", "f2,f3"), "has a column 'f3' and no 'f1'"),
        (changed("f0,f1", "f0,f0"), "has the columns 'f0' and 'f0', which mean the same"),
        (changed("f0,f1", "f0,f00"), "has the columns 'f0' and 'f00'"),
        (changed("f0,f1", "a,b"), "has no columns f0, f1, .* Its columns are 'track', 'frame'"),
        (changed("note", "track_id"), "has the columns 'track' and 'track_id'"),
        (changed(CSV, ""), "is empty"),
        (changed(CSV, "track,f0,f1\n"), "has no rows"),
        (bytes_of("film.csv", b"track,label,f0\n1,\xff,2\n"), "is not UTF-8 text"),
        (bytes_of("film.csv", CSV.encode("utf-16")), "is not UTF-8 text"),
        (bytes_of("film.csv", b"x" * (1 << 20)), "its first line is too long"),
        (lambda folder: parquet(folder, f0=["a"] * 5), "row 1 of column 'f0' holds 'a'"),
        (lambda folder: parquet(folder, features=["a"] * 5), "must be lists of numbers, got string"),
        (lists([1.0], [1.0, 2.0]), "row 2 of column `features` has 1 numbers, and the first row 2"),
        (lists(None, [1.0, 2.0]), "column `features` has empty values"),
        (lambda folder: parquet(folder, features=[[]] * 5), "holds empty lists"),
        (lambda folder: parquet(folder, f0=np.zeros(5), label=[1, 2, 3, 4, 5]), "has two labels"),
        (bytes_of("film.pt", pickled()), "film.pt holds pickled Python objects .* never opens"),
        (bytes_of("film.pkl", pickle.dumps(VECTOR)), "holds pickled Python objects"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(made, message, tmp_path):
    path = made(tmp_path)
    with pytest.raises(InputError, match=message) as caught:
        read(path)
    assert str(caught.value).startswith(path.name)
    assert "\n" not in str(caught.value)


def test_a_pickle_is_never_opened(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (tmp_path / "opened").touch, ()

    with zipfile.ZipFile(tmp_path / "film.pt", "w") as archive:
        archive.writestr("film/data.pkl", pickle.dumps(Bomb()))
    (tmp_path / "film.pkl").write_bytes(pickle.dumps(Bomb()))
    for name in ("film.pt", "film.pkl"):
        with pytest.raises(InputError, match="never opens"):
            read(tmp_path / name)
    assert not (tmp_path / "opened").exists()


def test_what_unpacks_to_far_more_is_not_opened(tmp_path):
    with h5py.File(tmp_path / "film.h5", "w") as file:
        file.create_dataset("features", (10**6, 1000), np.float32, chunks=(1000, 1000))
    pq.write_table(pa.table({"f0": np.zeros(10**7)}), tmp_path / "film.parquet")
    for name in ("film.h5", "film.parquet"):
        with pytest.raises(InputError, match="unpacks to 200 times its size"):
            read(tmp_path / name)


def test_an_array_of_another_file_is_not_followed(tmp_path):
    hdf5(tmp_path)
    with h5py.File(tmp_path / "link.h5", "w") as file:
        file["features"] = h5py.ExternalLink("film.h5", "features")
    with pytest.raises(InputError, match="must be a dataset inside the file itself"):
        read(tmp_path / "link.h5")


def test_a_type_that_numpy_does_not_have(tmp_path):
    from safetensors.torch import save_file

    save_file({"features": torch.zeros(2, 2, dtype=torch.bfloat16)}, tmp_path / "film.safetensors")
    with pytest.raises(InputError, match="type BF16, which NumPy does not have; save it as float32"):
        read(tmp_path / "film.safetensors")


def test_only_an_npy_has_its_tracks_elsewhere(tmp_path):
    npy(tmp_path)
    with pytest.raises(InputError, match="must hold the tracks itself"):
        read(text(tmp_path), tracks=tmp_path / "film.tracks.npy")


def test_a_track_of_a_bcl_release_is_no_film(tmp_path):
    (tmp_path / "features" / "ep1").mkdir(parents=True)
    (tmp_path / "ids").mkdir()
    np.save(tmp_path / "features" / "ep1" / "7.npy", VECTOR)
    assert len(read(tmp_path / "features" / "ep1" / "7.npy")) == 5
    (tmp_path / "ids" / "ep1.ids").write_text("CVHCI_TRACKLABELS_V1\n7 ann\n")
    with pytest.raises(InputError, match=r"7\.npy is one track of a BCL release"):
        read(tmp_path / "features" / "ep1" / "7.npy")
    np.save(tmp_path / "film.npy", VECTOR)
    assert feature_files([tmp_path / "features" / "ep1"]) == [tmp_path / "features" / "ep1"]
