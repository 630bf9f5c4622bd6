"""What researchers' own files get wrong: nothing of theirs is written over, nothing is misread in silence."""

from __future__ import annotations

import resource

import numpy as np
import pytest

from castlist.cli import run
from castlist.cluster import CountCut
from castlist.errors import InputError
from castlist.refine import SSiam
from castlist.research import features
from castlist.types import Machine


def arrays(faces: int = 60, tracks: int = 12) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    track = np.arange(faces) % tracks
    return {
        "features": rng.normal(size=(faces, 16)).astype(np.float32),
        "track_id": track,
        "frame": np.arange(faces),
    }


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.savez(tmp_path / "own.npz", **arrays())
    (tmp_path / "link.npz").symlink_to("own.npz")
    (tmp_path / "hard.npz").hardlink_to(tmp_path / "own.npz")
    return tmp_path / "own.npz"


@pytest.mark.parametrize(
    "words",
    [
        "refine own.npz -o own.npz",
        "refine own.npz -o link.npz",
        "refine own.npz -o hard.npz",
        "refine link.npz -o ./own.npz",
        "refine own.npz -o new.npz --model own.npz",
        "refine own.npz -o new.npz --model new.npz",
        "refine own.npz -o m.npz.json --model m.npz",
        "bench run --data own.npz --html own.npz",
    ],
)
def test_what_is_read_is_not_written_over(own, words, capfd):
    before = own.read_bytes()
    assert run(words.split()) == 2
    error = capfd.readouterr().err
    assert "name another file" in error or "name a file for each" in error or "is not .npz" in error
    assert own.read_bytes() == before
    assert sorted(p.name for p in own.parent.iterdir()) == ["hard.npz", "link.npz", "own.npz"]


@pytest.fixture
def full():
    """No file may get longer than 2,000 bytes, as if the disk were full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("name", ["x.npz", "x.mat"])
def test_features_of_before_stay_where_the_disk_is_full(tmp_path, full, name):
    (tmp_path / name).write_bytes(b"before")
    table = features.gather("x", np.random.default_rng(0).normal(size=(90, 16)), [0] * 90, track_id=[1])
    with pytest.raises(InputError, match="cannot be written"):
        features.write(table, tmp_path / name)
    assert (tmp_path / name).read_bytes() == b"before"
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_refinement_of_before_stays_where_the_disk_is_full(tmp_path, full):
    for name in ("x.safetensors", "x.safetensors.json"):
        (tmp_path / name).write_bytes(b"before")
    with pytest.raises(InputError, match="cannot be written"):
        SSiam().fit(arrays()["features"]).save(tmp_path / "x.safetensors")
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == {
        "x.safetensors": b"before",
        "x.safetensors.json": b"before",
    }


def test_a_page_of_scores_of_before_stays_where_the_disk_is_full(own, full, capfd):
    page = own.parent / "b.html"
    page.write_bytes(b"before")
    np.savez(own.parent / "l.npz", features=np.eye(8), track_id=np.arange(8) // 2, label=list("aabb"))
    assert run(["bench", "run", "--data", "l.npz", "--methods", "base", "--html", "b.html"]) == 2
    assert page.read_bytes() == b"before"


def read(tmp_path, **changed):
    np.savez(tmp_path / "x.npz", **(arrays() | changed))
    return features.read(tmp_path / "x.npz")


def test_a_label_that_is_missing_is_no_person(tmp_path):
    label = np.array([1.0, 2.0, np.nan] * 4)
    assert read(tmp_path, label=label).label.tolist() == ["1", "2", ""] * 4
    assert features.gather(
        "x", np.ones((2, 3)), [0, 1], track_id=[4, 5], label=np.array([np.nan, 3.0])
    ).label.tolist() == ["", "3"]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"label": np.array([1.5] * 12)}, "must be whole"),
        ({"label": np.array([1 + 1j] * 12)}, "labels are complex numbers; give real ones"),
        ({"track_id": (np.arange(60) % 12).astype(np.uint64) + 2**63}, "at most"),
        ({"frame": np.full(60, 1e300)}, "at most"),
        ({"features": np.ones((60, 16), bool)}, "got bool of shape"),
        ({"track_id": np.full(60, 0.5)}, "track_id must be whole numbers"),
        ({"track_id": np.zeros(60, complex)}, "got complex128 of shape"),
        ({"cannot_link": np.array([[0.0, 1.5]])}, "cannot_link must be whole numbers"),
        ({"cannot_link": np.array([["0", "1"]])}, "got <U1 of shape"),
        (
            {"cannot_link": np.array([[0, 1]]), "must_link": np.array([[1, 0]])},
            "in must_link and in cannot_link",
        ),
    ],
)
def test_what_cannot_be_read_is_named_with_its_type(tmp_path, changed, words):
    with pytest.raises(InputError, match=words):
        read(tmp_path, **changed)


def test_a_must_link_of_tracks_seen_together_is_refused(tmp_path, capfd):
    at_once = {"frame": np.arange(60) // 12}  # all tracks are seen in every frame
    np.savez(tmp_path / "x.npz", **arrays() | at_once, must_link=np.array([[3, 7]]))
    for words in (["--check"], ["-o", str(tmp_path / "y.npz")]):
        assert run(["refine", str(tmp_path / "x.npz"), *words]) == 2
        assert "must_link joins tracks 3 and 7, which are seen together" in capfd.readouterr().err


@pytest.mark.parametrize("wrong", [{"threads": -1}, {"threads": 1.5}, {"device": "tpu"}])
def test_a_machine_that_there_cannot_be_is_refused(wrong):
    with pytest.raises(InputError):
        Machine(**wrong)


@pytest.mark.parametrize("number", [0, "5", 2.5])
def test_a_number_of_people_is_whole(number):
    with pytest.raises(InputError, match="whole number"):
        CountCut(number)


def test_a_refinement_is_one_line_and_says_where_it_cannot_be_written(tmp_path):
    x = arrays()["features"]
    learnt = SSiam().fit(x)
    assert repr(learnt).startswith("Refined(SSiam, 16 -> ")
    assert "\n" not in repr(learnt)
    (tmp_path / "text").write_text("")
    with pytest.raises(InputError, match="text is a file, not a folder"):
        learnt.save(tmp_path / "text" / "x.safetensors")
