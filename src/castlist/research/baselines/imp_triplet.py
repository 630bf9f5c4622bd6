"""Imp-Triplet: an embedding from triplets of tracks, then agglomeration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from castlist.research.baselines._head import embed, faces_by_track, need_torch, pick, rotation, train_head
from castlist.research.baselines._method import Labels, Method
from castlist.research.baselines._shared import hac, unit64
from castlist.research.baselines._track_set import TrackSet

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["ImpTriplet", "improved_triplet_loss"]


@dataclass(frozen=True, slots=True)
class ImpTriplet(Method):
    """A head trained on triplets: two faces of a track, and a face of a co-occurring track, pushed away from
    both. [Zhang 2016]

    mean [margin + d(a, p) - (d(a, n) + d(p, n)) / 2]_+ + weight [d(a, p) - radius]_+, d the squared Euclidean
    distance of embeddings at length 1; a and p are faces of one track, n of a track cannot-linked with it.
    Then Ward on track means. Confirmed by the abstract: the kind of triplets, the bound on the positive pair,
    K given. Reconstructed from memory: the formula, all numbers, Ward; here a head on fixed features is
    trained instead of the whole network. Without cannot-links there is no training. Cannot-links train the
    head and may be violated. Time O(steps * batch * d r + N^2 r), memory O(n d + N^2).
    """

    name = "imp-triplet"
    after = "Zhang et al., PCM 2016"
    trained = True
    margin: float = 1.0
    radius: float = 0.2
    weight: float = 1.0
    width: int = 512
    steps: int = 1000
    batch: int = 128
    rate: float = 1e-4
    max_tracks: int = 15_000

    def labels(self, track_set: TrackSet, k: int | None, rng: np.random.Generator) -> Labels:
        need_torch(self.name)
        x = unit64(track_set.features).astype(np.float32)
        layer, faces = rotation(x, self.width), faces_by_track(track_set)
        cannot = np.concatenate([track_set.constraints.cannot, track_set.constraints.cannot[:, ::-1]])

        def draw() -> tuple[Labels, ...]:
            anchor, other = cannot[rng.integers(0, len(cannot), self.batch)].T
            return pick(faces, anchor, rng), pick(faces, anchor, rng), pick(faces, other, rng)

        if len(cannot):
            layer, _ = train_head(
                x, draw, self.loss, name=self.name, start=layer, steps=self.steps, rate=self.rate
            )
        return hac(embed(x, layer, track_set), k or 1, "ward")

    def loss(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return improved_triplet_loss(anchor, positive, negative, self.margin, self.radius, self.weight)


def improved_triplet_loss(
    a: Tensor, p: Tensor, n: Tensor, margin: float, radius: float, weight: float
) -> Tensor:
    """The mean loss of rows of three tensors."""
    near = ((a - p) ** 2).sum(1)
    far = (((a - n) ** 2).sum(1) + ((p - n) ** 2).sum(1)) / 2
    return ((margin + near - far).clamp(min=0) + weight * (near - radius).clamp(min=0)).mean()
