"""Frames in, detections out: boxes of faces, and landmarks of eyes, nose and mouth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from castlist import _former
from castlist.detect.lookahead import LookAhead
from castlist.detect.sampling import BACK, Sampler, Sampling
from castlist.detect.scrfd import SCRFD
from castlist.detect.yunet import YuNet
from castlist.types import Detections, Machine

__all__ = ["BACK", "DETECTORS", "SCRFD", "Detector", "LookAhead", "Sampler", "Sampling", "YuNet"]


class Detector(Protocol):
    """Finds faces in a picture (h, w, 3) BGR; boxes and landmarks are in pixels of that picture."""

    @property
    def model(self) -> str:
        """The model's name: faces of two models are never mixed."""
        ...

    def __call__(self, image: NDArray[np.uint8], /, *, scale: float, machine: Machine) -> Detections: ...


DETECTORS = {"yunet": YuNet, "scrfd": SCRFD}

if not TYPE_CHECKING:
    __getattr__ = _former.names(__name__, Look="Sampling", Watcher="Sampler")
