"""A run that finds no people, after one that found some."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from castlist.decisions import Base, renumbered
from castlist.types import Clock, Portraits, Shots, Tracks


def base(label):
    n = len(label)
    tracks = Tracks(
        np.arange(n), np.tile([0.0, 0, 9, 9], (n, 1)), np.ones(n), np.arange(n), np.arange(n + 1), np.zeros(n)
    )
    shots = Shots(np.array([0]), np.array([4]), np.array([0]))
    clock = Clock(np.arange(4), Fraction(1, 25))
    fate = np.where(np.array(label) < 0, 2, 0)
    vector = np.zeros((n, 3))
    return Base(
        clock, shots, tracks, Portraits.empty(), np.array(label), fate, ("",) * n, vector, np.zeros((0, 2)),
        np.zeros(4),
    )  # fmt: skip


def test_nobody_goes_on_where_nobody_is_found():
    before = renumbered(base([0, 0, 1, 1]), None)
    for now in (base([-1, -1, -1, -1]), base([])):
        assert renumbered(replace(now), before).number.tolist() == []
    again = renumbered(base([1, 1, 0, 0]), before).number.tolist()
    assert again == before.number.tolist()[::-1]
