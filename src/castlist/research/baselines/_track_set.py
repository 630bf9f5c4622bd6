"""The input of a baseline: the faces of a video, their tracks, and links between tracks."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.types import Constraints, freeze
from castlist.vectors import width

__all__ = ["TrackSet"]


@dataclass(frozen=True, eq=False, slots=True)
class TrackSet:
    """Faces of one video as features, one row per face, each in a track.

    Raises `InputError` where a value is not finite, a track has no face, lengths differ, a constraint names
    an unknown track, or must-links join two tracks that are cannot-linked.
    """

    features: NDArray[np.float32]  # (n, d) output of the network, not normalised
    track: NDArray[np.int64]  # (n,) 0 to t - 1; every track has a face
    constraints: Constraints = field(default_factory=Constraints.empty)  # between tracks
    frame: NDArray[np.int64] | None = None  # (n,) frame of each face
    box: NDArray[np.float32] | None = None  # (n, 4) left, top, right, bottom in pixels
    views: tuple[NDArray[np.float32], ...] = ()  # each (n, dv): other descriptors of the same faces
    track_frames: NDArray[np.int64] | None = None  # (t,) number of faces of each track, if not all are given

    def __post_init__(self) -> None:
        wide = width(self.features, "TrackSet.features")
        freeze(self, features=(np.float32, (None, wide)), track=(np.int64, (None,)))
        for name, dtype, shape in (("frame", np.int64, ()), ("box", np.float32, (4,))):
            if getattr(self, name) is not None:
                freeze(self, **{name: (dtype, (len(self.track), *shape))})
        views = tuple(np.asarray(view, np.float32) for view in self.views)
        object.__setattr__(self, "views", views)
        if any(view.ndim != 2 or len(view) != len(self.track) for view in views):
            raise InputError(f"TrackSet.views must each have one row a face, {len(self.track)} in all")
        arrays = [self.features, *views] + ([] if self.box is None else [self.box])
        if not all(np.isfinite(array).all() for array in arrays):
            raise InputError("TrackSet holds NaN or infinite values; remove those faces first")
        self._check_tracks()

    def _check_tracks(self) -> None:
        if len(self.track) and (self.track.min() < 0 or np.any(np.bincount(self.track) == 0)):
            raise InputError(
                "TrackSet.track must number the tracks 0, 1, ... and give every one at least one face"
            )
        if self.track_frames is not None:
            freeze(self, track_frames=(np.int64, (self.tracks,)))
        pairs = self.constraints
        if len(pairs) and (
            min(pairs.a.min(), pairs.b.min()) < 0 or max(pairs.a.max(), pairs.b.max()) >= self.tracks
        ):
            raise InputError(f"TrackSet.constraints name a track that is not among the {self.tracks} given")
        group = self.groups
        if np.any(group[pairs.cannot[:, 0]] == group[pairs.cannot[:, 1]]):
            raise InputError(
                "TrackSet.constraints contradict: must-links join two tracks that are cannot-linked"
            )

    def __len__(self) -> int:
        return len(self.track)

    @property
    def tracks(self) -> int:
        """The number of tracks."""
        return int(self.track.max(initial=-1)) + 1

    @property
    def weight(self) -> NDArray[np.float64]:
        """(t,) number of faces of each track in the video."""
        counts = (
            np.bincount(self.track, minlength=self.tracks) if self.track_frames is None else self.track_frames
        )
        return np.asarray(counts, np.float64)

    @property
    def groups(self) -> NDArray[np.int64]:
        """(t,) the group of each track under must-links: 0, 1, ... by first appearance."""
        label = np.arange(self.tracks)
        for a, b in self.constraints.must:
            label[label == label[b]] = label[a]
        first = np.unique(label, return_index=True, return_inverse=True)
        return np.argsort(np.argsort(first[1]))[first[2]].astype(np.int64)

    def subset(self, tracks: NDArray[np.int64]) -> TrackSet:
        """The track set of some of its tracks, numbered 0, 1, ... in the given order."""
        number = np.full(self.tracks, -1)
        number[tracks] = np.arange(len(tracks))
        rows = np.flatnonzero(number[self.track] >= 0)
        kept = self.constraints[(number[self.constraints.a] >= 0) & (number[self.constraints.b] >= 0)]
        return TrackSet(
            self.features[rows],
            number[self.track[rows]],
            Constraints(number[kept.a], number[kept.b], kept.same, kept.origin),
            None if self.frame is None else self.frame[rows],
            None if self.box is None else self.box[rows],
            tuple(view[rows] for view in self.views),
            None if self.track_frames is None else self.track_frames[tracks],
        )
