"""Synthetic scans of people whose vectors are known, through the real workspace: no film, no models."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from castlist.cast import Cast
from castlist.pipeline.identify import identify
from castlist.pipeline.publish import evidence_of, publish_run
from castlist.recipe import Recipe
from castlist.store import Workspace
from castlist.types import Clock, Detections, Machine, Scan, Video

LENGTH = 12  # frames of a track
PLAIN = Recipe().with_step("refine", {"use": "none"})
DIMENSIONS = 96


def scan_of(who: NDArray[np.int64] | Sequence[int], noise: float = 1.0, seed: int = 0) -> Scan:
    """A shot and a track for each entry of `who`, a person's number; tracks differ by `noise`."""
    rng = np.random.default_rng(seed)
    who, d, n = np.asarray(who), DIMENSIONS, LENGTH
    t, f = len(who), len(who) * n
    identity = rng.normal(size=(int(who.max(initial=0)) + 1, d)) / np.sqrt(d)
    signal = np.zeros((f, 496), np.uint8)
    for s in range(t):  # every shot of another picture
        signal[s * n : (s + 1) * n, :432] = rng.integers(0, 255, 432)
        signal[s * n : (s + 1) * n, 432 + rng.integers(0, 64)] = 255
    box = np.tile(np.float32([100, 50, 200, 170]), (f, 1))
    points = np.tile(np.float32([[130, 90], [170, 90], [150, 110], [135, 140], [165, 140]]), (f, 1, 1))
    points = points + rng.normal(size=(f, 5, 2)).astype(np.float32) * 6
    faces = Detections(np.arange(f), box, np.full(f, 0.95), points)
    row = np.sort(np.concatenate([np.arange(t) * n + k for k in (2, 5, 8)]))
    own = noise * rng.normal(size=(t, d)) / np.sqrt(d)
    near = 0.3 * rng.normal(size=(len(row), d)) / np.sqrt(d)
    vector = (identity[who[row // n]] + own[row // n] + near).astype(np.float32)
    clock = Clock(np.arange(f), Fraction(1, 25))
    return Scan(clock, signal, faces, np.full(f, 0.8), row, vector, ("",) * len(row))


def video_of(path: Path, scan: Scan) -> Video:
    seconds = Fraction(len(scan.clock), 25)
    return Video(path.parent / "film.mp4", 640, 360, Fraction(25), seconds, "d" * 40)


def find(path: Path, scan: Scan, recipe: Recipe = PLAIN) -> Cast:
    """What `castlist find` does once the film is decoded."""
    video = video_of(path, scan)
    with Workspace.open(path, create=True) as workspace:
        workspace.put_video(video)
        run = workspace.run_started(recipe.toml(), version="0", models={})
        key = recipe.scan_key(video)
        if not workspace.is_complete(key):
            workspace.append(key, scan)
            workspace.complete(key)
        stored = workspace.scan(key)
        assert stored is not None
        found = identify(video, stored, recipe)
        evidence = evidence_of(found, recipe, Machine(), {})
        cast = publish_run(workspace, video, found, evidence, run)
        workspace.run_finished(run, {}, {})
        return cast
