"""Sampling of parts: between looks at a whole picture only what is around faces, or changed, is searched."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from castlist.detect.regions import (
    Found,
    Part,
    Reference,
    around,
    changed_parts,
    cost,
    elsewhere,
    no_surer,
    whole,
)
from castlist.detect.sampling import NEAR, TRACED, Picture, Sampling
from castlist.types import Detections, Machine

__all__ = ["PartSampler"]

WORTH = 0.5  # share of the whole picture above which parts that changed are not searched one by one
CUT = 5.0  # of 255: a change from which on the splitters may see a cut (ContentSplitter.floor is as much)


class PartSampler:
    """Looks at frames one after the other, as `Sampling` says. Keeps some frames back.

    The last one is looked at if a cut comes after it; those between two looks, half by half, where a face
    came or went.
    """

    def __init__(self, look: Sampling, detector: object, machine: Machine) -> None:
        self._look, self._detector, self._machine = look, detector, machine
        self._seen: deque[_Seen] = deque(maxlen=TRACED)  # the last ones, of this shot
        self._due = -np.inf  # seconds at which the next look is due,
        self._whole_at, self._whole_due = -np.inf, -np.inf  # the last and the next one at the whole picture,
        self._others_due = dict.fromkeys(look.other_sides, -np.inf)  # and the next one at each other size
        self._tried: list[int] = []  # other sizes of the last look at the whole picture
        self._reference = {side: Reference() for side in (look.side, *look.other_sides)}
        self._usual = 0.0  # how much neighbouring frames usually differ
        self._last: Found | None = None  # what the last look saw in this shot

    def see(
        self,
        frame: int,
        seconds: float,
        picture: Picture,
        signal: NDArray[np.uint8],
        thumb: NDArray[np.uint8] | None = None,
    ) -> Iterator[Detections]:
        """Faces of this frame and, if a cut lies between, of the one before; none if there is no need.

        Args:
            picture: gives the frame (h, w, 3) BGR; called only if it is looked at.
            signal: (f,) what of it is compared with its neighbours.
            thumb: (h, w, 3) BGR, the frame made small, each pixel the mean of its area; without it every
                look is at the whole picture.
        """
        now = _Seen(frame, seconds, picture, signal, thumb)
        change = self._change(signal)
        if self._jumped(change):
            yield from self.finish()
            self._begin(cut=change > CUT)
        if seconds >= self._due - 1e-6:
            yield from self._look_at(now)
        self._seen.append(now)

    def finish(self) -> Iterator[Detections]:
        """Faces of the last frame, if it has not been looked at."""
        if self._seen:
            last = self._seen.pop()
            yield from self._look_at(last)
        self._seen.clear()

    def _change(self, signal: NDArray[np.uint8]) -> float:
        """How much a frame differs from the one before, 0 to 255."""
        return float(np.abs(signal.astype(np.int16) - self._seen[-1].signal).mean()) if self._seen else 0.0

    def _jumped(self, change: float) -> bool:
        if not self._seen:
            return False
        jumped = change > self._look.jump * self._usual + 2.0
        self._usual += (min(change, 2 * self._usual + 2.0) - self._usual) / 8
        return jumped

    def _begin(self, *, cut: bool) -> None:
        """Look at everything anew, at the other sizes too where this may be another shot."""
        self._due, self._whole_due, self._last = -np.inf, -np.inf, None
        self._reference[self._look.side].forget()
        if cut:
            self._others_due = dict.fromkeys(self._look.other_sides, -np.inf)
            for reference in self._reference.values():
                reference.forget()

    def _look_at(self, seen: _Seen) -> Iterator[Detections]:
        """Faces of a frame and, before them, of frames since the last look if somebody came or went."""
        if seen.faces is not None:
            return
        faces = self._in_parts(seen)
        if faces is None:
            faces = self._in_all(seen)
        seen.faces = faces
        came = elsewhere(self._last, faces)
        if len(came):
            yield from self._traced(came)
        if len(elsewhere(faces, self._last)):  # somebody went
            yield from self._halves(self._since(lambda earlier: earlier.faces is not None), self._last, faces)
        seen.made.clear()
        hurry = self._look.hurry if len(came) else 1.0
        self._due, self._last = seen.seconds + 1 / (hurry * self._look.per_second), faces
        yield from _numbered(seen, faces)

    def _since(self, last: Callable[[_Seen], bool]) -> list[_Seen]:
        """The frames that are kept since the last one of a kind."""
        return list(itertools.takewhile(lambda seen: not last(seen), reversed(self._seen)))[::-1]

    def _traced(self, came: Found) -> Iterator[Detections]:
        """Faces that came, in the frames since the whole picture was searched, back to where they came."""
        frames, before = self._since(lambda earlier: earlier.whole), Found.nothing()
        for i in reversed([i for i, seen in enumerate(frames) if seen.faces is not None]):
            known = frames[i].faces or Found.nothing()
            there = elsewhere(known, self._there(frames[i], came))
            if not len(there):
                frames, before = frames[i + 1 :], known
                break
            frames[i].faces = Found.concatenate([known, there])
            yield from _numbered(frames[i], there)
            frames, came = frames[:i], there
        yield from self._halves(frames, before, came)

    def _in_all(self, seen: _Seen) -> Found:
        """The faces of a frame at the usual size and the others that are due."""
        image = seen.picture()
        faces = self._at(image, self._look.side)
        self._searched(self._look.side, seen)
        self._whole_at, self._whole_due = seen.seconds, seen.seconds + self._look.patience
        seen.whole = True
        if seen.thumb is not None and self._last is not None:  # known ones of other sizes
            other = self._last[self._last.scale != self._scale(image, self._look.side)]
            if len(other):
                faces = _merged([faces, self._there(seen, other)])
        self._tried = list(self._others(seen))
        for side in self._tried:
            known, faces = len(faces), _merged([faces, *self._changed_at(side, seen)])
            again = seen.thumb is None and len(faces) > known  # without parts they would be lost
            self._others_due[side] = seen.seconds + (0.0 if again else self._look.patience)
        return faces

    def _others(self, seen: _Seen) -> Iterator[int]:
        """Other sizes that are due."""
        image = seen.picture()
        for side, due in self._others_due.items():
            other = self._scale(image, side) != self._scale(image, self._look.side)
            if other and seen.seconds >= due - 1e-6:
                yield side

    def _changed_at(self, side: int, seen: _Seen) -> list[Found]:
        """Faces at another size, where the picture changed since that size was tried."""
        image = seen.picture()
        parts = self._changed_parts(side, seen, ())
        found = [self._at(image, side)] if parts is None else [self._parts(seen, parts)[0]]
        self._searched(side, seen)
        return found

    def _changed_parts(self, side: int, seen: _Seen, known: Sequence[Part]) -> list[Part] | None:
        """Parts outside of known ones that changed since a size was tried there; None: all of the picture."""
        if seen.thumb is None:
            return None
        changed = self._reference[side].changed(seen.thumb)
        if changed is None:
            return None
        image = seen.picture()
        (height, width), scale = image.shape[:2], self._scale(image, side)
        parts = changed_parts(changed, known, width, height, scale)
        return parts if cost([*known, *parts]) < WORTH * whole(width, height, scale).cost else None

    def _in_parts(self, seen: _Seen) -> Found | None:
        """The faces of a frame around known ones and where it changed; None where all is to be searched."""
        if self._last is None or seen.thumb is None or seen.seconds >= self._whole_due - 1e-6:
            return None
        image = seen.picture()
        known = self._around(image, self._last)
        parts = self._changed_parts(self._look.side, seen, known)
        if parts is None:  # too much has changed
            self._whole_due = min(self._whole_due, self._whole_at + self._look.patience / 2)
            if seen.seconds >= self._whole_due - 1e-6 or self._since(lambda s: s.whole)[TRACED - 1 :]:
                return None
        faces, cut = self._parts(seen, [*known, *(parts or ())])
        if cut:
            self._whole_due = seen.seconds
        self._searched(self._look.side, seen, [*known, *(parts or ())])
        faces, doubtful = no_surer(faces, self._last)
        if doubtful:
            self._whole_due = min(self._whole_due, self._whole_at + self._look.patience / 4)
        if len(elsewhere(self._last, faces)):  # to be confirmed
            self._whole_due = seen.seconds
        return faces

    def _around(self, image: NDArray[np.uint8], found: Found) -> list[Part]:
        height, width = image.shape[:2]
        scales = [self._scale(image, side) for side in (self._look.side, *self._look.other_sides)]
        return around(found, width, height, scales)

    def _parts(self, seen: _Seen, parts: Sequence[Part]) -> tuple[Found, bool]:
        """The faces in parts of a picture, and whether an edge cuts off one that is in no other part."""
        scaled = {scale: seen.scaled(scale) for scale in {part.scale for part in parts}}
        images = [part.of(scaled[part.scale]) for part in parts]
        inside, at_edge = [], []
        for part, faces in zip(parts, self._many(images, [1.0] * len(parts)), strict=True):
            cut = part.cuts(faces.box, scaled[part.scale].shape[1::-1])
            inside.append(part.moved(faces[~cut] if cut.any() else faces))
            if cut.any():
                at_edge.append(part.moved(faces[cut]))
        found = self._large(_merged(inside))
        return found, bool(at_edge) and len(elsewhere(found, Found.concatenate(at_edge))) > 0

    def _halves(self, frames: list[_Seen], before: Found | None, after: Found) -> Iterator[Detections]:
        """Faces of frames between two looks, closing in on where a face came or went by halves."""
        both = Found.concatenate([f for f in (before, after) if f is not None])
        looked = []
        while len(frames) >= NEAR:
            half = len(frames) // 2
            middle = frames[half]
            middle.faces = there = self._there(middle, both)
            middle.made.clear()
            looked.append(middle)
            if len(elsewhere(before, there)) or len(elsewhere(there, before)):
                frames = frames[:half]
            else:
                frames, before = frames[half + 1 :], there
        for seen in sorted(looked, key=lambda seen: seen.frame):
            yield from _numbered(seen, seen.faces or Found.nothing())

    def _there(self, seen: _Seen, found: Found) -> Found:
        """The faces of a frame around where some are at looks before and after."""
        image = seen.picture()
        if seen.thumb is None:
            return _merged([self._at(image, side) for side in (self._look.side, *self._tried)])
        return no_surer(self._parts(seen, self._around(image, found))[0], found)[0]

    def _searched(self, side: int, seen: _Seen, parts: Sequence[Part] | None = None) -> None:
        if seen.thumb is not None:
            height, width = seen.picture().shape[:2]
            self._reference[side].searched(seen.thumb, parts, width, height)

    def _scale(self, image: NDArray[np.uint8], long_side: int) -> float:
        return float(min(self._look.enlarge, long_side / max(image.shape[:2])))

    def _at(self, image: NDArray[np.uint8], long_side: int) -> Found:
        scale = self._scale(image, long_side)
        return self._large(Found.of(self._many([image], [scale])[0], scale))

    def _many(self, images: Sequence[NDArray[np.uint8]], scales: Sequence[float]) -> list[Detections]:
        """The faces in each of several pictures."""
        many = getattr(self._detector, "many", None)
        if many is not None:
            return list(many(images, scales, machine=self._machine))
        return [
            self._detector(image, scale=scale, machine=self._machine)  # type: ignore[operator]
            for image, scale in zip(images, scales, strict=True)
        ]

    def _large(self, found: Found) -> Found:
        if not len(found):
            return found
        large = (found.box[:, 2:] - found.box[:, :2]).min(1) >= self._look.smallest
        return found if large.all() else found[large]


@dataclass(slots=True)
class _Seen:
    frame: int
    seconds: float
    picture: Picture
    signal: NDArray[np.uint8]
    thumb: NDArray[np.uint8] | None = None
    faces: Found | None = None  # if it was looked at
    whole: bool = False  # whether all of it was searched
    made: dict[float, NDArray[np.uint8]] = field(default_factory=dict)  # the picture at scales

    def scaled(self, scale: float) -> NDArray[np.uint8]:
        """(h, w, 3) the picture at a scale, as detectors make it."""
        import cv2

        if scale == 1:
            return self.picture()
        if scale not in self.made:
            self.made[scale] = np.asarray(cv2.resize(self.picture(), None, fx=scale, fy=scale), np.uint8)
        return self.made[scale]


def _numbered(seen: _Seen, found: Found) -> Iterator[Detections]:
    """The faces as those of their frame; nothing where there are none."""
    faces = found.faces
    if len(faces):
        yield Detections(np.full(len(faces), seen.frame), faces.box, faces.score, faces.landmarks)


def _merged(parts: list[Found], max_overlap: float = 0.3) -> Found:
    """Faces of one picture found in several parts, each once: of overlapping boxes the surest."""
    import cv2

    found = Found.concatenate(parts)
    if len(found) < 2:
        return found
    box = np.column_stack([found.box[:, :2], found.box[:, 2:] - found.box[:, :2]])
    kept = cv2.dnn.NMSBoxes(box.tolist(), found.faces.score.tolist(), 0.0, max_overlap)
    return found[np.sort(np.asarray(kept, np.int64).ravel())]
