"""The workspace: what goes in comes out, whole, and nothing half."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from castlist.cast import Cast
from castlist.decisions import Anchor, Decision
from castlist.errors import InputError, WorkspaceError
from castlist.store import Workspace
from castlist.types import (
    BACKGROUND,
    NOISE,
    PERSON,
    SET_ASIDE,
    Clock,
    Constraints,
    Cue,
    Detections,
    Embeddings,
    Portraits,
    Scan,
    Shots,
    Tracks,
    Tree,
    Video,
)


def alike(a, b):
    """`types.same`, tables within tables too."""
    if type(a) is not type(b):
        return False
    pairs = [(getattr(a, f.name), getattr(b, f.name)) for f in fields(a)]
    return all(alike(x, y) if is_dataclass(x) else same_values(x, y) for x, y in pairs)


def same_values(x, y):
    if isinstance(x, np.ndarray):
        return x.dtype == y.dtype and np.array_equal(x, y, equal_nan=x.dtype.kind == "f")
    return x == y


def make_piece(rng, start, frames=16, faces=5, embedded=3, width=8):
    return Scan(
        clock=Clock(2 * (start + np.arange(frames)), Fraction(1, 50)),
        signal=rng.integers(0, 255, (frames, 7)),
        detections=Detections(
            np.sort(rng.integers(0, max(frames, 1), faces)),
            rng.random((faces, 4)),
            rng.random(faces),
            rng.random((faces, 5, 2)),
        ),
        quality=rng.random(faces),
        embedded=np.arange(embedded),
        vector=rng.standard_normal((embedded, width)).astype(np.float16),
        image=tuple(f"{start}-{i}" for i in range(embedded)),
        damaged=start % 3,
        cue=Cue(rng.integers(0, 256, (embedded, 5)), rng.random(embedded)),
        motion=np.where(rng.random(faces) < 0.5, np.nan, rng.random(faces)),
    )


def make_video(path, digest="d1"):
    return Video(
        Path(path),
        640,
        360,
        Fraction(24000, 1001),
        Fraction(100, 3),
        digest,
        "h264",
        "yuv420p",
        "10:00:00:00",
    )


def make_cast(video, rng):
    clock = Clock(np.arange(40) * 3, Fraction(1, 75))
    shots = Shots([0, 10, 25], [10, 25, 40], [0, 1, 2])
    tracks = Tracks(
        frame=[0, 1, 2, 11, 12, 30, 31, 26, 27, 28],
        box=rng.random((10, 4)) * 100,
        score=[*rng.random(9), np.nan],
        detection=[0, NOISE, 1, 2, 3, 4, 5, 6, 7, 8],
        offset=[0, 3, 5, 7, 10],
        shot=[0, 1, 2, 2],
    )
    portraits = Portraits([1, 12, 27], rng.random((3, 4)), [0, 1, 3], rng.random(3), ("ab", "", "cd"))
    return Cast.of(
        video,
        clock,
        shots,
        tracks,
        np.array([0, 0, 1, NOISE]),
        fate=np.array([PERSON, PERSON, BACKGROUND, SET_ASIDE]),
        reason=("", "", "seen once", "not a face"),
        names=('Ann, "the" =Boss', ""),
        portraits=portraits,
        damaged=2,
    ), portraits


@pytest.fixture
def place(tmp_path):
    return tmp_path / "film.castlist"


@pytest.fixture
def workspace(place):
    with Workspace.open(place, create=True) as workspace:
        yield workspace


def test_a_scan_is_its_segments_joined(workspace):
    rng = np.random.default_rng(0)
    pieces = [make_piece(rng, 16 * i) for i in range(3)]
    pieces.append(make_piece(rng, 48, faces=0, embedded=0, width=0))
    pieces.append(make_piece(rng, 64, faces=2, embedded=0, width=8))
    for i, piece in enumerate(pieces):
        assert workspace.segments("key") == i
        workspace.append("key", piece)
    assert alike(workspace.scan("key"), Scan.join(pieces))
    assert (workspace.segments("key"), workspace.frames("key"), workspace.last_pts("key")) == (5, 80, 158)


def test_vectors_come_back_as_float16_knows_them(workspace):
    piece = make_piece(np.random.default_rng(0), 0)
    fine = Scan(
        *(getattr(piece, f.name) if f.name != "vector" else piece.vector + 1e-5 for f in fields(piece))
    )
    workspace.append("key", fine)
    stored = workspace.scan("key").vector
    assert stored.dtype == np.float32
    assert np.array_equal(stored, fine.vector.astype(np.float16).astype(np.float32))
    assert not np.array_equal(stored, fine.vector)


def test_an_empty_scan(workspace):
    assert workspace.scan("key") is None
    assert workspace.segments("key") == 0
    assert workspace.last_pts("key") is None
    assert not workspace.is_complete("key")
    workspace.complete("key")
    assert workspace.is_complete("key")
    assert workspace.scan("key") is None


def test_cast_round_trip(workspace):
    rng = np.random.default_rng(1)
    video = make_video("/films/a.mp4")
    cast, portraits = make_cast(video, rng)
    workspace.put_video(video)
    run = workspace.run_started("[cut]\n", version="1", models={"sface": "ab"}, seed=3)
    workspace.put_cast(cast, portraits, run=run)
    workspace.run_finished(run, {"scan": 1.5}, {"people": 1})
    assert alike(replace(workspace.cast(), pictures=None), cast)
    assert alike(workspace.portraits(), portraits)
    (noted,) = workspace.runs()
    assert (noted.id, noted.models, noted.timings, noted.counts) == (
        run,
        {"sface": "ab"},
        {"scan": 1.5},
        {"people": 1},
    )


TABLES = {
    "clock": Clock(np.arange(5), Fraction(1001, 24000)),
    "tracks": Tracks.empty(),
    "embeddings": Embeddings(np.eye(3), np.arange(3), np.arange(3), np.ones(3), "sface"),
    "constraints": Constraints([0, 1], [1, 2], [True, False], [0, 1]),
    "tree": Tree([[0, 1], [2, 3]], [0.5, np.inf], [2, 3]),
    "portraits": Portraits([1], np.ones((1, 4)), [0], [np.nan], ("<é\n",)),
    "video": make_video("a b\n$(c)\udcff.mp4"),
    "no detections": Detections.empty(),
    "scan": make_piece(np.random.default_rng(5), 0),
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_round_trip(workspace, name):
    workspace.put(name, "key", TABLES[name])
    assert alike(workspace.get(name, "key", type(TABLES[name])), TABLES[name])
    assert workspace.get(name, "another", type(TABLES[name])) is None


def test_a_decision_made_of_numpy_numbers_is_read_again(tmp_path):
    with Workspace.open(tmp_path / "w.castlist", create=True) as workspace:
        box = np.array([0.1, 0.2, 0.3, 0.4], np.float32)
        face = Anchor(np.float64(1.5), tuple(box), np.int64(0))
        number = workspace.decisions.append(Decision("name", (face,), value="Ann"))
        workspace.decisions.append(Decision("undo", undoes=np.int64(number)))
        first, second = workspace.decisions.all()
        assert first.anchors[0].box == pytest.approx(box)
        assert (first.anchors[0].time, second.undoes) == (Fraction(3, 2), number)


def test_a_decision_that_could_not_be_read_again_is_not_stored(tmp_path):
    with Workspace.open(tmp_path / "w.castlist", create=True) as workspace:
        face = Anchor(Fraction(1, 10**60), (0.1, 0.1, 0.2, 0.2))
        with pytest.raises(InputError, match="cannot be stored"):
            workspace.decisions.append(Decision("hide", (face,)))
        assert workspace.decisions.all() == []


@dataclass(frozen=True, slots=True)
class Counted:
    clicks: int
    share: float = 0.0
    name: str = ""
    done: bool = False


@pytest.mark.parametrize(
    "wrong",
    [{"clicks": None}, {"clicks": "3"}, {"clicks": True}, {"share": "much"}, {"name": 3}, {"done": 1}],
)
def test_a_stored_value_of_another_type_is_damage(tmp_path, wrong):
    with Workspace.open(tmp_path / "w", create=True) as keep:
        keep.put("outlook", "good", Counted(3, 1, "Anna", True))
        keep.put("outlook", "bad", Counted(**({"clicks": 3} | wrong)))
        assert keep.get("outlook", "good", Counted) == Counted(3, 1, "Anna", True)
        with pytest.raises(WorkspaceError, match="Counted"):
            keep.get("outlook", "bad", Counted)
