"""Adaptive frame sampling for face detection: which frames are searched, and at which sizes."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.option_values import check_options
from castlist.types import Detections, Machine

__all__ = ["BACK", "FaceFinder", "Jumps", "Picture", "Sampler", "Sampling", "merged"]

BACK = 7  # frames before the present one that may yet be looked at
NEAR = 2  # frames between two looks; where there are fewer, none of them is looked at

Picture = Callable[[], NDArray[np.uint8]]


class FaceFinder(Protocol):
    """What finds the faces of a picture (h, w, 3) BGR at a scale: any detector."""

    def __call__(self, image: NDArray[np.uint8], /, *, scale: float, machine: Machine) -> Detections: ...


@dataclass(frozen=True, slots=True)
class Sampling:
    """Look for faces some times a second and on both sides of a cut, now and then at other sizes.

    A look examines the picture at the long side `side`. Each of `other_sides` finds faces that are too
    large or too small to be seen there: while it does it is part of every look, and while it does not, of
    one in `patience` seconds. The cost of looking is set here, and nowhere else.
    """

    per_second: float = 6.0  # looks a second; faces between two looks are interpolated
    side: int = 640  # pixels
    other_sides: tuple[int, ...] = (320, 1152)  # pixels: for faces that fill the picture, and for small ones
    enlarge: float = 2.0  # times at most: a face of `smallest` is large enough then, and blur is no face yet
    patience: float = 1.0  # seconds between looks at another size that find nothing new
    hurry: float = 2.0  # times as many looks while a face is not where it was at the last look
    jump: float = 2.5  # a change this many times the usual one may be a cut, and deserves a look
    smallest: float = 8.0  # pixels of the shorter side of a face, in the film; less tells nothing

    def __post_init__(self) -> None:
        check_options(self)
        if not (min(self.per_second, self.side, self.enlarge, *self.other_sides) > 0):
            raise InputError("Sampling.per_second, side, enlarge and other_sides must be more than 0")

    def scale(self, image: NDArray[np.uint8], side: int) -> float:
        """By what a picture (h, w, 3) is scaled for a look at the long side `side`, in pixels."""
        return float(min(self.enlarge, side / max(image.shape[:2])))

    def watch(self, detector: FaceFinder, machine: Machine = Machine()) -> Sampler:
        """What looks at frames as they go by."""
        return Sampler(self, detector, machine)


class Sampler:
    """Looks at frames one after the other, as `Sampling` says. Keeps some frames back.

    The last one is looked at if a cut comes after it; those between two looks, half by half, where a face
    came or went.
    """

    def __init__(self, sampling: Sampling, detector: FaceFinder, machine: Machine) -> None:
        self._sampling, self._detector, self._machine = sampling, detector, machine
        self._recent: deque[_Sample] = deque(maxlen=BACK)  # the last ones, of this shot
        self.due = -np.inf  # seconds at which the next look is due, and the next one at each other size
        self.others_due = dict.fromkeys(sampling.other_sides, -np.inf)
        self._jumped = Jumps(sampling.jump)
        self._last: Detections | None = None  # what the last look saw in this shot

    def see(
        self, frame: int, seconds: float, picture: Picture, signal: NDArray[np.uint8]
    ) -> Iterator[Detections]:
        """Faces of this frame and, if a cut lies between, of the one before; none if there is no need.

        Args:
            picture: gives the frame (h, w, 3) BGR; called only if it is looked at.
            signal: (f,) what of it is compared with its neighbours.
        """
        now = _Sample(frame, seconds, picture, signal)
        if self._jumped(signal):
            yield from self.finish()
            self.due, self._last = -np.inf, None
            self.others_due = dict.fromkeys(self._sampling.other_sides, -np.inf)
        if seconds >= self.due - 1e-6:
            yield from self._look_at(now)
        self._recent.append(now)

    def finish(self) -> Iterator[Detections]:
        """Faces of the last frame, if it has not been looked at."""
        if self._recent:
            last = self._recent.pop()
            yield from self._look_at(last)
        self._recent.clear()

    def _look_at(self, sample: _Sample) -> Iterator[Detections]:
        """Faces of a frame and, before them, of frames since the last look if somebody came or went."""
        if sample.looked:
            return
        sides = [self._sampling.side, *self._others(sample)]
        faces = self._examined(sample, sides)
        came = _moved(self._last, faces)
        if came or _moved(faces, self._last):  # or went
            for between, others in self._between(sides):
                yield from _numbered(between, others)
        hurry = self._sampling.hurry if came else 1.0
        self.due, self._last = sample.seconds + 1 / (hurry * self._sampling.per_second), faces
        yield from _numbered(sample, faces)

    def _others(self, sample: _Sample) -> Iterator[int]:
        """Other sizes that are due."""
        image = sample.picture()
        for side, due in self.others_due.items():
            if sample.seconds >= due - 1e-6 and self._sampling.scale(image, side) != self._sampling.scale(
                image, self._sampling.side
            ):
                yield side

    def _examined(self, sample: _Sample, sides: list[int]) -> Detections:
        """The faces of a frame at some sizes; those that found nothing new need not be tried for a while."""
        sample.looked = True
        image = sample.picture()
        faces = self._at(image, sides[0])
        for side in sides[1:]:
            known, faces = len(faces), merged([faces, self._at(image, side)])
            wait = 0.0 if len(faces) > known else self._sampling.patience
            self.others_due[side] = sample.seconds + wait
        return faces

    def _between(self, sides: list[int]) -> list[tuple[_Sample, Detections]]:
        """Frames since the last look with their faces, closing in on where a face came or went by halves."""
        since = list(itertools.takewhile(lambda sample: not sample.looked, reversed(self._recent)))[::-1]
        before, found = self._last, []
        while len(since) >= NEAR:
            half = len(since) // 2
            middle = since[half]
            faces = self._examined(middle, sides)
            found.append((middle, faces))
            if _moved(before, faces) or _moved(faces, before):
                since = since[:half]
            else:
                since, before = since[half + 1 :], faces
        return sorted(found, key=lambda pair: pair[0].frame)

    def _at(self, image: NDArray[np.uint8], long_side: int) -> Detections:
        scale = self._sampling.scale(image, long_side)
        faces = self._detector(image, scale=scale, machine=self._machine)
        side = (faces.box[:, 2:] - faces.box[:, :2]).min(1) if len(faces) else np.zeros(0)
        return faces[side >= self._sampling.smallest]


class Jumps:
    """Tells of each frame whether it differs from the one before by more than frames lately do."""

    def __init__(self, jump: float) -> None:
        """`jump`: how many times more makes it a likely cut."""
        self._jump, self._before = jump, np.zeros(0, np.int16)
        self._usual = 0.0  # how much neighbouring frames usually differ, of 255

    def __call__(self, signal: NDArray[np.uint8]) -> bool:
        before, self._before = self._before, signal.astype(np.int16)
        if not len(before):
            return False
        change = float(np.abs(self._before - before).mean())
        jumped = change > self._jump * self._usual + 2.0
        self._usual += (min(change, 2 * self._usual + 2.0) - self._usual) / 8
        return jumped


@dataclass(slots=True)
class _Sample:
    frame: int
    seconds: float
    picture: Picture
    signal: NDArray[np.uint8]
    looked: bool = False


def _numbered(sample: _Sample, faces: Detections) -> Iterator[Detections]:
    """The faces as those of their frame; nothing where there are none."""
    if len(faces):
        yield Detections(np.full(len(faces), sample.frame), faces.box, faces.score, faces.landmarks)


def _moved(before: Detections | None, now: Detections | None) -> bool:
    """Whether a face does not lie on where any was at the look before."""
    if before is None or now is None or not len(now):
        return False
    if not len(before):
        return True
    low = np.maximum(before.box[:, None, :2], now.box[None, :, :2])
    high = np.minimum(before.box[:, None, 2:], now.box[None, :, 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=2)
    return bool((common.max(0) < 0.4 * np.prod(now.box[:, 2:] - now.box[:, :2], axis=1)).any())


def merged(parts: list[Detections], max_overlap: float = 0.3) -> Detections:
    """Faces of one picture found at several sizes, each once: of overlapping boxes the surest."""
    import cv2

    faces = Detections.concatenate([p for p in parts if len(p)])
    if len(faces) < 2:
        return faces
    box = np.column_stack([faces.box[:, :2], faces.box[:, 2:] - faces.box[:, :2]])
    kept = cv2.dnn.NMSBoxes(box.tolist(), faces.score.tolist(), 0.0, max_overlap)
    return faces[np.sort(np.asarray(kept, np.int64).ravel())]
