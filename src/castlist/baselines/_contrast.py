"""The contrastive loss, and training a head with pairs of faces drawn from pairs of tracks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from castlist.baselines._head import faces_by_track, need_torch, pick, train_head
from castlist.baselines._scene import Scene
from castlist.baselines._shared import Labels

__all__ = ["contrastive_loss", "train_on_pairs"]


def contrastive_loss(a: Any, b: Any, same: Any, margin: float) -> Any:
    """mean of d^2 where same is 1 and of max(margin - d, 0)^2 where it is 0, d the Euclidean distance of
    rows."""
    square = ((a - b) ** 2).sum(1)
    distance = (square + 1e-12).sqrt()
    return (same * square + (1 - same) * (margin - distance).clamp(min=0) ** 2).mean()


def train_on_pairs(
    scene: Scene,
    x: NDArray[np.float32],
    start: NDArray[np.float32],
    alike: NDArray[np.int64],
    apart: NDArray[np.int64],
    rng: np.random.Generator,
    *,
    name: str,
    margin: float,
    steps: int,
    batch: int,
    rate: float,
) -> tuple[NDArray[np.float32], list[float]]:
    """A head trained on as many positive pairs as negative ones, and the loss at each step.

    alike (p, 2) and apart (q, 2) are pairs of tracks; a track may be alike itself. Without negative pairs
    nothing is trained, since all faces would fall into one point.
    """
    if not len(alike) or not len(apart):
        return start, []
    faces, half = faces_by_track(scene), max(batch // 2, 1)
    torch = need_torch(name)
    same = torch.cat([torch.ones(half), torch.zeros(half)])

    def draw() -> tuple[Labels, ...]:
        pairs = np.concatenate(
            [alike[rng.integers(0, len(alike), half)], apart[rng.integers(0, len(apart), half)]]
        )
        return pick(faces, pairs[:, 0], rng), pick(faces, pairs[:, 1], rng)

    return train_head(
        x,
        draw,
        lambda a, b: contrastive_loss(a, b, same, margin),
        name=name,
        start=start,
        steps=steps,
        rate=rate,
    )
