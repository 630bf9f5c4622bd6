"""The base of all baselines: checks before a method, and guarantees about its result."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.option_values import set_options
from castlist.research.baselines._shared import reconcile, squared_distances, track_set_means
from castlist.research.baselines._track_set import TrackSet
from castlist.types import NOISE, Clustering

__all__ = ["Baseline", "Method", "ScaleWarning"]

Labels = NDArray[np.int64]


class ScaleWarning(UserWarning):
    """A method got more tracks than it can cluster, and clusters a sample of them."""


class Baseline(Protocol):
    """A published method that clusters the tracks of a video."""

    name: ClassVar[str]
    needs: ClassVar[frozenset[str]]  # in addition to features: "times", "boxes", "a second view"
    estimates_k: ClassVar[bool]  # whether it works without the number of people

    def __call__(self, track_set: TrackSet, k: int | None, /, *, random_state: int = 0) -> Clustering: ...


@dataclass(frozen=True, slots=True)
class Method(ABC):
    """A baseline: `method(track_set, k, random_state=0)` gives every track a cluster.

    With k given there are exactly k clusters and no noise. Raises `InputError` where the method needs k and k
    is missing, k is not between 1 and the number of tracks, or the track set lacks data that the method
    needs.
    """

    name: ClassVar[str]
    needs: ClassVar[frozenset[str]] = frozenset()
    estimates_k: ClassVar[bool] = False
    constrained: ClassVar[bool] = True  # whether it uses cannot-links
    randomised: ClassVar[bool] = True  # whether the result may depend on the random state
    trained: ClassVar[bool] = False  # whether it trains with PyTorch
    after: ClassVar[str] = ""  # the paper, where the method is reconstructed without its text or code
    max_tracks: int = 10_000  # of more tracks a sample is clustered (ScaleWarning); others join the nearest

    def __post_init__(self) -> None:
        set_options(self, lambda f: float(str(f.type).startswith("int")), f"{self.name}.")

    @abstractmethod
    def labels(self, track_set: TrackSet, k: int | None, rng: np.random.Generator) -> Labels:
        """(t,) a label for each of two or more tracks; about k different labels where k is given."""

    def __call__(self, track_set: TrackSet, k: int | None, *, random_state: int = 0) -> Clustering:
        self.check(track_set, k)
        t = track_set.tracks
        if t < 2 or k in (1, t):
            return Clustering(np.arange(t, dtype=np.int32) * (k != 1))
        rng = np.random.default_rng(random_state)
        label = self.labels(track_set, k, rng) if t <= self.max_tracks else self._of_sample(track_set, k, rng)
        if k is not None:
            label = reconcile(label, track_set_means(track_set), k)
        return Clustering(np.asarray(label, np.int32))

    def varies(self, tracks: int) -> bool:
        """Whether the result may depend on the random state; beyond max_tracks it always may."""
        return self.randomised or tracks > self.max_tracks

    def lacks(self, track_set: TrackSet) -> list[str]:
        """The data that this method needs and the track set does not have."""
        available = {
            "times": track_set.frame is not None,
            "boxes": track_set.box is not None,
            "a second view": bool(track_set.views),
        }
        return [need for need in sorted(self.needs) if not available[need]]

    def check(self, track_set: TrackSet, k: int | None) -> None:
        """Raise `InputError` where this method cannot cluster this track set into k."""
        missing = " and ".join(self.lacks(track_set))
        if missing:
            raise InputError(
                f"{self.name} needs {missing}, which this track set does not have; choose another method"
            )
        if k is None and not self.estimates_k and track_set.tracks:
            raise InputError(f"{self.name} needs the number of people; give k")
        if k is not None and track_set.tracks and not 1 <= k <= track_set.tracks:
            raise InputError(f"k must be between 1 and the number of tracks ({track_set.tracks}), got {k}")

    def _of_sample(self, track_set: TrackSet, k: int | None, rng: np.random.Generator) -> Labels:
        """Cluster a random sample of the tracks; other tracks join the nearest allowed cluster."""
        size = max(self.max_tracks, k or 0, 2)
        warnings.warn(
            f"{self.name} clusters {size} of {track_set.tracks} tracks; the others join the nearest cluster",
            ScaleWarning,
            stacklevel=3,
        )
        chosen = np.sort(rng.permutation(track_set.tracks)[:size])
        found = self.labels(track_set.subset(chosen), k, rng)
        label = np.full(track_set.tracks, NOISE)
        label[chosen] = found
        if (found >= 0).any():
            _join(
                label,
                np.setdiff1d(np.arange(track_set.tracks), chosen),
                track_set,
                _partners(track_set) if self.constrained else {},
            )
        return label


def _join(label: Labels, rest: Labels, track_set: TrackSet, cannot: dict[int, list[int]]) -> None:
    """Give each of the rest the cluster of nearest mean, if possible one without cannot-linked tracks."""
    x = track_set_means(track_set)
    cluster = np.unique(label[label >= 0])
    centre = np.stack([x[label == c].mean(0) for c in cluster])
    for node, row in zip(rest.tolist(), squared_distances(x[rest], centre), strict=True):
        taken = np.isin(cluster, label[cannot.get(node, [])])
        label[node] = cluster[np.argmin(row if taken.all() else np.where(taken, np.inf, row))]


def _partners(track_set: TrackSet) -> dict[int, list[int]]:
    """The tracks cannot-linked with each track."""
    found: dict[int, list[int]] = {}
    for a, b in track_set.constraints.cannot.tolist():
        found.setdefault(a, []).append(b)
        found.setdefault(b, []).append(a)
    return found
