"""All other people of a film by similarity to one person; those seen beside that person come last."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from castlist.decisions import Base
from castlist.decisions.people import Group, View
from castlist.suggest.pairs import closed_pairs

__all__ = ["alike"]

LOOKS = 32  # tracks that stand for how somebody looks: those with most faces
TOGETHER = 0.1  # of the tracks of the one who has fewer: from so many on, two are seen beside each other


def alike(base: Base, view: View, group: Group) -> list[tuple[str, float, bool]]:
    """(id, likeness, possible) of everybody but `group`, the most alike first.

    Likeness is a cosine, at most 1. Somebody is as alike as their tracks are on average, each to the look of
    `group` that it is nearest to. It is possible that the two are one person unless they are seen beside each
    other, have two names, or were compared.
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
    """Which tracks share a frame with some track of a group."""
    t = base.tracks
    taken = np.zeros(len(base.clock) + 1, bool)
    rows = np.concatenate([np.arange(t.offset[k], t.offset[k + 1]) for k in group.tracks.tolist()])
    taken[t.frame[rows]] = True
    shared: NDArray[np.int64] = np.add.reduceat(taken[t.frame].astype(np.int64), t.offset[:-1])
    return shared > 0
