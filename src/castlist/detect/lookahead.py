"""Runs the detections that the sampler will probably need next in a helper thread.

Which frames the sampler looks at depends on what it found before, so looks cannot simply be shared out.
But most can be foretold, and what a detector finds in a picture is the same whoever asks and when: a look
that was foretold wrongly costs time, and no result ever depends on any.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from castlist.detect.sampling import FaceFinder, Jumps, Picture, Sampler, Sampling
from castlist.helper_thread import HelperTask, HelperThread
from castlist.types import Detections, Machine

__all__ = ["LookAhead"]

Looks = dict[float, HelperTask[Detections]]  # by scale


class LookAhead:
    """A `Sampler` that is shown each frame `lag` frames later, and has most looks begun by then.

    What it yields is what the sampler alone yields, later.
    """

    def __init__(
        self, sampling: Sampling, detector: FaceFinder, machine: Machine, helper: HelperThread, lag: int
    ) -> None:
        self._sampling, self._detector, self._machine, self._helper = sampling, detector, machine, helper
        self._lag = lag
        self._begun: dict[int, Looks] = {}  # by the identity of pictures that `_coming` and `_before` hold
        self._sampler = Sampler(sampling, self._found, machine)
        self._jumps = Jumps(sampling.jump)
        self._coming: deque[_Coming] = deque()
        self._before: _Coming | None = None  # the frame that the sampler was shown last

    def see(
        self, frame: int, seconds: float, picture: Picture, signal: NDArray[np.uint8]
    ) -> Iterator[Detections]:
        """Faces of frames up to the one `lag` frames before; see `Sampler.see`."""
        self._coming.append(_Coming(frame, seconds, picture, signal, self._jumps(signal)))
        self._plan()
        if len(self._coming) > self._lag:
            due = self._sampler.due
            yield from self._show()
            if self._sampler.due != due:
                self._plan()

    def finish(self) -> Iterator[Detections]:
        """Faces of the frames that are left."""
        while self._coming:
            yield from self._show()
        yield from self._sampler.finish()
        self._forget(self._before)

    def _show(self) -> Iterator[Detections]:
        """Show the sampler the next frame. If a shot begins with it, it looks at the one before too."""
        now = self._coming.popleft()
        yield from self._sampler.see(now.frame, now.seconds, now.picture, now.signal)
        self._forget(self._before)
        self._before = now

    def _plan(self) -> None:
        """Begin the looks that are expected of the coming frames, and drop those that no longer are."""
        due, others = self._sampler.due, dict(self._sampler.others_due)
        for number, now in enumerate(self._coming):
            if now.jumped:
                due, others = -np.inf, dict.fromkeys(others, -np.inf)
            last = number + 1 < len(self._coming) and self._coming[number + 1].jumped
            if now.seconds < due - 1e-6 and not last:
                self._forget(now)
                continue
            also = [side for side, seconds in others.items() if now.seconds >= seconds - 1e-6]
            if not now.begun:
                self._begin(now, also)
            due = now.seconds + 1 / self._sampling.per_second
            others |= dict.fromkeys(also, now.seconds + self._sampling.patience)

    def _begin(self, now: _Coming, also: list[int]) -> None:
        image = now.picture()  # here: a film is read by one thread
        now.picture = lambda: image  # the sampler asks for this very picture
        for side in (self._sampling.side, *also):
            scale = self._sampling.scale(image, side)
            if scale not in now.begun:
                now.begun[scale] = self._helper.ahead(partial(self._search, image, scale))
        self._begun[id(image)] = now.begun
        now.image = id(image)

    def _search(self, image: NDArray[np.uint8], scale: float) -> Detections:
        return self._detector(image, scale=scale, machine=self._machine)

    def _found(self, image: NDArray[np.uint8], *, scale: float, machine: Machine) -> Detections:
        """What the detector finds, begun already or not."""
        task = self._begun.get(id(image), {}).pop(scale, None)
        return self._search(image, scale) if task is None else task.result()

    def _forget(self, frame: _Coming | None) -> None:
        """Drop the looks begun at a frame that is not looked at, or no more."""
        if frame is None or not frame.begun:
            return
        for task in frame.begun.values():
            task.drop()
        del self._begun[frame.image]
        frame.begun = {}


@dataclass(slots=True)
class _Coming:
    frame: int
    seconds: float
    picture: Picture
    signal: NDArray[np.uint8]
    jumped: bool
    image: int = 0  # its picture's identity, once looks are begun
    begun: Looks = field(default_factory=dict)
