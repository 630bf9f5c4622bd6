"""FGG: an embedding by convolution over the graph of links."""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from castlist.extras import needed
from castlist.research.baselines._convolution import adjacency, forward, network
from castlist.research.baselines._head import need_torch
from castlist.research.baselines._method import Labels, Method
from castlist.research.baselines._shared import Floats, chunk_means, group_means, unit64
from castlist.research.baselines._track_set import TrackSet

if TYPE_CHECKING:
    from torch.nn import ModuleDict

__all__ = ["FGG", "link_graph", "ward_on_graph"]


Edges = tuple[NDArray[np.int64], Floats]  # pairs (e, 2) and weights (e,)


@dataclass(frozen=True, slots=True)
class FGG(Method):
    """An embedding by graph convolution over pieces of tracks and their links, then Ward.
    [Roethlingshoefer 2019]

    A track of n faces is cut into clip(1 + (n - 50) // 10, 1, 10) pieces, all must-linked and each with the
    track's cannot-links. Among nodes without any edge, the 1.5 % most alike pairs become must-links and as
    many least alike cannot-links. Network: linear d-1024, ELU, three residual convolutions 512-256-128 with
    one normalised adjacency for each kind of edge, BN and ELU between; loss 1/2 mean over edges of d^2 (must)
    and relu(1 - d^2) (cannot); Adam 1e-4, 30 steps on the whole graph. Then Ward over a graph of 0.1 N
    neighbours. All is confirmed in the authors' code; ours: one item for each track at the end (their option
    to pool first), features at length sqrt(d), so that the mean square of the values is 1, weights of added
    links at least 0.01. Cannot-links train the network and may be violated. Time O(steps * (edges * 1024 + M
    d * 1024)) for M pieces, memory O(M * 1024 + edges).
    """

    name = "fgg"
    trained = True
    epochs: int = 30
    rate: float = 1e-4
    added: float = 0.03
    near: float = 0.1
    max_tracks: int = 6_000

    def labels(self, track_set: TrackSet, k: int | None, rng: np.random.Generator) -> Labels:
        torch = need_torch(self.name)
        pieces = np.clip(1 + (track_set.weight.astype(np.int64) - 50) // 10, 1, 10)
        x, track = chunk_means(track_set, pieces)
        must, cannot = link_graph(x, track, track_set, self.added)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(rng.integers(2**31)))
            net = network(torch, x.shape[1])
            found, _ = self._train(torch, net, x, must, cannot)
        return ward_on_graph(unit64(group_means(found, track, track_set.tracks)), k or 1, self.near)

    def _train(
        self, torch: ModuleType, net: ModuleDict, x: Floats, must: Edges, cannot: Edges
    ) -> tuple[Floats, list[float]]:
        """(m, 128) the embedding, and the loss at each step."""
        kinds = [adjacency(torch, len(x), *edges) for edges in (must, cannot)]
        nodes = torch.from_numpy((x * np.sqrt(x.shape[1])).astype(np.float32))
        optimiser = torch.optim.Adam(net.parameters(), lr=self.rate)
        (a, b), (c, d) = (torch.from_numpy(pairs).T for pairs, _ in (must, cannot))
        trace = []
        for _ in range(self.epochs):
            z = forward(torch, net, nodes, kinds)
            apart = (1 - ((z[c] - z[d]) ** 2).sum(1)).clamp(min=0)
            value = (
                0.5 * torch.cat([((z[a] - z[b]) ** 2).sum(1), apart]).mean()
                if len(a) + len(c)
                else z.sum() * 0
            )
            optimiser.zero_grad()
            value.backward()
            optimiser.step()
            trace.append(float(value.detach()))
        with torch.no_grad():
            return forward(torch, net, nodes, kinds).numpy().astype(np.float64), trace


def link_graph(x: Floats, track: Labels, track_set: TrackSet, added: float) -> tuple[Edges, Edges]:
    """Must- and cannot-links between the pieces: each (e, 2) pairs and (e,) weights."""
    first = np.searchsorted(track, np.arange(track_set.tracks + 1))
    span = [np.arange(first[t], first[t + 1]) for t in range(track_set.tracks)]
    inside = [np.stack(np.triu_indices(len(s), 1), 1) + s[0] for s in span]
    across = [
        [
            np.stack([np.repeat(span[a], len(span[b])), np.tile(span[b], len(span[a]))], 1)
            for a, b in pairs.tolist()
        ]
        for pairs in (track_set.constraints.must, track_set.constraints.cannot)
    ]
    must, cannot = (
        np.concatenate([np.zeros((0, 2), np.int64), *parts]) for parts in (inside + across[0], across[1])
    )
    alone = np.setdiff1d(np.arange(len(x)), np.concatenate([must.ravel(), cannot.ravel()]))
    i, j = np.triu_indices(len(alone), 1)
    cosine = (x[alone] @ x[alone].T)[i, j]
    order = np.argsort(-cosine, kind="stable")
    count = int(added * len(i) / 2)
    pairs = np.stack([alone[i], alone[j]], 1)[order]
    end = len(pairs) - count
    return (
        (np.concatenate([must, pairs[:count]]), _weights(len(must), cosine[order][:count])),
        (np.concatenate([cannot, pairs[end:]]), _weights(len(cannot), cosine[order][end:])),
    )


def _weights(sure: int, cosine: Floats) -> Floats:
    """1 for each known link, then 1 - distance for each added link, at least 0.01."""
    return np.concatenate([np.ones(sure), np.maximum(cosine, 0.01)])


def ward_on_graph(x: Floats, k: int, near: float) -> Labels:
    """(t,) k clusters by Ward, with merges only along the graph of near * t nearest neighbours."""
    import warnings

    with needed("FGG", "features"):
        from sklearn.cluster import AgglomerativeClustering
        from sklearn.neighbors import kneighbors_graph

    graph = kneighbors_graph(x, min(max(1, int(near * len(x))), len(x) - 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # several parts are completed, as in their code
        model = AgglomerativeClustering(k, linkage="ward", connectivity=graph.maximum(graph.T))
        return np.asarray(model.fit_predict(x), np.int64)
