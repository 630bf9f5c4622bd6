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

BACK = 7  # frames before the present one that may still be searched
NEAR = 2  # least number of frames between two searched frames for a search between these

Picture = Callable[[], NDArray[np.uint8]]


class FaceFinder(Protocol):
    """Finds the faces of a picture (h, w, 3) BGR at a scale, as any detector does."""

    def __call__(self, image: NDArray[np.uint8], /, *, scale: float, machine: Machine) -> Detections: ...


@dataclass(frozen=True, slots=True)
class Sampling:
    """Searches some frames of each second for faces, and both sides of a cut, now and then at other sizes.

    A frame is searched at a long side of `side` pixels. Each of `other_sides` finds faces that are too large
    or too small for `side`: it is used in every search while it finds some, and else once in `patience`
    seconds. These options alone determine the cost of detection.
    """

    per_second: float = 6.0  # searched frames for each second; faces in between are interpolated
    side: int = 640  # pixels of the long side
    other_sides: tuple[int, ...] = (320, 1152)  # pixels: for faces that fill the picture, and for small ones
    enlarge: float = 2.0  # most enlargement: enough for a face of `smallest`, and blur is not found as a face
    patience: float = 1.0  # seconds between searches at another size that find no further faces
    hurry: float = 2.0  # factor on `per_second` while a face is not where it was in the last searched frame
    jump: float = 2.5  # multiple of the usual change between frames from which there may be a cut
    smallest: float = 8.0  # pixels of the shorter side of a face in the film; smaller ones are useless

    def __post_init__(self) -> None:
        check_options(self)
        if not (min(self.per_second, self.side, self.enlarge, *self.other_sides) > 0):
            raise InputError("Sampling.per_second, side, enlarge and other_sides must be more than 0")

    def scale(self, image: NDArray[np.uint8], side: int) -> float:
        """The factor that scales a picture (h, w, 3) to a long side of `side` pixels."""
        return float(min(self.enlarge, side / max(image.shape[:2])))

    def watch(self, detector: FaceFinder, machine: Machine = Machine()) -> Sampler:
        """A sampler with these options, for frames in order."""
        return Sampler(self, detector, machine)


class Sampler:
    """Searches frames in order, with the options of `Sampling`; it keeps the most recent frames.

    The last frame before a cut is searched. Where a face appeared or disappeared between two searched frames,
    frames in between are searched by bisection.
    """

    def __init__(self, sampling: Sampling, detector: FaceFinder, machine: Machine) -> None:
        self._sampling, self._detector, self._machine = sampling, detector, machine
        self._recent: deque[_Sample] = deque(maxlen=BACK)  # the most recent frames of this shot
        self.due = -np.inf  # seconds at which the next search is due; below, at each other size
        self.others_due = dict.fromkeys(sampling.other_sides, -np.inf)
        self._jumped = Jumps(sampling.jump)
        self._last: Detections | None = None  # faces of the last searched frame of this shot

    def see(
        self, frame: int, seconds: float, picture: Picture, signal: NDArray[np.uint8]
    ) -> Iterator[Detections]:
        """Faces of this frame and, if a cut lies between, of the frame before; none if no search is due.

        Args:
            picture: gives the frame (h, w, 3) BGR; called only if the frame is searched.
            signal: (f,) the frame's signal, which is compared with that of the frame before.
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
        """Faces of the last frame, if it has not been searched."""
        if self._recent:
            last = self._recent.pop()
            yield from self._look_at(last)
        self._recent.clear()

    def _look_at(self, sample: _Sample) -> Iterator[Detections]:
        """Faces of a frame, after those of frames in between where a face appeared or disappeared."""
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
        """The other sizes that are due."""
        image = sample.picture()
        for side, due in self.others_due.items():
            if sample.seconds >= due - 1e-6 and self._sampling.scale(image, side) != self._sampling.scale(
                image, self._sampling.side
            ):
                yield side

    def _examined(self, sample: _Sample, sides: list[int]) -> Detections:
        """The faces of a frame at some sizes; a size without further faces is not due again for a while."""
        sample.looked = True
        image = sample.picture()
        faces = self._at(image, sides[0])
        for side in sides[1:]:
            known, faces = len(faces), merged([faces, self._at(image, side)])
            wait = 0.0 if len(faces) > known else self._sampling.patience
            self.others_due[side] = sample.seconds + wait
        return faces

    def _between(self, sides: list[int]) -> list[tuple[_Sample, Detections]]:
        """Frames since the last search with their faces, by bisection to where a face came or went."""
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
    """Tells whether a frame differs from the frame before by more than recent frames do."""

    def __init__(self, jump: float) -> None:
        """`jump`: the multiple of the usual difference from which a cut is likely."""
        self._jump, self._before = jump, np.zeros(0, np.int16)
        self._usual = 0.0  # usual difference of neighbouring frames, of 255

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
    """The faces with the number of their frame; nothing where there are no faces."""
    if len(faces):
        yield Detections(np.full(len(faces), sample.frame), faces.box, faces.score, faces.landmarks)


def _moved(before: Detections | None, now: Detections | None) -> bool:
    """Whether a face overlaps no face of the searched frame before."""
    if before is None or now is None or not len(now):
        return False
    if not len(before):
        return True
    low = np.maximum(before.box[:, None, :2], now.box[None, :, :2])
    high = np.minimum(before.box[:, None, 2:], now.box[None, :, 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=2)
    return bool((common.max(0) < 0.4 * np.prod(now.box[:, 2:] - now.box[:, :2], axis=1)).any())


def merged(parts: list[Detections], max_overlap: float = 0.3) -> Detections:
    """Faces of one picture found at several sizes; of overlapping boxes the one with the best score."""
    import cv2

    faces = Detections.concatenate([p for p in parts if len(p)])
    if len(faces) < 2:
        return faces
    box = np.column_stack([faces.box[:, :2], faces.box[:, 2:] - faces.box[:, :2]])
    kept = cv2.dnn.NMSBoxes(box.tolist(), faces.score.tolist(), 0.0, max_overlap)
    return faces[np.sort(np.asarray(kept, np.int64).ravel())]
