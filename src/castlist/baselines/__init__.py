"""Published ways to cluster the faces of a video, each one file, all called alike.

    clustering = BASELINES["c1c"]()(scene, k=5, random_state=0)

Importing this room imports neither scikit-learn nor PyTorch; a method does when it is called.
"""

from __future__ import annotations

from castlist.baselines._method import Baseline, Method, ScaleWarning
from castlist.baselines._scene import Scene
from castlist.baselines.bcl import BCL
from castlist.baselines.c1c import C1C
from castlist.baselines.ccl import CCL
from castlist.baselines.chinese_whispers import ChineseWhispers
from castlist.baselines.cmvfc import CMVFC
from castlist.baselines.dbscan import DBSCAN
from castlist.baselines.diffrac import Diffrac
from castlist.baselines.fgg import FGG
from castlist.baselines.finch import FINCH
from castlist.baselines.hac import HACAverage, HACComplete, HACSingle, HACWard
from castlist.baselines.hdbscan import HDBSCAN
from castlist.baselines.hmrf import HMRF
from castlist.baselines.hmrf2 import HMRF2
from castlist.baselines.imp_triplet import ImpTriplet
from castlist.baselines.jfac import JFAC
from castlist.baselines.kmeans import KMeans
from castlist.baselines.mcafc import McAFC
from castlist.baselines.uldml import ULDML
from castlist.baselines.vdf import VDF
from castlist.baselines.videoclusternet import VideoClusterNet
from castlist.baselines.wbslrr import WBSLRR

__all__ = ["BASELINES", "Baseline", "ScaleWarning", "Scene"]

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
