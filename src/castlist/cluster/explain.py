"""Why two tracks are one person or two people: the evidence, in numbers and in a sentence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.argument_types import typed_arguments
from castlist.cluster.calibrate import Calibration
from castlist.cluster.likeness import Likeness, first_view
from castlist.cluster.links import must_groups
from castlist.cluster.means import how_many_tracks
from castlist.errors import InputError
from castlist.types import USER, Constraints, Embeddings, Tree
from castlist.vectors import unit

__all__ = ["LinkEvidence", "link_evidence"]

NEAREST = 5  # pairs of faces shown


@dataclass(frozen=True, eq=False, slots=True)
class LinkEvidence:
    """The evidence on whether two tracks show one person."""

    a: int
    b: int
    probability: float  # that both tracks show one person, from their faces alone; 0 or 1 where links decide
    cosine: float  # of the tracks' means; NaN where a track has no face
    same_cosine: float  # mean cosine of one person's tracks in this film
    other_cosine: float  # mean cosine of two people's tracks in this film
    faces: NDArray[np.int64]  # (q, 2) nearest pairs of faces, rows of the embeddings, nearest first
    face_cosine: NDArray[np.float64]  # (q,)
    decided: str  # "", or why links decide: "seen in one frame (cannot-link)", ...
    # (m,) nodes of the tree from a up to the first that holds b; node leaves + i is merge i.
    merges: NDArray[np.int64]
    heights: NDArray[np.float64]  # (m,) of these merges
    views: tuple[float, ...] = ()  # cosine by the face model, and by networks trained on the film, rescaled

    @property
    def sentence(self) -> str:
        """The evidence in a sentence."""
        if self.decided:
            claim = "one person" if self.probability > 0.5 else "two people"
            return f"Tracks {self.a} and {self.b} are {claim}: {self.decided}."
        if np.isnan(self.cosine):
            return f"Nothing is known of tracks {self.a} and {self.b}: one has no face that could be read."
        claim = "probably one person" if self.probability >= 0.5 else "probably two people"
        best = f", {self.face_cosine[0]:.2f} for their most alike faces" if len(self.face_cosine) else ""
        return (
            f"Tracks {self.a} and {self.b} by themselves are {claim} (p = {self.probability:.2f}): "
            f"likeness {self.cosine:.2f}{_of_views(self.views)}{best}; "
            f"here it is {self.same_cosine:.2f} within a person and {self.other_cosine:.2f} between two."
        )


def _of_views(views: tuple[float, ...]) -> str:
    if len(views) < 2:
        return ""
    return f" ({views[0]:.2f} by the face model, {views[1]:.2f} by networks trained on this film)"


@typed_arguments
def link_evidence(
    tree: Tree, embeddings: Embeddings, constraints: Constraints, a: int, b: int
) -> LinkEvidence:
    """The evidence on tracks a and b.

    Raises:
        InputError: a or b is no track of the tree, or a equals b.
    """
    n = max(tree.leaves, how_many_tracks(embeddings, constraints))
    if a == b or not (0 <= a < tree.leaves and 0 <= b < tree.leaves):
        raise InputError(f"a and b must be two different tracks from 0 to {tree.leaves - 1}, got {a} and {b}")
    likeness, faces = Likeness.from_embeddings(embeddings, n)
    calibration = Calibration.fit(embeddings, constraints)
    known = faces[a] > 0 and faces[b] > 0
    cosine = float(likeness.pairs(np.array([[a, b]]))[0]) if known else float("nan")
    decided, certain = _decided(constraints, n, a, b)
    chance = float(calibration.probability(cosine)) if known else 0.5
    pairs, alike = _nearest_faces(embeddings, a, b)
    merges = _way(tree, a, b)
    return LinkEvidence(
        a,
        b,
        chance if certain is None else certain,
        cosine,
        calibration.same_mean,
        calibration.other_mean,
        pairs,
        alike,
        decided,
        merges,
        tree.height[merges - tree.leaves],
        likeness.by_view(a, b) if known else (),
    )


def _nearest_faces(embeddings: Embeddings, a: int, b: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    embeddings = first_view(embeddings)
    left, right = (np.flatnonzero(embeddings.track == track) for track in (a, b))
    if not (len(left) and len(right)):
        return np.zeros((0, 2), np.int64), np.zeros(0)
    table = unit(embeddings.vector[left]) @ unit(embeddings.vector[right]).T
    best = np.argsort(-table, axis=None, kind="stable")[:NEAREST]
    row, column = np.unravel_index(best, table.shape)
    return np.stack([left[row], right[column]], axis=1), table[row, column].astype(np.float64)


def _decided(constraints: Constraints, n: int, a: int, b: int) -> tuple[str, float | None]:
    """Why links decide on tracks a and b, and the probability from them; "" and None where none decides."""
    pair = ((constraints.a == a) & (constraints.b == b)) | ((constraints.a == b) & (constraints.b == a))
    for row in np.flatnonzero(pair):
        kind = "must-link" if constraints.same[row] else "cannot-link"
        reason = "decided by a person" if constraints.origin[row] == USER else "seen in one frame"
        return f"{reason} ({kind})", float(constraints.same[row])
    group, apart = must_groups(n, constraints.must, constraints.cannot, of="tracks")
    if group[a] == group[b]:
        return "a chain of must-links connects them", 1.0
    if (np.sort(group[[a, b]]) == apart).all(axis=1).any():
        return "one is must-linked to a track that is cannot-linked with the other", 0.0
    return "", None


def _way(tree: Tree, a: int, b: int) -> NDArray[np.int64]:
    parent = np.full(tree.leaves + len(tree.merge), -1)
    for i, pair in enumerate(tree.merge):
        parent[pair] = tree.leaves + i
    above_b = set()
    node = b
    while parent[node] >= 0:
        node = int(parent[node])
        above_b.add(node)
    way, node = [], a
    while parent[node] >= 0:
        node = int(parent[node])
        way.append(node)
        if node in above_b:
            break
    return np.array(way, np.int64)
