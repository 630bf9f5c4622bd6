"""SSiam's mining with other anchors: ranked within strata of picture quality, or reciprocal and not ranked.

SSiam (Sharma et al., FG 2019) ranks the pairs of a random subset by absolute distance. Where the length or
the noise of a feature depends on the quality of its picture, as in ArcFace and SFace, that ranking picks
pictures by quality: the ranked negatives of raw vectors are the shortest (most blurred) ones. These two
variants are ours, not the paper's:

- ranked within quality: the hardest pairs of each eighth of quality, equally many from each;
- not ranked, reciprocal: random anchors that are the nearest neighbour of their nearest in the subset.

Rows are drawn without replacement, so that no row is its own nearest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.refine.miners.ssiam import batch_sizes
from castlist.refine.pairs import Pairs
from castlist.refine.ranks import Ranks
from castlist.vectors import shaped

__all__ = ["STRATA", "SubsetMiner", "quality_strata"]

STRATA = 8  # strata of quality; other numbers were not tried (docs/refine.md)

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SubsetMiner:
    """Batches as in SSiam: half positive pairs, half negative, with one draw of `subset` rows for each."""

    ranks: Ranks
    rows: int  # n
    stratum: Ints | None = None  # (n,) stratum of each row for a ranking within strata; None: not ranked
    reciprocal: bool = False  # positives are pairs that are each other's nearest
    subset: int = 3000
    batch: int = 128
    epochs: int = 15

    def __len__(self) -> int:
        return self.epochs * -(-self.rows // self.batch)

    def __call__(self, rng: np.random.Generator) -> Iterator[Pairs]:
        """The batches of all epochs, in order."""
        for size in batch_sizes(self.rows, self.batch, self.epochs):
            drawn = rng.permutation(self.rows)[: self.subset]
            found = self.ranks(drawn)
            allowed = self._mutual(drawn, found.near) if self.reciprocal else np.arange(len(drawn))
            positive = self._anchors(drawn, -found.near_squared, allowed, size // 2)
            rest = np.arange(len(drawn))[::-1]  # other anchors than those of positives, where not ranked
            negative = self._anchors(drawn, found.far_squared, rest, size - size // 2)
            yield Pairs.from_pairs(
                np.stack([drawn[positive], found.near[positive]], 1),
                np.stack([drawn[negative], found.far[negative]], 1),
            )

    def _mutual(self, drawn: Ints, near: Ints) -> Ints:
        """Places of the drawn rows that are the nearest row of their nearest row."""
        place = np.full(self.rows, -1)
        place[drawn] = np.arange(len(drawn))
        return np.flatnonzero(near[place[near]] == drawn)

    def _anchors(self, drawn: Ints, ease: NDArray[np.float32], allowed: Ints, count: int) -> Ints:
        """Places of `count` of the allowed anchors: the least ease of each stratum, or the first ones."""
        if self.stratum is None:
            return allowed[:count]
        order = allowed[np.lexsort((ease[allowed], self.stratum[drawn[allowed]]))]
        stratum = self.stratum[drawn[order]]
        rank = np.arange(len(order)) - np.searchsorted(stratum, stratum)  # within the stratum, hardest first
        return order[np.argsort(rank, kind="stable")][:count]


def quality_strata(quality: NDArray[np.floating], count: int = STRATA) -> Ints:
    """(n,) stratum 0 (worst) to count - 1 of each row by quality (n,), with equally many rows in each.

    Raises:
        InputError: quality is not a row of finite numbers, or `count` is less than 1.
    """
    quality = shaped(quality, np.float64, ("n",), "quality")
    if count < 1:
        raise InputError(f"count must be 1 or more, got {count}")
    rank = np.empty(len(quality), np.int64)
    rank[np.argsort(quality, kind="stable")] = np.arange(len(quality))
    return rank * count // max(len(quality), 1)
