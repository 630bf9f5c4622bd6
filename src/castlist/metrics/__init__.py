"""Scores of clusterings and embeddings: arrays in, components and score out.

Every clustering score comes from one contingency table; `Scores` holds them all with the `Protocol`
they were computed under.
"""

from __future__ import annotations

from castlist.metrics.bcubed import BCubed, b_cubed
from castlist.metrics.contingency import Contingency, Ratio, contingency
from castlist.metrics.faces import NO_FACE, UNPLACED, FaceScores, FoundFaces, LabelledFaces, face_scores
from castlist.metrics.information import VMeasure, normalized_mutual_information, v_measure
from castlist.metrics.links import violated_cannot_links
from castlist.metrics.persons import PersonScores, person_scores
from castlist.metrics.protocol import UNITS, NoiseCounts, Protocol, Scores, Unit
from castlist.metrics.purity import hungarian_accuracy, weighted_cluster_purity
from castlist.metrics.rand import adjusted_rand
from castlist.metrics.verification import has_both_pairs, pair_similarity, verification_auc

__all__ = [
    "NO_FACE",
    "UNITS",
    "UNPLACED",
    "BCubed",
    "Contingency",
    "FaceScores",
    "FoundFaces",
    "LabelledFaces",
    "NoiseCounts",
    "PersonScores",
    "Protocol",
    "Ratio",
    "Scores",
    "Unit",
    "VMeasure",
    "adjusted_rand",
    "b_cubed",
    "contingency",
    "face_scores",
    "has_both_pairs",
    "hungarian_accuracy",
    "normalized_mutual_information",
    "pair_similarity",
    "person_scores",
    "v_measure",
    "verification_auc",
    "violated_cannot_links",
    "weighted_cluster_purity",
]
