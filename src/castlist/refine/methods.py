"""The refinement steps: each trains a small network on one video's own faces and applies it to them.

    class        pairs from                                        needs
    Base         -                                                 nothing; gives the features back
    SSiam        a ranked random subset                            faces
    PseudoRF     the same subset, not ranked                       faces
    TSiam        within a track; between tracks seen together      tracks, cannot-links

All but Base share one network, loss and loop (`siamese.py`, `train.py`). An option left at None takes its
recipe's value: "paper" is the publication's to the letter, "castlist" is meant for any length and any
number of dimensions of the features.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError
from castlist.refine.groups import groups
from castlist.refine.miners import PseudoRFMiner, SSiamMiner, TSiamMiner
from castlist.refine.ranks import ranks
from castlist.refine.siamese import Siamese, Watch
from castlist.types import Constraints, Embeddings, Machine

__all__ = ["Base", "PseudoRF", "SSiam", "TSiam"]

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Base:
    """The features as they are: no refinement."""

    def __call__(
        self,
        embeddings: Embeddings,
        constraints: Constraints,
        *,
        machine: Machine = Machine(),
        watch: Watch | None = None,
    ) -> Embeddings:
        """The same embeddings."""
        return embeddings

    def fit(self, x: Any, *links: Any, machine: Machine = Machine(), watch: Watch | None = None) -> Base:
        """Itself: there is nothing to learn."""
        return self

    def transform(self, x: NDArray[Any]) -> NDArray[Any]:
        """The same features."""
        return x


@dataclass(frozen=True, slots=True)
class SSiam(Siamese):
    """Self-supervised Siamese network: learns from faces alone, without tracks or labels.

    Where there are fewer rows than `subset`, the draw is as large as the rows are many, and a batch never
    takes more than half of the draw for each kind of pair.
    """

    subset: int = 3000  # B, rows drawn for each batch, with replacement

    def miner(
        self, x: Floats, track: Any, cannot: NDArray[np.int64], must: NDArray[np.int64], threads: int = 1
    ) -> SSiamMiner:
        return SSiamMiner(**_draw(self, x, threads))


@dataclass(frozen=True, slots=True)
class PseudoRF(Siamese):
    """The unranked control of SSiam: every sample's nearest is a positive, its farthest a negative."""

    subset: int = 3000

    def miner(
        self, x: Floats, track: Any, cannot: NDArray[np.int64], must: NDArray[np.int64], threads: int = 1
    ) -> PseudoRFMiner:
        return PseudoRFMiner(**_draw(self, x, threads))


@dataclass(frozen=True, slots=True)
class TSiam(Siamese):
    """Track-supervised Siamese network: one track is one person, tracks seen together are two.

    Must-linked tracks are taken as one. A cannot-link within what must-links make one is left out.
    """

    positives: int = 2  # pairs a frame
    negatives: int = 4
    singletons: bool = True  # tracks seen with no other take negatives from their far tracks
    far_tracks: int = 25  # F, by Euclidean distance between track means of the scaled base features
    far_share: float | None = None  # of all tracks, that the far ones may be at most

    def miner(
        self, x: Floats, track: Any, cannot: NDArray[np.int64], must: NDArray[np.int64], threads: int = 1
    ) -> TSiamMiner:
        group, cannot = groups(len(x), track, cannot, must)
        if group.max() == 0:
            raise InputError("TSiam needs faces of at least two tracks, got one: it has no negatives")
        if not self.singletons and not len(cannot):
            raise InputError("no two tracks are seen together: TSiam has no negatives without its singletons")
        if np.bincount(group).max() == 1:
            raise InputError("every track has one face: TSiam has no positives; give more faces a track")
        return TSiamMiner.of(
            x,
            group,
            cannot,
            singletons=self.singletons,
            far_tracks=min(self.far_tracks, int(np.ceil(self.option("far_share") * group.max()))),
            positives=self.positives,
            negatives=self.negatives,
            batch=self.batch,
            epochs=self.epochs,
        )


def _draw(step: SSiam | PseudoRF, x: Floats, threads: int) -> dict[str, Any]:
    subset = min(step.subset, len(x))
    batch = min(step.batch, subset)
    draws = step.epochs * -(-len(x) // batch)
    return {
        "ranks": ranks(x, subset=subset, draws=draws, threads=threads),
        "rows": len(x),
        "subset": subset,
        "batch": batch,
        "epochs": step.epochs,
    }
