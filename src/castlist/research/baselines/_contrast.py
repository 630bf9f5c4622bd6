"""The contrastive loss, and training a head with pairs of faces drawn from pairs of tracks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from castlist.research.baselines._head import faces_by_track, need_torch, pick, train_head
from castlist.research.baselines._method import Labels, Method
from castlist.research.baselines._shared import allowed
from castlist.research.baselines._track_set import TrackSet

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["ContrastiveMethod", "contrastive_loss", "itself", "training_pairs"]


def contrastive_loss(a: Tensor, b: Tensor, same: Tensor, margin: float) -> Tensor:
    """Mean of d^2 where same is 1, else of max(margin - d, 0)^2; d is the Euclidean distance of two rows."""
    square = ((a - b) ** 2).sum(1)
    distance = (square + 1e-12).sqrt()
    return (same * square + (1 - same) * (margin - distance).clamp(min=0) ** 2).mean()


@dataclass(frozen=True, slots=True)
class ContrastiveMethod(Method):
    """A baseline that trains a head on pairs of tracks, with the options of its training."""

    trained = True
    margin: float = 1.0
    width: int = 512
    steps: int = 1000
    batch: int = 256
    rate: float = 1e-4
    max_tracks: int = 15_000

    def train(
        self,
        track_set: TrackSet,
        x: NDArray[np.float32],
        start: NDArray[np.float32],
        alike: NDArray[np.int64],
        apart: NDArray[np.int64],
        rng: np.random.Generator,
    ) -> tuple[NDArray[np.float32], list[float]]:
        """A head trained on as many positive pairs as negative ones, and the loss at each step.

        alike (p, 2) and apart (q, 2) are pairs of tracks; a track may be paired with itself in `alike`.
        Without negative pairs there is no training, since all faces would move to one point.
        """
        if not len(alike) or not len(apart):
            return start, []
        faces, half = faces_by_track(track_set), max(self.batch // 2, 1)
        torch = need_torch(self.name)
        same = torch.cat([torch.ones(half), torch.zeros(half)])

        def draw() -> tuple[Labels, ...]:
            pairs = np.concatenate([p[rng.integers(0, len(p), half)] for p in (alike, apart)])
            return pick(faces, pairs[:, 0], rng), pick(faces, pairs[:, 1], rng)

        def loss(a: Tensor, b: Tensor) -> Tensor:
            return contrastive_loss(a, b, same, self.margin)

        return train_head(x, draw, loss, name=self.name, start=start, steps=self.steps, rate=self.rate)


def training_pairs(
    alike: list[NDArray[np.int64]], apart: NDArray[np.int64], cannot: NDArray[np.int64], count: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(p, 2) pairs taken for one person, without cannot-linked ones, and (q, 2) pairs taken for two people.

    The known cannot-links have as many copies as there are guesses in `apart`.
    """
    often = max(1, len(apart) // max(len(cannot), 1))
    return allowed(np.concatenate(alike), cannot, count), np.concatenate([np.repeat(cannot, often, 0), apart])


def itself(count: int, times: int) -> NDArray[np.int64]:
    """(count * times, 2) every track paired with itself."""
    return np.repeat(np.stack([np.arange(count)] * 2, 1), times, 0)
