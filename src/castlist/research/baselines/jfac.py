"""JFAC: clustering and adaptation of the features in turn."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.research.baselines._contrast import ContrastiveMethod, itself, training_pairs
from castlist.research.baselines._field import Field, links, simulated_field
from castlist.research.baselines._head import embed, need_torch, rotation
from castlist.research.baselines._method import Labels
from castlist.research.baselines._shared import pca, unit64
from castlist.research.baselines._track_set import TrackSet

__all__ = ["JFAC", "confident_pairs"]


@dataclass(frozen=True, slots=True)
class JFAC(ContrastiveMethod):
    """A random field clusters the tracks, and its surest pairs train a head for the next clustering.
    [Zhang 2016]

    In turn, `rounds` times: (i) labels of least energy -log N(x; mu, sigma) + must- and cannot-links, by EM
    with a simulated field; (ii) contrastive loss d^2 for pairs within a track, must-linked or surely in one
    cluster, max(margin - d, 0)^2 for cannot-linked pairs and pairs surely in two clusters. It ends with a
    clustering. Confirmed by the abstract: the alternation, and pairs found in noisy clusterings.
    Reconstructed from memory: the field, the definition of sure (posterior above `sure`), the loss, all
    numbers; a head on fixed features is adapted instead of the network. Cannot-links are costs and may be
    violated. Time O(rounds * (restarts * sweeps * N K r + steps * batch * d r)), memory O(n d + pairs), with
    at most 200,000 pairs of each kind.
    """

    name = "jfac"
    after = "Zhang et al., ECCV 2016"
    must: float = 100.0
    cannot: float = 100.0
    sure: float = 0.9
    rounds: int = 3
    dimensions: int = 30
    steps: int = 400

    def labels(self, track_set: TrackSet, k: int | None, rng: np.random.Generator) -> Labels:
        need_torch(self.name)
        x = unit64(track_set.features).astype(np.float32)
        layer = rotation(x, self.width)
        found = self._cluster(embed(x, layer, track_set), track_set, k or 1, rng)
        for _ in range(self.rounds):
            alike, apart = confident_pairs(track_set, found, self.sure, rng)
            layer, _ = self.train(track_set, x, layer, alike, apart, rng)
            found = self._cluster(embed(x, layer, track_set), track_set, k or 1, rng)
        return found.label

    def _cluster(
        self, x: NDArray[np.float64], track_set: TrackSet, k: int, rng: np.random.Generator
    ) -> Field:
        alike = links(track_set.tracks, track_set.constraints.must, self.must)
        apart = links(track_set.tracks, track_set.constraints.cannot, self.cannot)
        return simulated_field(pca(x, self.dimensions), k, alike, apart, rng)


def confident_pairs(
    track_set: TrackSet, found: Field, sure: float, rng: np.random.Generator, most: int = 100_000
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(p, 2) pairs of tracks taken for one person, with each track itself, and (q, 2) for two people."""
    t = track_set.tracks
    known = np.flatnonzero(found.posterior.max(1) > sure)
    pairs = known[rng.integers(0, len(known), (most, 2))] if len(known) else itself(0, 1)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    together = found.label[pairs[:, 0]] == found.label[pairs[:, 1]]
    often = max(1, int(together.sum()) // t)  # as many pairs within tracks as across
    alike = [itself(t, often), track_set.constraints.must, pairs[together]]
    return training_pairs(alike, pairs[~together], track_set.constraints.cannot, t)
