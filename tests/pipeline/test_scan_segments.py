"""Laws of the scan: nothing depends on where a segment ends; slow films, single frames and odd shapes."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

import castlist
from castlist.drawn import Actor, Scene, Script, people, render, still
from castlist.io.exports.cast_json import document
from castlist.pipeline.orientation import better_shown
from castlist.store import Workspace
from castlist.types import Machine

RATE = 25
HELLO = (50, 57)  # frames of the one short shot of the second person


@pytest.fixture(scope="module")
def brief(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of one person, and within them seven frames of another."""
    looks = people(2)
    lead, guest = Actor(0, 0.5, 0.45, 0.46, turn=4), Actor(1, 0.5, 0.45, 0.5, turn=2)
    scenes = (Scene(2.0, (lead,)), Scene(0.28, (guest,), "cafe"), Scene(1.8, (lead,)))
    path = tmp_path_factory.mktemp("brief") / "brief.mp4"
    render(Script("brief", looks, scenes, frame_rate=Fraction(RATE)), path)
    return path


def cast_of(film: Path, place: Path) -> castlist.Cast:
    return castlist.find(film, workspace=place)


@pytest.mark.parametrize("segment", [96, 51, 52, 53, 54, 55, 56])
def test_no_appearance_depends_on_where_a_segment_ends(
    segment: int, brief: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["castlist.pipeline.scan"], "SEGMENT", segment)
    cast = cast_of(brief, tmp_path / "w.castlist")
    tracks = [
        t for t in range(len(cast.tracks)) if cast.tracks.first[t] < HELLO[1] <= cast.tracks.last[t] + 1
    ]
    assert len(tracks) == 1
    assert cast.tracks.first[tracks[0]] == HELLO[0]
    assert "briefly" not in " ".join(cast.reason)
    assert cast.person[tracks[0]] >= 0
    assert len({cast.person[t] for t in range(len(cast.tracks))} - {-1}) == 2


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two people in six seconds at one frame a second."""
    looks = people(2)
    scenes = (
        Scene(3.0, (Actor(0, 0.5, 0.45, 0.46, turn=6),)),
        Scene(3.0, (Actor(1, 0.5, 0.45, 0.46),), "cafe"),
    )
    path = tmp_path_factory.mktemp("slow") / "slow.mp4"
    render(Script("slow", looks, scenes, frame_rate=Fraction(1)), path)
    return path


def test_people_are_found_at_a_frame_a_second(slow: Path, tmp_path: Path) -> None:
    cast = cast_of(slow, tmp_path / "w.castlist")
    assert len(cast) == 2
    assert sum(person.screen_time for person in cast) == pytest.approx(6)


def test_people_are_found_in_a_film_of_one_frame(brief: Path, tmp_path: Path) -> None:
    with av.open(str(brief)) as source:
        image = next(source.decode(video=0)).to_ndarray(format="bgr24")
    cast = cast_of(write(tmp_path / "one.mp4", [image]), tmp_path / "w.castlist")
    assert len(cast.clock) == 1
    assert len(cast) == 1


def write(path: Path, images: list[np.ndarray], codec: str = "libx264", pixels: str = "yuv420p") -> Path:
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=RATE)
        stream.height, stream.width = images[0].shape[:2]
        stream.pix_fmt = pixels
        for i, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), "bgr24").reformat(format=pixels)
            frame.pts, frame.time_base = i, Fraction(1, RATE)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(("width", "height"), [(20000, 20), (20, 20000), (1, 8000), (8000, 1), (1, 1)])
def test_pictures_of_any_shape_have_a_cast_or_one_sentence(width: int, height: int, tmp_path: Path) -> None:
    film = write(tmp_path / "film.avi", [np.full((height, width, 3), 90, np.uint8)] * 4, "rawvideo", "bgr24")
    try:
        cast = cast_of(film, tmp_path / "w.castlist")
    except castlist.CastlistError as error:
        assert str(error).isprintable()  # noqa: PT017
    else:
        assert (len(cast), len(cast.clock)) == (0, 4)


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_film_on_its_side_is_told_from_one_that_shows_nobody(
    turns: int, brief: Path, tmp_path: Path
) -> None:
    with av.open(str(brief)) as source:
        images = [frame.to_ndarray(format="bgr24") for frame in source.decode(video=0)][:40:4]
    film = write(tmp_path / "film.mp4", [np.rot90(image, turns) for image in images])
    cast = cast_of(film, tmp_path / "w.castlist")
    assert cast.turned == 90 * turns
    with Workspace.open(tmp_path / "w.castlist", write=False) as workspace:
        assert workspace.cast().turned == workspace.summary()["cast"]["better_turned"] == 90 * turns
    assert document(cast)["film"]["better_turned"] == 90 * turns
    page = (tmp_path / "w.castlist" / "report.html").read_text()
    assert (f"turned clockwise by {90 * turns} degrees" in page) == bool(turns)
    if not turns:
        assert better_shown(replace(cast, people=())) == (0, False)
    assert not cast.negative


@pytest.mark.parametrize("kind", ["colour", "grey", "orange"])
def test_a_negative_is_told_from_a_film_that_shows_nobody(kind: str, tmp_path: Path) -> None:
    images = []
    for look in [people(12)[k] for k in (1, 3, 7, 8)]:  # uncertain for the detector in a negative
        render(still(look), tmp_path / "face.mp4")
        with av.open(str(tmp_path / "face.mp4")) as source:
            images += [frame.to_ndarray(format="bgr24") for frame in source.decode(video=0)] * 3
    negatives = [255 - image for image in images]
    if kind == "grey":
        negatives = [np.repeat(image.mean(axis=2, keepdims=True), 3, axis=2) for image in negatives]
    if kind == "orange":  # BGR: the base of a colour negative, and the little contrast that it has
        negatives = [image * [0.2, 0.35, 0.55] + [30, 60, 110] for image in negatives]
    film = write(tmp_path / "film.mp4", [image.astype(np.uint8) for image in negatives])
    cast = cast_of(film, tmp_path / "w.castlist")
    assert (cast.turned, cast.negative) == (0, True)
    with Workspace.open(tmp_path / "w.castlist", write=False) as workspace:
        assert workspace.cast().negative
        assert workspace.summary()["cast"]["negative"] == 1
    assert document(cast)["film"]["negative"] is True
    assert "seems to be a negative" in (tmp_path / "w.castlist" / "report.html").read_text()


@pytest.mark.parametrize("pans", [False, True])
def test_a_thing_that_looks_like_a_turned_face_counts_once(pans: bool, tmp_path: Path) -> None:
    """A photograph that lies on its side in an empty room is in every frame, and is no film on its side."""
    room = render(
        Script("room", people(1), (Scene(0.2, (), "cafe"),), frame_rate=Fraction(RATE)), tmp_path / "room.mp4"
    )
    render(still(people(1)[0]), tmp_path / "face.mp4")
    pictures = []
    for name in ("room", "face"):
        with av.open(str(tmp_path / f"{name}.mp4")) as source:
            pictures.append(next(source.decode(video=0)).to_ndarray(format="bgr24"))
    room, face = pictures
    side = min(room.shape[0] - 40, *face.shape[:2])
    room[20 : 20 + side, 60 : 60 + side] = np.rot90(face[:side, (face.shape[1] - side) // 2 :][:, :side])
    noise = np.random.default_rng(0)
    images = [
        np.clip(np.roll(room, 3 * k * pans, axis=1) + noise.normal(0, 2, room.shape), 0, 255).astype(np.uint8)
        for k in range(20)
    ]
    cast = cast_of(write(tmp_path / "film.mp4", images), tmp_path / "w.castlist")
    assert (cast.turned, cast.negative) == (0, False)


class Died(BaseException):
    """The process was killed here."""


@pytest.fixture(scope="module", params=[20, 23])
def cut_off(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A film of 30 frames by its header, of which the first 20, or 23, can be read; without a face."""
    path = tmp_path_factory.mktemp("cut") / "film.mkv"
    rng = np.random.default_rng(0)
    write(path, [rng.integers(0, 255, (48, 64, 3), np.uint8) for _ in range(30)])
    with av.open(str(path)) as source:
        places = sorted(int(packet.pos) for packet in source.demux(video=0) if packet.pos is not None)
    path.write_bytes(path.read_bytes()[: places[request.param]])
    return path


@pytest.mark.parametrize("call", [2, 3, 4])
def test_a_run_killed_before_any_call_counts_what_is_unread_once(
    cut_off: Path, call: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two or three segments of 10 frames: the kill comes before the second, before the last, and after it."""
    monkeypatch.setattr(sys.modules["castlist.pipeline.scan"], "SEGMENT", 10)
    calls = []

    def dying(name: str):
        real = getattr(Workspace, name)

        def one(self, *arguments, **options):
            calls.append(name)
            if len(calls) == call:
                raise Died
            return real(self, *arguments, **options)

        return one

    with monkeypatch.context() as patch:
        for name in ("append", "complete"):
            patch.setattr(Workspace, name, dying(name))
        with pytest.raises(Died):
            cast_of(cut_off, tmp_path / "w.castlist")
    cast = cast_of(cut_off, tmp_path / "w.castlist")
    assert cast.damaged <= 1
    assert len(cast.clock) + cast.unread * RATE == 30


def test_too_little_memory_is_one_sentence_before_anything_is_made(
    brief: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(sys.modules["castlist.pipeline.find"].mmap, "mmap", refuse)
    with pytest.raises(castlist.CastlistError, match="too little memory"):
        cast_of(brief, tmp_path / "w.castlist")
    assert not (tmp_path / "w.castlist").exists()


@pytest.mark.parametrize(
    ("cores", "asked", "expected"),
    [(1, 0, 1), (2, 0, 1), (3, 0, 2), (4, 0, 2), (16, 0, 8), (4, 1, 1), (4, 3, 2)],
)
def test_networks_beside_each_other_share_the_cores(
    cores: int, asked: int, expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(cores)), raising=False)
    assert Machine(threads=asked).shared.threads == expected
