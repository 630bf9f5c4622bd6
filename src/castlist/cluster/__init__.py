"""Embeddings, Constraints -> Tree -> Clustering: who is who, and how many people there are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from castlist.cluster.belonging import belonging
from castlist.cluster.calibrate import Calibration
from castlist.cluster.cut import AutoCut, CountCut, HeightCut, PeopleCut, ProbabilityCut
from castlist.cluster.evidence import Evidence
from castlist.cluster.explain import LinkEvidence, link_evidence
from castlist.cluster.knn_graph import KnnGraph, knn_tree
from castlist.cluster.linkage import Average, Ward
from castlist.cluster.means import extend, track_means
from castlist.cluster.reliability import Reliability, reliability
from castlist.cluster.roles import Billing
from castlist.cluster.ward import ward
from castlist.types import Clustering, Constraints, Embeddings, Tree

__all__ = [
    "BILLINGS",
    "CUTS",
    "LINKAGES",
    "AutoCut",
    "Average",
    "Billing",
    "Calibration",
    "CountCut",
    "Cut",
    "Evidence",
    "HeightCut",
    "KnnGraph",
    "LinkEvidence",
    "Linkage",
    "PeopleCut",
    "ProbabilityCut",
    "Reliability",
    "Ward",
    "belonging",
    "extend",
    "knn_tree",
    "link_evidence",
    "reliability",
    "track_means",
    "ward",
]


class Linkage(Protocol):
    """Joins tracks into a tree."""

    def __call__(self, embeddings: Embeddings, constraints: Constraints) -> Tree: ...


class Cut(Protocol):
    """Says where a tree ends and people begin."""

    def __call__(self, tree: Tree, embeddings: Embeddings, constraints: Constraints) -> Clustering: ...


LINKAGES: dict[str, Callable[..., Linkage]] = {
    "evidence": Evidence,
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
BILLINGS = {"share": Billing}
