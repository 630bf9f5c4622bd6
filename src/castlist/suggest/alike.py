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
MOST = 3  # hints for one person


def look_alikes(base: Base, view: View) -> dict[int, tuple[tuple[int, float], ...]]:
    """For each person's number, the numbers of people who may be the same person, likeliest first.

    The probabilities are those of the questions in `castlist review`: of whole groups, by faces,
    co-occurrence and clothes. Pairs that a decision answers, and people without a similar person, are left
    out.
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
    """Look-alikes, plus the likeliest other person of each doubt about a whole person, in both directions.

    Doubts are stricter: they compare one person with all others, and with a new person. A pair that only a
    doubt names gets the probability `LEAST`, shown as "possibly".
    """
    symmetric = {number: tuple(others) for number, others in alike.items()}
    for doubt in doubts:
        if doubt.whole and doubt.other:
            for person, other in ((doubt.person, doubt.other), (doubt.other, doubt.person)):
                known = symmetric.get(person, ())
                if other not in {number for number, _ in known}:
                    symmetric[person] = (*known, (other, LEAST))
    return symmetric
