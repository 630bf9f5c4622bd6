"""Embeddings, Constraints -> Tree -> Clustering: which tracks show one person, and the number of people."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from castlist import _former
from castlist.cluster.blurred import BlurredJoined, join_blurred
from castlist.cluster.calibrate import Calibration
from castlist.cluster.confidence import membership_confidence
from castlist.cluster.cut import AutoCut, CountCut, HeightCut, PeopleCut, ProbabilityCut
from castlist.cluster.evidence import GroupLinkage
from castlist.cluster.explain import LinkEvidence, link_evidence
from castlist.cluster.large.knn_graph import KnnGraph, knn_tree
from castlist.cluster.linkage import Average, Ward
from castlist.cluster.low_quality import LowQualityPlacement, join_low_quality, judge_low_quality, placed
from castlist.cluster.means import extend, track_means
from castlist.cluster.reliability import Reliability, reliability
from castlist.cluster.roles import Roles
from castlist.cluster.ward import ward
from castlist.types import Clustering, Constraints, Embeddings, Tree

__all__ = [
    "CUTS",
    "LINKAGES",
    "ROLES",
    "AutoCut",
    "Average",
    "BlurredJoined",
    "Calibration",
    "CountCut",
    "Cut",
    "GroupLinkage",
    "HeightCut",
    "KnnGraph",
    "LinkEvidence",
    "Linkage",
    "LowQualityPlacement",
    "PeopleCut",
    "ProbabilityCut",
    "Reliability",
    "Roles",
    "Ward",
    "extend",
    "join_blurred",
    "join_low_quality",
    "judge_low_quality",
    "knn_tree",
    "link_evidence",
    "membership_confidence",
    "placed",
    "reliability",
    "track_means",
    "ward",
]


class Linkage(Protocol):
    """Joins tracks into a tree."""

    def __call__(self, embeddings: Embeddings, constraints: Constraints, /) -> Tree: ...


class Cut(Protocol):
    """Cuts a tree into people."""

    def __call__(self, tree: Tree, embeddings: Embeddings, constraints: Constraints, /) -> Clustering: ...


LINKAGES: dict[str, Callable[..., Linkage]] = {
    "evidence": GroupLinkage,
    "ward": Ward,
    "average": Average,
    "graph": KnnGraph,
}
CUTS: dict[str, Callable[..., Cut]] = {
    "probability": ProbabilityCut,
    "people": PeopleCut,
    "auto": AutoCut,
    "count": CountCut,
    "height": HeightCut,
}
ROLES = {"share": Roles}

if not TYPE_CHECKING:
    __getattr__ = _former.names(
        __name__,
        BILLINGS="ROLES",
        Billing="Roles",
        Evidence="GroupLinkage",
        belonging="membership_confidence",
    )
