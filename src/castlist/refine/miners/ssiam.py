"""SSiam: the farthest of the nearest pairs and the nearest of the farthest pairs of a random subset.

Sharma, Tapaswi, Sarfraz, Stiefelhagen, "Self-Supervised Learning of Face Representations for Video Face
Clustering", FG 2019. No track and no label is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from castlist.refine.pairs import Pairs
from castlist.refine.ranks import Extremes, Ranks

__all__ = ["SSiamMiner", "batch_sizes", "hardest"]


@dataclass(frozen=True, slots=True)
class SSiamMiner:
    """Batches of `batch` pairs, half of them positive, with one draw of `subset` rows for each batch.

    An epoch has n pairs in all, for n rows; its last batch has the rest, as in the authors' trainer (41,220
    rows: 322 batches of 128 and one of 4).
    """

    ranks: Ranks
    rows: int  # n
    subset: int = 3000  # B, drawn with replacement
    batch: int = 128  # 2K
    epochs: int = 15

    def __len__(self) -> int:
        return self.epochs * -(-self.rows // self.batch)

    def __call__(self, rng: np.random.Generator) -> Iterator[Pairs]:
        """The batches of all epochs, in order."""
        for size in batch_sizes(self.rows, self.batch, self.epochs):
            drawn = rng.integers(self.rows, size=self.subset)
            yield hardest(drawn, self.ranks(drawn), size // 2, size - size // 2)


def hardest(drawn: np.ndarray, found: Extremes, positives: int, negatives: int) -> Pairs:
    """The draw's `positives` farthest nearest pairs and `negatives` nearest farthest pairs.

    Of equal distances, the row drawn earlier comes first.
    """
    far_positive = np.argsort(-found.near_squared, kind="stable")[:positives]
    close_negative = np.argsort(found.far_squared, kind="stable")[:negatives]
    return Pairs.from_pairs(
        np.stack([drawn[far_positive], found.near[far_positive]], 1),
        np.stack([drawn[close_negative], found.far[close_negative]], 1),
    )


def batch_sizes(rows: int, batch: int, epochs: int) -> Iterator[int]:
    """The number of pairs in each batch: `batch`, and the rest of the rows in the last batch of an epoch."""
    for _ in range(epochs):
        for start in range(0, rows, batch):
            yield min(batch, rows - start)
