"""The refinement steps: each trains a small network on one video's own faces and applies it to them.

    class        pairs from                                        needs
    Unrefined         -                                                 nothing; gives the features back
    SSiam        a ranked random subset                            faces
    PseudoRF     the same subset, not ranked                       faces
    TSiam        within a track; between tracks seen together      tracks, cannot-links

All but Unrefined share one network, loss and loop (`siamese.py`, `train.py`). An option left at None takes
its recipe's value: "paper" is the publication's to the letter, "castlist" is meant for any length and any
number of dimensions of the features.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self, TypedDict, TypeVar

import numpy as np
from numpy.typing import NDArray

from castlist.errors import InputError, one_of
from castlist.refine.groups import shared_groups
from castlist.refine.learner import Watch
from castlist.refine.miners import PseudoRFMiner, SSiamMiner, SubsetMiner, TSiamMiner, quality_strata
from castlist.refine.ranks import Ranks, ranks
from castlist.refine.siamese import Known, Miner, Siamese
from castlist.types import Constraints, Embeddings, Machine

__all__ = ["PseudoRF", "Ranking", "SSiam", "TSiam", "Unrefined"]

Floats = NDArray[np.float32]

EQUAL = 1e-3  # features whose lengths differ by less than this share of the longest were normalised


class Ranking(StrEnum):
    """Within which rows pairs are ranked."""

    ABSOLUTE = "absolute"  # among all, the paper's
    WITHIN_QUALITY = "within-quality"  # the hardest of each eighth of quality
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Unrefined:
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

    def fit(
        self,
        x: NDArray[np.float32],
        track: NDArray[np.generic] | None = None,
        cannot: NDArray[np.generic] | None = None,
        must: NDArray[np.generic] | None = None,
        *,
        quality: NDArray[np.generic] | None = None,
        machine: Machine = Machine(),
        watch: Watch | None = None,
    ) -> Unrefined:
        """Itself: there is nothing to learn."""
        return self

    def transform(self, x: NDArray[np.float32]) -> NDArray[np.float32]:
        """The same features."""
        return x


@dataclass(frozen=True, slots=True)
class SSiam(Siamese):
    """Self-supervised Siamese network: learns from faces alone, without tracks or labels.

    The defaults are the paper's mining (Sharma et al., FG 2019): pairs ranked by absolute distance. Two
    other ways are ours, for features whose length or noise follows the quality of the picture (ArcFace,
    SFace): there the ranking picks blurred pictures. Mean quality rank (0 worst, 1 best, .5 neutral) of the
    anchors of ranked negatives:

        five sets of ArcFace features, raw                  .03 to .08
        the same at length 1                                .14 to .26
        rectified features trained on VGGFace2, raw         .49

    `rank="within-quality"` ranks within eighths of quality, `rank="none"` not at all; with
    `reciprocal=True`, a positive is a pair of rows that are each other's nearest. AUC of track pairs (5
    draws of 6 faces of each track, accio 2 of 4; 5 seeds; docs/refine.md has spreads, B-cubed F and films):

                                          bbt0101  bf0502  accio_like
        base features                        .937    .855        .852
        absolute (ssiam)                     .957    .788        .801
        within-quality (ssiam-quality)       .949    .823        .837
        none, reciprocal (ssiam-reciprocal)  .969    .877        .887

    On films of 10 to 300 faces, all of them lower the AUC on most: `castlist refine --check` measures what
    ranking does on features of any origin, and says which method suits them.

    Where there are fewer rows than `subset`, the draw is as large as the rows are many, and a batch never
    takes more than half of the draw for each kind of pair.
    """

    subset: int = 3000  # B, rows drawn for each batch, with replacement (without it in our two variants)
    rank: Ranking = Ranking.ABSOLUTE
    reciprocal: bool = False  # positives only where both rows are each other's nearest

    def __post_init__(self) -> None:
        Siamese.__post_init__(self)
        object.__setattr__(self, "rank", one_of(Ranking, "rank", self.rank))  # its text will do

    def capped(self, rows: int, tracks: int) -> Self:
        return _capped(self, rows)

    def miner(self, x: Floats, known: Known, threads: int = 1) -> Miner:
        if self.rank == Ranking.ABSOLUTE and not self.reciprocal:
            return SSiamMiner(**_draw(self, x, threads))
        return SubsetMiner(
            **_draw(self, x, threads), stratum=self._strata(known.quality), reciprocal=self.reciprocal
        )

    def _strata(self, quality: NDArray[np.float64]) -> NDArray[np.int64] | None:
        """(n,) within which rows are ranked, None where they are not ranked."""
        if self.rank == Ranking.NONE:
            return None
        if self.rank == Ranking.ABSOLUTE:
            return np.zeros(len(quality), np.int64)
        if np.ptp(quality) <= EQUAL * abs(quality).max():
            raise InputError(
                "all features have one length, and no quality is given: there is nothing to rank within; "
                "give the raw features or their quality, or use ssiam-reciprocal"
            )
        return quality_strata(quality)


@dataclass(frozen=True, slots=True)
class PseudoRF(Siamese):
    """The unranked control of SSiam: every sample's nearest is a positive, its farthest a negative."""

    subset: int = 3000

    def capped(self, rows: int, tracks: int) -> Self:
        return _capped(self, rows)

    def miner(self, x: Floats, known: Known, threads: int = 1) -> PseudoRFMiner:
        return PseudoRFMiner(**_draw(self, x, threads))


@dataclass(frozen=True, slots=True)
class TSiam(Siamese):
    """Track-supervised Siamese network: one track is one person, tracks seen together are two.

    Must-linked tracks are taken as one. A cannot-link within what must-links make one is left out.

    Pairs within a track teach nothing about other light and other angles. `cross`, which is ours, makes a
    share of the positives pairs of faces of two tracks that are each other's nearest. AUC of track pairs as
    in `SSiam`:

                                          bbt0101  bf0502  accio_like
        cross 0 (tsiam)                      .992    .947        .932
        cross 0.25 (tsiam-cross)             .995    .961        .937
    """

    positives: int = 2  # pairs a frame
    negatives: int = 4
    singletons: bool = True  # tracks seen with no other take negatives from their far tracks
    far_tracks: int = 25  # F, by Euclidean distance between track means of the scaled base features
    far_share: float | None = None  # of all tracks, that the far ones may be at most
    cross: float = 0.0  # ours: share of the positives that are reciprocal nearest faces of two tracks

    def capped(self, rows: int, tracks: int) -> Self:
        """With at most `far_share` of the other tracks as far tracks; must-linked tracks count as one."""
        return replace(self, far_tracks=max(1, self._far(tracks)))

    def _far(self, tracks: int) -> int:
        """How many far tracks one of so many tracks has."""
        return min(self.far_tracks, int(np.ceil(self.decided["far_share"] * (tracks - 1))))

    def miner(self, x: Floats, known: Known, threads: int = 1) -> TSiamMiner:
        group, cannot = shared_groups(len(x), known.track, known.cannot, known.must)
        if group.max() == 0:
            raise InputError("TSiam needs faces of at least two tracks, got one: it has no negatives")
        if not self.singletons and not len(cannot):
            raise InputError("no two tracks are seen together: TSiam has no negatives without its singletons")
        if np.bincount(group).max() == 1:
            raise InputError("every track has one face: TSiam has no positives; give more faces a track")
        return TSiamMiner.from_features(
            x,
            group,
            cannot,
            singletons=self.singletons,
            far_tracks=self._far(int(group.max()) + 1),
            cross=self.cross,
            positives=self.positives,
            negatives=self.negatives,
            batch=self.batch,
            epochs=self.epochs,
        )


Ranked = TypeVar("Ranked", bound="SSiam | PseudoRF")


class _Draw(TypedDict):
    """What the miners of random subsets share."""

    ranks: Ranks
    rows: int
    subset: int
    batch: int
    epochs: int


def _capped(step: Ranked, rows: int) -> Ranked:
    """A step that draws subsets with a subset, and a batch, no larger than the rows are many."""
    subset = min(step.subset, rows)
    return replace(step, subset=subset, batch=min(step.batch, subset))


def _draw(step: SSiam | PseudoRF, x: Floats, threads: int) -> _Draw:
    here = step.capped(len(x), 0)
    subset, batch = here.subset, here.batch
    draws = step.epochs * -(-len(x) // batch)
    return {
        "ranks": ranks(x, subset=subset, draws=draws, threads=threads),
        "rows": len(x),
        "subset": subset,
        "batch": batch,
        "epochs": step.epochs,
    }
