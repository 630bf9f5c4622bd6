"""What all baselines share: the checks before and the promises after a method's own mathematics."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from castlist.baselines._scene import Scene
from castlist.baselines._shared import reconcile, squared_distances, track_means
from castlist.errors import InputError
from castlist.types import NOISE, Clustering

__all__ = ["Baseline", "Method", "ScaleWarning"]

Labels = NDArray[np.int64]


class ScaleWarning(UserWarning):
    """A method was given more than it can hold, and clusters a sample of it."""


class Baseline(Protocol):
    """A published way to put the tracks of a video into clusters."""

    name: ClassVar[str]
    needs: ClassVar[frozenset[str]]  # beyond features: "times", "boxes", "second view"
    estimates_k: ClassVar[bool]  # whether it can work without being told the number of people

    def __call__(self, scene: Scene, k: int | None, *, random_state: int = 0) -> Clustering: ...


@dataclass(frozen=True, slots=True)
class Method(ABC):
    """A baseline: `method(scene, k, random_state=0)` gives every track a cluster.

    With k given there are exactly k clusters and no noise. Raises `InputError` where k is missing and the
    method cannot do without, k is not between 1 and the number of tracks, or the scene lacks what it needs.
    """

    name: ClassVar[str]
    needs: ClassVar[frozenset[str]] = frozenset()
    estimates_k: ClassVar[bool] = False
    constrained: ClassVar[bool] = True  # whether it looks at cannot-links
    max_tracks: int = 10_000  # beyond: a ScaleWarning, a sample of so many, the others to the nearest cluster

    @abstractmethod
    def labels(self, scene: Scene, k: int | None, rng: np.random.Generator) -> Labels:
        """(t,) a label for each of two or more tracks; about k different ones where k is given."""

    def __call__(self, scene: Scene, k: int | None, *, random_state: int = 0) -> Clustering:
        self.check(scene, k)
        t = scene.tracks
        if t < 2 or k in (1, t):
            return Clustering(np.arange(t, dtype=np.int32) * (k != 1))
        rng = np.random.default_rng(random_state)
        label = self.labels(scene, k, rng) if t <= self.max_tracks else self._of_sample(scene, k, rng)
        if k is not None:
            label = reconcile(label, track_means(scene), k)
        return Clustering(np.asarray(label, np.int32))

    def check(self, scene: Scene, k: int | None) -> None:
        """Raise `InputError` where this method cannot cluster this scene into k."""
        here = {
            "times": scene.frame is not None,
            "boxes": scene.box is not None,
            "second view": bool(scene.views),
        }
        for need in sorted(self.needs):
            if not here[need]:
                raise InputError(
                    f"{self.name} needs {need}, which this scene does not have; choose another method"
                )
        if k is None and not self.estimates_k and scene.tracks:
            raise InputError(f"{self.name} must be told the number of people; give k")
        if k is not None and scene.tracks and not 1 <= k <= scene.tracks:
            raise InputError(f"k must be between 1 and the number of tracks ({scene.tracks}), got {k}")

    def _of_sample(self, scene: Scene, k: int | None, rng: np.random.Generator) -> Labels:
        """Cluster a random sample of the tracks; every other track joins the nearest cluster it may join."""
        size = max(self.max_tracks, k or 0)
        warnings.warn(
            f"{self.name} clusters {size} of {scene.tracks} tracks; the others join the nearest cluster",
            ScaleWarning,
            stacklevel=3,
        )
        chosen = np.sort(rng.permutation(scene.tracks)[:size])
        found = self.labels(scene.subset(chosen), k, rng)
        label = np.full(scene.tracks, NOISE)
        label[chosen] = found
        if (found >= 0).any():
            _join(
                label,
                np.setdiff1d(np.arange(scene.tracks), chosen),
                scene,
                _partners(scene) if self.constrained else {},
            )
        return label


def _join(label: Labels, rest: Labels, scene: Scene, foes: dict[int, list[int]]) -> None:
    """Give each of the rest the cluster of nearest mean, none of its foes' where there is another."""
    x = track_means(scene)
    cluster = np.unique(label[label >= 0])
    centre = np.stack([x[label == c].mean(0) for c in cluster])
    for node, row in zip(rest.tolist(), squared_distances(x[rest], centre), strict=True):
        taken = np.isin(cluster, label[foes.get(node, [])])
        label[node] = cluster[np.argmin(row if taken.all() else np.where(taken, np.inf, row))]


def _partners(scene: Scene) -> dict[int, list[int]]:
    """The tracks cannot-linked with each track."""
    found: dict[int, list[int]] = {}
    for a, b in scene.constraints.cannot.tolist():
        found.setdefault(a, []).append(b)
        found.setdefault(b, []).append(a)
    return found
