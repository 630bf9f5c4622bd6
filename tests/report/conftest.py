"""Casts made of random tables, and small drawn faces to show for them."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from castlist.cast import Cast
from castlist.types import (
    BACKGROUND,
    INTERPOLATED,
    PERSON,
    SET_ASIDE,
    Clock,
    Portraits,
    Shots,
    Tracks,
    Video,
)

REASONS = ("not a face", "too few faces to tell who it is")


def picture(key: int, look: int) -> bytes:
    """A small JPEG of a face made of ellipses; equal keys have equal features."""
    import cv2

    rng, pose = np.random.default_rng(key), np.random.default_rng(look)
    skin = tuple(int(c) for c in np.array([90, 120, 175]) + rng.integers(-50, 50))
    hair = tuple(int(c) for c in rng.integers(10, 120, 3))
    image = np.full((112, 112, 3), tuple(int(c) for c in pose.integers(60, 190, 3)), np.uint8)
    dx, dy = (int(v) for v in pose.integers(-6, 7, 2))
    wide = int(rng.integers(28, 38))
    cv2.ellipse(image, (56 + dx, 46 + dy), (wide + 7, 42), 0, 0, 360, hair, -1, cv2.LINE_AA)
    cv2.ellipse(image, (56 + dx, 60 + dy), (wide, 42), 0, 0, 360, skin, -1, cv2.LINE_AA)
    for side in (-1, 1):
        eye = (56 + dx + side * 14, 54 + dy)
        cv2.ellipse(image, eye, (7, 4), 0, 0, 360, (245, 245, 245), -1, cv2.LINE_AA)
        cv2.circle(image, eye, 3, (60, 40, 20), -1, cv2.LINE_AA)
    cv2.ellipse(image, (56 + dx, 82 + dy), (12, 4), 0, 0, 180, (60, 60, 150), -1, cv2.LINE_AA)
    return bytes(cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 82])[1])


class Film:
    """A cast, its portraits and its thumbs."""

    def __init__(self, cast: Cast, portraits: Portraits, thumbs: Callable[[str], bytes] | None) -> None:
        self.cast, self.portraits, self.thumbs = cast, portraits, thumbs


def make(
    people: int,
    seconds: int,
    *,
    tracks: int,
    names: tuple[str, ...] = (),
    path: str = "A quiet film.mp4",
    seed: int = 0,
    background: int = 0,
    aside: int = 0,
    pictures: bool = True,
    damaged: int = 0,
) -> Film:
    """A film with so many people and tracks; earlier people appear more often."""
    rng = np.random.default_rng(seed)
    rate, frames = 24, seconds * 24
    clock = Clock(np.arange(frames), Fraction(1, rate))
    cuts = np.unique(rng.integers(1, max(2, frames), max(1, seconds // 4)))
    edges = np.concatenate([[0], cuts[cuts < frames], [frames]])
    shots = Shots(edges[:-1], edges[1:], np.zeros(len(edges) - 1))
    everybody = people + background
    weight = 1 / (1 + np.arange(max(1, people))) ** 0.8
    owner = np.concatenate(
        [
            np.arange(people),
            rng.choice(max(1, people), max(0, tracks - people), p=weight / weight.sum()),
            np.arange(people, everybody),
            np.full(aside, -1),
        ]
    )
    fate = np.where(owner < 0, SET_ASIDE, np.where(owner < people, PERSON, BACKGROUND))
    shot = np.sort(rng.integers(0, len(shots), len(owner)))
    order = rng.permutation(len(owner))
    owner, fate = owner[order], fate[order]
    runs = []
    for s, f in zip(shot, fate, strict=True):
        a, b = int(shots.start[s]), int(shots.stop[s])
        length = int(np.clip(rng.integers(12, 120), 1, b - a) if f == PERSON else min(6, b - a))
        start = int(rng.integers(a, b - length + 1))
        runs.append(np.arange(start, start + length))
    frame = np.concatenate(runs)
    box = np.tile(np.float32([100, 50, 180, 150]), (len(frame), 1))
    offset = np.cumsum([0, *map(len, runs)])
    table = Tracks(frame, box, np.full(len(frame), 0.9), np.full(len(frame), INTERPOLATED), offset, shot)
    rows = [(t, int(rng.choice(run))) for t, run in enumerate(runs) for _ in range(2)]
    portraits = Portraits(
        np.array([f for _, f in rows]),
        np.tile(np.float32([100, 50, 180, 150]), (len(rows), 1)),
        np.array([t for t, _ in rows]),
        rng.random(len(rows)),
        tuple(f"{t}-{k}.jpg" for k, (t, _) in enumerate(rows)),
    )

    def thumbs(name: str) -> bytes:
        track, look = name.removesuffix(".jpg").split("-")
        return picture(int(owner[int(track)]) + 7, int(look))

    video = Video(Path(path), 1280, 720, Fraction(rate), Fraction(seconds), "d" * 40, "h264", "yuv420p")
    reason = tuple(REASONS[t % 2] if f == SET_ASIDE else "" for t, f in enumerate(fate))
    cast = Cast.of(
        video,
        clock,
        shots,
        table,
        owner,
        fate=fate,
        reason=reason,
        names=names,
        portraits=portraits,
        damaged=damaged,
    )
    return Film(cast, portraits, thumbs if pictures else None)


def nothing(path: str = "empty.mp4") -> Film:
    """A film without a face."""
    video = Video(Path(path), 640, 360, Fraction(25), Fraction(3), "")
    clock = Clock(np.arange(75), Fraction(1, 25))
    cast = Cast.of(video, clock, Shots([0], [75], [0]), Tracks.empty(), np.zeros(0, np.int32))  # type: ignore[arg-type]
    return Film(cast, Portraits.empty(), None)


@pytest.fixture(scope="session")
def film() -> Callable[..., Film]:
    """Makes a film with a cast: film(people, seconds, tracks=...)."""
    return make


@pytest.fixture(scope="session")
def empty_film() -> Film:
    return nothing()


@pytest.fixture(scope="session")
def proof() -> Callable[..., Any]:
    """Makes an Evidence with everything in it, for a film."""

    def make_evidence(film: Film) -> Any:
        from castlist.report import Evidence, ModelUse

        rng = np.random.default_rng(1)
        return Evidence(
            positive_before=rng.normal(0.62, 0.14, 400).clip(-1, 1),
            negative_before=rng.normal(0.30, 0.15, 160).clip(-1, 1),
            positive_after=rng.normal(0.81, 0.08, 400).clip(-1, 1),
            negative_after=rng.normal(0.14, 0.12, 160).clip(-1, 1),
            reliability=np.array([[0.08, 0.05, 400], [0.3, 0.26, 90], [0.55, 0.6, 40], [0.93, 0.95, 600]]),
            verdict="Refinement helps here: held-out pairs are told apart in 97 % of cases, 91 % before.",
            portraits=film.portraits,
            version="0.1.0",
            models=(
                ModelUse("detector", "YuNet", "8f" * 32, "MIT"),
                ModelUse("vectors", "SFace", "0b" * 32, "Apache-2.0"),
            ),
            recipe='[detect]\nmin_score = 0.6\n\n[refine]\nuse = "ssiam"\nepochs = 15\n',
            seed=0,
            timings=(("decode", 4.2), ("detect", 11.5), ("refine", 2.1)),
            platform="Linux x86-64, Python 3.11",
            provider="CPUExecutionProvider",
        )

    return make_evidence
