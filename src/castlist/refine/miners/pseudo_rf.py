"""Pseudo-RF, SSiam's control: nearest and farthest of a random subset, with no ranking over anchors.

Yan, Hauptmann, Jin, "Multimedia search with pseudo-relevance feedback", CIVR 2003, as a baseline on the
slides of Sharma et al. 2019: "all samples are treated independent of each other".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from castlist.refine.miners.ssiam import batch_sizes
from castlist.refine.pairs import Pairs
from castlist.refine.ranks import Ranks

__all__ = ["PseudoRFMiner"]


@dataclass(frozen=True, slots=True)
class PseudoRFMiner:
    """Batches as in SSiam, but with the anchors of both halves taken at random from the draw.

    The slides do not define the anchors of a batch; random ones keep batch size and number of steps equal to
    those of SSiam, so that ranking is the only difference.
    """

    ranks: Ranks
    rows: int
    subset: int = 3000
    batch: int = 128
    epochs: int = 15

    def __len__(self) -> int:
        return self.epochs * -(-self.rows // self.batch)

    def __call__(self, rng: np.random.Generator) -> Iterator[Pairs]:
        """The batches of all epochs, in order."""
        for size in batch_sizes(self.rows, self.batch, self.epochs):
            drawn = rng.integers(self.rows, size=self.subset)
            found = self.ranks(drawn)
            positive = np.arange(size // 2)  # a draw is in random order
            negative = np.arange(size // 2, size) % self.subset
            yield Pairs.from_pairs(
                np.stack([drawn[positive], found.near[positive]], 1),
                np.stack([drawn[negative], found.far[negative]], 1),
            )
