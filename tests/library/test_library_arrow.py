"""A library as Parquet, and the index of all tracks."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from library_made import made_film, person_vector

from castlist.cli import run
from castlist.errors import InputError, WorkspaceError
from castlist.library import Library
from castlist.library.schema import VIEWS
from castlist.library.track_index import FEW, make_index
from castlist.outputs import new_part
from castlist.types import SET_ASIDE


@pytest.fixture
def lib(tmp_path) -> Library:
    made = Library(tmp_path / "lib")
    made.add(made_film(tmp_path, "a", [[1, 2], [1], [3]], names={1: "Anna"}, fates={3: SET_ASIDE}))
    made.add(made_film(tmp_path, "b", [[1], [4]]))
    return made


def test_every_view_as_parquet(lib, tmp_path):
    pq = pytest.importorskip("pyarrow.parquet")
    files = lib.to_parquet(tmp_path / "out")
    assert sorted(f.stem for f in files) == sorted(VIEWS)
    people = pq.read_table(tmp_path / "out" / "people.parquet").to_pylist()
    assert {p["name"]: (p["films"], p["named"]) for p in people}["Anna"] == (2, True)
    assert len(people) == len(lib.people)
    rows = pq.read_table(tmp_path / "out" / "prototypes.parquet").to_pylist()
    assert np.allclose([np.linalg.norm(r["vector"]) for r in rows], 1, atol=2e-3)
    assert run(["library", "export", str(lib.path), str(tmp_path / "again")]) == 0
    assert len(list((tmp_path / "again").glob("*.parquet"))) == len(VIEWS)


@pytest.mark.parametrize(
    "where", ["lib", "lib/export", "lib/deep/er", "linked", "a.castlist", "a.castlist/x", "by/.."]
)
def test_vectors_are_not_written_where_forget_does_not_look(lib, tmp_path, where, capsys):
    (tmp_path / "linked").symlink_to(lib.path)
    if where == "by/..":
        (tmp_path / "by").symlink_to(lib.path / "..")
        where = "by/lib/out"
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError, match="folder"):
        lib.to_parquet(tmp_path / where)
    assert run(["library", "export", str(lib.path), str(tmp_path / where)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_what_a_killed_export_left_is_removed(lib, tmp_path):
    pytest.importorskip("pyarrow")
    (tmp_path / "out").mkdir()
    os.close(new_part("people.parquet", folder=tmp_path / "out")[1])
    assert {file.name for file in lib.to_parquet(tmp_path / "out")} == {
        f.name for f in (tmp_path / "out").iterdir()
    }


def test_an_empty_library_as_parquet(tmp_path):
    pq = pytest.importorskip("pyarrow.parquet")
    lib = Library(tmp_path / "lib")
    lib.add(made_film(tmp_path, "empty", [[], []]))
    lib.to_parquet(tmp_path / "out")
    assert pq.read_table(tmp_path / "out" / "people.parquet").num_rows == 0


def test_an_extra_that_is_not_there_is_one_sentence(lib, tmp_path):
    code = (
        "import sys; sys.modules['pyarrow'] = sys.modules['faiss'] = sys.modules['ray'] = None;"
        "from castlist.cli import run; sys.exit(run(sys.argv[1:]))"
    )
    place = str(lib.path)
    for words in (
        ["library", "export", place, str(tmp_path / "x")],
        ["library", "index", place],
        ["find", str(tmp_path), "--on", "ray"],
    ):
        (tmp_path / "film.mp4").write_bytes(b"x")
        done = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True)
        assert done.returncode == 2
        assert "pip install" in done.stderr
        assert "Traceback" not in done.stderr


def test_the_index_finds_tracks_that_no_person_has(lib, tmp_path):
    pytest.importorskip("faiss")
    with pytest.raises(WorkspaceError, match="library index"):
        lib.search_tracks(person_vector(3).astype(np.float32))
    made = lib.index()
    assert (made.tracks, made.twice, made.failed) == (6, 0, ())
    hits = lib.search_tracks(person_vector(3).astype(np.float32), 2)
    assert [(h.film.name, h.track) for h in hits[:1]] == [("a.mp4", 3)]
    assert hits[0].start == pytest.approx(0.8)
    hits = lib.search_tracks(person_vector(1).astype(np.float32), 3)
    assert {h.film.name for h in hits} == {"a.mp4", "b.mp4"}
    assert all(h.cosine > 0.8 for h in hits)


def test_a_film_in_which_everybody_was_erased_is_left_out_of_the_index(tmp_path):
    pytest.importorskip("faiss")
    lib = Library(tmp_path / "lib")
    lib.add(made_film(tmp_path, "a", [[1], [1]]), made_film(tmp_path, "b", [[2], [2]]))
    assert lib.forget(lib.people[0].id) == []
    assert lib.index().tracks == 2
    assert lib.forget(lib.people[0].id) == []
    with pytest.raises(InputError, match="no tracks with faces"):
        lib.index()


def test_the_index_goes_with_whoever_is_erased(films):
    pytest.importorskip("faiss")
    lib = Library(films.parent / "lib")
    lib.add(films)
    lib.index()
    lib.forget(lib.people[0].id)
    assert not list(lib.path.glob("tracks.*"))


def test_the_approximate_index_is_nearly_exact(tmp_path):
    """Beyond some thousand tracks codes are compared: of the ten nearest 95 % are found, and it says so."""
    faiss = pytest.importorskip("faiss")
    rng = np.random.default_rng(0)
    count = FEW + 2000
    people = rng.normal(size=(count // 5, 32)).astype(np.float32)
    tracks = np.repeat(people, 5, axis=0) + 0.9 * rng.normal(size=(count, 32))
    tracks = (tracks / np.linalg.norm(tracks, axis=1, keepdims=True)).astype(np.float32)
    made = make_index(iter(np.array_split(tracks, 7)), count, 32, tracks)
    assert made.recall >= 0.98
    assert made.twice > 0
    faiss.write_index(made.index, str(tmp_path / "index"))
    index = faiss.read_index(str(tmp_path / "index"), faiss.IO_FLAG_MMAP_IFC)
    faiss.downcast_index(index).k_factor = float(made.twice)
    query = tracks[3 :: count // 50]
    exact = np.argsort(-(query @ tracks.T), axis=1)[:, :10]
    _, found = index.search(query, 10)
    pairs = zip(exact.tolist(), found.tolist(), strict=True)
    assert np.mean([len(set(a) & set(b)) / 10 for a, b in pairs]) > 0.95


@pytest.mark.parametrize("name", ["tracks.faiss", "tracks.npy", "tracks.json"])
@pytest.mark.parametrize("harm", ["empty", "cut", "zeros", "other", "rows", "pickled"])
def test_a_damaged_index_is_one_sentence(tmp_path, name, harm):
    pytest.importorskip("faiss")
    lib = Library(tmp_path / "lib")
    lib.add(made_film(tmp_path, "a", [[1, 2], [1], [2]]))
    lib.index()
    face = person_vector(1).astype(np.float32)
    assert lib.search_tracks(face)
    path = lib.path / name
    data = path.read_bytes()
    rows = np.load(lib.path / "tracks.npy")
    other = {
        "tracks.faiss": b"IxFI" + data[4:], "tracks.npy": _npy(rows.astype("f4")),
        "tracks.json": b'{"films": {"1": 5}, "twice": 1e999}',
    }  # fmt: skip
    harmed = {
        "empty": b"", "cut": data[: len(data) // 2], "zeros": bytes(len(data)), "other": other[name],
        "rows": _npy(rows[:-1]), "pickled": _npy(rows.astype(object)),
    }  # fmt: skip
    path.write_bytes(harmed[harm])
    with pytest.raises(WorkspaceError, match="index of tracks is damaged; castlist library index makes it"):
        lib.search_tracks(face)
    lib.index()
    assert lib.search_tracks(face)


def test_an_index_by_an_earlier_castlist_is_searched(tmp_path):
    """It compared the tracks themselves, and does not say how many are looked at twice."""
    pytest.importorskip("faiss")
    lib = Library(tmp_path / "lib")
    lib.add(made_film(tmp_path, "a", [[1, 2], [1], [2]]))
    lib.index()
    face = person_vector(1).astype(np.float32)
    found = lib.search_tracks(face)
    about = lib.path / "tracks.json"
    about.write_text(json.dumps({k: v for k, v in json.loads(about.read_text()).items() if k != "twice"}))
    assert lib.search_tracks(face) == found != []


def _npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [1e38, 1e-38, 1e300, 1e-300])
def test_a_face_of_any_length_is_searched_by_its_direction(tmp_path, size):
    lib = Library(tmp_path / "lib")
    lib.add(made_film(tmp_path, "a", [[1], [2], [1]]))
    plain, scaled = (lib.search_face(person_vector(1) * by) for by in (1, size))
    assert plain == scaled
    with pytest.raises(InputError, match="finite"):
        lib.search_face(person_vector(1) * np.inf)
