"""Runs the searches for faces that the sampler will probably need next in a helper thread.

The frames that the sampler searches depend on earlier results, so the searches cannot simply be distributed.
But most can be predicted, and the result of a search does not depend on when it runs: a wrong prediction
costs time, and never changes a result.
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

Searches = dict[float, HelperTask[Detections]]  # by scale


class LookAhead:
    """A `Sampler` that gets each frame `lag` frames later, when most searches have been started.

    It yields the same faces as the sampler alone, later.
    """

    def __init__(
        self, sampling: Sampling, detector: FaceFinder, machine: Machine, helper: HelperThread, lag: int
    ) -> None:
        self._sampling, self._detector, self._machine, self._helper = sampling, detector, machine, helper
        self._lag = lag
        self._searches: dict[int, Searches] = {}  # by the id() of pictures in `_coming` and `_before`
        self._sampler = Sampler(sampling, self._found, machine)
        self._jumps = Jumps(sampling.jump)
        self._coming: deque[_Coming] = deque()
        self._before: _Coming | None = None  # the last frame that the sampler got

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
        """Faces of the remaining frames."""
        while self._coming:
            yield from self._show()
        yield from self._sampler.finish()
        self._forget(self._before)

    def _show(self) -> Iterator[Detections]:
        """Give the sampler the next frame; if a shot begins with it, the frame before is searched, too."""
        now = self._coming.popleft()
        yield from self._sampler.see(now.frame, now.seconds, now.picture, now.signal)
        self._forget(self._before)
        self._before = now

    def _plan(self) -> None:
        """Start the searches expected for the coming frames, and drop those no longer expected."""
        due, others = self._sampler.due, dict(self._sampler.others_due)
        for number, now in enumerate(self._coming):
            if now.jumped:
                due, others = -np.inf, dict.fromkeys(others, -np.inf)
            last = number + 1 < len(self._coming) and self._coming[number + 1].jumped
            if now.seconds < due - 1e-6 and not last:
                self._forget(now)
                continue
            also = [side for side, seconds in others.items() if now.seconds >= seconds - 1e-6]
            if not now.searches:
                self._begin(now, also)
            due = now.seconds + 1 / self._sampling.per_second
            others |= dict.fromkeys(also, now.seconds + self._sampling.patience)

    def _begin(self, now: _Coming, also: list[int]) -> None:
        image = now.picture()  # in this thread: a film is read by one thread
        now.picture = lambda: image  # so that the sampler gets the same array
        for side in (self._sampling.side, *also):
            scale = self._sampling.scale(image, side)
            if scale not in now.searches:
                now.searches[scale] = self._helper.ahead(partial(self._search, image, scale))
        self._searches[id(image)] = now.searches
        now.image = id(image)

    def _search(self, image: NDArray[np.uint8], scale: float) -> Detections:
        return self._detector(image, scale=scale, machine=self._machine)

    def _found(self, image: NDArray[np.uint8], *, scale: float, machine: Machine) -> Detections:
        """The faces of a picture, from a search that was started before, or now."""
        task = self._searches.get(id(image), {}).pop(scale, None)
        return self._search(image, scale) if task is None else task.result()

    def _forget(self, frame: _Coming | None) -> None:
        """Drop the searches started for a frame that is not needed, or not needed any more."""
        if frame is None or not frame.searches:
            return
        for task in frame.searches.values():
            task.drop()
        del self._searches[frame.image]
        frame.searches = {}


@dataclass(slots=True)
class _Coming:
    frame: int
    seconds: float
    picture: Picture
    signal: NDArray[np.uint8]
    jumped: bool
    image: int = 0  # id() of its picture, once searches are started
    searches: Searches = field(default_factory=dict)
