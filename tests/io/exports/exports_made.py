"""Casts made by hand for the tests of exports, with exactly known people in each frame."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np

from castlist.cast import Cast
from castlist.types import BACKGROUND, NOISE, PERSON, SET_ASIDE, Clock, Portraits, Shots, Tracks, Video

NTSC = Fraction(1000, 1001)
RATES = {  # as people say it: (frames a second, timecode of the first frame)
    "23.976": (24 * NTSC, "01:00:00:00"),
    "24": (Fraction(24), "01:00:00:00"),
    "25": (Fraction(25), "10:00:00:00"),
    "29.97 DF": (30 * NTSC, "00:59:58;28"),
    "29.97 NDF": (30 * NTSC, "00:59:58:28"),
    "30": (Fraction(30), "01:00:00:00"),
    "50": (Fraction(50), "09:58:30:49"),
    "59.94 DF": (60 * NTSC, "00:09:59;50"),
    "59.94 NDF": (60 * NTSC, "00:09:59:50"),
    "60": (Fraction(60), "01:00:00:00"),
}
# (person, first frame, frame after the last); they lie more than a second apart, so each is one appearance
SPANS = [
    (0, 0, 1), (1, 0, 37), (0, 150, 187), (2, 200, 230), (1, 241, 242), (0, 1700, 1901), (1, 1799, 1802),
]  # fmt: skip
FRAMES = 2000
NAMES = ("Anna", "Bob Ångström", "名")
CUTS = (0, 120, 900, 1750, FRAMES)


def made(
    rate: Fraction = Fraction(25),
    timecode: str = "",
    names: tuple[str, ...] = NAMES,
    spans: list[tuple[int, int, int]] | None = None,
    clock: Clock | None = None,
    path: str = "/films/film.mov",
) -> Cast:
    """Two people, one of the background, a track set aside; one track for each span and shot."""
    clock = clock or Clock(np.arange(FRAMES) * rate.denominator, Fraction(1, rate.numerator))
    pieces = [
        (person, max(start, begin), min(stop, end))
        for person, start, stop in (SPANS if spans is None else spans)
        for begin, end in pairwise(CUTS)
        if start < end and begin < stop
    ]
    pieces += [(NOISE, 5, 8)]
    frame = np.concatenate([np.arange(a, b) for _, a, b in pieces])
    left = 100 + 10 * np.concatenate([np.full(b - a, p) for p, a, b in pieces])
    size = np.array([b - a for _, a, b in pieces])
    shots = Shots(CUTS[:-1], CUTS[1:], [0, 1, 1, 1])
    person = np.array([p for p, _, _ in pieces])
    return Cast.of(
        Video(Path(path), 640, 360, rate, Fraction(FRAMES) / rate, "d1", "h264", "yuv420p", timecode),
        clock,
        shots,
        Tracks(
            frame=frame,
            box=np.stack([left, np.full(len(frame), 50.25), left + 40, np.full(len(frame), 90.75)], 1),
            score=np.full(len(frame), 0.9),
            detection=np.arange(len(frame)),
            offset=np.concatenate([[0], np.cumsum(size)]),
            shot=shots.of([a for _, a, _ in pieces]),
        ),
        person,
        fate=np.array([SET_ASIDE if p == NOISE else BACKGROUND if p == 2 else PERSON for p in person]),
        names=names,
        portraits=Portraits(
            [151, 20], [[100, 50, 140, 90], [110, 50, 150, 90]], [2, 1], [0.9, 0.8], ("a", "b")
        ),
    )


def numbered(cast: Cast, first: int = 1) -> Cast:
    """The same cast, its people numbered from `first` on, as no number of theirs need be their place."""
    people = [replace(p, id=first + i) for i, p in enumerate(cast.everybody)]
    n = len(cast.people)
    return replace(cast, people=tuple(people[:n]), background=tuple(people[n:]))


def with_names(cast: Cast, *names: str) -> Cast:
    """The same cast with named people; "" leaves a person without a name."""
    named = [
        replace(p, name=name, named=True) if name else p
        for p, name in zip(cast.people, (*names, *[""] * len(cast.people)), strict=False)
    ]
    return replace(cast, people=tuple(named))


def truth(cast: Cast) -> list[tuple[str, int, int]]:
    """(name, first frame, frame after the last) of each appearance of the cast, in order."""
    frames = [
        (
            p.name,
            int(min(cast.tracks.first[list(a.tracks)])),
            int(max(cast.tracks.last[list(a.tracks)])) + 1,
            p.id,
        )
        for p in cast.people
        for a in p.appearances
    ]
    return [f[:3] for f in sorted(frames, key=lambda f: (f[1], f[2], f[3]))]
