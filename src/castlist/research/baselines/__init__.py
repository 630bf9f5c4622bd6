"""Published methods that cluster the faces of a video, one in each file, with one interface.

    clustering = BASELINES["c1c"]()(track_set, k=5, random_state=0)

Importing this package imports neither scikit-learn nor PyTorch; a method does when it is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from castlist import _former
from castlist.research.baselines._method import Baseline, Method, ScaleWarning
from castlist.research.baselines._track_set import TrackSet
from castlist.research.baselines.bcl import BCL
from castlist.research.baselines.c1c import C1C
from castlist.research.baselines.ccl import CCL
from castlist.research.baselines.chinese_whispers import ChineseWhispers
from castlist.research.baselines.cmvfc import CMVFC
from castlist.research.baselines.dbscan import DBSCAN
from castlist.research.baselines.diffrac import Diffrac
from castlist.research.baselines.fgg import FGG
from castlist.research.baselines.finch import FINCH
from castlist.research.baselines.hac import HACAverage, HACComplete, HACSingle, HACWard
from castlist.research.baselines.hdbscan import HDBSCAN
from castlist.research.baselines.hmrf import HMRF
from castlist.research.baselines.hmrf2 import HMRF2
from castlist.research.baselines.imp_triplet import ImpTriplet
from castlist.research.baselines.jfac import JFAC
from castlist.research.baselines.kmeans import KMeans
from castlist.research.baselines.mcafc import McAFC
from castlist.research.baselines.uldml import ULDML
from castlist.research.baselines.vdf import VDF
from castlist.research.baselines.videoclusternet import VideoClusterNet
from castlist.research.baselines.wbslrr import WBSLRR

__all__ = ["BASELINES", "Baseline", "ScaleWarning", "TrackSet"]

BASELINES: dict[str, type[Method]] = {
    "k-means": KMeans,
    "hac-ward": HACWard,
    "hac-average": HACAverage,
    "hac-complete": HACComplete,
    "hac-single": HACSingle,
    "diffrac": Diffrac,
    "uldml": ULDML,
    "hmrf": HMRF,
    "hmrf2": HMRF2,
    "wbslrr": WBSLRR,
    "mcafc": McAFC,
    "cmvfc": CMVFC,
    "vdf": VDF,
    "imp-triplet": ImpTriplet,
    "jfac": JFAC,
    "finch": FINCH,
    "c1c": C1C,
    "ccl": CCL,
    "bcl": BCL,
    "fgg": FGG,
    "videoclusternet": VideoClusterNet,
    "dbscan": DBSCAN,
    "hdbscan": HDBSCAN,
    "chinese-whispers": ChineseWhispers,
}

if not TYPE_CHECKING:
    __getattr__ = _former.names(__name__, Scene="TrackSet")
