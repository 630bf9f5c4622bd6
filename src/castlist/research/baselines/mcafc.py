"""McAFC: graph-guided sparse subspace clustering."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.research.baselines._method import Labels, Method
from castlist.research.baselines._shared import Floats, chunk_means, group_means, pca, spectral, unit64
from castlist.research.baselines._sparse import affinity_of, self_expression
from castlist.research.baselines._track_set import TrackSet

__all__ = ["McAFC", "forbidden_pairs"]


@dataclass(frozen=True, slots=True)
class McAFC(Method):
    """Faces as sparse sums of other faces, the same for must-linked ones, then spectral clustering.
    [Zhou 2015]

    min_C 1/2 ||X - XC||^2 + sparse ||C||_1 + fused sum_{must-links (i, j)} ||c_i - c_j||_1, C_ij = 0 on the
    diagonal and on cannot-links; |C| + |C|^T, summed over the parts of each track, is cut into K. Confirmed
    by the abstract: graph-guided sparse subspace clustering and its cues, links and the gender attribute.
    Reconstructed: the formula and smoothing proximal gradient as its solver (inferred from the references).
    There is no gender here: a track set has no attributes. The items are the means of `parts` successive
    parts of each track, as many as `max_items` allows; with one part for each track, only given must-links
    guide. Cannot-links hold in C, but the cut may violate them. Time O(iterations * M^2 p + M^3) for M items,
    memory O(M^2), 8 matrices of 4 M^2 bytes.
    """

    name = "mcafc"
    after = "Zhou et al., ACM MM 2015"
    sparse: float = 0.1
    fused: float = 0.1
    parts: int = 2
    dimensions: int = 100
    iterations: int = 150
    max_items: int = 3_500
    max_tracks: int = 3_500

    def labels(self, track_set: TrackSet, k: int | None, rng: np.random.Generator) -> Labels:
        parts = max(1, min(self.parts, self.max_items // track_set.tracks))
        x, track = chunk_means(track_set, parts)
        edges = _edges(np.concatenate([_within(track), _between(track, track_set.constraints.must)]), len(x))
        forbidden = forbidden_pairs(track_set)[np.ix_(track, track)]
        c, _ = self_expression(
            unit64(pca(x, self.dimensions)),
            forbidden,
            self.sparse,
            edges=edges,
            fused=self.fused,
            iterations=self.iterations,
        )
        affinity = group_means(
            group_means(affinity_of(c), track, track_set.tracks).T, track, track_set.tracks
        )
        return spectral(affinity, k or 1, rng)


def forbidden_pairs(track_set: TrackSet) -> NDArray[np.bool_]:
    """(t, t) whether two tracks are cannot-linked, or must-linked with cannot-linked tracks."""
    pairs, group = track_set.groups[track_set.constraints.cannot], track_set.groups
    apart = np.zeros((int(group.max()) + 1,) * 2, bool)
    apart[pairs[:, 0], pairs[:, 1]] = apart[pairs[:, 1], pairs[:, 0]] = True
    return apart[np.ix_(group, group)]


def _within(track: Labels) -> NDArray[np.int64]:
    """Pairs of successive items of one track (items are in track order)."""
    i = np.flatnonzero(track[1:] == track[:-1])
    return np.stack([i, i + 1], 1)


def _between(track: Labels, must: NDArray[np.int64]) -> NDArray[np.int64]:
    first = np.searchsorted(track, np.arange(int(track.max()) + 1))
    return np.asarray(first[must])


def _edges(pairs: NDArray[np.int64], count: int) -> Floats:
    from scipy.sparse import csr_matrix

    e = np.arange(len(pairs))
    data = np.repeat(np.array([1, -1], np.float32), len(pairs))
    return csr_matrix((data, (np.tile(e, 2), pairs.T.ravel())), shape=(len(pairs), count))  # type: ignore[no-any-return]
