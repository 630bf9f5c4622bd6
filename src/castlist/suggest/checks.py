"""Questions about wrong tracks of a person: unconfirmed tracks, in pieces of similar tracks.

A reviewer looks at a person's pieces and marks those that show another person; the others are confirmed. The
pieces come from Ward linkage of the track vectors; average linkage would split off outliers one by one, and
leave the tracks of a second person in one large piece, of which only a few faces are shown. A track that
probably shows another person is its own piece.  [Ward 1963]
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from castlist.cluster.dense import Update, agglomerate
from castlist.cluster.tree import assemble, cut_tree
from castlist.types import Tree

__all__ = ["SHOWN", "Check", "pieces"]

MOST = 8  # pieces of a person, besides the doubtful tracks
SHOWN = 3  # tracks of a piece that the page shows
DOUBT = 0.9  # probability of its person below which a track is its own piece
LINKED = 400  # most tracks in the linkage; each other track joins the piece of the most similar one

Tracks = NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class Check:
    """A person to check, and the pieces to look at."""

    group: int  # index among the view's groups
    pieces: tuple[Tracks, ...]  # the largest first; then the others, least similar first
    others: tuple[tuple[int, ...], ...]  # for each piece a track of each person it may be, likeliest first
    wrong: float  # expected wrong faces
    strangers: float  # expected wrong tracks


def pieces(
    tracks: Tracks, size: NDArray[np.int64], vector: NDArray[np.float32], belief: NDArray[np.float64]
) -> tuple[Tracks, ...]:
    """A person's tracks in pieces of similar tracks: the largest piece, then the others, least similar first.

    Args:
        tracks: (n,) the person's tracks.
        size: (n,) faces of each track.
        vector: (n, d) unit vectors.
        belief: (n,) probability that each track shows this person.
    """
    doubtful = belief < DOUBT
    if doubtful.all():
        doubtful[np.argmax(belief * size)] = False
    piece = np.full(len(tracks), -1)
    piece[~doubtful] = _linked(vector[~doubtful], size[~doubtful])
    piece[doubtful] = piece.max(initial=0) + 1 + np.arange(np.count_nonzero(doubtful))
    faces = np.bincount(piece, size)
    main = int(faces.argmax())
    middle = (vector[piece == main] * size[piece == main, None]).sum(axis=0)
    alike = [
        float((vector[piece == k] @ middle).mean() * belief[piece == k].mean()) for k in range(len(faces))
    ]
    order = sorted(range(len(faces)), key=lambda k: (k != main, alike[k], k))
    return tuple(_spread(tracks[piece == k], vector[piece == k]) for k in order)


def _spread(tracks: Tracks, vector: NDArray[np.float32]) -> Tracks:
    """A piece's tracks, the most different ones first.

    The most typical one, then each time the one farthest from the chosen ones: farthest-first traversal.
    [Gonzalez 1985]
    """
    if len(tracks) <= 2:
        return tracks
    alike: NDArray[np.float32] = vector @ vector.sum(axis=0)
    chosen = [int(alike.argmax())]
    nearest = vector @ vector[chosen[0]]
    for _ in range(min(SHOWN, len(tracks)) - 1):
        nearest[chosen] = np.inf
        chosen.append(int(nearest.argmin()))
        nearest = np.maximum(nearest, vector @ vector[chosen[-1]])
    rest = np.setdiff1d(np.arange(len(tracks)), chosen)
    return np.asarray(tracks[np.concatenate([np.array(chosen, np.int64), rest])], np.int64)


def _linked(vector: NDArray[np.float32], size: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,) the piece of each track, by Ward linkage."""
    n = len(vector)
    if n < 3:
        return np.arange(n)
    core = np.argsort(-size, kind="stable")[:LINKED]
    pieces_wanted = min(MOST, (len(core) + 1) // 2)
    found = cut_tree(_ward(vector[core]), len(core) - pieces_wanted).label.astype(np.int64)
    piece = found[(vector @ vector[core].T).argmax(axis=1)]
    piece[core] = found
    return np.unique(piece, return_inverse=True)[1].astype(np.int64)


def _ward(vector: NDArray[np.float32]) -> Tree:
    """Ward's tree of a few hundred vectors (n, d).

    `castlist.cluster.ward` works on links without a matrix, and takes three times as long. SciPy takes a
    third of the time, but importing its linkage takes longer than a whole film with few people.
    """
    x = vector.astype(np.float64)
    square = np.einsum("ij,ij->i", x, x)
    distance = np.maximum(square[:, None] + square - 2 * x @ x.T, 0) / 2
    return assemble(*agglomerate(distance, np.ones(len(x)), Update.WARD), len(x))
