"""Miners: the choice of pairs to learn from, one algorithm in each file."""

from castlist.refine.miners.pseudo_rf import PseudoRFMiner
from castlist.refine.miners.ssiam import SSiamMiner
from castlist.refine.miners.subset import SubsetMiner, quality_strata
from castlist.refine.miners.tsiam import TSiamMiner

__all__ = ["PseudoRFMiner", "SSiamMiner", "SubsetMiner", "TSiamMiner", "quality_strata"]
