"""People who may be the same person: hints for pages, not questions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from castlist.decisions import Base
from castlist.decisions.people import View
from castlist.suggest.doubt import Doubt
from castlist.suggest.pairs import Sums, closed_pairs, cooccurrence_log_odds, cue_log_odds

__all__ = ["LEAST", "look_alikes", "with_doubts"]

LEAST = 0.1  # probability from which two people are worth a second look: one such hint in ten may be right
MOST = 3  # people named beside one


def look_alikes(base: Base, view: View) -> dict[int, tuple[tuple[int, float], ...]]:
    """For each person's number, the numbers of those who may be the same person, likeliest first.

    Probabilities are those of the questions in `castlist review`: of whole groups, from their faces and from
    who is seen with whom. Pairs about which somebody decided, and people with nobody alike, are left out.
    """
    groups = view.groups
    if len(groups) < 2 or not base.vector.shape[1]:
        return {}
    total = np.array([base.vector[g.tracks].sum(axis=0, dtype=np.float64) for g in groups])
    sums = Sums(base, total, np.array([len(g.tracks) for g in groups], np.float64))
    odds = np.clip(sums.log_odds() + cooccurrence_log_odds(base, view) + cue_log_odds(base, view), -50, 50)
    probability = np.where(closed_pairs(view), 0.0, 1 / (1 + np.exp(-odds)))
    number = [g.number for g in groups]
    return {
        number[row]: tuple((number[k], float(chance[k])) for k in best)
        for row, chance in enumerate(probability)
        if (best := [k for k in np.argsort(-chance, kind="stable")[:MOST].tolist() if chance[k] >= LEAST])
    }


def with_doubts(
    alike: Mapping[int, Sequence[tuple[int, float]]], doubts: Iterable[Doubt]
) -> dict[int, tuple[tuple[int, float], ...]]:
    """Look-alikes, and beside them whoever may be somebody else as a whole, named on both sides.

    Doubts are the stricter measure (of one person against everybody and nobody); who is in doubt and has no
    look-alike otherwise is one of `LEAST`, which says "possibly".
    """
    symmetric = {number: tuple(others) for number, others in alike.items()}
    for doubt in doubts:
        if doubt.whole and doubt.other:
            for person, other in ((doubt.person, doubt.other), (doubt.other, doubt.person)):
                known = symmetric.get(person, ())
                if other not in {number for number, _ in known}:
                    symmetric[person] = (*known, (other, LEAST))
    return symmetric
