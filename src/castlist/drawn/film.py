"""Script -> an encoded film and its exact ground truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from castlist.drawn.encode import ticks, writer
from castlist.drawn.script import Scene, SceneTransition, Script
from castlist.drawn.stage import Stage, Wardrobe
from castlist.drawn.truth import NOT_A_FACE, UNKNOWN, Truth
from castlist.types import CUT, DISSOLVE, FADE, START, Clock, Shots

Image = NDArray[np.uint8]
Watch = Callable[[int, int], None]  # frames done, frames in all

# Where a face is below one of these limits, a detector need not find it: the ground truth calls it UNKNOWN.
LEAST_HEIGHT = 14.0  # pixels of the face
MOST_YAW = 60.0  # degrees; the largest yaw of the head
LEAST_SEEN = 0.55  # visible share of the face's box
GONE = 0.15  # visible share of the box, or light of its picture, below which the face does not count at all
LEAST_LIGHT = 0.45  # light of the shot's picture during a fade


class Row(NamedTuple):
    """A face in one frame."""

    frame: int
    box: NDArray[np.float64]  # (4,) left, top, right, bottom in pixels
    person: int  # number of the person, or NOT_A_FACE or UNKNOWN
    track: int  # -1 for none


KINDS = {SceneTransition.CUT: CUT, SceneTransition.DISSOLVE: DISSOLVE, SceneTransition.FADE: FADE}


def render(script: Script, path: Path | str, *, seed: int = 0, watch: Watch | None = None) -> Truth:
    """Draw a film, write it to `path`, and return its ground truth.

    The same script and seed give the same pixels. Frames are drawn one after another and not kept, so the use
    of memory does not depend on the film's length. Raises InputError if the file cannot be written.
    """
    rows: list[Row] = []
    grain = grain_bank(script, seed)
    done = 0
    with writer(script, Path(path)) as append:
        for frame, faces in picture(script, seed):
            append(grain(frame, done))
            rows += faces
            done += 1
            if watch is not None:
                watch(done, script.frame_count)
    return truth(script, rows)


def truth(script: Script, rows: list[Row]) -> Truth:
    """The rows that drawing collected, as a table."""
    names = tuple(f"P{i + 1}" for i in range(len(script.looks)))
    frame, person, track = (
        np.array(v) for v in ([r.frame for r in rows], [r.person for r in rows], [r.track for r in rows])
    )
    box = np.array([r.box for r in rows], np.float32).reshape(-1, 4)
    clock = Clock(*ticks(script, script.frame_count))
    return Truth(frame, box, person, track, shots(script), names, clock)


def shots(script: Script) -> Shots:
    """The shots of a film; a dissolve's cut is the first frame in which the new shot has the larger
    weight."""
    starts = scene_starts(script)
    shared = script.lengths()[1]
    cut = [s + o // 2 for s, o in zip(starts, shared, strict=True)]
    kinds = [START, *(KINDS[SceneTransition(s.transition)] for s in script.scenes[1:])]
    return Shots(np.array(cut), np.array([*cut[1:], script.frame_count]), np.array(kinds))


def scene_starts(script: Script) -> list[int]:
    """The first frame of each scene."""
    frames, shared = script.lengths()
    starts = [0]
    for i in range(1, len(frames)):
        starts.append(starts[-1] + frames[i - 1] - shared[i])
    return starts


def picture(script: Script, seed: int) -> Iterator[tuple[Image, list[Row]]]:
    """Each frame and the faces in it, in order."""
    import cv2

    wardrobe = Wardrobe()
    frames, shared = script.lengths()
    starts = scene_starts(script)
    old: Stage | None = None
    first_track = 0
    for i, scene in enumerate(script.scenes):
        stage = Stage(script, i, wardrobe, seed)
        before = (
            first_track - (len(script.scenes[i - 1].actors) + len(script.scenes[i - 1].pictures)) if i else 0
        )
        for k in range(shared[i]):  # the dissolve from the scene before
            assert old is not None  # noqa: S101 - the first scene shares nothing
            weight = (k + 1) / (shared[i] + 1)
            j = frames[i - 1] - shared[i] + k
            mixed = cv2.addWeighted(stage.frame(k), weight, old.frame(j), 1 - weight, 0)
            new_rows = faces(stage, k, starts[i] + k, first_track, weight, main=k >= shared[i] // 2)
            old_rows = faces(old, j, starts[i] + k, before, 1 - weight, main=k < shared[i] // 2)
            yield mixed, old_rows + new_rows
        last = frames[i] - (shared[i + 1] if i + 1 < len(frames) else 0)
        for k in range(shared[i], last):
            light = fade(script, i, k, frames[i])
            image = stage.frame(k)
            if light < 1:
                image = cv2.convertScaleAbs(image, alpha=light)
            yield image, faces(stage, k, starts[i] + k, first_track, light, main=True)
        old = stage
        first_track += len(scene.actors) + len(scene.pictures)


def fade(script: Script, i: int, k: int, n: int) -> float:
    """The light of frame k of scene i, which may fade in from black or out to black."""

    def half(scene: Scene) -> float:
        return max(1.0, scene.overlap * float(script.frame_rate) / 2)

    light = 1.0
    if i and script.scenes[i].transition == SceneTransition.FADE:
        light = min(light, k / half(script.scenes[i]))
    if i + 1 < len(script.scenes) and script.scenes[i + 1].transition == SceneTransition.FADE:
        light = min(light, (n - 1 - k) / half(script.scenes[i + 1]))
    return light


def faces(stage: Stage, k: int, frame: int, first_track: int, light: float, *, main: bool) -> list[Row]:
    """The faces of one frame of a scene; UNKNOWN if another shot has the larger weight (not `main`)."""
    if light < GONE:
        return []
    size = np.array([stage.script.width, stage.script.height], float)
    found = stage.boxes(k)
    rows: list[Row] = []
    for place, (i, box, yaw) in enumerate(found):
        share = visible(box, [face.box for face in found[place + 1 :]], stage, size)
        if share < GONE:
            continue
        small = box[3] - box[1] < LEAST_HEIGHT
        lost = not main or light < LEAST_LIGHT or share < LEAST_SEEN or abs(yaw) > MOST_YAW or small
        person = UNKNOWN if lost else stage.scene.actors[i].person
        rows.append(Row(frame, clip(box, size), person, first_track + i if main else -1))
    for p, box in enumerate(stage.portraits(k)):
        held = stage.hands.get(p)
        if held is not None and not held.present[stage.moment(k)]:
            continue
        # A phone is held in front of all people.
        before = [face.box for face in found] if held is None else []
        if visible(box, before, stage, size) >= GONE:
            track = first_track + len(stage.scene.actors) + p
            rows.append(Row(frame, clip(box, size), NOT_A_FACE if main else UNKNOWN, track if main else -1))
    return rows


def clip(box: NDArray[np.float64], size: NDArray[np.float64]) -> NDArray[np.float64]:
    """The part of a box inside the frame."""
    return np.clip(box, 0, np.concatenate([size, size]))


def visible(
    box: NDArray[np.float64], before: list[NDArray[np.float64]], stage: Stage, size: NDArray[np.float64]
) -> float:
    """The visible share of a face's box: inside the frame, and not behind heads and bodies."""
    t = (np.arange(12) + 0.5) / 12
    x, y = np.meshgrid(box[0] + t * (box[2] - box[0]), box[1] + t * (box[3] - box[1]))
    free = (x >= 0) & (x < size[0]) & (y >= 0) & (y < size[1])
    if stage.scene.right:
        free &= (x < size[0] / 2) == ((box[0] + box[2]) / 2 < size[0] / 2)
    for other in before:
        cx, cy = (other[0] + other[2]) / 2, (other[1] + other[3]) / 2
        a, b = 0.56 * (other[2] - other[0]), 0.62 * (other[3] - other[1])
        head = ((x - cx) / a) ** 2 + ((y - cy + 0.08 * b) / b) ** 2 < 1
        shoulders = (y > other[3] + 0.14 * b) & (np.abs(x - cx) < 1.7 * a)
        free &= ~(head | shoulders)
    return float(free.mean())


def grain_bank(script: Script, seed: int) -> Callable[[Image, int], Image]:
    """A function that adds film grain to a frame: one of 13 sheets of noise, rotated by its number."""
    import cv2

    if script.noise <= 0:
        return lambda frame, _: frame
    rng = np.random.default_rng([seed, 1 << 20])
    shape = (script.height, script.width)
    sheets = [np.round(rng.normal(0, script.noise, shape)).astype(np.int16) for _ in range(13)]
    stacked = [cv2.merge([s, s, s]) for s in sheets]

    def add(frame: Image, number: int) -> Image:
        return np.asarray(cv2.add(frame, stacked[number * 5 % 13], dtype=cv2.CV_8U), np.uint8)

    return add
