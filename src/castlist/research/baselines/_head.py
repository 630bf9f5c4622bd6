"""A head on top of fixed features, trained with PyTorch: one linear layer that starts as a rotation.

The layer corresponds to the first layer of the SSiam network (features to 512 numbers, taken before the
ReLU), and the loss is computed on its output at length 1. It starts at the leading principal directions, so
that before training the distances are those of the features themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from castlist.extras import needed
from castlist.research.baselines._shared import Floats, Labels, group_means, unit64
from castlist.research.baselines._track_set import TrackSet

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["embed", "faces_by_track", "need_torch", "pick", "rotation", "train_head"]

Draw = Callable[[], tuple[Labels, ...]]


def need_torch(name: str) -> ModuleType:
    """The torch module; raises `MissingExtra` where torch is not installed."""
    with needed(name, "torch"):
        import torch
    module: ModuleType = torch
    return module


def rotation(x: NDArray[np.floating], width: int) -> NDArray[np.float32]:
    """(r, d) the r <= width leading directions of the rows (not centred): a layer that keeps their angles."""
    _, _, v = np.linalg.svd(np.asarray(x.T @ x, np.float64))
    v = v[: min(width, len(v))]
    return np.asarray(v * np.sign(v[np.arange(len(v)), np.abs(v).argmax(1)])[:, None], np.float32)


def train_head(
    x: NDArray[np.float32],
    draw: Draw,
    loss: Callable[..., Tensor],
    *,
    name: str,
    start: NDArray[np.float32],
    steps: int,
    rate: float,
    decay: float = 5e-4,
) -> tuple[NDArray[np.float32], list[float]]:
    """The layer (r, d) after `steps` steps of Adam, and the loss at each.

    draw() gives index arrays into the rows of x, and loss takes as many tensors: the embeddings at length 1.
    """
    torch = need_torch(name)
    faces = torch.from_numpy(np.ascontiguousarray(x))
    layer = torch.from_numpy(start.copy()).requires_grad_(True)
    optimiser = torch.optim.Adam([layer], lr=rate, weight_decay=decay)
    trace = []
    for _ in range(steps):
        parts = [
            torch.nn.functional.normalize(faces[torch.from_numpy(rows)] @ layer.T, dim=1) for rows in draw()
        ]
        value = loss(*parts)
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
        trace.append(float(value.detach()))
    return layer.detach().numpy(), trace


def embed(x: NDArray[np.float32], layer: NDArray[np.float32], track_set: TrackSet) -> Floats:
    """(t, r) track means of the faces' embeddings, at length 1."""
    return unit64(group_means(x @ layer.T, track_set.track, track_set.tracks))


class FacesByTrack(NamedTuple):
    """The faces of t tracks."""

    order: Labels  # (n,) faces, ordered by track
    start: Labels  # (t,) place of each track's first face
    size: Labels  # (t,) number of faces of each track


def faces_by_track(track_set: TrackSet) -> FacesByTrack:
    """The faces in the order of tracks."""
    size = np.bincount(track_set.track, minlength=track_set.tracks)
    return FacesByTrack(np.argsort(track_set.track, kind="stable"), np.cumsum(size) - size, size)


def pick(faces: FacesByTrack, tracks: Labels, rng: np.random.Generator) -> Labels:
    """A random face of each of the tracks."""
    order, start, size = faces
    return np.asarray(order[start[tracks] + rng.integers(0, size[tracks])], np.int64)
