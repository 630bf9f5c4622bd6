"""BCL: an embedding in balls of one learned radius, which decides where merging stops."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from castlist.research.baselines._head import need_torch
from castlist.research.baselines._method import Labels, Method
from castlist.research.baselines._shared import group_means, track_set_means, unit64
from castlist.research.baselines._track_set import TrackSet
from castlist.research.baselines.c1c import c1c_levels

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["BCL", "ball_loss", "complete_until"]


@dataclass(frozen=True, slots=True)
class BCL(Method):
    """A network that puts every identity into a ball of one learned radius; merging stops at its diameter.
    [Tapaswi 2019]

    loss = 4 mean relu(||f - mu_own||^2 - b) + mean relu(9 b + 0.05 - min over others ||f - mu||^2), f the
    output at length 1 of an MLP d-256-128-64-64, mu the mean of an identity's faces in the batch at length 1,
    b = softplus(h) the learned squared radius, h = 0.1 at first. Track means are merged by complete linkage
    on squared distance up to 4 b, or to k. All this is confirmed in the authors' code. Different here: they
    learn identities from labelled films; without labels, C1C's coarsest partition of the video is used
    instead, so its mistakes are learned, too. Steps, rates (ten times the network's for the radius) and the
    length of the features, sqrt(d), are ours. Cannot-links shape those identities and may be violated. Time
    O(N^2 d + steps * batch * d * 256), memory O(n d + N^2).
    """

    name = "bcl"
    trained = True
    estimates_k = True
    steps: int = 300
    batch: int = 2000
    rate: float = 1e-3
    max_tracks: int = 6_000

    def labels(self, track_set: TrackSet, k: int | None, rng: np.random.Generator) -> Labels:
        torch = need_torch(self.name)
        level = c1c_levels(track_set_means(track_set), track_set.groups, track_set.constraints.cannot)[-1]
        x = unit64(track_set.features).astype(np.float32) * np.float32(np.sqrt(track_set.features.shape[1]))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(rng.integers(2**31)))
            net, squared_radius = self._train(torch, x, level[track_set.track], rng)
        with torch.no_grad():
            pooled = group_means(x, track_set.track, track_set.tracks).astype(np.float32)
            found = (
                torch.nn.functional.normalize(net(torch.from_numpy(pooled)), dim=1).numpy().astype(np.float64)
            )
        return complete_until(found, 4 * squared_radius, k)

    def _train(
        self, torch: ModuleType, x: NDArray[np.float32], identity: Labels, rng: np.random.Generator
    ) -> tuple[Tensor, float]:
        """The network, and the squared radius b."""
        wide = [x.shape[1], 256, 128, 64]
        layers = [m for i, o in pairwise(wide) for m in (torch.nn.Linear(i, o), torch.nn.ReLU())]
        net = torch.nn.Sequential(*layers, torch.nn.Linear(64, 64))
        h = torch.tensor(0.1, requires_grad=True)
        groups = [{"params": list(net.parameters()), "lr": self.rate}, {"params": [h], "lr": 10 * self.rate}]
        optimiser = torch.optim.Adam(groups)
        for _ in range(self.steps):
            rows = rng.integers(0, len(x), min(self.batch, 4 * len(x)))
            cluster = torch.from_numpy(np.unique(identity[rows], return_inverse=True)[1])
            f = torch.nn.functional.normalize(net(torch.from_numpy(x[rows])), dim=1)
            value = ball_loss(torch, f, cluster, torch.nn.functional.softplus(h))
            optimiser.zero_grad()
            value.backward()
            optimiser.step()
        return net, float(torch.nn.functional.softplus(h.detach()))


def ball_loss(torch: ModuleType, f: Tensor, cluster: Tensor, b: Tensor) -> Tensor:
    """The mean loss of outputs f (m, r) at length 1, of identities `cluster` (m,), for a squared radius b."""
    count = int(cluster.max()) + 1
    onehot = torch.nn.functional.one_hot(cluster, count).to(f.dtype)
    mean = torch.nn.functional.normalize(onehot.T @ f, dim=1)
    distance = ((f[:, None] - mean[None]) ** 2).sum(2)
    inside = (distance[torch.arange(len(f)), cluster] - b).clamp(min=0).mean()
    if count == 1:
        return 4 * inside
    nearest = (distance + 1e6 * onehot).min(1).values
    return 4 * inside + (9 * b + 0.05 - nearest).clamp(min=0).mean()


def complete_until(x: NDArray[np.float64], limit: float, k: int | None) -> Labels:
    """(t,) complete linkage on squared distance: to k clusters, or with all merges up to the limit."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import pdist

    from castlist.research.baselines._shared import cut

    tree = linkage(pdist(x, "sqeuclidean"), "complete")
    return cut(tree, k) if k else np.asarray(fcluster(tree, limit, "distance"), np.int64)
