"""Two faces in one frame are two people: cannot-links between co-occurring tracks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.option_values import check_options
from castlist.types import CO_OCCURRENCE, Constraints, Tracks

__all__ = ["CoOccurrence"]


@dataclass(frozen=True, slots=True)
class CoOccurrence:
    """Cannot-links between tracks that share frames with their boxes clearly apart.

    Frames count only where both tracks have a face: a track that pauses while another is visible does not
    co-occur with it. Two overlapping boxes are one face found twice, not two people, so a pair is linked only
    if its boxes are apart in at least `min_frames` shared frames and overlap in at most `max_shared` of
    these.  [Cinbis, Verbeek, Schmid, ICCV 2011]

    A track that slips off its face in its last frames, while another track begins on that face, is not linked
    with it either: the boxes touch in all shared frames, and these are few, the last frames of the first
    track and the first frames of the second (`max_handover`).
    """

    min_frames: int = 2  # shared frames with the boxes apart; a blink of one frame is often a false face
    max_overlap: float = 0.4  # intersection over the smaller box, above which two boxes hold one face
    max_shared: float = 0.1  # share of the common frames in which the boxes may overlap
    max_handover: float = 0.1  # shared frames of a handover, as a share of the shorter track; 0: none

    def __post_init__(self) -> None:
        check_options(self)
        if self.min_frames < 1:
            raise InputError(f"CoOccurrence.min_frames must be at least 1, got {self.min_frames}")
        for name in ("max_overlap", "max_shared", "max_handover"):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f"CoOccurrence.{name} must lie in [0, 1], got {getattr(self, name)}")

    def __call__(self, tracks: Tracks) -> Constraints:
        """The cannot-linked pairs (a < b), ordered, each once; origin CO_OCCURRENCE."""
        n = len(tracks)
        pair, overlap = _all_meetings(tracks)
        pairs, place = np.unique(pair, return_inverse=True)
        shared = np.bincount(place, overlap > self.max_overlap, len(pairs)).astype(np.int64)
        frames = np.bincount(place, minlength=len(pairs)) - shared
        met = (frames >= self.min_frames) & (shared <= self.max_shared * (frames + shared))
        touching = np.bincount(place, overlap > 0, len(pairs)) == frames + shared
        handed = touching & self._handover(tracks, pairs, frames + shared)
        kept = pairs[met & ~handed]
        c = len(kept)
        origin = np.full(c, CO_OCCURRENCE, np.int8)
        return Constraints(kept // max(n, 1), kept % max(n, 1), np.zeros(c, np.bool_), origin)

    def _handover(
        self, tracks: Tracks, pairs: NDArray[np.int64], frames: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """(q,) whether one track of each pair ends, and the other begins, in the few frames they share."""
        a, b = np.divmod(pairs, max(len(tracks), 1))
        few = frames <= self.max_handover * np.minimum(tracks.size[a], tracks.size[b])
        in_turn = (tracks.first[a] < tracks.first[b]) == (tracks.last[a] < tracks.last[b])
        return np.asarray(few & in_turn)


def _all_meetings(tracks: Tracks) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """(q,) keys and overlaps of all `meetings`."""
    each = list(meetings(tracks))
    keys = [np.zeros(0, np.int64), *(pair for pair, _ in each)]
    return np.concatenate(keys), np.concatenate([np.zeros(0, np.float32), *(overlap for _, overlap in each)])


def meetings(tracks: Tracks) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Pairs of faces in one frame: keys `a * len(tracks) + b` with a < b, and the overlaps of the boxes.

    The k-th item pairs each face with the face k rows later in the order of frames, so that the loop has as
    many steps as the most crowded frame has faces.
    """
    order = np.lexsort((tracks.track, tracks.frame))
    frame, track, box = tracks.frame[order], tracks.track[order], tracks.box[order]
    for k in range(1, len(frame)):
        rows = np.flatnonzero(frame[k:] == frame[:-k])
        if not len(rows):
            return
        a, b = track[rows], track[rows + k]
        two = a != b
        yield (
            np.minimum(a, b)[two] * len(tracks) + np.maximum(a, b)[two],
            overlap_of_smaller(box[rows[two]], box[rows[two] + k]),
        )


def overlap_of_smaller(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n,) area common to each pair of boxes over the area of the smaller one, 0 to 1."""
    low, high = np.maximum(a[:, :2], b[:, :2]), np.minimum(a[:, 2:], b[:, 2:])
    common = np.prod(np.clip(high - low, 0, None), axis=1)
    smaller = np.minimum(np.prod(a[:, 2:] - a[:, :2], axis=1), np.prod(b[:, 2:] - b[:, :2], axis=1))
    return np.asarray(common / np.maximum(smaller, 1e-9), np.float32)
