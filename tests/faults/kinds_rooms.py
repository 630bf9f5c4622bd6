"""Rooms that make something of a workspace, on a stranger's one: sheets, reels, films, an assistant."""

from __future__ import annotations

import random

from tests.faults.campaign import Box, Case, Command, kind
from tests.faults.kinds_input import NUMBERS
from tests.faults.kinds_workspace import NASTY, arrays, flipped, log, pictures, special, values
from tests.faults.server import Limits

DAMAGES = (special, values, values, arrays, flipped, log, pictures)
PLACE = "film.castlist"
ROOMS = (
    ["sheet", PLACE, "-o", "out/sheet.html"],
    ["sheet", PLACE, "p1", "-o", "out/one.html"],
    ["sheet", PLACE, "--posters", "out/posters", "--xmp"],
    ["report", PLACE, "-o", "out/report.html"],
    ["features", PLACE, "-o", "out/film.npz"],
    ["redact", PLACE, "--keep", "p1", "-o", "out/public.mp4"],
    ["reel", PLACE, "p1", "-o", "out/reel.mp4", "--list", "out/reel.edl"],
    ["library", "add", "season", PLACE, "-q"],
    ["propose", PLACE, "out/names.csv"],
    ["export", PLACE, "--format", "edl"],
    ["export", PLACE, "--format", "otio"],
    ["export", PLACE, "--format", "fcpxml"],
    ["mcp", PLACE],
)
NAMES = (
    b"",
    b"time,name\n0:00,Ann\n",
    b"\xff\xfe\x00",
    b"a,b\n" * 9999,
    b"time,name\n1e9999999," + b"9" * 5000 + b"\n",
    NASTY.encode(),
    b"[" * 99_999,
    b"<x>" * 9999,
    b"WEBVTT\n\n00:00.000 --> 00:01.000\n<v Ann>x\n",
    b"\x00" * 99_999,
)
LEFT = ("find", "redact", "reel")  # they read or write a film, which takes seconds


@kind("other rooms on a stranger's workspace", 8)
def rooms(rng: random.Random, box: Box) -> Case:
    damage = rng.choice(DAMAGES)
    what = damage(rng, box).name
    (box.folder / "out").mkdir(exist_ok=True)
    (box.folder / "out" / "names.csv").write_bytes(rng.choice(NAMES))
    chosen = rng.sample(ROOMS, 3)
    if rng.random() < 0.2:
        chosen[0] = [
            *chosen[0],
            rng.choice(("--max", "--fps", "--offset", "--only", "--at")),
            rng.choice(NUMBERS),
        ]
    return Case(
        f"{what}; {', '.join(words[0] for words in chosen)}",
        [
            Command(words, Limits(seconds=120 if words[0] in LEFT else 40), allowed=(0, 1, 2), lines=4)
            for words in chosen
        ],
    )
