"""The refinement steps: each trains a small network on one video's own faces and applies it to them.

    class        pairs from                                        needs
    Unrefined    -                                                 nothing; returns the features unchanged
    SSiam        a ranked random subset                            faces
    PseudoRF     the same subset, not ranked                       faces
    TSiam        within a track; between co-occurring tracks       tracks, cannot-links

All but Unrefined share one network, loss and loop (`siamese.py`, `train.py`). An option left at None takes
the value of its recipe: "paper" has exactly the values of the publication, "castlist" suits features of any
length and number of dimensions.
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

EQUAL = 1e-3  # features with lengths that differ by less than this share of the longest are normalised


class Ranking(StrEnum):
    """The rows within which pairs are ranked."""

    ABSOLUTE = "absolute"  # all rows, as in the paper
    WITHIN_QUALITY = "within-quality"  # the hardest of each eighth of quality
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Unrefined:
    """The features unchanged: no refinement."""

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
    """Self-supervised Siamese network: learns from faces only, without tracks or labels.

    The defaults are the paper's mining (Sharma et al., FG 2019): pairs ranked by absolute distance. Two other
    ways are ours, for features with a length or noise that depends on the quality of the picture (ArcFace,
    SFace): for these, ranking picks blurred pictures. Mean quality rank (0 worst, 1 best, .5 neutral) of the
    anchors of ranked negatives:

        five sets of ArcFace features, raw                  .03 to .08
        the same at length 1                                .14 to .26
        rectified features trained on VGGFace2, raw         .49

    `rank="within-quality"` ranks within eighths of quality, `rank="none"` does not rank; with
    `reciprocal=True`, a positive is a pair of rows that are each other's nearest. AUC of track pairs (5 draws
    of 6 faces of each track, accio 2 of 4; 5 seeds; docs/refine.md has spreads, B-cubed F and films):

                                          bbt0101  bf0502  accio_like
        base features                        .937    .855        .852
        absolute (ssiam)                     .957    .788        .801
        within-quality (ssiam-quality)       .949    .823        .837
        none, reciprocal (ssiam-reciprocal)  .969    .877        .887

    On films of 10 to 300 faces, all three lower the AUC on most films: `castlist refine --check` measures the
    effect of ranking on features of any origin, and names the method that suits them.

    Where there are fewer rows than `subset`, the draw has as many rows as there are, and a batch takes at
    most half of the draw for each kind of pair.
    """

    subset: int = 3000  # B, rows drawn for each batch, with replacement (without in our two variants)
    rank: Ranking = Ranking.ABSOLUTE
    reciprocal: bool = False  # positives only where both rows are each other's nearest

    def __post_init__(self) -> None:
        Siamese.__post_init__(self)
        object.__setattr__(self, "rank", one_of(Ranking, "rank", self.rank))  # its text is accepted, too

    def capped(self, rows: int, tracks: int) -> Self:
        return _capped(self, rows)

    def miner(self, x: Floats, known: Known, threads: int = 1) -> Miner:
        if self.rank == Ranking.ABSOLUTE and not self.reciprocal:
            return SSiamMiner(**_draw(self, x, threads))
        return SubsetMiner(
            **_draw(self, x, threads), stratum=self._strata(known.quality), reciprocal=self.reciprocal
        )

    def _strata(self, quality: NDArray[np.float64]) -> NDArray[np.int64] | None:
        """(n,) the stratum of each row for ranking; None where rows are not ranked."""
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
    """The unranked control of SSiam: the nearest row of a sample is a positive, the farthest a negative."""

    subset: int = 3000

    def capped(self, rows: int, tracks: int) -> Self:
        return _capped(self, rows)

    def miner(self, x: Floats, known: Known, threads: int = 1) -> PseudoRFMiner:
        return PseudoRFMiner(**_draw(self, x, threads))


@dataclass(frozen=True, slots=True)
class TSiam(Siamese):
    """Track-supervised Siamese network: one track is one person, co-occurring tracks are two people.

    Must-linked tracks count as one track. Cannot-links within such a group are left out.

    Pairs within a track do not show other light and other angles. `cross`, which is ours, replaces a share of
    the positives by pairs of faces of two tracks that are each other's nearest. AUC of track pairs as in
    `SSiam`:

                                          bbt0101  bf0502  accio_like
        cross 0 (tsiam)                      .992    .947        .932
        cross 0.25 (tsiam-cross)             .995    .961        .937
    """

    positives: int = 2  # pairs for each frame
    negatives: int = 4  # pairs for each frame
    singletons: bool = True  # tracks without co-occurrences take negatives from their far tracks
    far_tracks: int = 25  # F, by Euclidean distance between track means of the scaled base features
    far_share: float | None = None  # the most far tracks, as a share of all tracks
    cross: float = 0.0  # ours: share of the positives that are reciprocal nearest faces of two tracks

    def capped(self, rows: int, tracks: int) -> Self:
        """The step with at most `far_share` of the other tracks as far tracks; must-linked ones are one."""
        return replace(self, far_tracks=max(1, self._far(tracks)))

    def _far(self, tracks: int) -> int:
        """The number of far tracks of a track, for a number of tracks in all."""
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
    """The arguments that the miners of random subsets share."""

    ranks: Ranks
    rows: int
    subset: int
    batch: int
    epochs: int


def _capped(step: Ranked, rows: int) -> Ranked:
    """The step with a subset and a batch of at most `rows` rows."""
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
