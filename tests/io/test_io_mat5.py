"""Level 5 MAT-files: the same values as SciPy reads, and no crash whatever the bytes."""

import struct

import numpy as np
import pytest
from scipy.io import loadmat, savemat
from scipy.sparse import csc_matrix

from castlist.errors import InputError
from castlist.research.features import _mat5
from castlist.research.features._mat5 import Struct, load

VARIABLES = {
    "double": np.arange(6.0).reshape(2, 3) / 7,
    "whole": np.arange(6.0).reshape(2, 3),  # stored in fewer bytes than a double has
    "block": np.arange(24, dtype=np.float32).reshape(2, 3, 4),
    "empty": np.zeros((0, 3)),
    "one": np.array([[5]], np.uint8),
    **{
        f"{kind}{bits}": np.array([[1, 2, 3]], f"{kind}{bits}")
        for kind in ("int", "uint")
        for bits in (8, 16, 32, 64)
    },
}


def everything(_):
    return True


@pytest.mark.parametrize("compress", [False, True], ids=["v5", "v7"])
def test_numbers_as_scipy_reads_them(tmp_path, compress):
    path = tmp_path / "a.mat"
    savemat(path, VARIABLES, do_compression=compress)
    expected, found = loadmat(path), load(path, everything)
    assert set(found) == set(VARIABLES)
    for name, value in found.items():
        assert value.dtype == expected[name].dtype
        assert np.array_equal(value, expected[name])


@pytest.mark.parametrize("compress", [False, True], ids=["v5", "v7"])
def test_text_cells_and_structs(tmp_path, compress):
    cell = np.empty((1, 2), object)
    cell[0, 0], cell[0, 1] = "löwe", np.array([[1.0, 2.0]])
    record = np.zeros((1, 2), [("name", object), ("n", object)])
    for i, (name, n) in enumerate([("ann", 3.0), ("b", cell)]):
        record["name"][0, i], record["n"][0, i] = name, n
    savemat(tmp_path / "a.mat", {"text": "sheldon", "cell": cell, "record": record}, do_compression=compress)
    found = load(tmp_path / "a.mat", everything)
    assert found["text"] == "sheldon"
    assert found["cell"][0] == "löwe"
    assert found["cell"][1].tolist() == [[1, 2]]
    assert isinstance(found["record"], Struct)
    assert found["record"].fields["name"] == ["ann", "b"]
    assert found["record"].fields["n"][0].tolist() == [[3]]
    assert found["record"].fields["n"][1][0] == "löwe"


def test_only_what_is_wanted_is_unpacked(tmp_path):
    savemat(tmp_path / "a.mat", VARIABLES, do_compression=True)
    assert set(load(tmp_path / "a.mat", lambda name: name == "block")) == {"block"}


def big_endian(value):
    """A file with one double `x`, as a big-endian machine writes it."""

    def element(kind, data):
        return struct.pack(">II", kind, len(data)) + data + b"\0" * (-len(data) % 8)

    inside = element(6, struct.pack(">II", 6, 0)) + element(5, struct.pack(">ii", 1, 1))
    inside += element(1, b"x") + element(9, struct.pack(">d", value))
    return b"MATLAB 5.0 MAT-file".ljust(124) + b"\x01\x00MI" + element(14, inside)


def test_big_endian(tmp_path):
    (tmp_path / "a.mat").write_bytes(big_endian(2.5))
    assert load(tmp_path / "a.mat", everything)["x"].tolist() == [[2.5]]


@pytest.mark.parametrize(
    ("value", "message"),
    [(np.array([[1j]]), "complex"), (csc_matrix(np.eye(2)), "`x` is a sparse array")],
    ids=["complex", "sparse"],
)
def test_what_no_feature_file_has(tmp_path, value, message):
    savemat(tmp_path / "a.mat", {"x": value})
    with pytest.raises(InputError, match=message):
        load(tmp_path / "a.mat", everything)


def test_cells_in_cells_in_cells(tmp_path):
    value = np.zeros((1, 1))
    for _ in range(20):
        cell = np.empty((1, 1), object)
        cell[0, 0] = value
        value = cell
    savemat(tmp_path / "a.mat", {"x": value})
    with pytest.raises(InputError, match="nested more than 8 deep"):
        load(tmp_path / "a.mat", everything)


def test_a_bomb_is_not_unpacked(tmp_path, monkeypatch):
    savemat(tmp_path / "a.mat", {"x": np.zeros((1 << 10, 1 << 10))}, do_compression=True)
    monkeypatch.setattr(_mat5, "BOMB", 1 << 19)
    with pytest.raises(InputError, match="unpacks to 200 times its size"):
        load(tmp_path / "a.mat", everything)


@pytest.mark.parametrize("compress", [False, True], ids=["v5", "v7"])
def test_wrong_bytes_never_crash(tmp_path, compress):
    path = tmp_path / "a.mat"
    record = np.zeros((1, 2), [("name", object)])
    record["name"][0] = ["ann", "bob"]
    savemat(path, VARIABLES | {"record": record}, do_compression=compress)
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    refused = 0
    for _ in range(300):
        wrong = bytearray(whole)
        for place in rng.integers(126, len(whole), rng.integers(1, 5)):
            wrong[place] = rng.integers(256)
        path.write_bytes(wrong)
        try:
            load(path, everything)
        except InputError:
            refused += 1
    assert refused > 50
