"""The other people of a film by similarity to one person; people with co-occurrence come last."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from castlist.decisions import Base
from castlist.decisions.people import Group, View
from castlist.suggest.pairs import closed_pairs

__all__ = ["alike"]

LOOKS = 32  # tracks that represent a person's looks: those with most faces
# share of the smaller person's tracks in shared frames above which two people count as co-occurring
TOGETHER = 0.1


def alike(base: Base, view: View, group: Group) -> list[tuple[str, float, bool]]:
    """(id, similarity, possible) of all other people than `group`, the most similar first.

    Similarity is a cosine, at most 1: the mean over a person's tracks of the cosine with the nearest track of
    `group`. Two people are possibly the same unless they co-occur, have two names, or were compared.
    """
    others = [g for g in view.groups if g.id != group.id]
    if not others:
        return []
    size = base.tracks.size
    shown = group.tracks[np.argsort(-size[group.tracks], kind="stable")[:LOOKS]]
    near = (base.vector @ base.vector[shown].T).max(axis=1)
    beside = _beside(base, group)
    scores = [float(near[g.tracks].mean()) for g in others]
    apart = [bool(beside[g.tracks].sum() > TOGETHER * min(len(g.tracks), len(group.tracks))) for g in others]
    order = sorted(range(len(others)), key=lambda k: (apart[k], -scores[k]))
    closed = closed_pairs(view)[next(i for i, g in enumerate(view.groups) if g.id == group.id)]
    compared = [bool(closed[i]) for i, g in enumerate(view.groups) if g.id != group.id]
    return [(others[k].id, round(scores[k], 3), not apart[k] and not compared[k]) for k in order]


def _beside(base: Base, group: Group) -> NDArray[np.bool_]:
    """(t,) whether a track shares a frame with a track of a group."""
    t = base.tracks
    taken = np.zeros(len(base.clock) + 1, bool)
    rows = np.concatenate([np.arange(t.offset[k], t.offset[k + 1]) for k in group.tracks.tolist()])
    taken[t.frame[rows]] = True
    shared: NDArray[np.int64] = np.add.reduceat(taken[t.frame].astype(np.int64), t.offset[:-1])
    return shared > 0
