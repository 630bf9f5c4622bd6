"""Set-aside tracks that are worth a look: which, in what order, and how many."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from castlist.decisions import Base
from castlist.decisions.people import View
from castlist.types import NOISE, SET_ASIDE

__all__ = ["LEFT", "pages_of", "set_aside", "worth_a_page"]

LEFT = 0.005  # share of all faces: fewer that are expected to be somebody's are not asked about
BACK = (0.5, 4.5)  # Beta prior of the share of set-aside faces that are somebody's, in tracks looked at

Tracks = NDArray[np.int64]


def set_aside(base: Base, view: View) -> Tracks:
    """Tracks that castlist set aside and nobody looked at yet, those with most faces first."""
    open_ = (view.fate == SET_ASIDE) & ~view.no_face & ~view.hidden
    open_[view.unsure[:, 0]] = False  # looked at, and left where they are
    rows = np.flatnonzero(open_)
    return np.asarray(rows[np.argsort(-base.tracks.size[rows], kind="stable")], np.int64)


def worth_a_page(base: Base, view: View, left: Tracks) -> bool:
    """Whether the tracks that are left are expected to hold more than `LEFT` of all faces.

    How many of them are somebody's is learnt from those that were looked at.
    """
    total = int(base.tracks.size[view.label != NOISE].sum())
    return bool(_share_restored(base, view) * int(base.tracks.size[left].sum()) > LEFT * total)


def pages_of(base: Base, view: View, left: Tracks, page: int) -> int:
    """How many pages of `page` tracks are expected to be shown, the first one too."""
    total, share = int(base.tracks.size[view.label != NOISE].sum()), _share_restored(base, view)
    later = base.tracks.size[left][::-1].cumsum()[::-1][::page]  # faces from each page on
    return int(np.count_nonzero(share * later > LEFT * total))


def _share_restored(base: Base, view: View) -> float:
    """The share of set-aside tracks that are somebody's."""
    back = np.count_nonzero((base.fate == SET_ASIDE) & (view.label != NOISE))
    looked = np.unique(view.unsure[:, 0])
    stay = np.count_nonzero(view.fate[looked] == SET_ASIDE)
    return (BACK[0] + back) / (sum(BACK) + back + stay)
