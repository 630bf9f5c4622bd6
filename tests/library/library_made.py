"""Films for a library: a drawn season found with the real models, and workspaces made of given vectors."""

from __future__ import annotations

import hashlib
import os
import shutil
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from castlist.cast import Cast
from castlist.decisions import Base
from castlist.decode.files import digest_of
from castlist.drawn import Actor, Scene, Script, people, render
from castlist.recipe import Recipe
from castlist.store import Workspace
from castlist.types import Clock, Cue, Detections, Portraits, Scan, Shots, Tracks, Video

WIDTH, HEIGHT, FRAMES = 640, 360, 10  # frames of a track
DIM = 128
SIGNAL = 496  # numbers of a frame from which shots are found


def person_vector(seed: int) -> np.ndarray:
    """The direction of a made-up person: any two are nearly at right angles."""
    x = np.random.default_rng([seed, 5]).normal(size=DIM)
    return x / np.linalg.norm(x)


def made_film(
    folder: Path,
    name: str,
    tracks: list[list[int]],
    *,
    fates: dict[int, int] | None = None,
    names: dict[int, str] | None = None,
    noise: float = 0.5,
    model: str = "sface",
    seed: int = 0,
    older: float = 1.0,
    looks: dict[int, int] | None = None,
    age: int = 1000,
) -> Path:
    """A workspace as a run leaves it, of a film in which those of tracks[i] are seen together in shot i.

    Vectors are those of made-up people with `noise`, all at the cosine `older` to how they look in other
    films, and the rest of them by `age`; `fates`, `names` and `looks` (the person resembled) are by person.
    """
    rng = np.random.default_rng([seed, len(tracks), *os.fsencode(name)])
    file = folder / f"{name}.mp4"
    digest = digest_of(file) if file.is_file() else hashlib.sha256(os.fsencode(name)).hexdigest()
    video = Video(folder / f"{name}.mp4", WIDTH, HEIGHT, Fraction(25), Fraction(len(tracks)), digest, "h264")
    place = folder / f"{name}.castlist"
    recipe = Recipe()
    if model != "sface":
        recipe = recipe.with_setting("embed.use=arcface")
    rows = [
        (f, side, who) for f in range(FRAMES * len(tracks)) for side, who in enumerate(tracks[f // FRAMES])
    ]
    box = np.array([_box(side) for _, side, _ in rows], np.float32).reshape(-1, 4)
    found = Detections(
        np.array([r[0] for r in rows]), box, np.full(len(rows), 0.9), np.zeros((len(rows), 5, 2))
    )
    alike = [(looks or {}).get(who, who) for _, _, who in rows]
    faces = [older * person_vector(who) + np.sqrt(1 - older**2) * person_vector(who + age) for who in alike]
    vector = np.array(faces).reshape(-1, DIM) + noise * rng.normal(size=(len(rows), DIM)) / np.sqrt(DIM)
    clock = Clock(np.arange(FRAMES * len(tracks)), Fraction(1, 25))
    with Workspace.open(place, create=True) as keep:
        keep.put_video(video)
        run = keep.run_started(recipe.toml(), version="test", models={})
        images = tuple(keep.put_image(os.fsencode(f"{name} {i}")) for i in range(len(rows)))
        key = recipe.scan_key(video)
        keep.append(
            key,
            Scan(clock, np.zeros((len(clock), SIGNAL), np.uint8), found, np.full(len(rows), 0.8),
                 np.arange(len(rows)), vector.astype(np.float32), images, 0, _clothes(rows)),
        )  # fmt: skip
        keep.complete(key)
        cast, portraits = _cast(video, clock, tracks, rows, box, images, fates or {}, names or {})
        keep.put_cast(cast, portraits, run=run)
        keep.put("machine", f"run {run}", _base(cast, portraits, vector))
        keep.run_finished(run, {}, {})
    return place


def _base(cast: Cast, portraits: Portraits, vector: np.ndarray) -> Base:
    """What the run found, on which decisions rest: exactly the cast."""
    tracks = cast.tracks
    mean = np.array([vector[tracks.detection[tracks.track == t]].mean(axis=0) for t in range(len(tracks))])
    mean = mean.reshape(-1, DIM) / np.maximum(
        np.linalg.norm(mean.reshape(-1, DIM), axis=1, keepdims=True), 1e-9
    )
    shot = cast.tracks.shot
    cannot = [(a, b) for a, b in combinations(range(len(tracks)), 2) if shot[a] == shot[b]]
    return Base(
        cast.clock, cast.shots, tracks, portraits, cast.person, cast.fate, ("",) * len(tracks),
        mean.astype(np.float32), np.array(cannot, np.int64).reshape(-1, 2), np.array([0.7, 0.0, 0.12, -1.0]),
    )  # fmt: skip


def _clothes(rows) -> Cue:
    """Colours of a person's clothes, one row for each face."""
    drawn = [np.random.default_rng([who, i]).integers(1, 256, 48) for i, (_, _, who) in enumerate(rows)]
    return Cue(np.array(drawn).reshape(-1, 48), np.ones(len(rows)))


def _box(side: int) -> list[float]:
    return [20.0 + 110 * side, 100.0, 100.0 + 110 * side, 200.0]


def _cast(video, clock, tracks, rows, box, images, fates, names):
    order, offset, label, shot = [], [0], [], []
    for number, those in enumerate(tracks):
        for side, who in enumerate(those):
            own = [i for i, r in enumerate(rows) if r[0] // FRAMES == number and r[1] == side]
            order += own
            offset.append(len(order))
            label.append(who)
            shot.append(number)
    order = np.array(order, np.int64)
    frame = np.array([r[0] for r in rows], np.int64)[order]
    made = Tracks(frame, box[order], np.full(len(order), 0.9), order, np.array(offset), np.array(shot))
    portraits = Portraits(
        frame, box[order], made.track, np.full(len(order), 0.8), tuple(images[i] for i in order)
    )
    start = FRAMES * np.arange(len(tracks))
    shots = Shots(start, start + FRAMES, np.zeros(len(tracks)))
    fate = np.array([fates.get(who, 0) for who in label], np.int8)
    known = [names.get(who, "") for who in range(max(label, default=-1) + 1)]
    cast = Cast.of(video, clock, shots, made, np.array(label), fate=fate, names=known, portraits=portraits)
    return cast, portraits


LOOKS = people(5)


def episode(who: tuple[int, ...], seconds: float = 1.3) -> Script:
    """A short film: all of them together, then a close-up of each."""
    rooms = ("kitchen", "cafe", "garden", "street")
    places = [(i + 1) / (len(who) + 1) for i in range(len(who))]
    first = Scene(seconds, tuple(Actor(w, x, 0.44, 0.3) for w, x in zip(who, places, strict=True)))
    close = [Scene(seconds, (Actor(w, 0.5, 0.45, 0.45),), rooms[i % 4]) for i, w in enumerate(who)]
    return Script("episode", LOOKS, (first, *close), frame_rate=Fraction(25))


@pytest.fixture(scope="session")
def season_films(tmp_path_factory) -> Path:
    """A folder of three drawn films and their workspaces: people 0 and 1, 0 and 2, 1 and 2."""
    from castlist.library import find_all

    folder = tmp_path_factory.mktemp("season films")
    for number, who in enumerate(((0, 1), (0, 2), (1, 2)), 1):
        render(episode(who), folder / f"e{number:02}.mp4", seed=number)
    outcomes = find_all([folder])
    assert [o.people for o in outcomes] == [2, 2, 2]
    return folder


@pytest.fixture
def films(season_films, tmp_path) -> Path:
    """The season, for one test to change."""
    return Path(shutil.copytree(season_films, tmp_path / "films"))
