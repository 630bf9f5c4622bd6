"""Feature files as other people's programs may write them, in every version and byte order of MATLAB.

The files are written here byte by byte from MATLAB's description of the format, not by our writer or SciPy's.
"""

import struct
import zlib
from itertools import product

import h5py
import numpy as np
import pytest

from castlist.errors import InputError
from castlist.research import features as io

COUNTS = [3, 1, 4, 2]
NAMES = ["penny", "löwe", "", "sheldon"]
STARTS = [0, 2, 40, 41]
FRAMES = [start + np.arange(count) for start, count in zip(STARTS, COUNTS, strict=True)]
BLOCK = np.zeros((5, 4, 4), np.float32)  # d, most faces, tracks
for track, faces in enumerate(COUNTS):
    BLOCK[:, :faces, track] = np.random.default_rng(track).normal(size=(5, faces))
ROW = np.concatenate([BLOCK[:, :faces, track].T for track, faces in enumerate(COUNTS)])

CLASS = {"f8": 6, "f4": 7, "i1": 8, "u1": 9, "i2": 10, "u2": 11, "i4": 12, "u4": 13}
TYPE = {"i1": 1, "u1": 2, "i2": 3, "u2": 4, "i4": 5, "u4": 6, "f4": 7, "f8": 9}


class Level5:
    """Writes MAT-files of level 5 in one byte order, compressed (v7) or not (v5)."""

    def __init__(self, order, compress):
        self.order, self.compress = order, compress

    def element(self, kind, data):
        return struct.pack(f"{self.order}II", kind, len(data)) + data + b"\0" * (-len(data) % 8)

    def array(self, kind, shape, values, name="", flags=0):
        head = self.element(6, struct.pack(f"{self.order}II", kind | flags, 1))
        head += self.element(5, struct.pack(f"{self.order}{len(shape)}i", *shape))
        return self.element(14, head + self.element(1, name.encode()) + values)

    def number(self, value, name="", flags=0):
        value = np.atleast_2d(value)
        kind = value.dtype.str[1:]
        stored = value.astype(self.order + kind).tobytes(order="F")
        return self.array(CLASS[kind], value.shape, self.element(TYPE[kind], stored), name, flags)

    def text(self, *rows):
        characters = "".join("".join(column) for column in zip(*rows, strict=True))
        encoding = "utf-16-le" if self.order == "<" else "utf-16-be"
        shape = (len(rows), len(rows[0])) if characters else (0, 0)
        return self.array(4, shape, self.element(4, characters.encode(encoding)))

    def cell(self, values, shape):
        return self.array(1, shape, b"".join(values))

    def struct(self, columns, shape, name=""):
        names = b"".join(field.encode().ljust(32, b"\0") for field in columns)
        head = self.element(5, struct.pack(f"{self.order}i", 32)) + self.element(1, names)
        rows = zip(*columns.values(), strict=True)
        return self.array(2, shape, head + b"".join(value for row in rows for value in row), name)

    def save(self, path, *variables):
        mark = b"IM" if self.order == "<" else b"MI"
        content = b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack(f"{self.order}H", 0x0100) + mark
        for variable in variables:
            packed = zlib.compress(variable)
            tag = struct.pack(f"{self.order}II", 15, len(packed))
            content += tag + packed if self.compress else variable
        path.write_bytes(content)
        return path

    def sparse(self):
        parts = [(5, "i4", [0]), (5, "i4", [0, 1]), (9, "f8", [1])]
        return self.array(5, (1, 1), b"".join(self.element(k, np.array(v, self.order + t).tobytes())
                                              for k, t, v in parts))  # fmt: skip

    def complex(self):
        return self.array(6, (1, 1), self.element(9, bytes(8)) * 2, flags=0x0800)

    def object(self):
        return self.array(3, (1, 1), self.element(1, b"inline") + self.element(5, bytes(4)))

    def deep(self):
        value = self.number(1.0)
        for _ in range(12):
            value = self.cell([value], (1, 1))
        return value


def level5(test):
    kinds = list(product("<>", [False, True]))
    names = [f"{'little' if o == '<' else 'big'}-endian {'v7' if c else 'v5'}" for o, c in kinds]
    return pytest.mark.parametrize("w", [Level5(o, c) for o, c in kinds], ids=names)(test)


def columns(w, **changes):
    known = {
        "trackerId": [w.number(float(7 + t)) for t in range(4)],
        "numframes": [w.number(np.uint8(n)) for n in COUNTS],
        "frames": [w.number(f.astype("i4")) for f in FRAMES],
        "label": [w.text(n) for n in NAMES],
    }
    return known | changes


def is_right(table):
    assert np.array_equal(table.embeddings.vector, ROW)
    assert table.track_id.tolist() == [7, 8, 9, 10]
    assert table.label.tolist() == NAMES
    assert table.frame.tolist() == np.concatenate(FRAMES).tolist()
    return True


@level5
@pytest.mark.parametrize("shape", [(1, 4), (4, 1), (2, 2)])
def test_struct_arrays_of_every_shape(tmp_path, w, shape):
    tracks = w.struct(columns(w), shape, "Tracks")
    assert is_right(io.read(w.save(tmp_path / "a.mat", tracks, w.number(BLOCK, "features_vgg"))))


@level5
@pytest.mark.parametrize("block", [BLOCK.astype("f8"), ROW.T, np.stack([ROW.T, -ROW.T], 2)],
                         ids=["double", "faces in a row", "crops of faces in a row"])  # fmt: skip
def test_features_in_every_packing(tmp_path, w, block):
    tracks = w.struct(columns(w), (1, 4), "Tracks")
    assert is_right(io.read(w.save(tmp_path / "a.mat", w.number(block, "features_vgg"), tracks)))


@level5
@pytest.mark.parametrize("other", ["sparse", "complex", "object", "deep"])
def test_fields_and_variables_that_are_not_needed_may_be_of_any_class(tmp_path, w, other):
    value = getattr(w, other)()
    tracks = w.struct(columns(w, pose=[value] * 4), (1, 4), "Tracks")
    assert is_right(io.read(w.save(tmp_path / "a.mat", value, tracks, w.number(BLOCK, "features_vgg"))))


@level5
@pytest.mark.parametrize("other", ["sparse", "complex", "object", "deep"])
def test_fields_that_are_needed_are_named_where_they_cannot_be_read(tmp_path, w, other):
    tracks = w.struct(columns(w, label=[getattr(w, other)()] * 4), (1, 4), "Tracks")
    with pytest.raises(InputError, match=r"`label` is (a sparse array|complex|an object)|nested more than 8"):
        io.read(w.save(tmp_path / "a.mat", tracks, w.number(BLOCK, "features_vgg")))


@level5
@pytest.mark.parametrize("as_cells", [False, True], ids=["character matrix", "cells"])
def test_one_struct_of_columns(tmp_path, w, as_cells):
    label = w.cell([w.text(n) for n in NAMES], (4, 1)) if as_cells else w.text(*[n.ljust(8) for n in NAMES])
    column = {
        "trackerId": [w.number(np.arange(7.0, 11))],
        "numframes": [w.number(np.array(COUNTS, "u1"))],
        "frames": [w.cell([w.number(f.astype("f8")) for f in FRAMES], (1, 4))],
        "label": [label],
    }
    tracks = w.struct(column, (1, 1), "Tracks")
    assert is_right(io.read(w.save(tmp_path / "a.mat", tracks, w.number(BLOCK, "features_vgg"))))
    column["trackerId"] = [w.number(np.arange(3.0))]
    with pytest.raises(InputError, match=r"trackerId must have a value for each of the 4 tracks"):
        io.read(w.save(tmp_path / "a.mat", w.struct(column, (1, 1), "Tracks"), w.number(BLOCK, "features_v")))


@level5
def test_names_of_several_rows_and_fields_of_one_name_are_refused(tmp_path, w):
    several = w.struct(columns(w, label=[w.text("ab", "cd")] * 4), (1, 4), "Tracks")
    with pytest.raises(InputError, match="text of several rows"):
        io.read(w.save(tmp_path / "a.mat", several, w.number(BLOCK, "features_vgg")))
    twice = w.struct(columns(w), (1, 4), "Tracks").replace(b"label\0\0\0\0\0", b"numframes\0")
    with pytest.raises(InputError, match="two fields of one name"):
        io.read(w.save(tmp_path / "a.mat", twice, w.number(BLOCK, "features_vgg")))


def references(file, name, values):
    made = [file.create_dataset(f"#{name}{i}", data=value).ref for i, value in enumerate(values)]
    file["Tracks"].create_dataset(name, data=np.array(made, h5py.ref_dtype))


def codes(text):
    return np.array([[ord(c)] for c in text] or [[0]], "u2")


LABELS = {
    "references": lambda f: references(f, "label", [codes(n) for n in NAMES]),
    "strings behind references": lambda f: references(f, "label", np.array(NAMES, object)),
    "strings": lambda f: f["Tracks"].create_dataset("label", data=NAMES, dtype=h5py.string_dtype()),
    "strings of one length": lambda f: f["Tracks"].create_dataset("label", data=[n.encode() for n in NAMES]),
    "character matrix": lambda f: f["Tracks"].create_dataset(
        "label", data=np.array([[ord(c) for c in n.ljust(8)] for n in NAMES], "u2").T
    ),
}


@pytest.mark.parametrize("userblock", [0, 512, 2048])
@pytest.mark.parametrize("block", [ROW, BLOCK.T, np.stack([ROW, -ROW])], ids=["FGG", "SSIAM", "crops"])
@pytest.mark.parametrize("label", LABELS.values(), ids=LABELS)
def test_hdf5_with_columns(tmp_path, userblock, block, label):
    with h5py.File(tmp_path / "a.mat", "w", userblock_size=userblock) as file:
        file["features_vgg"] = block
        file["Tracks/trackerId"] = np.arange(7.0, 11)[None]
        file["Tracks/numframes"] = np.array(COUNTS, "i4")[:, None]
        references(file, "frames", [f.astype("f8")[None] for f in FRAMES])
        label(file)
    assert is_right(io.read(tmp_path / "a.mat"))


def test_hdf5_with_a_column_too_short(tmp_path):
    with h5py.File(tmp_path / "a.mat", "w") as file:
        file["features_vgg"] = ROW
        file["Tracks/trackerId"] = np.arange(3.0)
        file["Tracks/numframes"] = np.array(COUNTS)
    with pytest.raises(InputError, match=r"different lengths: trackerId 3, numframes 4"):
        io.read(tmp_path / "a.mat")


def test_the_file_that_is_damaged_is_named(tmp_path):
    with h5py.File(tmp_path / "bbt_s01e01_features_VGG2.mat", "w") as file:
        file["features_vgg"] = BLOCK.T
    (tmp_path / "bbt_s01e01.mat").write_bytes(b"nothing of MATLAB")
    with pytest.raises(InputError, match=r"bbt_s01e01\.mat is damaged"):
        io.read(tmp_path / "bbt_s01e01_features_VGG2.mat")


def test_two_files_of_one_track(tmp_path):
    (tmp_path / "ids").mkdir()
    (tmp_path / "features/e").mkdir(parents=True)
    (tmp_path / "ids/e.ids").write_text("CVHCI_TRACKLABELS_V1\n9 penny\n")
    for name in ("9", "0009"):
        np.save(tmp_path / f"features/e/{name}.npy", np.ones((2, 4)))
    with pytest.raises(InputError, match=r"0009\.npy and 9\.npy are the same track"):
        io.read(tmp_path)
