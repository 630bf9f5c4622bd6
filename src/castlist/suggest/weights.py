"""Fits the weights of the evidence, first to noisy labels, then to the user's answers.

Maximum a posteriori estimates of conditional logit models.  [McFadden 1974]
"""

from __future__ import annotations

from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["FIRM", "START", "STAY", "answered", "fitted_weights", "share_of"]

Labels = NDArray[np.int64]
Table = NDArray[np.float64]
Scalar = TypeVar("Scalar", float, Table)
# The kinds of evidence: face, people of the tracks around, co-occurrence, size, most similar track, clothes.
# The log odds of clothes are already calibrated, and the labels depend on them: their weight should not grow.
START = np.array([12.0, 0.5, -3.0, 0.5, 1.0, 1.0])  # prior mean of the weights
FIRM = np.array([0.01, 0.5, 0.1, 30.0, 0.05, 30.0])  # prior precision of the weights
MISTAKES = 0.03  # assumed share of wrong labels
STAY = 1.5  # prior log odds for staying in the machine's cluster
HOLDS = 1.0  # precision of the prior that all groups hold their tracks equally
ATTRACTS = 2.0  # precision of the prior that groups attract tracks of others by the evidence alone
STEPS = 25  # of Newton's method
TEMPER = 10.0  # precision of the prior that evidence has the same weight for doubtful tracks


def share_of(odds: Table) -> Table:
    """Softmax over the last axis."""
    raised = np.exp(odds - odds.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True))


def fitted_weights(part: Table, own_group: Labels) -> Table:
    """(6,) maximum-likelihood weights of the evidence; the model allows for a few wrong labels."""
    from scipy.optimize import minimize

    n, choices = np.arange(len(part)), part.shape[1]
    flat = np.ascontiguousarray(part.T).reshape(part.shape[2], -1)  # choices by tracks: sums over long rows

    def loss(worth: Table) -> tuple[float, Table]:
        odds = (worth @ flat).reshape(choices, len(n))
        raised = np.exp(odds - odds.max(axis=0))
        share = raised / raised.sum(axis=0)
        sure = (1 - MISTAKES) * share[own_group, n]
        chance = sure + MISTAKES / choices
        pull = -share
        pull[own_group, n] += 1
        away = worth - START
        slope = FIRM * away - flat @ (pull * (sure / chance)).ravel()
        return float(0.5 * (FIRM * away**2).sum() - np.log(chance).sum()), slope

    return np.asarray(minimize(loss, START, jac=True, method="L-BFGS-B", options={"maxiter": 30}).x)


class Taught(NamedTuple):
    """Parameters fitted to answers: the temperature of the evidence, and biases of g groups."""

    temper: float  # a factor for the evidence
    attracts: Table  # (g,) log odds of any track belonging to a group, never above 0
    holds: Table  # (g,) log odds of staying in the group


def answered(
    group: Labels, odds: Table, own_group: NDArray[np.bool_], stays: NDArray[np.bool_], groups: int
) -> Taught:
    """Fit the parameters to answers.

    Args:
        group: (n, c) candidate groups of each of n tracks.
        odds: (n, c) evidence for each candidate.
        own_group: (n, c) whether the candidate is the answer.
        stays: (n, c) whether the candidate is the machine's group.
        groups: number of groups, g.
    """

    def by(value: Table) -> Table:
        return np.asarray(np.bincount(group.ravel(), value.ravel(), minlength=groups), np.float64)

    temper, middle, attracts, holds = 1.0, STAY, np.zeros(groups), np.full(groups, STAY)
    for _ in range(STEPS):  # a Newton step for each parameter separately
        share = share_of(temper * odds + attracts[group] + np.where(stays, holds[group], 0.0))
        error, curve = own_group - share, share * (1 - share)
        centred = odds - (share * odds).sum(axis=1, keepdims=True)
        pull, stiff = (error * odds).sum(), (share * centred**2).sum()
        temper += _step(pull - TEMPER * (temper - 1), stiff + TEMPER, 0.2)
        middle += _step((holds - middle).sum() * HOLDS - (middle - STAY), HOLDS * groups + 1)
        attracts = attracts + _step(by(error) - ATTRACTS * attracts, by(curve) + ATTRACTS)
        holds = holds + _step(by(error * stays) - HOLDS * (holds - middle), by(curve * stays) + HOLDS)
        temper, attracts = float(np.clip(temper, 0.1, 1.5)), np.clip(attracts, -5.0, 0.0)
        holds = np.clip(holds, -5.0, 8.0)
    return Taught(temper, attracts, holds)


def _step(slope: Scalar, curve: Scalar, longest: float = 1.0) -> Scalar:
    """A damped Newton step, not longer than `longest`."""
    step: Scalar = np.clip(0.7 * slope / curve, -longest, longest)
    return step
