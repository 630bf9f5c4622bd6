"""Set-aside tracks that are worth a look: which, in what order, and how many."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from castlist.decisions import Base
from castlist.decisions.people import View
from castlist.types import NOISE, SET_ASIDE

__all__ = ["LEFT", "pages_of", "set_aside", "worth_a_page"]

# share of all faces: below this expected share of people's faces, no questions about set-aside tracks
LEFT = 0.005
BACK = (0.5, 4.5)  # Beta prior of the share of set-aside tracks that belong to a person, in reviewed tracks

Tracks = NDArray[np.int64]


def set_aside(base: Base, view: View) -> Tracks:
    """Set-aside tracks that no user has reviewed yet, those with most faces first."""
    open_ = (view.fate == SET_ASIDE) & ~view.no_face & ~view.hidden
    open_[view.unsure[:, 0]] = False  # reviewed, and left set aside
    rows = np.flatnonzero(open_)
    return np.asarray(rows[np.argsort(-base.tracks.size[rows], kind="stable")], np.int64)


def worth_a_page(base: Base, view: View, left: Tracks) -> bool:
    """Whether the tracks in `left` are expected to hold more than `LEFT` of all faces.

    The expected share of people's faces is learnt from the reviewed set-aside tracks.
    """
    total = int(base.tracks.size[view.label != NOISE].sum())
    return bool(_share_restored(base, view) * int(base.tracks.size[left].sum()) > LEFT * total)


def pages_of(base: Base, view: View, left: Tracks, page: int) -> int:
    """Expected number of pages with `page` tracks each, including the first page."""
    total, share = int(base.tracks.size[view.label != NOISE].sum()), _share_restored(base, view)
    later = base.tracks.size[left][::-1].cumsum()[::-1][::page]  # faces from each page on
    return int(np.count_nonzero(share * later > LEFT * total))


def _share_restored(base: Base, view: View) -> float:
    """The estimated share of set-aside tracks that belong to a person."""
    back = np.count_nonzero((base.fate == SET_ASIDE) & (view.label != NOISE))
    looked = np.unique(view.unsure[:, 0])
    stay = np.count_nonzero(view.fate[looked] == SET_ASIDE)
    return (BACK[0] + back) / (sum(BACK) + back + stay)
